import { describe, expect, it } from "vitest";
import { adam, batchNorm, cosineDecay, dense, type LearningRate, sgd } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { type AnyNetwork, createRegressor, regressionRows } from "./support/regressor.js";

const ROWS = 50;
const { inputs, targets } = regressionRows(ROWS);

function bits(network: AnyNetwork): string {
  return bitsOf(valuesOf(network.parameters));
}

describe("partialFit", () => {
  it.each(DTYPES.flatMap((dtype) => [1, 7, 32, 50, 99].map((batchSize) => ({ dtype, batchSize }))))(
    "is one epoch without shuffling: $dtype, batches of $batchSize",
    async ({ dtype, batchSize }) => {
      const network = await createRegressor({ dtype });
      const twin = network.clone();
      for (let i = 0; i < 3; i++) {
        const loss = network.partialFit(inputs, targets, { batchSize });
        const expected = twin.fitSync(inputs, targets, { batchSize, shuffle: false });
        expect(loss).toBe(expected.loss[0]);
      }
      expect(bits(network)).toBe(bits(twin));
      expect(network.epoch).toBe(0);
    },
  );

  it("with sampleWeights is one epoch with them, and takes no step for a batch of weight 0", async () => {
    const sampleWeights = inputs.map((_, row) => (row < 14 || row % 3 === 0 ? 0 : row / 10));
    const learningRate = (step: number) => 0.01 / (1 + step);
    const network = await createRegressor({ optimizer: adam({ learningRate }) });
    const twin = network.clone();
    const dataset = await network.createDataset(inputs, targets);
    for (const options of [{ sampleWeights, batchSize: 7 }, { batchSize: 7 }, { sampleWeights }]) {
      const [loss] = twin.fitSync(inputs, targets, { ...options, shuffle: false }).loss;
      expect(network.partialFit(inputs, targets, options)).toBe(loss);
      expect(network.partialFit(dataset, options)).toBe(
        twin.fitSync(inputs, targets, { ...options, shuffle: false }).loss[0],
      );
    }
    expect(network.learningRate).toBe(twin.learningRate);
    expect(bits(network)).toBe(bits(twin));
    const zeros = { sampleWeights: inputs.map(() => 0) };
    expect(errorOf(() => network.partialFit(inputs, targets, zeros)).message).toContain(
      "All sampleWeights are 0",
    );
  });

  it("of one row at a time is an epoch of batches of one row", async () => {
    for (const optimizer of [adam(), sgd()]) {
      const network = await createRegressor({ optimizer });
      const twin = network.clone();
      for (let i = 0; i < ROWS; i++) network.partialFit([inputs[i]!], [targets[i]!]);
      twin.fitSync(inputs, targets, { batchSize: 1, shuffle: false });
      expect(bits(network)).toBe(bits(twin));
    }
  });

  it("takes batches of 32 rows by default", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    network.partialFit(inputs, targets);
    twin.partialFit(inputs, targets, { batchSize: 32 });
    expect(bits(network)).toBe(bits(twin));
  });

  it("takes a dataset, and calls with other rows, fits and predictions in between", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    const dataset = await network.createDataset(inputs, targets);
    for (const batchSize of [1, 32, 1]) {
      network.partialFit(dataset, { batchSize });
      network.predict(inputs);
      network.partialFit(inputs.slice(0, 3), targets.slice(0, 3));
      network.fitSync(inputs.slice(0, 3), targets.slice(0, 3), { shuffle: false });
      network.partialFit(inputs.slice(3, 6), targets.slice(3, 6));
      network.setOptimizer(adam({ learningRate: 0.01 }));
      twin.fitSync(inputs, targets, { batchSize, shuffle: false });
      for (const begin of [0, 0, 3]) {
        const [some, aims] = [inputs, targets].map((rows) => rows.slice(begin, begin + 3));
        twin.fitSync(some!, aims!, { shuffle: false });
      }
      twin.setOptimizer(adam({ learningRate: 0.01 }));
    }
    expect(bits(network)).toBe(bits(twin));
  });

  it.each<[string, LearningRate]>([
    ["of steps", cosineDecay({ learningRate: 0.01, steps: 1000 })],
    ["of epochs", (_, epoch) => 0.01 / (1 + epoch)],
  ])("follows a schedule %s", async (_, learningRate) => {
    const network = await createRegressor({ optimizer: adam({ learningRate }) });
    const twin = network.clone();
    for (let i = 0; i < 3; i++) {
      // More batches than rates are computed at a time.
      const rows = Array.from({ length: 6 }, () => inputs).flat();
      const aims = Array.from({ length: 6 }, () => targets).flat();
      network.partialFit(rows, aims, { batchSize: 1 });
      network.fitSync(inputs, targets);
      for (let part = 0; part < 6; part++) twin.partialFit(inputs, targets, { batchSize: 1 });
      twin.fitSync(inputs, targets);
      expect(twin.learningRate).toBe(network.learningRate);
    }
    expect(network.learningRate).toBeLessThan(0.01);
    expect(bits(network)).toBe(bits(twin));
  });

  it("is not disturbed by what a learning-rate function does", async () => {
    const failure = new Error("no rate");
    let act: (step: number) => void = () => {};
    const rate = (step: number) => {
      act(step);
      return 0.01;
    };
    const network = await createRegressor({ optimizer: adam({ learningRate: rate }) });
    const twin = network.clone();
    act = () => void network.partialFit(inputs, targets);
    expect(errorOf(() => network.partialFit(inputs, targets)).code).toBe("busy");
    act = () => {
      throw failure;
    };
    expect(() => network.partialFit(inputs, targets)).toThrow(failure);
    act = () => {};
    network.partialFit(inputs, targets);
    twin.partialFit(inputs, targets);
    expect(bits(network)).toBe(bits(twin));
    act = () => network.dispose();
    expect(errorOf(() => network.partialFit(inputs, targets)).code).toBe("disposed");
  });

  it("takes batches of a batch norm as a whole, also large ones, and refuses one row", async () => {
    const network = await createRegressor({ layers: [dense(8), batchNorm(), dense(2)] });
    const twin = network.clone();
    const rows = Array.from({ length: 4 }, () => inputs).flat();
    const aims = Array.from({ length: 4 }, () => targets).flat();
    for (const batchSize of [200, 1e9, 150, 20]) {
      network.partialFit(rows, aims, { batchSize });
      twin.fitSync(rows, aims, { batchSize, shuffle: false });
    }
    expect(bits(network)).toBe(bits(twin));
    expect(errorOf(() => network.partialFit([inputs[0]!], [targets[0]!]))).toMatchObject({
      code: "invalidShape",
      message: expect.stringMatching(/^inputs has one row, but layers\[1\] is a batchNorm/),
    });
    expect(errorOf(() => network.partialFit(rows, aims, { batchSize: 199 })).code).toBe("invalidOption");
    expect(bits(network)).toBe(bits(twin));
  });

  it("does not change the order of rows in later fits", async () => {
    const network = await createRegressor({ layers: [dense(2)] });
    const twin = network.clone();
    network.setLearningRate(0);
    network.partialFit(inputs, targets);
    network.setOptimizer(adam());
    network.fitSync(inputs, targets);
    twin.fitSync(inputs, targets);
    expect(bits(network)).toBe(bits(twin));
  });

  it("gives the same bits with three threads", async () => {
    const train = async (threads: number) => {
      const network = await createRegressor({ threads });
      for (let i = 0; i < 5; i++) network.partialFit(inputs, targets);
      const result = bits(network);
      network.dispose();
      return result;
    };
    expect(await train(3)).toBe(await train(1));
  });

  it("needs no new memory for each call", async () => {
    const network = await createRegressor();
    const { memory } = await sharedCore();
    const train = () => {
      network.partialFit(inputs, targets);
      network.partialFit([inputs[0]!], [targets[0]!]);
      network.predict([inputs[0]!]);
    };
    train();
    const { byteLength } = memory.buffer;
    for (let i = 0; i < 2000; i++) train();
    expect(memory.buffer.byteLength).toBe(byteLength);
  });

  it("that diverges names the batch, keeps the parameters, and can be called again", async () => {
    const network = await createRegressor({ layers: [dense(2)], optimizer: sgd({ learningRate: 1e30 }) });
    const twin = network.clone();
    const error = errorOf(() => network.partialFit(inputs, targets, { batchSize: 5 }));
    expect(error).toMatchObject({
      code: "diverged",
      batch: 1,
      message: expect.stringMatching(/in batch [1-9] of 10 \(counted from 0\); .+Try a smaller learningRate/),
    });
    errorOf(() => twin.fitSync(inputs, targets, { batchSize: 5, shuffle: false }));
    expect(bits(network)).toBe(bits(twin));
    network.setParameters([{ kernel: Array(3).fill([0, 0]), bias: [0, 0] }]);
    network.setLearningRate(0.1);
    expect(network.partialFit(inputs, targets)).toBeGreaterThan(0);
  });

  it("that diverges after a batch of weight 0 names the rate of the step", async () => {
    const learningRate = (step: number) => [0.001, 1e30, 5, 9][step]!;
    const network = await createRegressor({ layers: [dense(2)], optimizer: sgd({ learningRate }) });
    const sampleWeights = inputs.map((_, row) => Number(row >= 10));
    const error = errorOf(() => network.partialFit(inputs, targets, { batchSize: 10, sampleWeights }));
    expect(error).toMatchObject({ code: "diverged", message: expect.stringContaining("than 5,") });
  });

  it("refuses bad rows and options, and is refused during a fit and after dispose", async () => {
    const network = await createRegressor();
    const before = bits(network);
    expect(errorOf(() => network.partialFit([[1, 2]], [[1, 2]])).code).toBe("invalidShape");
    expect(errorOf(() => network.partialFit([[1, 2, Number.NaN]], [[1, 2]])).code).toBe("invalidData");
    expect(errorOf(() => network.partialFit(inputs, targets, { batchSize: 0 })).code).toBe("invalidOption");
    expect(errorOf(() => network.partialFit(inputs, targets, { epochs: 2 } as object))).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining(
        'partialFit has no option "epochs"; expected "batchSize", "sampleWeights"',
      ),
    });
    expect(bits(network)).toBe(before);
    const fit = network.fit(inputs, targets, { onEpoch: () => void network.partialFit(inputs, targets) });
    await expect(fit).rejects.toMatchObject({ code: "busy" });
    network.dispose();
    expect(errorOf(() => network.partialFit(inputs, targets)).code).toBe("disposed");
  });
});
