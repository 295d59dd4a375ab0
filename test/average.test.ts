import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  checkGradients,
  createNetwork,
  type DType,
  dense,
  type Network,
  type Optimizer,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

// The average of the parameters that an optimizer with `ema` keeps.

const inputs = { data: spread(12 * 3), shape: [12, 3] };
const targets = { data: spread(12 * 2, -1, 1, 0.2), shape: [12, 2] };
const EMA = sgd({ learningRate: 0.3, ema: 0.8 });

async function create(optimizer: Optimizer, dtype: DType = "float64"): Promise<Network> {
  const layers = [dense(5, "tanh", { kernelL2: 0.01 }), dense(2, "linear", { useBias: false })];
  return createNetwork({ inputs: 3, layers, loss: "meanSquaredError", optimizer, dtype });
}

const bitsOfParameters = (network: Network) => bitsOf(valuesOf(network.parameters));
const bitsOfAverages = (network: Network) => bitsOf(valuesOf(network.averagedParameters));

function fit(network: Network, epochs = 3): void {
  network.fitSync(inputs, targets, { epochs, batchSize: 5, shuffle: false });
}

/** A network without an average whose parameters are the averages of another. */
async function createAveraged(network: Network, dtype?: DType): Promise<Network> {
  const copy = await create(sgd(), dtype);
  copy.setParameters(JSON.parse(JSON.stringify(network.averagedParameters)));
  return copy;
}

/** Predictions of all rows, and of one, and the loss. */
function resultsOf(network: Network, options?: { averaged: boolean }): unknown {
  return {
    all: [...network.predict(inputs, options).data],
    one: [...network.predict([[0.1, 0.2, 0.3]], options).data],
    loss: network.evaluate(inputs, targets, options).loss,
    lossOfOne: network.evaluate([[0.1, 0.2, 0.3]], [[1, 2]], options).loss,
  };
}

describe.each(DTYPES)("the average in %s", (dtype) => {
  it("is what predict and evaluate use once a step was taken; `averaged: false` uses the parameters", async () => {
    const [network, plain] = [await create(EMA, dtype), await create(sgd({ learningRate: 0.3 }), dtype)];
    expect(resultsOf(network)).toEqual(resultsOf(plain));
    expect(bitsOfAverages(network)).toBe(bitsOfParameters(network));
    for (const batchSize of [5, 12, 1]) {
      for (const each of [network, plain]) each.fitSync(inputs, targets, { batchSize, shuffle: false });
      const averaged = await createAveraged(network, dtype);
      expect(bitsOfAverages(network)).not.toBe(bitsOfParameters(network));
      expect(resultsOf(network)).toEqual(resultsOf(averaged));
      expect(resultsOf(network, { averaged: true })).toEqual(resultsOf(averaged));
      expect(resultsOf(network, { averaged: false })).toEqual(resultsOf(plain));
      // Training continues as without the average.
      expect(bitsOfParameters(network)).toBe(bitsOfParameters(plain));
      averaged.dispose();
    }
    for (const each of [network, plain]) each.dispose();
  });

  it("does not change the history or the gradients", async () => {
    const [network, plain] = [await create(EMA, dtype), await create(sgd({ learningRate: 0.3 }), dtype)];
    const losses = [network, plain].map(
      (each) => each.fitSync(inputs, targets, { epochs: 5, batchSize: 5 }).loss,
    );
    expect(losses[0]).toEqual(losses[1]);
    expect(network.gradients(inputs, targets)).toEqual(plain.gradients(inputs, targets));
    for (const each of [network, plain]) each.dispose();
  });

  it("is the same after ten fits of one epoch and one fit of ten", async () => {
    const [once, often] = [await create(EMA, dtype), await create(EMA, dtype)];
    once.fitSync(inputs, targets, { epochs: 10, batchSize: 5 });
    for (let i = 0; i < 10; i++) often.fitSync(inputs, targets, { batchSize: 5 });
    expect(bitsOfAverages(often)).toBe(bitsOfAverages(once));
    for (const each of [once, often]) each.dispose();
  });

  it("does not change when a step is refused", async () => {
    const network = await create(EMA, dtype);
    fit(network);
    const gradients = network.gradients(inputs, targets).layers;
    gradients[0]!.kernel.data[1] = dtype === "float32" ? 3e38 : 1.7e308;
    network.parameters[0]!.kernel.data[1] = dtype === "float32" ? -3.3e38 : -1.7e308;
    const before = bitsOfAverages(network);
    expect(errorOf(() => network.applyGradients(gradients)).code).toBe("diverged");
    expect(bitsOfAverages(network)).toBe(before);
    network.dispose();
  });
});

