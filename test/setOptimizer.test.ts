import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  createNetwork,
  type DType,
  dense,
  type Network,
  type Optimizer,
  rmsprop,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { OPTIMIZERS } from "./support/optimizers.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

// setOptimizer, setLearningRate and resetOptimizer, between fits and during a fit.

const inputs = { data: spread(12 * 3), shape: [12, 3] };
const targets = { data: spread(12 * 2, -1, 1, 0.2), shape: [12, 2] };

async function create(optimizer: Optimizer, dtype: DType = "float32"): Promise<Network> {
  const layers = [dense(5, "tanh"), dense(2)];
  return createNetwork({ inputs: 3, layers, loss: "meanSquaredError", optimizer, dtype });
}

const bitsOfParameters = (network: Network) => bitsOf(valuesOf(network.parameters));

function fit(network: Network, epochs = 3): void {
  network.fitSync(inputs, targets, { epochs, batchSize: 5, shuffle: false });
}

/** A network that has the same parameters but has taken no steps. */
async function createLike(network: Network, optimizer: Optimizer, dtype?: DType): Promise<Network> {
  const copy = await create(optimizer, dtype);
  copy.setParameters(JSON.parse(JSON.stringify(network.parameters)));
  return copy;
}

describe("setOptimizer", () => {
  it.each(DTYPES)("starts every optimizer with a fresh state, in %s", async (dtype) => {
    const network = await create(adam(), dtype);
    for (const optimizer of Object.values(OPTIMIZERS)) {
      network.setOptimizer(optimizer);
      expect(network.optimizer).toEqual(optimizer);
      const twin = await createLike(network, optimizer, dtype);
      for (const each of [network, twin]) fit(each);
      expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
      twin.dispose();
    }
    network.dispose();
  });

  it("trains on single rows after a change from or to plain SGD", async () => {
    const network = await create(adam());
    network.fitSync(inputs, targets, { batchSize: 1, shuffle: false });
    network.setOptimizer(sgd());
    const twin = await createLike(network, sgd());
    for (const each of [network, twin]) each.fitSync(inputs, targets, { batchSize: 1, shuffle: false });
    expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
    network.setOptimizer(adam());
    const other = await createLike(network, adam());
    for (const each of [network, other]) each.fitSync(inputs, targets, { batchSize: 1, shuffle: false });
    expect(bitsOfParameters(network)).toBe(bitsOfParameters(other));
    for (const each of [network, twin, other]) each.dispose();
  });

  it("frees the memory of the previous optimizer", async () => {
    const { memory } = await sharedCore();
    const network = await createNetwork({ inputs: 1000, layers: [dense(1000)], loss: "meanSquaredError" });
    network.setOptimizer(adam());
    network.setOptimizer(rmsprop());
    const before = memory.buffer.byteLength;
    for (let i = 0; i < 50; i++) network.setOptimizer(i % 2 ? adam() : rmsprop());
    expect(memory.buffer.byteLength).toBe(before);
    network.dispose();
  });

  it("refuses invalid optimizers, and keeps the previous one", async () => {
    const network = await create(adam());
    expect(errorOf(() => network.setOptimizer({ ...sgd(), momentum: -1 })).code).toBe("invalidOption");
    expect(errorOf(() => network.setOptimizer(null as never)).code).toBe("invalidOption");
    expect(errorOf(() => network.setOptimizer({ name: "lion" } as never)).code).toBe("unknownName");
    expect(network.optimizer).toEqual(adam());
    network.dispose();
    expect(errorOf(() => network.setOptimizer(sgd())).code).toBe("disposed");
  });
});

