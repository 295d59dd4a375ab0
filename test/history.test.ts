import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type AsyncFitOptions,
  adam,
  BackpropError,
  customMetric,
  dense,
  dropout,
  type History,
  type Layer,
  type Network,
  type NetworkOptions,
  sgd,
} from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const { inputs, targets } = points(50);

describe("the history", () => {
  it("has one number for each epoch, and none for the validation that did not take place", async () => {
    const network = await createClassifier();
    const history = network.fitSync(inputs, targets, { epochs: 1000, metrics: ["accuracy", "mae"] });
    expect(Object.keys(history).sort()).toEqual(
      [
        ...["loss", "validationLoss", "accuracy", "validationAccuracy", "mae", "validationMae"],
        ...["learningRate", "milliseconds", "stopped", "bestEpoch", "warnings"],
      ].sort(),
    );
    for (const name of ["loss", "accuracy", "mae", "learningRate", "milliseconds"] as const) {
      expect(history[name].length).toBe(1000);
      expect(history[name].every(Number.isFinite)).toBe(true);
    }
    for (const name of ["validationLoss", "validationAccuracy", "validationMae"] as const) {
      expect(history[name]).toEqual([]);
    }
    expect(history).toMatchObject({ stopped: "epochs", bestEpoch: undefined, warnings: [] });
    network.dispose();
  });

  it("has types for the metrics that were asked for", async () => {
    const network = await createClassifier();
    const own = customMetric({ name: "own", direction: "max", compute: () => 3 });
    const history = network.fitSync(inputs, targets, { metrics: ["accuracy", own], validationSplit: 0.5 });
    expectTypeOf(history.accuracy).toEqualTypeOf<readonly number[]>();
    expectTypeOf(history.validationAccuracy).toEqualTypeOf<readonly number[]>();
    expectTypeOf(history).not.toHaveProperty("mae");
    expect(history).toMatchObject({ own: [3], validationOwn: [3] });
    const options: AsyncFitOptions = { epochs: 1 };
    expectTypeOf(network.fitSync(inputs, targets, options)).toExtend<History>();
    expectTypeOf(network.fitSync(inputs, targets)).toEqualTypeOf<History & Record<never, never>>();
    const { accuracy, confusionMatrix } = network.evaluate(inputs, targets, {
      metrics: ["accuracy"],
      confusionMatrix: true,
    });
    expectTypeOf(accuracy).toEqualTypeOf<number>();
    expect(confusionMatrix.shape).toEqual([2, 2]);
    network.dispose();
  });

  it("has the learning rate of the last step of each epoch", async () => {
    const network = await createClassifier();
    const { learningRate } = network.fitSync(inputs, targets, {
      epochs: 4,
      batchSize: 10,
      onEpoch: ({ epoch }) => network.setLearningRate(0.1 * epoch),
      onBatch: ({ epoch, batch }) => {
        if (epoch === 3 && batch === 4) network.setLearningRate(7e-3);
        // Of the next epoch.
        if (epoch === 3 && batch === 5) network.setLearningRate(9e-3);
      },
    });
    expect(learningRate).toEqual([0.05, 0.1, 7e-3, 0.1 * 3]);
    network.dispose();
  });

  it("divides the time of a call of the core among its epochs", async () => {
    const network = await createClassifier();
    const begun = performance.now();
    const { milliseconds } = network.fitSync(inputs, targets, { epochs: 3000, batchSize: 50 });
    const elapsed = performance.now() - begun;
    const total = milliseconds.reduce((sum, x) => sum + x, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(elapsed);
    // The last call did many epochs.
    expect(milliseconds.at(-1)).toBe(milliseconds.at(-2));
    expect(new Set(milliseconds).size).toBeLessThan(300);
    network.dispose();
  });

  it("says that the loss reached the target, with and without watchers", async () => {
    const plain = await createClassifier();
    const { loss } = plain.fitSync(inputs, targets, { epochs: 500 });
    const targetLoss = loss[200]!;
    const expected = loss.findIndex((x) => x <= targetLoss) + 1;
    for (const options of [{}, { onEpoch: () => {} }, { onBatch: () => {} }, { metrics: ["mae"] as const }]) {
      const network = await createClassifier();
      const history = network.fitSync(inputs, targets, { ...options, epochs: 500, targetLoss });
      expect(history.stopped).toBe("targetLoss");
      expect(bitsOf(history.loss)).toBe(bitsOf(loss.slice(0, expected)));
      expect(network.epoch).toBe(expected);
      network.dispose();
    }
    plain.dispose();
  });

  it("says that the time was over", async () => {
    const network = await createClassifier();
    for (const options of [{}, { onEpoch: () => {} }]) {
      const history = await network.fit(inputs, targets, { ...options, epochs: 1_000_000, maxSeconds: 0.03 });
      expect(history.stopped).toBe("maxSeconds");
      expect(history.loss.length).toBeGreaterThan(0);
      expect(history.milliseconds.length).toBe(history.loss.length);
    }
    network.dispose();
  });

  it.each([
    { targetLoss: Number.NaN },
    { targetLoss: "0" },
    { maxSeconds: 0 },
    { maxSeconds: Infinity },
    { metrics: "accuracy" },
    { metrics: ["acuracy"] },
  ])("refuses %j", async (options) => {
    const network = await createClassifier();
    errorOf(() => network.fitSync(inputs, targets, options as object));
    network.dispose();
  });

  it("of an error has all that the finished epochs gave", async () => {
    const network = await createClassifier({
      layers: [dense(1)],
      loss: "meanSquaredError",
      optimizer: sgd(),
    });
    const error = errorOf(() =>
      network.fitSync(inputs, targets, {
        epochs: 100,
        metrics: ["mae"],
        validationSplit: 0.5,
        onEpoch: ({ epoch }) => {
          if (epoch === 3) network.setLearningRate(1e200);
        },
      }),
    );
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ code: "diverged", epoch: error.history!.loss.length });
    const history = error.history as History & { mae: number[]; validationMae: number[] };
    for (const name of ["validationLoss", "mae", "validationMae", "milliseconds"] as const) {
      expect(history[name].length).toBe(error.epoch);
    }
    expect(history.learningRate.slice(0, 4)).toEqual([0.01, 0.01, 0.01, 1e200].slice(0, error.epoch));
    network.dispose();
  });
});

