import { describe, expect, it } from "vitest";
import { type Baseline, createBaseline, type FitOptions } from "../bench/baseline/baseline.js";
import {
  type ActivationName,
  type DenseLayer,
  type DType,
  dense,
  type FloatArray,
  type Loss,
  type LossName,
  type Reduction,
} from "../src/index.js";

const ALPHA = 0.125;

function layer(units: number, activation: ActivationName, useBias = true): DenseLayer {
  return dense(units, activation, { useBias, alpha: ALPHA });
}

/** `parameter` is the delta of huber and the clip of binaryCrossentropy. */
function loss(name: LossName, reduction: Reduction = "mean", parameter = 0): Loss {
  return { name, reduction, clip: parameter, delta: parameter };
}

function model(
  inputs: number,
  layers: readonly DenseLayer[],
  loss: Loss | LossName,
  dtype: DType = "float64",
): Baseline {
  return createBaseline({ dtype, inputs, layers, loss });
}

/** Inputs and targets, as the methods of the baseline take them. */
type Samples = readonly [inputs: number[], targets: number[]];

function samples(inputs: Iterable<number>, targets: Iterable<number>): Samples {
  return [[...inputs], [...targets]];
}

/** Evenly spread numbers in [low, high), the same each time: a Weyl sequence. */
function* numbers(count: number, low: number, high: number, seed = 0.5): Generator<number> {
  for (let i = 1; i <= count; i++) yield low + (high - low) * ((seed + i * 0.6180339887498949) % 1);
}

function fill(baseline: Baseline, seed = 0.5, scale = 1): void {
  baseline.parameters.set([...numbers(baseline.parameters.length, -scale, scale, seed)]);
}