it.each<[string, (network: Network) => void]>([
  ["setParameters", (network) => network.setParameters(JSON.parse(JSON.stringify(network.parameters)))],
  ["resetOptimizer", (network) => network.resetOptimizer()],
  ["setOptimizer", (network) => network.setOptimizer(EMA)],
])("%s restarts the average", async (_name, change) => {
  const network = await create(EMA);
  fit(network);
  change(network);
  expect(bitsOfAverages(network)).toBe(bitsOfParameters(network));
  expect(resultsOf(network)).toEqual(resultsOf(network, { averaged: false }));
  network.applyGradients(network.gradients(inputs, targets).layers);
  expect(bitsOfAverages(network)).toBe(bitsOfParameters(network));
  network.applyGradients(network.gradients(inputs, targets).layers);
  expect(bitsOfAverages(network)).not.toBe(bitsOfParameters(network));
  network.dispose();
});

it("views of the averages follow the optimizer", async () => {
  const network = await create(sgd());
  const views = network.averagedParameters;
  const values = () => valuesOf(views);
  expect(values()).toEqual(valuesOf(network.parameters));
  network.setOptimizer(adam({ learningRate: 0.1, ema: 0.9 }));
  fit(network);
  expect(values()).not.toEqual(valuesOf(network.parameters));
  views[0]!.kernel.data[0] = 7;
  expect(network.averagedParameters[0]!.kernel.data[0]).toBe(7);
  network.setOptimizer(sgd());
  expect(values()).toEqual(valuesOf(network.parameters));
  network.dispose();
});

it("the check of gradients uses the parameters, not their average", async () => {
  const network = await create(EMA);
  fit(network);
  expect(checkGradients(network, inputs, targets).largestError).toBeLessThan(1e-7);
  network.dispose();
});

it("predict in onProgress uses the average, and changes nothing", async () => {
  const [network, twin] = [await create(EMA), await create(EMA)];
  const seen: boolean[] = [];
  const onProgress = () => {
    const averaged = JSON.stringify(resultsOf(network));
    seen.push(averaged !== JSON.stringify(resultsOf(network, { averaged: false })));
  };
  await network.fit(inputs, targets, { epochs: 3000, batchSize: 5, shuffle: false, onProgress });
  fit(twin, 3000);
  expect(seen).toContain(true);
  expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
  expect(bitsOfAverages(network)).toBe(bitsOfAverages(twin));
  for (const each of [network, twin]) each.dispose();
});

describe("the options", () => {
  it("take an ema above 0 and below 1", () => {
    expect(adam({ ema: 0.999 }).ema).toBe(0.999);
    expect("ema" in adam()).toBe(false);
    for (const ema of [0, 1, -0.1, 1.5, Number.NaN, "0.9", null]) {
      const error = errorOf(() => adam({ ema: ema as number }));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^ema is .+; expected a number above 0 and below 1\.$/);
    }
  });

  it("of predict and evaluate are checked", async () => {
    const network = await create(sgd());
    for (const options of [{ averaged: 1 }, { average: true }, null]) {
      expect(errorOf(() => network.predict(inputs, options as never)).code).toBe("invalidOption");
      expect(errorOf(() => network.evaluate(inputs, targets, options as never)).code).toBe("invalidOption");
    }
    network.dispose();
  });
});

describe("the average", () => {
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore(undefined, { threads: true });
  });

  it.each(DTYPES)("has the same bits for 1, 2, 3 and 5 threads in %s", async (dtype) => {
    const x = { data: spread(128 * 64), shape: [128, 64] };
    const y = { data: spread(128 * 10), shape: [128, 10] };
    const train = async (threads: number) => {
      const teams = watchTeams(core);
      const layers = [dense(97, "tanh"), dense(10)];
      const optimizer = adam({ ema: 0.9 });
      const network = await createNetwork({ inputs: 64, layers, loss: "huber", dtype, threads, optimizer });
      network.fitSync(x, y, { batchSize: 128 });
      if (threads > 1) await teams[0]!.assemble(threads - 1);
      network.fitSync(x, y, { epochs: 3, batchSize: 128 });
      const result = [bitsOfAverages(network), bitsOf(network.predict(x).data), network.evaluate(x, y).loss];
      if (threads > 1) expect(teams[0]!.threads).toBe(threads);
      network.dispose();
      return result;
    };
    const alone = await train(1);
    for (const threads of [2, 3, 5]) expect(await train(threads)).toEqual(alone);
  });
});
