import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  confusionMatrix,
  createNetwork,
  customMetric,
  dense,
  METRICS,
  type Metric,
  type MetricShape,
  topKAccuracy,
} from "../src/index.js";
import { resolveMetrics } from "../src/metrics/metrics.js";
import { errorOf } from "./support/errorOf.js";
import { DTYPES, floats } from "./support/floats.js";

/** A case of test/reference/metrics.py. */
interface Case {
  readonly name: string;
  readonly dtype: "float32" | "float64";
  readonly outputs: number[][];
  /** Labels, or rows. */
  readonly targets: number[] | number[][];
  readonly weights?: number[];
  readonly expected: Record<string, number | null> & { confusion?: number[][] };
}

const { versions, cases } = JSON.parse(
  readFileSync(new URL("reference/metrics.json", import.meta.url), "utf8"),
) as { versions: Record<string, string>; cases: Case[] };

/** The name of a metric as scikit-learn's figures call it. */
function metricOf(name: string, shape: MetricShape): Metric {
  const [, k] = /^top(\d+)Accuracy$/.exec(name) ?? [];
  const [metric] = resolveMetrics([k ? topKAccuracy(Number(k)) : name], shape);
  return metric!;
}

interface Data {
  readonly shape: MetricShape;
  readonly outputs: readonly number[][];
  readonly targets: readonly number[][];
  readonly weights: readonly number[] | undefined;
}

/** The value after `rowsOfCall` rows in each call. */
function computed(metric: Metric, { shape, outputs, targets, weights }: Data, rowsOfCall: number): number {
  const accumulator = metric.create(shape);
  for (let begin = 0; begin < outputs.length; begin += rowsOfCall) {
    const part = <T>(rows: readonly T[]) => rows.slice(begin, begin + rowsOfCall);
    // Longer than needed, and changed afterwards: the accumulator must read only its rows, and keep no view.
    const padded = (rows: readonly number[][]) => floats(shape.dtype, [...part(rows).flat(), 1e9, 1e9]);
    const arrays = [padded(outputs), padded(targets)] as const;
    accumulator.add(...arrays, part(outputs).length, weights && floats(shape.dtype, [...part(weights), 1e9]));
    for (const array of arrays) array.fill(0.25);
  }
  return accumulator.result();
}

function oneHotOf(labels: readonly number[], classes: number): number[][] {
  return labels.map((label) => Array.from({ length: classes }, (_, i) => Number(i === label)));
}

/** The case with each form of targets that a network of its outputs takes: numbers, or labels and one-hot rows. */
function formsOf({ dtype, outputs, targets, weights }: Case): Data[] {
  const width = outputs[0]!.length;
  const data = { outputs, weights };
  const shape = { outputs: width, dtype };
  const numbers = { ...shape, takesLabels: false };
  if (Array.isArray(targets[0])) return [{ ...data, shape: numbers, targets: targets as number[][] }];
  const labels = targets as number[];
  const column = labels.map((label) => [label]);
  if (width === 1) return [{ ...data, shape: numbers, targets: column }];
  return [
    { ...data, shape: { ...shape, takesLabels: true }, targets: column },
    { ...data, shape: numbers, targets: oneHotOf(labels, width) },
  ];
}