describe("ten fits of one epoch", () => {
  const layers = [dense(6, "relu"), dropout(0.2), dense(1, "sigmoid")] as const;

  /** Everything that can be asked for except early stopping. */
  const options = (network: Network<readonly Layer[]>): AsyncFitOptions => ({
    batchSize: 7,
    validationSplit: 0.3,
    metrics: ["accuracy", "rocAuc"],
    targetLoss: 0,
    maxSeconds: 1e6,
    onEpoch: ({ epoch, validationLoss = 0 }) => {
      network.setLearningRate((0.05 / epoch) * Math.min(1, validationLoss));
      network.setLearningRate(0.04);
    },
    onBatch: () => void network.predict(inputs),
    onProgress: () => void network.evaluate(inputs, targets),
    signal: new AbortController().signal,
  });

  const changes = (dtype: "float32" | "float64"): Partial<NetworkOptions<typeof layers>> => ({
    layers,
    dtype,
    optimizer: adam({ learningRate: 0.05, clipNorm: 1, ema: 0.9 }),
  });

  it.each(DTYPES)("have the bits of one fit of ten with every option on: %s", async (dtype) => {
    const names = [
      "loss",
      "validationLoss",
      "accuracy",
      "validationAccuracy",
      "rocAuc",
      "learningRate",
    ] as const;
    type Figures = Record<(typeof names)[number], readonly number[]>;
    const results: string[] = [];
    for (const fits of [[10], Array(10).fill(1), [3, 1, 6]]) {
      const network = await createClassifier(changes(dtype) as object);
      const histories: Figures[] = [];
      for (const epochs of fits) {
        const history = await network.fit(inputs, targets, { ...options(network), epochs });
        histories.push(history as unknown as Figures);
      }
      const bits = names.map((name) => bitsOf(histories.flatMap((history) => history[name])));
      results.push(
        [...bits, bitsOf(valuesOf(network.parameters)), bitsOf(network.predict(inputs).data)].join(),
      );
      network.dispose();
    }
    expect(results[1]).toBe(results[0]);
    expect(results[2]).toBe(results[0]);
  });
});