describe("setLearningRate", () => {
  it("changes later steps and keeps the state", async () => {
    const [network, same, fresh] = [await create(adam()), await create(adam()), await create(adam())];
    for (const each of [network, same, fresh]) fit(each);
    network.setLearningRate(0.1);
    same.setLearningRate(0.001);
    fresh.setOptimizer(adam({ learningRate: 0.1 }));
    expect(network.optimizer).toEqual(adam({ learningRate: 0.1 }));
    const untouched = await create(adam());
    fit(untouched);
    for (const each of [network, same, fresh, untouched]) fit(each);
    expect(bitsOfParameters(same)).toBe(bitsOfParameters(untouched));
    expect(bitsOfParameters(network)).not.toBe(bitsOfParameters(untouched));
    expect(bitsOfParameters(network)).not.toBe(bitsOfParameters(fresh));
    for (const each of [network, same, fresh, untouched]) each.dispose();
  });

  it("sets the rate that later errors name", async () => {
    const network = await create(sgd());
    network.setLearningRate(1e30);
    const error = errorOf(() => fit(network, 100));
    expect(error.code).toBe("diverged");
    expect(error.message).toContain("smaller learningRate than 1e+30");
    network.dispose();
  });

  it("refuses invalid rates, and keeps the previous one", async () => {
    const network = await create(adam());
    for (const rate of [-1, Number.NaN, Infinity, "1" as never]) {
      const error = errorOf(() => network.setLearningRate(rate));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^learningRate is /);
    }
    expect(network.optimizer.learningRate).toBe(0.001);
    network.dispose();
    expect(errorOf(() => network.setLearningRate(1)).code).toBe("disposed");
  });

  it("takes effect during a fit if onProgress calls it", async () => {
    for (const isSync of [true, false]) {
      const network = await create(sgd({ learningRate: 0.01 }));
      let stopped = "";
      const onProgress = () => {
        network.setLearningRate(0);
        stopped ||= bitsOfParameters(network);
      };
      const options = { epochs: 20_000, batchSize: 5, shuffle: false, onProgress };
      if (isSync) network.fitSync(inputs, targets, options);
      else await network.fit(inputs, targets, options);
      expect(bitsOfParameters(network)).toBe(stopped);
      network.dispose();
    }
  });
});

describe("resetOptimizer", () => {
  it.each(Object.entries(OPTIMIZERS))("forgets all steps of %s", async (_name, optimizer) => {
    const network = await create(optimizer);
    fit(network);
    network.setLearningRate(0.02);
    network.resetOptimizer();
    const twin = await createLike(network, { ...optimizer, learningRate: 0.02 });
    for (const each of [network, twin]) fit(each);
    expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
    for (const each of [network, twin]) each.dispose();
    expect(errorOf(() => network.resetOptimizer()).code).toBe("disposed");
  });
});

it("setOptimizer and resetOptimizer take effect during a fit if onProgress calls them", async () => {
  for (const change of [
    (network: Network) => network.setOptimizer(adam({ learningRate: 0 })),
    (network: Network) => {
      network.setLearningRate(0);
      network.resetOptimizer();
    },
  ]) {
    const network = await create(adam());
    let stopped = "";
    const onProgress = () => {
      change(network);
      stopped ||= bitsOfParameters(network);
    };
    await network.fit(inputs, targets, { epochs: 20_000, batchSize: 5, shuffle: false, onProgress });
    expect(bitsOfParameters(network)).toBe(stopped);
    network.dispose();
  }
});

it("network.optimizer is read-only", async () => {
  const network = await create(adam());
  expect(() => {
    (network.optimizer as { learningRate: number }).learningRate = 5;
  }).toThrow(TypeError);
  network.dispose();
});

describe("every optimizer", () => {
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore(undefined, { threads: true });
  });

  it.each(DTYPES)("gives the same bits for 1, 2, 3 and 5 threads in %s", async (dtype) => {
    const x = { data: spread(128 * 64), shape: [128, 64] };
    const y = Array.from({ length: 128 }, (_, i) => (i * i + 3 * i) % 10);
    const train = async (threads: number): Promise<string[]> => {
      const teams = watchTeams(core);
      const network = await createNetwork({
        inputs: 64,
        layers: [dense(97, "tanh"), dense(10, "softmax")],
        loss: "sparseCategoricalCrossentropy",
        dtype,
        threads,
      });
      // The first fit starts the workers.
      network.fitSync(x, y, { batchSize: 128, shuffle: false });
      if (threads > 1) await teams[0]!.assemble(threads - 1);
      const digests: string[] = [];
      for (const optimizer of Object.values(OPTIMIZERS)) {
        network.setOptimizer(optimizer);
        const { loss } = network.fitSync(x, y, { epochs: 3, batchSize: 128, shuffle: false });
        const digest = createHash("sha256").update(bitsOfParameters(network)).digest("hex");
        digests.push(`${loss.join()} ${digest}`);
        if (threads > 1) expect(teams[0]!.threads).toBe(threads);
      }
      network.dispose();
      return digests;
    };
    const alone = await train(1);
    for (const threads of [2, 3, 5]) expect(await train(threads)).toEqual(alone);
  });
});
