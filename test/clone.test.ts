import { describe, expect, it } from "vitest";
import {
  adam,
  createNetwork,
  dense,
  dropout,
  type Layer,
  type Network,
  nadam,
  type Optimizer,
  rprop,
  sgd,
  torchRandom,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

type AnyNetwork = Network<readonly Layer[]>;

const ROWS = 50;
const inputs = { data: spread(ROWS * 3), shape: [ROWS, 3] };
const targets = { data: spread(ROWS * 2, -1, 1, 0.3), shape: [ROWS, 2] };

const OPTIMIZERS: readonly Optimizer[] = [
  sgd({ momentum: 0.9, nesterov: true, clipNorm: 1 }),
  adam({ amsgrad: true, ema: 0.9 }),
  nadam({ weightDecay: 0.01 }),
  rprop(),
];

function create(options: { optimizer?: Optimizer; dtype?: "float32" | "float64"; threads?: number } = {}) {
  return createNetwork({
    inputs: 3,
    layers: [dense(8, "tanh"), dropout(0.3), dense(2)],
    loss: "meanSquaredError",
    seed: 5,
    ...options,
  });
}

/** Trains with the default options, so that rows are shuffled and units dropped, and returns the bits of everything. */
function trainedBits(network: AnyNetwork): string {
  const { loss } = network.fitSync(inputs, targets, { epochs: 3, batchSize: 16 });
  const { data } = network.predict(inputs);
  return [loss, valuesOf(network.parameters), data].map((values) => bitsOf(values)).join();
}

describe("a clone", () => {
  it.each(DTYPES.flatMap((dtype) => OPTIMIZERS.map((optimizer) => ({ dtype, optimizer }))))(
    "continues with the same bits: $dtype, $optimizer.name",
    async ({ dtype, optimizer }) => {
      const network = await create({ dtype, optimizer });
      network.fitSync(inputs, targets, { epochs: 2, batchSize: 16 });
      const clone = network.clone();
      expect(clone.epoch).toBe(2);
      const bits = trainedBits(network);
      expect(trainedBits(clone)).toBe(bits);
      expect(clone.epoch).toBe(5);
    },
  );

  it("has the learning rate that was set last", async () => {
    const network = await create();
    network.setLearningRate(0.25);
    const clone = network.clone();
    expect(clone.optimizer.learningRate).toBe(0.25);
    expect(trainedBits(clone)).toBe(trainedBits(network));
  });

  it("has the state of an optimizer that replaced the first", async () => {
    const network = await create();
    network.setOptimizer(adam());
    network.fitSync(inputs, targets);
    expect(trainedBits(network.clone())).toBe(trainedBits(network));
  });

  it("is independent", async () => {
    const network = await create({ optimizer: adam() });
    const before = bitsOf(valuesOf(network.parameters));
    const clone = network.clone();
    const otherClone = clone.clone();
    clone.fitSync(inputs, targets, { epochs: 3 });
    clone.setOptimizer(sgd());
    clone.dispose();
    expect(network.epoch).toBe(0);
    expect(network.optimizer.name).toBe("adam");
    expect(bitsOf(valuesOf(network.parameters))).toBe(before);
    network.dispose();
    expect(bitsOf(valuesOf(otherClone.parameters))).toBe(before);
  });

  it("has the key that is drawn from a stream", async () => {
    const random = torchRandom(3);
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss: "meanSquaredError", random });
    const other = await createNetwork({
      inputs: 3,
      layers: [dense(2)],
      loss: "meanSquaredError",
      random: torchRandom(3),
    });
    const clone = network.clone();
    const bits = trainedBits(clone);
    expect(trainedBits(network)).toBe(bits);
    expect(trainedBits(other)).toBe(bits);
  });

  it("has threads of its own", async () => {
    const network = await create({ threads: 2, optimizer: adam() });
    network.fitSync(inputs, targets);
    const clone = network.clone();
    const bits = trainedBits(network);
    network.dispose();
    expect(trainedBits(clone)).toBe(bits);
    clone.dispose();
  });

  it("gives back its memory", async () => {
    const { memory } = await sharedCore();
    const network = await create({ optimizer: adam() });
    network.clone().dispose();
    const { byteLength } = memory.buffer;
    for (let i = 0; i < 200; i++) network.clone().dispose();
    expect(memory.buffer.byteLength).toBe(byteLength);
  });

  it("is refused during a fit and after dispose", async () => {
    const network = await create();
    const fit = network.fit(inputs, targets, { onEpoch: () => void network.clone() });
    await expect(fit).rejects.toMatchObject({ name: "BackpropError", code: "busy" });
    network.dispose();
    expect(errorOf(() => network.clone())).toMatchObject({ code: "disposed" });
  });
});
