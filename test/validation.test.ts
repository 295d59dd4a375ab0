import { describe, expect, it } from "vitest";
import { type AsyncFitOptions, adam, type FloatArray, type Metric, sgd } from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const { inputs, targets } = points(50);
const others = points(300, 0.3);
const validationData = [others.inputs, others.targets] as const;
const EPOCHS = 5;

/** The loss and the accuracy of `others` after each of EPOCHS epochs, each a fit of its own. */
async function evaluateByHand(...changes: Parameters<typeof createClassifier>) {
  const network = await createClassifier(...changes);
  const scores = Array.from({ length: EPOCHS }, () => {
    network.fitSync(inputs, targets, { batchSize: 7 });
    return network.evaluate(...validationData, { metrics: ["accuracy"] });
  });
  network.dispose();
  return { loss: scores.map(({ loss }) => loss), accuracy: scores.map(({ accuracy }) => accuracy) };
}

/** A metric that only tells how many rows it is given at a time. */
function counting(take: (rows: number) => void): Metric {
  const accumulator = {
    add: (_outputs: FloatArray, _targets: FloatArray, rows: number) => take(rows),
    result: () => 0,
  };
  return { name: "counting", direction: "min", create: () => accumulator };
}

describe("validation", () => {
  it.each([
    ["float64", () => ({})],
    ["float32", () => ({ dtype: "float32" as const })],
    ["an average of the parameters", () => ({ optimizer: adam({ learningRate: 0.05, ema: 0.9 }) })],
  ])("gives what evaluate gives after each epoch: %s", async (_, changes) => {
    const expected = await evaluateByHand(changes());
    for (const fit of ["fit", "fitSync"] as const) {
      const network = await createClassifier(changes());
      const options: AsyncFitOptions<readonly ["accuracy"]> = {
        epochs: EPOCHS,
        batchSize: 7,
        metrics: ["accuracy"],
        validationData,
      };
      const history =
        fit === "fit"
          ? await network.fit(inputs, targets, options)
          : network.fitSync(inputs, targets, options);
      expect(bitsOf(history.validationLoss)).toBe(bitsOf(expected.loss));
      expect(history.validationAccuracy).toEqual(expected.accuracy);
      network.dispose();
    }
  });

  it("changes neither the losses nor the parameters", async () => {
    const options = { epochs: EPOCHS, batchSize: 7 };
    const [validated, plain] = [await createClassifier(), await createClassifier()];
    const { loss } = validated.fitSync(inputs, targets, {
      ...options,
      metrics: ["accuracy"],
      validationData,
    });
    expect(bitsOf(loss)).toBe(bitsOf(plain.fitSync(inputs, targets, options).loss));
    expect(bitsOf(valuesOf(validated.parameters))).toBe(bitsOf(valuesOf(plain.parameters)));
    for (const network of [validated, plain]) network.dispose();
  });

  it.each([
    [0.25, 37],
    [0.5, 25],
    [0.001, 49],
  ])(
    "validationSplit %d takes the last rows, before shuffling, as Keras does",
    async (validationSplit, count) => {
      const options = { epochs: EPOCHS, batchSize: 7 };
      const split = await createClassifier();
      const given = await createClassifier();
      const one = split.fitSync(inputs, targets, { ...options, validationSplit });
      const other = given.fitSync(inputs.slice(0, count), targets.slice(0, count), {
        ...options,
        validationData: [inputs.slice(count), targets.slice(count)],
      });
      expect(bitsOf(one.validationLoss)).toBe(bitsOf(other.validationLoss));
      expect(bitsOf(one.loss)).toBe(bitsOf(other.loss));
      expect(bitsOf(valuesOf(split.parameters))).toBe(bitsOf(valuesOf(given.parameters)));
      for (const network of [split, given]) network.dispose();
    },
  );

  it("passes each row once through the network, at most 128 at a time", async () => {
    const network = await createClassifier();
    const slices: number[] = [];
    const metrics = [counting((rows) => slices.push(rows))];
    network.fitSync(inputs, targets, { batchSize: 32, metrics, validationData });
    expect(slices).toEqual([32, 18, 128, 128, 44]);
    network.dispose();
  });

  it("lets the event loop run in between", async () => {
    const network = await createClassifier();
    let slices = 0;
    const metrics = [
      counting(() => {
        slices++;
        for (const end = performance.now() + 5; performance.now() < end; );
        if (slices === 5) setImmediate(() => network.dispose());
      }),
    ];
    const many = points(128 * 100, 0.2);
    const fit = network.fit(inputs, targets, { metrics, validationData: [many.inputs, many.targets] });
    await expect(fit).rejects.toMatchObject({ code: "disposed" });
    expect(slices).toBeLessThan(50);
  });

  it.each([
    [{ validationData, validationSplit: 0.5 }, "fit is given validationData and validationSplit"],
    [{ validationSplit: 0 }, "validationSplit is 0; expected a number above 0 and below 1"],
    [{ validationSplit: 1 }, "validationSplit is 1; expected"],
    [{ validationSplit: 0.99 }, "leaves none of the 50 rows for training"],
    [{ validationSplit: 1e-17 }, "leaves none of the 50 rows for validation"],
    [{ validationData: [inputs] }, "validationData has 1 element; expected [inputs, targets]"],
    [{ validationData: inputs }, "expected [inputs, targets]"],
    [{ validationData: [inputs, [1]] }, "validationData[0] has 50 rows and validationData[1] has 1"],
    [{ validationData: [[[1, 2, 3]], [1]] }, "validationData[0] has rows of 3 numbers"],
    [{ validationData: [[[1, Number.NaN]], [1]] }, "validationData[0][0][1] is NaN"],
    [{ validationData: [[[1, 2]], ["1"]] }, 'validationData[1][0] is "1"'],
  ])("refuses %j", async (options, message) => {
    const network = await createClassifier();
    const before = bitsOf(valuesOf(network.parameters));
    const error = errorOf(() => network.fitSync(inputs, targets, options as object));
    expect(error.message).toContain(message);
    expect(bitsOf(valuesOf(network.parameters))).toBe(before);
    // The network can be trained further.
    network.fitSync(inputs, targets, { validationSplit: 0.5 });
    network.dispose();
  });
});