describe(`the metrics of scikit-learn ${versions["scikit-learn"]}`, () => {
  describe.each(cases.map((example) => [example.name, example] as const))("for %s", (_, example) => {
    const { confusion, ...expected } = example.expected;

    it.each(Object.entries(expected))("have its value of %s (%d)", (name, value) => {
      for (const data of formsOf(example)) {
        const metric = metricOf(name, data.shape);
        const actual = computed(metric, data, example.outputs.length);
        const tolerance = example.dtype === "float32" && name === "logLoss" ? 1e-6 : 1e-12;
        if (value === null) expect(actual).toBeNaN();
        else expect(Math.abs(actual - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
      }
    });

    it("have the same bits for any division of the rows into calls", () => {
      for (const data of formsOf(example)) {
        for (const name of Object.keys(expected)) {
          const metric = metricOf(name, data.shape);
          const whole = computed(metric, data, example.outputs.length);
          for (const rowsOfCall of [1, 7, 32]) expect(computed(metric, data, rowsOfCall)).toBe(whole);
        }
      }
    });

    it.skipIf(!confusion)("have its confusion matrix", () => {
      const { outputs, targets, weights } = example;
      const matrix = confusionMatrix(outputs, targets, { weights });
      expect(matrix.shape).toEqual([confusion!.length, confusion!.length]);
      for (const [i, value] of confusion!.flat().entries()) expect(matrix.data[i]).toBeCloseTo(value, 10);
    });
  });

  it("are all among the cases", () => {
    const tested = new Set(cases.flatMap(({ expected }) => Object.keys(expected)));
    const missing = METRICS.filter((name) => name !== "topKAccuracy" && !tested.has(name));
    expect(missing).toEqual([]);
  });
});

describe("a metric", () => {
  const classes: MetricShape = { outputs: 6, takesLabels: true, dtype: "float32" };

  it("named topKAccuracy counts the 5 largest outputs", () => {
    const outputs = [[6, 5, 4, 3, 2, 1]];
    const value = (label: number) =>
      computed(
        metricOf("topKAccuracy", classes),
        { shape: classes, outputs, targets: [[label]], weights: undefined },
        1,
      );
    expect([0, 1, 2, 3, 4, 5].map(value)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it("is NaN without rows, except where scikit-learn divides by 0", () => {
    const shape: MetricShape = { outputs: 1, takesLabels: false, dtype: "float64" };
    for (const name of METRICS.filter((name) => name !== "topKAccuracy")) {
      const expected = ["precision", "recall", "f1"].includes(name) ? 0 : Number.NaN;
      expect([name, metricOf(name, shape).create(shape).result()]).toEqual([name, expected]);
    }
  });

  it("ignores the numbers of a row of weight 0", () => {
    const shape: MetricShape = { outputs: 1, takesLabels: false, dtype: "float64" };
    for (const name of ["mae", "rmse", "mape", "r2", "logLoss", "accuracy"] as const) {
      const data = {
        shape,
        outputs: [[0.25], [Number.NaN], [0.75]],
        targets: [[0], [1e300], [1]],
        weights: [1, 0, 2],
      };
      expect(computed(metricOf(name, shape), data, 3)).not.toBeNaN();
    }
  });

  it("says in which direction it gets better", () => {
    const shape: MetricShape = { outputs: 6, takesLabels: false, dtype: "float64" };
    const min = resolveMetrics(METRICS, shape).filter(({ direction }) => direction === "min");
    expect(min.map(({ name }) => name)).toEqual(["logLoss", "mae", "rmse", "mape"]);
  });
});

describe("metrics of a network", () => {
  const classes: MetricShape = { outputs: 3, takesLabels: true, dtype: "float32" };

  it("may be names and metrics, in order", () => {
    const named = resolveMetrics(["accuracy", topKAccuracy(2), "f1"], classes).map(({ name }) => name);
    expect(named).toEqual(["accuracy", "top2Accuracy", "f1"]);
    expect(resolveMetrics([], classes)).toEqual([]);
  });

  it.each<[unknown, string, RegExp]>([
    [["acuracy"], "unknownName", /^metrics\[0\] is "acuracy"; expected one of "accuracy", "binaryAccuracy",/],
    ["accuracy", "invalidOption", /^metrics is "accuracy"; expected an array of metrics/],
    [[undefined], "invalidOption", /^metrics\[0\] is undefined; expected a name/],
    [[{ name: "a" }], "unknownName", /^metrics\[0\]\.direction is undefined; expected one of "max", "min"/],
    [["accuracy", "f1", "accuracy"], "invalidOption", /two metrics of the name "accuracy"/],
    [["mae"], "invalidOption", /^metric "mae" compares each output with a target, but .* labels/],
    [["binaryAccuracy"], "invalidOption", /^metric "binaryAccuracy" compares each output/],
    [["topKAccuracy"], "invalidOption", /among the 5 largest of 3 outputs/],
    [[topKAccuracy(3)], "invalidOption", /^metric "top3Accuracy"/],
  ])("of %j are refused", (metrics, code, message) => {
    const error = errorOf(() => resolveMetrics(metrics, classes));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("refuse k that is not a positive integer", () => {
    expect(errorOf(() => topKAccuracy(0)).message).toBe("k is 0; expected a positive integer below 2^32.");
  });
});

describe("a metric of a user", () => {
  it("is refused by its name if a function returns a promise or something else", async () => {
    const fails = () => Promise.reject(new Error("not seen"));
    const good = { add: () => {}, result: () => 1 };
    const wrong: readonly (readonly [create: unknown, message: string])[] = [
      [
        fails,
        'create of metric "mine" returned a promise; expected an object with the methods add and result.',
      ],
      [() => undefined, 'add of metric "mine" is undefined; expected a function.'],
      [() => ({ add: good.add }), 'result of metric "mine" is undefined; expected a function.'],
      [
        () => ({ ...good, add: fails }),
        'add of metric "mine" returned a promise; expected a function that has added the rows when it returns.',
      ],
      [
        () => ({ ...good, result: fails }),
        'result of metric "mine" returned an object (Promise); expected a number.',
      ],
      [() => ({ ...good, result: () => "1" }), 'result of metric "mine" returned "1"; expected a number.'],
    ];
    const network = await createNetwork({ inputs: 1, layers: [dense(1)], loss: "meanSquaredError" });
    for (const [create, message] of wrong) {
      const metrics = [{ name: "mine", direction: "max", create } as Metric];
      for (const call of [
        () => network.fitSync([1, 2], [1, 2], { metrics }),
        () => network.evaluate([1, 2], [1, 2], { metrics }),
      ])
        expect(errorOf(call)).toMatchObject({ code: "invalidOption", message });
    }
    const create = () => ({ ...good, result: () => Number.NaN });
    const metrics = [{ name: "mine", direction: "max", create }] as const;
    expect(network.evaluate([1, 2], [1, 2], { metrics }).mine).toBeNaN();
    network.dispose();
  });
});

describe("customMetric", () => {
  const shape: MetricShape = { outputs: 2, takesLabels: true, dtype: "float32" };

  it.each(DTYPES)("gets all outputs, targets and weights at the end (%s)", (dtype) => {
    const seen: unknown[] = [];
    const metric = customMetric({
      name: "seen",
      direction: "max",
      compute(outputs, targets, weights) {
        seen.push(outputs.toArray(), targets.toArray(), weights && [...weights], outputs.data.constructor);
        return 3;
      },
    });
    const data = {
      shape: { ...shape, dtype },
      outputs: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      targets: [[0], [1], [1]],
    };
    expect(computed(metric, { ...data, weights: undefined }, 2)).toBe(3);
    expect(computed(metric, { ...data, weights: [1, 0, 2] }, 2)).toBe(3);
    const values = [data.outputs, [0, 1, 1]];
    const arrayType = floats(dtype, 0).constructor;
    expect(seen).toEqual([...values, undefined, arrayType, ...values, [1, 0, 2], arrayType]);
  });

  it("refuses results that are not numbers, and passes exceptions on", () => {
    const returning = (compute: () => unknown) =>
      customMetric({ name: "mine", direction: "min", compute: compute as () => number });
    const accumulator = returning(() => "1").create(shape);
    expect(errorOf(() => accumulator.result()).message).toBe(
      'compute of metric "mine" returned "1"; expected a number.',
    );
    const promise = returning(() => Promise.reject(new Error("handled"))).create(shape);
    expect(errorOf(() => promise.result()).message).toMatch(/returned an object \(Promise\)/);
    const thrown = new Error("mine");
    const throwing = returning(() => {
      throw thrown;
    });
    expect(() => throwing.create(shape).result()).toThrow(thrown);
  });

  it.each(["loss", "validationAccuracy", "a-b", "", "__proto__", 3])("refuses the name %j", (name) => {
    const options = { name, direction: "max", compute: () => 0 } as Parameters<typeof customMetric>[0];
    expect(errorOf(() => customMetric(options)).message).toMatch(/^name is .*; expected letters and digits/);
  });

  it("refuses unknown directions and options", () => {
    const options = { name: "a", direction: "up", compute: () => 0 };
    expect(errorOf(() => customMetric(options as never)).message).toMatch(
      /^direction is "up"; expected one of/,
    );
    expect(errorOf(() => customMetric({ ...options, better: 1 } as never)).code).toBe("invalidOption");
  });
});

describe("confusionMatrix", () => {
  it("takes predicted labels if the number of classes is given", () => {
    const matrix = confusionMatrix([2, 0, 1, 2], [2, 1, 1, 0], { classes: 3 });
    expect(matrix.toArray()).toEqual([
      [0, 0, 1],
      [1, 1, 0],
      [0, 0, 1],
    ]);
  });

  it("takes one-hot targets", () => {
    expect(
      confusionMatrix(
        [
          [0.1, 0.9],
          [0.6, 0.4],
        ],
        [
          [0, 1],
          [0, 1],
        ],
      ).toArray(),
    ).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it.each<[unknown, unknown, unknown, string, string]>([
    [[0.3, 0.6], [0, 2], {}, "invalidLabel", "targets[1] is 2; expected an integer label from 0 to 1."],
    [
      [0, 3],
      [0, 1],
      { classes: 3 },
      "invalidLabel",
      "outputs[1] is 3; expected an integer label from 0 to 2.",
    ],
    [
      [[0, 1]],
      [0, 1],
      {},
      "invalidShape",
      "outputs has 1 rows and targets has 2; expected equal numbers of rows.",
    ],
    [[[0, 1]], [[0, 1, 2]], {}, "invalidShape", "targets has rows of 3 numbers; expected 1 or 2 a row."],
    [
      [[0, 1]],
      [1],
      { weights: [-1] },
      "invalidOption",
      "weights[0] is -1; expected a finite number of 0 or more.",
    ],
    [
      [[]],
      [1],
      {},
      "invalidShape",
      "outputs has rows without numbers; expected rows of numbers, [rows, columns].",
    ],
    [[], [1], {}, "invalidShape", "outputs has no rows; expected at least one."],
    [
      3,
      [1],
      {},
      "invalidShape",
      "outputs is 3; expected an array of rows, or { data, shape: [rows, columns] }.",
    ],
  ])("refuses %j with targets %j and %j", (outputs, targets, options, code, message) => {
    const error = errorOf(() => confusionMatrix(outputs as never, targets as never, options as never));
    expect([error.code, error.message]).toEqual([code, message]);
  });
});