function bits(values: FloatArray): number[] {
  return [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

/** One unit, kernel 1 and no bias, so that its logit is its input. */
function neuron(activation: ActivationName, lossDescription = loss("meanSquaredError")): Baseline {
  const made = model(1, [layer(1, activation, false)], lossDescription);
  made.parameters[0] = 1;
  return made;
}

const ELEMENTWISE = [
  "linear",
  "sigmoid",
  "tanh",
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "geluTanh",
  "silu",
  "softplus",
] as const satisfies readonly ActivationName[];
const ACTIVATIONS: readonly ActivationName[] = [...ELEMENTWISE, "softmax"];

/** Each loss with the output activations that it may follow. Some outputs are beyond each parameter, others are not. */
const LOSSES: readonly {
  name: LossName;
  parameters: readonly number[];
  outputs: readonly ActivationName[];
}[] = [
  { name: "meanSquaredError", parameters: [0], outputs: ACTIVATIONS },
  { name: "meanAbsoluteError", parameters: [0], outputs: ACTIVATIONS },
  { name: "huber", parameters: [0.4], outputs: ACTIVATIONS },
  { name: "binaryCrossentropy", parameters: [0, 0.3], outputs: ["sigmoid", "softmax"] },
  { name: "sigmoidCrossentropy", parameters: [0], outputs: ["sigmoid"] },
  { name: "categoricalCrossentropy", parameters: [0], outputs: ["softmax"] },
  { name: "sparseCategoricalCrossentropy", parameters: [0], outputs: ["softmax"] },
];

describe("a network small enough to compute by hand", () => {
  it("takes one step of linear regression", () => {
    const baseline = model(2, [layer(1, "linear")], loss("meanSquaredError"));
    baseline.parameters.set([0.5, -0.25, 0.125]);
    const data = samples([1, 2], [1]);
    expect([...baseline.predict(data[0])]).toEqual([0.125]);
    expect(baseline.computeGradients(...data)).toBe(0.765625);
    expect([...baseline.gradients]).toEqual([-1.75, -3.5, -1.75]);
    baseline.update(0.5);
    expect([...baseline.parameters]).toEqual([1.375, 1.5, 1]);
  });

  it("backpropagates through a hidden layer", () => {
    // 1 → relu([2, −1]) = [2, 0] → 2·1 + 0·5 = 2, against 0.
    const baseline = model(1, [layer(2, "relu", false), layer(1, "linear", false)], loss("meanSquaredError"));
    baseline.parameters.set([2, -1, 1, 5]);
    expect(baseline.computeGradients(...samples([1], [0]))).toBe(4);
    expect([...baseline.gradients]).toEqual([4, 0, 8, 0]);
  });

  it("divides a mean by rows × outputs, for categorical losses by rows, and does not divide a sum", () => {
    const losses: [Loss, ActivationName, number[], number][] = [
      [loss("meanSquaredError", "mean"), "linear", [2, 2, 2, 2], 4],
      [loss("meanSquaredError", "sum"), "linear", [2, 2, 2, 2], 16],
      [loss("meanAbsoluteError", "sum"), "linear", [2, -2, 2, 2], 8],
      [loss("huber", "sum", 1), "linear", [2, 0.5, 0, 1], 1.5 + 0.125 + 0 + 0.5],
      [loss("binaryCrossentropy", "mean", 0), "sigmoid", [1, 0, 1, 0], Math.LN2],
      [loss("sigmoidCrossentropy", "mean"), "sigmoid", [1, 0, 1, 0], Math.LN2],
      [loss("categoricalCrossentropy", "mean"), "softmax", [1, 0, 0.5, 0.5], Math.LN2],
      [loss("categoricalCrossentropy", "sum"), "softmax", [1, 0, 0, 1], 2 * Math.LN2],
      [loss("sparseCategoricalCrossentropy", "mean"), "softmax", [1, 0], Math.LN2],
      [loss("sparseCategoricalCrossentropy", "sum"), "softmax", [1, 0], 2 * Math.LN2],
    ];
    for (const [description, activation, targets, expected] of losses) {
      const baseline = model(1, [layer(2, activation)], description);
      const data = samples([1, 1], targets);
      expect(baseline.evaluate(...data), JSON.stringify(description)).toBeCloseTo(expected, 14);
    }
  });
});

describe("activations", () => {
  // By mpmath with 40 digits; alpha = 0.125.
  const logits = [-6.5, -3.125, -0.5, 0.625, 1.5, 7];
  const expected: Record<(typeof ELEMENTWISE)[number], number[]> = {
    linear: [-6.5, -3.125, -0.5, 0.625, 1.5, 7],
    sigmoid: [
      0.0015011822567369915, 0.04208772791561884, 0.37754066879814546, 0.6513548646660542, 0.8175744761936437,
      0.9990889488055994,
    ],
    tanh: [
      -0.9999954793514042, -0.996146530673345, -0.46211715726000974, 0.5545997223493823, 0.9051482536448664,
      0.9999983369439447,
    ],
    relu: [0, 0, 0, 0.625, 1.5, 7],
    leakyRelu: [-0.8125, -0.390625, -0.0625, 0.625, 1.5, 7],
    elu: [-0.1248120701008778, -0.11950788329707407, -0.04918366753592082, 0.625, 1.5, 7],
    gelu: [
      -2.6104003795084267e-10, -0.00277820405971385, -0.15426876936299344, 0.45875904434456216,
      1.399789198096713, 6.999999999991041,
    ],
    geluTanh: [
      -6.278258772591402e-13, -0.002415874897777789, -0.15428599017485609, 0.4587211499576005,
      1.3995715769802328, 6.999999999999997,
    ],
    silu: [
      -0.009757684668790446, -0.13152414973630888, -0.18877033439907273, 0.4070967904162839,
      1.2263617142904655, 6.993622641639195,
    ],
    softplus: [
      0.0015023101597542838, 0.042999079229087814, 0.4740769841801067, 1.0537006782765186, 1.7014132779827524,
      7.000911466453775,
    ],
  };

  it.each(ELEMENTWISE)("%s has the values of its formula", (activation) => {
    const baseline = neuron(activation);
    const outputs = baseline.predict(logits);
    for (const [i, value] of expected[activation].entries()) {
      expect(Math.abs(outputs[i]! - value)).toBeLessThanOrEqual(1e-14 * Math.abs(value));
    }
  });

  it("softmax has the values of its formula, also for large logits", () => {
    const baseline = model(3, [layer(3, "softmax", false)], loss("meanSquaredError"));
    baseline.parameters.set([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const data = samples([0, Math.LN2, Math.log(5), 1000, 1000, -1000], [0, 0, 0, 0, 0, 0]);
    const outputs = baseline.predict(data[0]);
    for (const [i, value] of [1 / 8, 2 / 8, 5 / 8, 0.5, 0.5, 0].entries()) {
      expect(outputs[i]).toBeCloseTo(value, 15);
    }
  });

  it("saturate without overflowing", () => {
    const limits: [ActivationName, number, number][] = [
      ["sigmoid", 0, 1],
      ["tanh", -1, 1],
      ["relu", 0, 1000],
      ["leakyRelu", -125, 1000],
      ["elu", -0.125, 1000],
      ["gelu", 0, 1000],
      ["geluTanh", 0, 1000],
      ["silu", 0, 1000],
      ["softplus", 0, 1000],
    ];
    for (const [activation, low, high] of limits) {
      const baseline = neuron(activation);
      const outputs = baseline.predict([-1000, 1000]);
      expect(outputs[0]! + 0, activation).toBe(low);
      expect(outputs[1], activation).toBe(high);
    }
  });

  it("relu, leakyRelu and elu have their documented derivatives at 0", () => {
    const derivatives: [ActivationName, number][] = [
      ["relu", 0],
      ["leakyRelu", ALPHA],
      ["elu", ALPHA],
    ];
    for (const [activation, derivative] of derivatives) {
      const baseline = neuron(activation);
      baseline.parameters[0] = 0;
      baseline.computeGradients(...samples([1], [-0.5]));
      expect(baseline.gradients[0], activation).toBe(derivative);
    }
  });

  it.each(ACTIVATIONS)("%s gives NaN for a row with NaN, and for no other", (activation) => {
    const baseline = model(1, [layer(2, activation), layer(2, activation)], loss("meanSquaredError"));
    fill(baseline);
    const data = samples([1, Number.NaN, 2], [0, 0, 0, 0, 0, 0]);
    expect([...baseline.predict(data[0])].map(Number.isNaN)).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(baseline.evaluate(...data)).toBeNaN();
  });
});

describe("losses", () => {
  it("are NaN if the prediction is NaN", () => {
    for (const { name, parameters, outputs } of LOSSES) {
      const baseline = model(1, [layer(2, outputs.at(-1)!)], loss(name, "mean", parameters.at(-1)!));
      baseline.parameters.fill(Number.NaN);
      const data = samples([1], name === "sparseCategoricalCrossentropy" ? [0] : [0, 1]);
      expect(baseline.computeGradients(...data), name).toBeNaN();
      expect([...baseline.gradients], name).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    }
  });

  it("meanAbsoluteError has the gradient 0 where outputs equal targets", () => {
    const baseline = neuron("linear", loss("meanAbsoluteError", "sum"));
    expect(baseline.computeGradients(...samples([1, 2, 4], [1, 3, 5]))).toBe(2);
    expect(baseline.gradients[0]).toBe(-6);
  });

  it("binaryCrossentropy takes 0·log 0 as 0, and has a gradient of 0 where it clips", () => {
    const exact = neuron("linear", loss("binaryCrossentropy", "sum", 0));
    expect(exact.computeGradients(...samples([1], [1]))).toBe(0);
    expect(exact.gradients[0]).toBe(0);
    expect(exact.evaluate(...samples([0], [0]))).toBe(0);
    expect(exact.evaluate(...samples([0], [1]))).toBe(Infinity);
    expect(exact.evaluate(...samples([1], [0.5]))).toBe(Infinity);

    const clipped = neuron("linear", loss("binaryCrossentropy", "sum", 0.25));
    expect(clipped.computeGradients(...samples([0.125, 0.875], [1, 1]))).toBeCloseTo(
      -Math.log(0.25) - Math.log(0.75),
      14,
    );
    expect(clipped.gradients[0]).toBe(0);
    expect(clipped.computeGradients(...samples([0.75], [1]))).toBeCloseTo(-Math.log(0.75), 14);
    expect(clipped.gradients[0]).toBeCloseTo(-1, 14);
  });

  it("sigmoidCrossentropy and categoricalCrossentropy are finite where probabilities round to 0 and 1", () => {
    const sigmoid = neuron("sigmoid", loss("sigmoidCrossentropy", "sum"));
    expect(sigmoid.computeGradients(...samples([1000, -1000], [0, 1]))).toBe(2000);
    expect(sigmoid.gradients[0]).toBe(2000);

    const softmax = model(1, [layer(2, "softmax", false)], loss("categoricalCrossentropy", "sum"));
    softmax.parameters.set([0, 1000]);
    expect(softmax.computeGradients(...samples([1], [1, 0]))).toBe(1000);
    expect([...softmax.gradients]).toEqual([-1, 1]);
    softmax.parameters.set([0, -Infinity]);
    expect(softmax.evaluate(...samples([1], [1, 0]))).toBe(0);
  });

  it("sparseCategoricalCrossentropy of labels equals categoricalCrossentropy of one-hot targets", () => {
    const layers = [layer(4, "tanh"), layer(3, "softmax")];
    const categorical = model(2, layers, loss("categoricalCrossentropy"));
    const sparse = model(2, layers, loss("sparseCategoricalCrossentropy"));
    fill(categorical);
    fill(sparse);
    const inputs = [...numbers(8, -1, 1)];
    const oneHot = samples(inputs, [0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const labels = samples(inputs, [2, 0, 1, 2]);
    expect(sparse.computeGradients(...labels)).toBeCloseTo(categorical.computeGradients(...oneHot), 14);
    for (const [i, value] of categorical.gradients.entries()) {
      expect(sparse.gradients[i]).toBeCloseTo(value, 14);
    }
  });
});

describe("gradients equal central differences", () => {
  const STEP = 1e-5;
  const ROWS = 5;

  function check(baseline: Baseline, data: Samples, what: string): void {
    baseline.computeGradients(...data);
    const gradients = baseline.gradients.slice();
    expect(Math.hypot(...gradients), what).toBeGreaterThan(1e-4);
    const parameters = baseline.parameters;
    for (const [i, gradient] of gradients.entries()) {
      const at = parameters[i]!;
      parameters[i] = at + STEP;
      const above = baseline.evaluate(...data);
      parameters[i] = at - STEP;
      const below = baseline.evaluate(...data);
      parameters[i] = at;
      const difference = (above - below) / (2 * STEP);
      const tolerance = 1e-6 * Math.max(Math.abs(gradient), Math.abs(difference)) + 2e-10 * ROWS;
      expect(Math.abs(gradient - difference), `${what}, parameter ${i}`).toBeLessThanOrEqual(tolerance);
    }
  }

  const cases = LOSSES.flatMap(({ name, parameters, outputs }) =>
    (["mean", "sum"] as const).flatMap((reduction) =>
      parameters.map((parameter) => ({ description: loss(name, reduction, parameter), outputs })),
    ),
  );
  it.each(cases)(
    "for $description.name, $description.reduction, $description.parameter",
    ({ description, outputs }) => {
      for (const output of outputs) {
        for (const hidden of ACTIVATIONS) {
          const baseline = model(3, [layer(4, hidden), layer(3, output)], description);
          fill(baseline);
          // Soft targets whose rows do not sum to 1 are the general case of the categorical loss.
          const targets =
            description.name === "sparseCategoricalCrossentropy"
              ? [2, 0, 1, 1, 0]
              : numbers(ROWS * 3, 0, 1, 0.25);
          const data = samples(numbers(ROWS * 3, -1.5, 1.5, 0.75), targets);
          check(baseline, data, `${hidden}, ${output}`);
        }
      }
    },
  );

  it("through three layers, without biases", () => {
    const layers = [
      layer(6, "tanh", false),
      layer(5, "gelu"),
      layer(4, "softplus", false),
      layer(2, "linear"),
    ];
    const baseline = model(3, layers, loss("meanSquaredError"));
    expect(baseline.parameters.length).toBe(3 * 6 + (6 * 5 + 5) + 5 * 4 + (4 * 2 + 2));
    fill(baseline);
    check(baseline, samples(numbers(ROWS * 3, -1, 1), numbers(ROWS * 2, -1, 1, 0.25)), "three layers");
  });
});

describe("several microbatches", () => {
  const ROWS = 600;

  function big(reduction: Reduction, dtype: DType = "float64"): Baseline {
    const baseline = model(
      3,
      [layer(7, "tanh"), layer(2, "linear")],
      loss("meanSquaredError", reduction),
      dtype,
    );
    fill(baseline);
    return baseline;
  }
  const inputs = [...numbers(ROWS * 3, -1, 1)];
  const targets = [...numbers(ROWS * 2, -1, 1, 0.25)];

  it.each(["mean", "sum"] as const)("have the %s of the gradients of their rows", (reduction) => {
    const baseline = big(reduction);
    const whole = baseline.computeGradients(...samples(inputs, targets));
    const gradients = baseline.gradients.slice();

    const single = big("sum");
    const sums = new Float64Array(single.parameters.length);
    let sum = 0;
    for (let row = 0; row < ROWS; row++) {
      const one = samples(inputs.slice(row * 3, row * 3 + 3), targets.slice(row * 2, row * 2 + 2));
      sum += single.computeGradients(...one);
      for (const [i, value] of single.gradients.entries()) sums[i]! += value;
    }
    const divisor = reduction === "mean" ? ROWS * 2 : 1;
    expect(whole).toBeCloseTo(sum / divisor, 10);
    for (const [i, value] of sums.entries()) expect(gradients[i]).toBeCloseTo(value / divisor, 10);
    expect(baseline.evaluate(...samples(inputs, targets))).toBe(whole);
  });

  it.each(LOSSES)("use the targets of their rows: $name", ({ name, parameters, outputs }) => {
    const baseline = model(3, [layer(2, outputs.at(-1)!)], loss(name, "sum", parameters[0]!));
    fill(baseline);
    const width = name === "sparseCategoricalCrossentropy" ? 1 : 2;
    const aims = [...numbers(ROWS * width, 0, 1, 0.25)].map((t) => (width === 1 ? Math.round(t) : t));
    const whole = baseline.computeGradients(...samples(inputs, aims));
    const gradients = baseline.gradients.slice();

    const sums = new Float64Array(baseline.parameters.length);
    let sum = 0;
    for (const [start, end] of [
      [0, 200],
      [200, 400],
      [400, 600],
    ] as const) {
      const part = inputs.slice(start * 3, end * 3);
      sum += baseline.computeGradients(...samples(part, aims.slice(start * width, end * width)));
      for (const [i, value] of baseline.gradients.entries()) sums[i]! += value;
    }
    expect(whole).toBeCloseTo(sum, 9);
    for (const [i, value] of sums.entries()) expect(gradients[i]).toBeCloseTo(value, 9);
  });

  it.each(["float32", "float64"] as const)("predict a row with the same bits as alone, %s", (dtype) => {
    const baseline = big("mean", dtype);
    const together = baseline.predict(inputs);
    for (const row of [0, 1, 255, 256, 511, 512, 599]) {
      const alone = baseline.predict(inputs.slice(row * 3, row * 3 + 3));
      expect(bits(alone)).toEqual(bits(together.slice(row * 2, row * 2 + 2)));
    }
  });

  it("give the same loss and gradients in float32 and float64, up to rounding", () => {
    const single = big("mean", "float32");
    const double = big("mean");
    double.parameters.set(single.parameters);
    expect(single.parameters).toBeInstanceOf(Float32Array);
    const singleLoss = single.computeGradients(...samples(inputs, targets));
    expect(singleLoss).toBeCloseTo(double.computeGradients(...samples(inputs, targets)), 6);
    for (const [i, value] of double.gradients.entries()) {
      expect(single.gradients[i]).toBeCloseTo(value, 5);
    }
    expect(bits(Float64Array.from(single.gradients))).not.toEqual(bits(double.gradients));
  });
});

describe("a run", () => {
  const ROWS = 700;
  const BATCH = 300;
  const EPOCHS = 3;
  /** In an epoch: 256 + 44, 256 + 44, 100 rows. */
  const MICROBATCHES = 5;
  const inputs = [...numbers(ROWS * 2, -1, 1)];
  const labels = [...numbers(ROWS, 0, 3, 0.25)].map(Math.floor);

  function trainee(): Baseline {
    const baseline = model(2, [layer(5, "tanh"), layer(3, "softmax")], loss("sparseCategoricalCrossentropy"));
    fill(baseline);
    return baseline;
  }

  const plain: FitOptions = { epochs: EPOCHS, batchSize: BATCH, learningRate: 0.5 };

  function permutation(epoch: number): Uint32Array {
    return Uint32Array.from({ length: ROWS }, (_, i) => (i * 11 + 3 + 17 * epoch) % ROWS);
  }

  it("learns XOR", () => {
    const baseline = model(2, [layer(3, "tanh"), layer(1, "sigmoid")], loss("meanSquaredError"));
    fill(baseline);
    const data = samples([0, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0]);
    const { losses, diverged } = baseline.fit(...data, { epochs: 2000, batchSize: 4, learningRate: 1 });
    expect(diverged).toBe(false);
    expect(losses.length).toBe(2000);
    expect(losses[0]).toBeGreaterThan(0.2);
    expect(losses[1999]).toBeLessThan(0.01);
    expect([...baseline.predict(data[0])].map(Math.round)).toEqual([0, 1, 1, 0]);
  });

  it("has the bits of computeGradients and update for each batch, also for a smaller last batch", () => {
    const baseline = trainee();
    const { losses } = baseline.fit(inputs, labels, plain);
    expect(losses.length).toBe(EPOCHS);

    const stepped = trainee();
    const starts = [0, 300, 600];
    const batches = starts.map((start, i) => {
      const end = starts[i + 1] ?? ROWS;
      return samples(inputs.slice(start * 2, end * 2), labels.slice(start, end));
    });
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      let sum = 0;
      for (const batch of batches) {
        sum += stepped.computeGradients(...batch) * batch[1].length;
        stepped.update(0.5);
      }
      expect(losses[epoch]).toBeCloseTo(sum / ROWS, 12);
    }
    expect(bits(baseline.parameters)).toEqual(bits(stepped.parameters));
  });

  it("divides an epoch's loss by rows × outputs for a mean, and not for a sum", () => {
    for (const reduction of ["mean", "sum"] as const) {
      const baseline = model(2, [layer(2, "linear")], loss("meanSquaredError", reduction));
      fill(baseline);
      const data = samples(numbers(10, -1, 1), numbers(10, -1, 1, 0.25));
      const { losses } = baseline.fit(...data, { epochs: 1, batchSize: 2, learningRate: 0 });
      expect(losses[0]).toBeCloseTo(baseline.evaluate(...data), 14);
    }
  });

  it.each<[string, FitOptions]>([
    ["in their own order", plain],
    ["in a given order", { ...plain, order: permutation }],
  ])("has the same bits if it stops after every microbatch, %s", (_, options) => {
    const baseline = trainee();
    const whole = baseline.createRun(inputs, labels, options);
    expect(whole.advance()).toBe(EPOCHS * MICROBATCHES);

    const stopping = trainee();
    const stopped = stopping.createRun(inputs, labels, options);
    const progress: [number, number][] = [];
    while (stopped.epoch < EPOCHS) {
      expect(stopped.advance(1)).toBe(1);
      progress.push([stopped.epoch, stopped.row]);
      // Computing with the same model between two calls must not disturb the run.
      stopping.evaluate(inputs.slice(0, 600), labels.slice(0, 300));
    }
    expect(progress.slice(0, MICROBATCHES)).toEqual([
      [0, 256],
      [0, 300],
      [0, 556],
      [0, 600],
      [1, 0],
    ]);
    expect(progress.length).toBe(EPOCHS * MICROBATCHES);
    expect(stopped.advance(1)).toBe(0);
    expect(bits(stopping.parameters)).toEqual(bits(baseline.parameters));
    expect(bits(stopped.losses())).toEqual(bits(whole.losses()));
  });

  it("takes the rows of each epoch in the given order", () => {
    const baseline = trainee();
    const ordered = baseline.createRun(inputs, labels, { ...plain, order: permutation });
    const permuted = trainee();
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      expect(ordered.advance(MICROBATCHES)).toBe(MICROBATCHES);
      expect(ordered.epoch).toBe(epoch + 1);
      const order = [...permutation(epoch)];
      const rows = order.flatMap((row) => inputs.slice(row * 2, row * 2 + 2));
      const { losses } = permuted.fit(
        rows,
        order.map((row) => labels[row]!),
        { ...plain, epochs: 1 },
      );
      expect(ordered.losses()[epoch]).toBe(losses[0]);
      expect(bits(baseline.parameters)).toEqual(bits(permuted.parameters));
    }
  });

  it("stops before the update of a step whose loss is infinite", () => {
    const regression = (epochs: number) => {
      const baseline = model(1, [layer(1, "linear", false)], loss("meanSquaredError"));
      baseline.parameters[0] = 1;
      const steps = baseline.createRun([1], [0], { epochs, batchSize: 1, learningRate: 1e30 });
      return { baseline, steps, done: steps.advance() };
    };
    const { baseline, steps, done } = regression(100);
    expect(steps.diverged).toBe(true);
    expect(steps.epoch).toBe(6);
    expect(done).toBe(7);
    expect([...steps.losses().slice(0, 8)].map(Number.isFinite)).toEqual([
      ...Array(6).fill(true),
      false,
      true,
    ]);
    expect(steps.losses()[6]).toBe(Infinity);
    expect(steps.advance(1)).toBe(0);
    const before = regression(6);
    expect(before.steps.diverged).toBe(false);
    expect(bits(baseline.parameters)).toEqual(bits(before.baseline.parameters));
    expect(bits(steps.losses().slice(0, 6))).toEqual(bits(before.steps.losses()));
  });

  it("stops at the microbatch whose loss is NaN", () => {
    const baseline = trainee();
    const start = bits(baseline.parameters);
    const steps = baseline.createRun(inputs.with(2 * 280, Number.NaN), labels, plain);
    expect(steps.advance()).toBe(2);
    expect(steps).toMatchObject({ diverged: true, epoch: 0, row: 256 });
    expect(steps.losses()[0]).toBeNaN();
    expect(bits(baseline.parameters)).toEqual(start);
  });

  it.each([
    ["float32", 2e38],
    ["float64", 1e308],
  ] as const)("stops before an update that would make a %s parameter infinite", (dtype, step) => {
    const layers = [layer(1, "linear", false)];
    const baseline = model(1, layers, loss("meanAbsoluteError"), dtype);
    // The loss and the gradient, −1, stay finite; the second step would overflow the kernel.
    const run = baseline.createRun([1], [-1.5 * step], { epochs: 10, batchSize: 1, learningRate: step });
    expect(run.advance()).toBe(2);
    expect(run).toMatchObject({ diverged: true, epoch: 1, row: 0 });
    expect([...baseline.parameters]).toEqual([dtype === "float32" ? -Math.fround(step) : -step]);
    expect([...run.losses()].every(Number.isFinite)).toBe(true);
  });
});

describe("update", () => {
  it.each([Infinity, Number.NaN, -Number.MAX_VALUE])(
    "changes no parameter for a gradient of %s",
    (gradient) => {
      const baseline = model(2, [layer(1, "linear")], loss("meanSquaredError"));
      baseline.parameters.set([1, 2, 3]);
      baseline.gradients.set([1, 1, gradient]);
      expect(baseline.update(2)).toBe(false);
      expect([...baseline.parameters]).toEqual([1, 2, 3]);
      baseline.gradients[2] = 1;
      expect(baseline.update(2)).toBe(true);
      expect([...baseline.parameters]).toEqual([-1, 0, 1]);
    },
  );
});

describe("createBaseline", () => {
  it("accepts a loss by its name, with the default options of the package", () => {
    const inputs = [0.5, -2];
    const targets = [1, 0.25];
    for (const [name, activation, options] of [
      ["meanSquaredError", "linear", { reduction: "mean" }],
      ["huber", "linear", { delta: 1 }],
      ["binaryCrossentropy", "sigmoid", { clip: 1e-7 }],
    ] as const) {
      const named = model(1, [layer(1, activation)], name);
      const described = model(1, [layer(1, activation)], { name, ...options });
      for (const baseline of [named, described]) baseline.parameters.set([30, 2]);
      expect(named.evaluate(inputs, targets), name).toBe(described.evaluate(inputs, targets));
    }
  });

  it("refuses inputs and targets of the wrong length", () => {
    const baseline = model(2, [layer(3, "linear")], loss("meanSquaredError"));
    expect(() => baseline.predict([1, 2, 3])).toThrow("3 inputs; expected rows of 2.");
    expect(() => baseline.evaluate([1, 2], [1, 2])).toThrow("2 targets; expected 1 rows of 3.");
  });
});