describe("metrics of the training rows", () => {
  it.each([
    ["one batch in three microbatches", { batchSize: 300 }],
    ["shuffled batches of 150", { batchSize: 150 }],
    ["batches of one row", { batchSize: 1 }],
    ["batches of 7", { batchSize: 7, shuffle: false }],
  ])("are those of the steps' outputs: %s", async (_, options) => {
    for (const optimizer of [sgd({ learningRate: 0 }), adam({ learningRate: 0 })]) {
      const network = await createClassifier({ optimizer });
      const metrics = ["accuracy", "logLoss", "rocAuc"] as const;
      const history = network.fitSync(others.inputs, others.targets, { ...options, epochs: 2, metrics });
      const expected = network.evaluate(others.inputs, others.targets, { metrics });
      for (const epoch of [0, 1]) {
        expect(history.accuracy[epoch]).toBe(expected.accuracy);
        expect(history.logLoss[epoch]).toBeCloseTo(expected.loss, 12);
        expect(history.rocAuc[epoch]).toBe(expected.rocAuc);
      }
      network.dispose();
    }
  });

  it("change neither the losses nor the parameters", async () => {
    for (const batchSize of [1, 7, 300]) {
      const options = { epochs: 3, batchSize };
      const [measured, plain] = [await createClassifier(), await createClassifier()];
      const { loss } = measured.fitSync(others.inputs, others.targets, { ...options, metrics: ["accuracy"] });
      expect(bitsOf(loss)).toBe(bitsOf(plain.fitSync(others.inputs, others.targets, options).loss));
      expect(bitsOf(valuesOf(measured.parameters))).toBe(bitsOf(valuesOf(plain.parameters)));
      for (const network of [measured, plain]) network.dispose();
    }
  });
});
