import { describe, expect, it } from "vitest";
import {
  confusionMatrix,
  createNetwork,
  dense,
  type Metric,
  type MetricAccumulator,
  sgd,
} from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf } from "./support/floats.js";

const { inputs, targets } = points(300);
const labels = inputs.map(([a = 0, b = 0]) => (a > 0 ? 2 : 0) + (b > 0 ? 1 : 0));

async function createOfFour() {
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(8, "tanh"), dense(4, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd({ learningRate: 0.5 }),
    seed: 1,
  });
  network.fitSync(inputs, labels, { epochs: 3 });
  return network;
}

describe("evaluate", () => {
  it("gives metrics of the predictions, and the same loss with and without them", async () => {
    const network = await createOfFour();
    const { loss } = network.evaluate(inputs, labels);
    const scores = network.evaluate(inputs, labels, { metrics: ["accuracy", "logLoss", "f1"] });
    const classes = network.predictClasses(inputs);
    expect(bitsOf([scores.loss])).toBe(bitsOf([loss]));
    expect(scores.accuracy).toBe(classes.filter((label, i) => label === labels[i]).length / 300);
    expect(scores.accuracy).toBeGreaterThan(0.5);
    expect(scores.accuracy).toBeLessThan(1);
    expect(scores.logLoss).toBeCloseTo(loss, 5);
    expect(scores.f1).toBeGreaterThan(0.3);
    expect(Object.keys(scores)).toEqual(["loss", "accuracy", "logLoss", "f1"]);
    network.dispose();
  });

  it("counts the classes on request", async () => {
    const network = await createOfFour();
    const { confusionMatrix: counts } = network.evaluate(inputs, labels, { confusionMatrix: true });
    expect(counts.toArray()).toEqual(confusionMatrix(network.predict(inputs), labels).toArray());
    expect(
      counts
        .toArray()
        .flat()
        .reduce((sum, x) => sum + x, 0),
    ).toBe(300);
    expect(network.evaluate(inputs, labels, { confusionMatrix: false })).not.toHaveProperty(
      "confusionMatrix",
    );
    network.dispose();
  });

  it("takes the metrics of the parameters themselves if `averaged` is false", async () => {
    const network = await createClassifier({ optimizer: sgd({ learningRate: 1, ema: 0.999 }) });
    network.fitSync(inputs, targets, { epochs: 20 });
    const options = { metrics: ["mae"], averaged: false } as const;
    const twin = await createClassifier({ optimizer: sgd({ learningRate: 1 }) });
    twin.fitSync(inputs, targets, { epochs: 20 });
    expect(network.evaluate(inputs, targets, options)).toEqual(twin.evaluate(inputs, targets, options));
    expect(network.evaluate(inputs, targets, { metrics: ["mae"] }).mae).not.toBe(
      twin.evaluate(inputs, targets, options).mae,
    );
    for (const each of [network, twin]) each.dispose();
  });

  it.each([
    [{ metrics: ["best"] }, "unknownName"],
    [{ metrics: "accuracy" }, "invalidOption"],
    [{ confusionMatrix: 1 }, "invalidOption"],
    [{ metric: ["accuracy"] }, "invalidOption"],
  ])("refuses %j", async (options, code) => {
    const network = await createClassifier();
    expect(errorOf(() => network.evaluate(inputs, targets, options as object)).code).toBe(code);
    network.dispose();
  });

  it("is not disturbed by metrics that predict, or write to what they are given", async () => {
    const network = await createClassifier();
    network.setLearningRate(0);
    const { loss, mae } = network.evaluate(inputs, targets, { metrics: ["mae"] });
    const metric = (name: string, add: MetricAccumulator["add"]): Metric => ({
      name,
      direction: "max",
      create: () => ({ add, result: () => 1 }),
    });
    const metrics = [
      metric("predicting", (outputs) => void network.predict(inputs.slice(0, outputs.length))),
      "mae",
      metric("writing", (outputs, goals) => void [outputs.fill(0.3), goals.fill(0.3)]),
    ] as const;
    for (const options of [{}, { batchSize: 300 }]) {
      expect(network.evaluate(inputs, targets, { metrics })).toMatchObject({ loss, mae });
      const history = network.fitSync(inputs, targets, { ...options, metrics, epochs: 2 });
      for (const epoch of [0, 1]) {
        expect(history.mae[epoch]).toBeCloseTo(mae, 12);
        expect(history.loss[epoch]).toBeCloseTo(loss, 12);
      }
    }
    network.dispose();
  });

  it("throws `disposed` if a metric disposes the network", async () => {
    const network = await createClassifier();
    const metric = {
      name: "bad",
      direction: "max" as const,
      create: () => ({ add: () => network.dispose(), result: () => 0 }),
    };
    for (const averaged of [true, false]) {
      const evaluate = () => network.evaluate(inputs, targets, { metrics: [metric], averaged });
      expect(errorOf(evaluate).code).toBe("disposed");
    }
  });
});

describe("predictClasses", () => {
  it("gives the number of the largest output", async () => {
    const network = await createOfFour();
    const outputs = network.predict(inputs).toArray();
    const expected = outputs.map((row) => row.indexOf(Math.max(...row)));
    expect(network.predictClasses(inputs)).toEqual(Uint32Array.from(expected));
    expect(new Set(expected).size).toBe(4);
    network.dispose();
  });

  it("gives 1 if one sigmoid output is above 0.5", async () => {
    const network = await createClassifier();
    const outputs = network.predict(inputs).toArray().flat();
    expect([...network.predictClasses(inputs)]).toEqual(outputs.map((x) => (x > 0.5 ? 1 : 0)));
    network.dispose();
  });

  it("is refused for one output that is no probability", async () => {
    const network = await createNetwork({ inputs: 2, layers: [dense(1)], loss: "meanSquaredError" });
    const error = errorOf(() => network.predictClasses(inputs));
    expect(error.code).toBe("unsupported");
    expect(error.message).toContain("this network has one with linear. Use predict.");
    network.dispose();
  });
});
