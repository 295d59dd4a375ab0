import { beforeAll, describe, expect, it } from "vitest";
import {
  checkGradients,
  createNetwork,
  type DenseOptions,
  type DType,
  dense,
  dropout,
  type Network,
  type Optimizer,
  type Reduction,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

// L1 and L2 penalties of layers.

const PENALTIES: readonly DenseOptions[] = [
  { kernelL1: 0.02, kernelL2: 0.3, biasL1: 0.1, biasL2: 0.05 },
  { kernelL2: 0.01, biasL1: 0.2 },
];

const ROWS = 300;
const inputs = { data: spread(ROWS * 5), shape: [ROWS, 5] };
const targets = { data: spread(ROWS * 3, -1, 1, 0.2), shape: [ROWS, 3] };

interface Options {
  readonly dtype?: DType;
  readonly penalties?: readonly DenseOptions[];
  readonly reduction?: Reduction;
  readonly optimizer?: Optimizer;
}

async function create({
  dtype = "float64",
  penalties = PENALTIES,
  reduction = "mean",
  optimizer = sgd(),
}: Options) {
  const layers = [dense(7, "tanh", penalties[0]), dense(3, "linear", penalties[1])];
  const network = await createNetwork({
    inputs: 5,
    layers,
    loss: { name: "meanSquaredError", reduction },
    optimizer,
    dtype,
  });
  network.setParameters([
    { kernel: { data: spread(35, -2, 2), shape: [5, 7] }, bias: spread(7, -1, 1, 0.3) },
    { kernel: { data: spread(21, -2, 2, 0.1), shape: [7, 3] }, bias: [0, -0, 0.5] },
  ]);
  return network;
}

const bitsOfParameters = (network: Network) => bitsOf(valuesOf(network.parameters));

/** The sum of all penalties, by their definition. */
function penaltyOf(network: Network, penalties = PENALTIES): number {
  const sum = (values: Iterable<number>, term: (value: number) => number) =>
    Array.from(values).reduce((total, value) => total + term(value), 0);
  return network.parameters.reduce((total, { kernel, bias }, i) => {
    const { kernelL1 = 0, kernelL2 = 0, biasL1 = 0, biasL2 = 0 } = penalties[i]!;
    const square = (value: number) => value * value;
    return (
      total +
      kernelL1 * sum(kernel.data, Math.abs) +
      kernelL2 * sum(kernel.data, square) +
      biasL1 * sum(bias!.data, Math.abs) +
      biasL2 * sum(bias!.data, square)
    );
  }, 0);
}

describe.each(DTYPES)("penalties in %s", (dtype) => {
  const tolerance = dtype === "float32" ? 1e-6 : 1e-13;

  function expectClose(actual: number, expected: number): void {
    expect(Math.abs(actual / expected - 1)).toBeLessThan(tolerance);
  }

  it.each(["mean", "sum"] as const)(
    "are added once to the loss and its gradient, not per row (%s)",
    async (reduction) => {
      const [network, plain] = [
        await create({ dtype, reduction }),
        await create({ dtype, reduction, penalties: [] }),
      ];
      const penalty = penaltyOf(network);
      expectClose(network.evaluate(inputs, targets).loss, plain.evaluate(inputs, targets).loss + penalty);
      const { loss, layers } = network.gradients(inputs, targets);
      expect(loss).toBe(network.evaluate(inputs, targets).loss);
      const raw = plain.gradients(inputs, targets).layers;
      for (const [i, { kernel, bias }] of network.parameters.entries()) {
        const { kernelL1 = 0, kernelL2 = 0, biasL1 = 0, biasL2 = 0 } = PENALTIES[i]!;
        for (const [values, gradient, before, l1, l2] of [
          [kernel.data, layers[i]!.kernel.data, raw[i]!.kernel.data, kernelL1, kernelL2],
          [bias!.data, layers[i]!.bias!.data, raw[i]!.bias!.data, biasL1, biasL2],
        ] as const) {
          for (const [j, value] of values.entries()) {
            const expected = before[j]! + l1 * Math.sign(value) + 2 * l2 * value;
            const error = Math.abs(gradient[j]! - expected) / Math.max(1, Math.abs(expected));
            expect(error).toBeLessThan(tolerance);
          }
        }
      }
      // Predictions do not depend on penalties.
      expect(network.predict(inputs)).toEqual(plain.predict(inputs));
      for (const each of [network, plain]) each.dispose();
    },
  );

  it("are part of the loss of an epoch, which equals that of evaluate for a full batch, bit for bit", async () => {
    for (const reduction of ["mean", "sum"] as const) {
      const network = await create({ dtype, reduction, optimizer: sgd({ learningRate: 1e-3 }) });
      for (let epoch = 0; epoch < 3; epoch++) {
        const { loss } = network.evaluate(inputs, targets);
        expect(network.fitSync(inputs, targets, { batchSize: ROWS }).loss).toEqual([loss]);
      }
      network.dispose();
    }
  });

  it("count in an epoch's mean loss once, and in its summed loss once for each batch", async () => {
    for (const [reduction, count] of [
      ["mean", 1],
      ["sum", 4],
    ] as const) {
      // With a learning rate of 0, every batch has the same penalty.
      const network = await create({ dtype, reduction, optimizer: sgd({ learningRate: 0 }) });
      const plain = await create({ dtype, reduction, penalties: [], optimizer: sgd({ learningRate: 0 }) });
      const fit = (each: Network) => each.fitSync(inputs, targets, { batchSize: 80 }).loss[0]!;
      expectClose(fit(network), fit(plain) + count * penaltyOf(network));
      for (const each of [network, plain]) each.dispose();
    }
  });

  it.each([1, 7, 32, 140, 300])(
    "change the steps as gradients() and applyGradients() do, in batches of %i rows",
    async (batchSize) => {
      const network = await create({ dtype, optimizer: sgd({ learningRate: 0.01 }) });
      const twin = await create({ dtype, optimizer: sgd({ learningRate: 0.01 }) });
      const slice = ({ data, shape }: typeof inputs, begin: number, end: number) => {
        const width = shape[1]!;
        return { data: data.slice(begin * width, end * width), shape: [end - begin, width] };
      };
      network.fitSync(inputs, targets, { batchSize, shuffle: false });
      for (let begin = 0; begin < ROWS; begin += batchSize) {
        const end = Math.min(ROWS, begin + batchSize);
        twin.applyGradients(twin.gradients(slice(inputs, begin, end), slice(targets, begin, end)).layers);
      }
      expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
      for (const each of [network, twin]) each.dispose();
    },
  );

  it("do not change any bit if they are 0", async () => {
    const zeros = { kernelL1: 0, kernelL2: 0, biasL1: 0, biasL2: 0 };
    for (const batchSize of [1, 32]) {
      const networks = [
        await create({ dtype, penalties: [zeros, zeros] }),
        await create({ dtype, penalties: [] }),
      ];
      const losses = networks.map(
        (network) => network.fitSync(inputs, targets, { batchSize, epochs: 2 }).loss,
      );
      expect(losses[0]).toEqual(losses[1]);
      expect(bitsOfParameters(networks[0]!)).toBe(bitsOfParameters(networks[1]!));
      for (const network of networks) network.dispose();
    }
  });

  it("give the same bits if samples are evaluated in slices", async () => {
    const core = await sharedCore();
    const layers = [dense(7, "tanh", PENALTIES[0]), dense(3, "linear", PENALTIES[1])];
    const network = new CoreNetwork(core, { dtype, inputs: 5, layers, loss: "meanSquaredError" });
    network.parameters().set(spread(network.parameterCount));
    const samples = network.createSamples(inputs.data, targets.data);
    const whole = network.evaluate(samples);
    expect(network.evaluate(samples, 128)).toBe(whole);
    network.computeGradients(samples);
    const gradients = bitsOf(network.gradients());
    expect(network.computeGradients(samples, 128)).toBe(whole);
    expect(bitsOf(network.gradients())).toBe(gradients);
    network.dispose();
  });

  it("make a fit diverge if they are not finite", async () => {
    const network = await create({
      dtype,
      penalties: [{ kernelL2: dtype === "float32" ? 3e38 : 1e308 }, {}],
    });
    expect(errorOf(() => network.fitSync(inputs, targets)).code).toBe("diverged");
    network.dispose();
  });
});

it("penalties have gradients that match central differences", async () => {
  const network = await create({});
  // |b| has no derivative at 0.
  network.parameters[1]!.bias!.data.set([0.4, -0.3, 0.5]);
  expect(checkGradients(network, inputs, targets).largestError).toBeLessThan(1e-7);
  network.dispose();
});

it("L2 takes the same steps as a weight decay of twice its factor, but is part of the loss", async () => {
  const penalties = [0, 1].map(() => ({ kernelL2: 0.05, biasL2: 0.05 }));
  const l2 = await create({ penalties, optimizer: sgd({ learningRate: 0.1 }) });
  const decay = await create({ penalties: [], optimizer: sgd({ learningRate: 0.1, weightDecay: 0.1 }) });
  const losses = [l2, decay].map(
    (network) => network.fitSync(inputs, targets, { batchSize: 30, shuffle: false }).loss[0]!,
  );
  for (const [i, value] of valuesOf(l2.parameters).entries())
    expect(value).toBeCloseTo(valuesOf(decay.parameters)[i]!, 12);
  expect(losses[0]).toBeGreaterThan(losses[1]!);
  for (const network of [l2, decay]) network.dispose();
});

it("penalties can be combined with dropout", async () => {
  const network = await createNetwork({
    inputs: 5,
    layers: [dropout(0.5), dense(3, "linear", { kernelL2: 0.1 })],
    loss: "meanSquaredError",
    dtype: "float64",
  });
  const { loss } = network.evaluate(inputs, targets);
  network.parameters[1].kernel.data.fill(0);
  expect(network.evaluate(inputs, targets).loss).not.toBe(loss);
  network.fitSync(inputs, targets, { batchSize: 10 });
  network.dispose();
});

describe("the options of a dense layer", () => {
  const NAMES = ["kernelL1", "kernelL2", "biasL1", "biasL2"] as const;

  it("include penalties of at least 0", async () => {
    for (const name of NAMES) {
      expect(dense(2)[name]).toBe(0);
      expect(dense(2, "linear", { [name]: 0.5 })[name]).toBe(0.5);
      for (const value of [-1, Number.NaN, Infinity, "1"]) {
        const error = errorOf(() => dense(2, "linear", { [name]: value } as DenseOptions));
        expect(error.code).toBe("invalidOption");
        expect(error.message).toMatch(new RegExp(`^${name} is .+; expected a finite number of 0 or more`));
      }
    }
  });

  it("include no penalty of the bias if there is no bias", () => {
    for (const name of ["biasL1", "biasL2"] as const) {
      const error = errorOf(() => dense(2, "linear", { useBias: false, [name]: 0.5 }));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toBe(`${name} is 0.5, but the layer has no bias; expected 0.`);
    }
    expect(dense(2, "linear", { useBias: false, kernelL1: 0.5 }).kernelL1).toBe(0.5);
  });
});

describe("penalties and threads", () => {
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore(undefined, { threads: true });
  });

  it.each(DTYPES)("give the same bits for 1, 2, 3 and 5 threads in %s", async (dtype) => {
    const x = { data: spread(128 * 64), shape: [128, 64] };
    const y = { data: spread(128 * 10), shape: [128, 10] };
    const train = async (threads: number) => {
      const teams = watchTeams(core);
      const layers = [dense(97, "tanh", PENALTIES[0]), dense(10, "linear", PENALTIES[1])];
      const network = await createNetwork({ inputs: 64, layers, loss: "meanSquaredError", dtype, threads });
      const first = network.fitSync(x, y, { batchSize: 128 });
      if (threads > 1) await teams[0]!.assemble(threads - 1);
      const second = network.fitSync(x, y, { epochs: 3, batchSize: 128 });
      if (threads > 1) expect(teams[0]!.threads).toBe(threads);
      const result = [...first.loss, ...second.loss, bitsOfParameters(network)];
      network.dispose();
      return result;
    };
    const alone = await train(1);
    for (const threads of [2, 3, 5]) expect(await train(threads)).toEqual(alone);
  });
});
