import { describe, expect, it } from "vitest";
import { adam, dense, type EarlyStopping, type FitOptions, type Metric, sgd } from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const { inputs, targets } = points(50);
const NEVER = 1000;

/** A metric whose values in the epochs of a fit are given: of the training rows, then of no others. */
function scripted(values: readonly number[], direction: "min" | "max" = "min"): Metric {
  let epoch = 0;
  return {
    name: "script",
    direction,
    create: () => ({ add() {}, result: () => values[epoch++] ?? Number.NaN }),
  };
}

async function fitScript(
  values: readonly number[],
  earlyStopping: EarlyStopping,
  direction: "min" | "max" = "min",
) {
  const network = await createClassifier();
  const { stopped, bestEpoch, loss } = network.fitSync(inputs, targets, {
    epochs: values.length,
    metrics: [scripted(values, direction)],
    earlyStopping: { monitor: "script", ...earlyStopping },
  });
  network.dispose();
  return { stopped, bestEpoch, epochs: loss.length };
}

describe("earlyStopping", () => {
  it("ends the fit after `patience` epochs in a row that are no better than the best", async () => {
    const values = [5, 4, 6, 3, 3, 3.5, 3.1, 2, 1];
    expect(await fitScript(values, { patience: 3 })).toEqual({
      stopped: "earlyStopping",
      bestEpoch: 3,
      epochs: 7,
    });
    expect(await fitScript(values, { patience: 1 })).toEqual({
      stopped: "earlyStopping",
      bestEpoch: 1,
      epochs: 3,
    });
    expect(await fitScript(values, { patience: 4 })).toEqual({ stopped: "epochs", bestEpoch: 8, epochs: 9 });
  });

  it("has a patience of 10 by default", async () => {
    const values = [1, ...Array(20).fill(2)];
    expect(await fitScript(values, {})).toEqual({ stopped: "earlyStopping", bestEpoch: 0, epochs: 11 });
  });

  it("takes larger values for better if the metric does", async () => {
    const values = [1, 2, 3, 2.5, 2.9, 9];
    expect(await fitScript(values, { patience: 2 }, "max")).toEqual({
      stopped: "earlyStopping",
      bestEpoch: 2,
      epochs: 5,
    });
  });

  it("needs an improvement of more than minDelta", async () => {
    const values = [5, 4.5, 4.1, 3.9, 3.8, 3.7];
    expect(await fitScript(values, { patience: 2, minDelta: 1 })).toEqual({
      stopped: "earlyStopping",
      bestEpoch: 0,
      epochs: 3,
    });
    expect(await fitScript([5, 4, 3], { patience: 2, minDelta: 1 })).toMatchObject({
      bestEpoch: 2,
      epochs: 3,
    });
  });

  it("never takes NaN for better", async () => {
    const values = [Number.NaN, Number.NaN, 3, Number.NaN, 2, Number.NaN, Number.NaN, Number.NaN, 1];
    expect(await fitScript(values, { patience: 3 })).toEqual({
      stopped: "earlyStopping",
      bestEpoch: 4,
      epochs: 8,
    });
  });

  it("monitors the validation loss, or without validation the loss", async () => {
    for (const validationSplit of [0.5, undefined]) {
      const network = await createClassifier({ optimizer: sgd({ learningRate: 20 }) });
      const history = network.fitSync(inputs, targets, {
        epochs: NEVER,
        validationSplit,
        earlyStopping: { patience: 4 },
      });
      const watched = validationSplit ? history.validationLoss : history.loss;
      expect(history.stopped).toBe("earlyStopping");
      expect(watched.length).toBe(history.bestEpoch! + 5);
      expect(watched[history.bestEpoch!]).toBe(Math.min(...watched));
      network.dispose();
    }
  });

  it("counts from 0 in each fit", async () => {
    const network = await createClassifier({ optimizer: sgd({ learningRate: 0 }) });
    for (let fit = 0; fit < 2; fit++) {
      const { loss, bestEpoch } = network.fitSync(inputs, targets, {
        epochs: NEVER,
        batchSize: 50,
        earlyStopping: { patience: 3 },
      });
      expect([loss.length, bestEpoch]).toEqual([4, 0]);
    }
    network.dispose();
  });

  it.each([
    [{ monitor: "accuracy" }, "unknownName", 'expected one of "loss", "script"'],
    [{ monitor: "validationLoss" }, "unknownName", 'expected one of "loss", "script"'],
    [{ patience: 0 }, "invalidOption", "earlyStopping.patience is 0"],
    [{ patience: 1.5 }, "invalidOption", "earlyStopping.patience is 1.5"],
    [{ minDelta: -1 }, "invalidOption", "earlyStopping.minDelta is -1"],
    [{ restoreBest: 1 }, "invalidOption", "earlyStopping.restoreBest is 1"],
    [{ mode: "min" }, "invalidOption", 'earlyStopping has no option "mode"'],
    [true, "invalidOption", "earlyStopping is given true"],
  ])("refuses %j", async (earlyStopping, code, message) => {
    const network = await createClassifier();
    const options = { metrics: [scripted([])], earlyStopping } as unknown as FitOptions;
    const error = errorOf(() => network.fitSync(inputs, targets, options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    network.dispose();
  });
});

describe("restoreBest", () => {
  /** The best epoch is number 1. */
  const VALUES = [2, 1, ...Array(NEVER).fill(3)];

  /** The bits of the parameters and predictions after `epochs` epochs. */
  async function bitsAfter(epochs: number, make = createClassifier): Promise<string> {
    const network = await make();
    network.fitSync(inputs, targets, { epochs });
    const bits = bitsOf(valuesOf(network.parameters)) + bitsOf(network.predict(inputs).data);
    network.dispose();
    return bits;
  }

  async function bitsAndError(options: FitOptions & { signal?: AbortSignal }, make = createClassifier) {
    const network = await make();
    const result = await network
      .fit(inputs, targets, {
        epochs: NEVER,
        metrics: [scripted(VALUES)],
        earlyStopping: { monitor: "script", patience: NEVER },
        ...options,
        onEpoch: (info) => {
          network.predict(inputs);
          return (options.onEpoch as ((info: object) => unknown) | undefined)?.call(network, info);
        },
      })
      .catch((error: unknown) => error);
    const bits = bitsOf(valuesOf(network.parameters)) + bitsOf(network.predict(inputs).data);
    network.dispose();
    return { bits, result };
  }

  const controller = new AbortController();
  const reason = new Error("of the callback");
  const cases: [string, FitOptions & { signal?: AbortSignal }, object][] = [
    ["patience", { earlyStopping: { monitor: "script", patience: 2 } }, { stopped: "earlyStopping" }],
    ["all epochs", { epochs: 5 }, { stopped: "epochs" }],
    ["the target", { targetLoss: 0.6 }, { stopped: "targetLoss" }],
    ["time", { maxSeconds: 0.05 }, { stopped: "maxSeconds" }],
    ["a callback", { onEpoch: ({ epoch }) => epoch < 4 }, { stopped: "callback" }],
    [
      "an abort",
      { onEpoch: ({ epoch }) => void (epoch === 4 && controller.abort()), signal: controller.signal },
      {
        code: "aborted",
        message: expect.stringContaining("has the parameters of epoch 1 again, the best one."),
        history: { stopped: "aborted", bestEpoch: 1 },
      },
    ],
    [
      "an exception",
      {
        onEpoch: ({ epoch }) => {
          if (epoch === 4) throw reason;
        },
      },
      { message: "of the callback" },
    ],
    [
      "a rejection",
      {
        onEpoch: async ({ epoch }) => {
          if (epoch === 4) throw reason;
        },
      },
      { message: "of the callback" },
    ],
  ];

  it.each(cases)("restores the best parameters if %s ends the fit", async (_, options, expected) => {
    const { bits, result } = await bitsAndError(options);
    expect(result).toMatchObject(expected);
    expect(bits).toBe(await bitsAfter(2));
  });

  it("restores the best parameters if the fit diverges, and says so", async () => {
    const network = await createClassifier({
      layers: [dense(1)],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: 0.1 }),
    });
    let best = "";
    const error = errorOf(() =>
      network.fitSync(inputs, targets, {
        epochs: NEVER,
        metrics: [scripted(VALUES)],
        earlyStopping: { monitor: "script", patience: NEVER },
        onEpoch: ({ epoch }) => {
          if (epoch === 2) best = bitsOf(valuesOf(network.parameters));
          if (epoch === 3) network.setLearningRate(1e3);
        },
      }),
    );
    expect(error).toMatchObject({ code: "diverged", history: { stopped: "diverged", bestEpoch: 1 } });
    expect(error.message).toContain("The network has the parameters of epoch 1 again, the best one.");
    expect(bitsOf(valuesOf(network.parameters))).toBe(best);
    network.dispose();
  });

  it("restores the average of the parameters too", async () => {
    const make = () => createClassifier({ optimizer: adam({ learningRate: 0.05, ema: 0.8 }) });
    const { bits } = await bitsAndError({ epochs: 6 }, make);
    expect(bits).toBe(await bitsAfter(2, make));
  });

  it("keeps the last parameters if it is false", async () => {
    const earlyStopping = { monitor: "script", patience: 3, restoreBest: false };
    const { bits, result } = await bitsAndError({ earlyStopping });
    expect(result).toMatchObject({ stopped: "earlyStopping", bestEpoch: 1 });
    expect(bits).toBe(await bitsAfter(5));
  });

  it("does nothing if no epoch was finished", async () => {
    const network = await createClassifier();
    const options: FitOptions = { earlyStopping: {}, onBatch: () => false };
    const { stopped, bestEpoch, loss } = network.fitSync(inputs, targets, options);
    expect([stopped, bestEpoch, loss.length]).toEqual(["callback", undefined, 0]);
    network.dispose();
  });
});
