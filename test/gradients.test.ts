import { beforeAll, describe, expect, it } from "vitest";
import { activations } from "../bench/baseline/activations.js";
import { losses as baselineLosses } from "../bench/baseline/losses.js";
import { StatusNumber } from "../src/abi/structs.js";
import type { FloatArray } from "../src/dtype.js";
import {
  ACTIVATIONS,
  type ActivationName,
  centralDifferences,
  createNetwork,
  type DType,
  dense,
  type Gradients,
  LOSSES,
  type Loss,
  type LossName,
  type Network,
  type NetworkOptions,
  type ShapedData,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork, type CoreSamples } from "./support/coreNetwork.js";
import { bitsOf, DTYPES, firstDifference, spread } from "./support/floats.js";
import { baselineOf } from "./support/oracle.js";

const INPUTS = 3;
const HIDDEN = 5;
const OUTPUTS = 4;
/** One row, fewer rows than a vector has lanes, more, more than a microbatch. */
const ROWS = [1, 3, 7, 131];

interface Case {
  readonly hidden: ActivationName;
  readonly output: ActivationName;
  readonly loss: Loss;
  readonly useBias: boolean;
  readonly alpha?: number;
}

interface Samples {
  readonly inputs: ShapedData;
  readonly targets: ShapedData | Int32Array;
}

/** Losses whose targets are any numbers. */
const REGRESSIONS: readonly LossName[] = [
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
  "logCosh",
  "quantile",
  "hinge",
];

/** The output activations that a loss may follow. */
function outputsFor(loss: LossName): readonly ActivationName[] {
  if (loss === "sigmoidCrossentropy" || loss === "focal") return ["sigmoid"];
  if (loss === "poisson") return ["softplus", "sigmoid", "softmax"];
  const isCategorical = loss.endsWith("ategoricalCrossentropy") || loss === "kullbackLeibler";
  if (isCategorical) return ["softmax"];
  return loss === "binaryCrossentropy" ? ["sigmoid", "softmax"] : ACTIVATIONS;
}

/** Every hidden activation, and every output activation, with and without biases. */
function casesFor(loss: Loss): Case[] {
  const outputs = outputsFor(loss.name);
  return [true, false].flatMap((useBias) => [
    ...ACTIVATIONS.map((hidden): Case => ({ hidden, output: outputs[0]!, loss, useBias })),
    ...outputs.map((output): Case => ({ hidden: "tanh", output, loss, useBias })),
  ]);
}

/** Whether the baseline has the activations. */
function hasBaseline({ hidden, output }: Case): boolean {
  return activations[hidden] !== undefined && activations[output] !== undefined;
}

function optionsOf({ hidden, output, loss, useBias, alpha = 0.125 }: Case, dtype: DType): NetworkOptions {
  return {
    inputs: INPUTS,
    layers: [dense(HIDDEN, hidden, { useBias, alpha }), dense(OUTPUTS, output, { useBias, alpha })],
    loss,
    dtype,
  };
}

async function build(testCase: Case, dtype: DType): Promise<Network> {
  const network = await createNetwork(optionsOf(testCase, dtype));
  network.parameters.forEach(({ kernel, bias }, i) => {
    kernel.data.set(single(spread(kernel.data.length, -1.2, 1.2, 0.1 + i / 3)));
    bias?.data.set(single(spread(bias.data.length, -1, 1, 0.2 + i / 3)));
  });
  return network;
}

/** Rounded to float32, so that both dtypes compute with the same numbers. */
function single(values: readonly number[]): number[] {
  return values.map(Math.fround);
}

function samplesFor(loss: LossName, rows: number): Samples {
  const inputs = { data: single(spread(rows * INPUTS, -1.5, 1.5, 0.75)), shape: [rows, INPUTS] };
  if (loss === "sparseCategoricalCrossentropy") {
    return { inputs, targets: Int32Array.from({ length: rows }, (_, i) => (i * 7 + 2) % OUTPUTS) };
  }
  const isProbability = !REGRESSIONS.includes(loss);
  // For the categorical losses, targets that do not sum to 1 are the general case.
  const targets = single(spread(rows * OUTPUTS, isProbability ? 0 : -1, 1, 0.25));
  return { inputs, targets: { data: targets, shape: [rows, OUTPUTS] } };
}

/** The numbers of rows, row-major. */
function flat(rows: ShapedData | Int32Array): ArrayLike<number> {
  return "data" in rows ? rows.data : rows;
}

function flatten({ layers }: Gradients): number[] {
  return layers.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

/** max |a − b| / max |b|. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  const size = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / size;
}

function describeCase({ hidden, output, loss, useBias }: Case, rows: number): string {
  return `${hidden}, ${output}, ${JSON.stringify(loss)}, ${useBias ? "with" : "without"} biases, ${rows} rows`;
}

const PARAMETERS: Partial<Record<LossName, Partial<Loss>>> = {
  huber: { delta: 0.4 },
  binaryCrossentropy: { clip: 0.3 },
  sigmoidCrossentropy: { labelSmoothing: 0.1 },
  categoricalCrossentropy: { labelSmoothing: 0.3 },
  sparseCategoricalCrossentropy: { labelSmoothing: 0.3 },
  quantile: { quantile: 0.8 },
  focal: { gamma: 0.5, alpha: 0.3 },
};

const losses: Loss[] = LOSSES.flatMap((name) =>
  (["mean", "sum"] as const).flatMap((reduction) => {
    const parameters = PARAMETERS[name];
    return parameters
      ? [
          { name, reduction },
          { name, reduction, ...parameters },
        ]
      : [{ name, reduction }];
  }),
);

describe.each(losses.map((loss) => [JSON.stringify(loss), loss] as const))(
  "the gradient of %s",
  (_, loss) => {
    it("equals central differences", async () => {
      for (const testCase of casesFor(loss)) {
        const network = await build(testCase, "float64");
        // Each parameter takes two losses. Without biases, several microbatches differ in nothing from those with them.
        for (const rows of testCase.useBias ? ROWS : [1, 7]) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(testCase, rows);
          const gradients = network.gradients(inputs, targets);
          const differences = centralDifferences(network, inputs, targets);
          expect(gradients.loss, what).toBe(differences.loss);
          expect(distance(flatten(gradients), flatten(differences)), what).toBeLessThan(1e-6);
        }
        network.dispose();
      }
    });

    it("is the same in float32 and float64, up to rounding", async () => {
      for (const testCase of casesFor(loss)) {
        // Its sigmoids round to 1 in float32.
        if (testCase.hidden === "exponential" && loss.name === "binaryCrossentropy") continue;
        const float32 = await build(testCase, "float32");
        const float64 = await build(testCase, "float64");
        for (const rows of ROWS) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(testCase, rows);
          const narrow = float32.gradients(inputs, targets);
          const wide = float64.gradients(inputs, targets);
          expect(Math.abs(narrow.loss / wide.loss - 1), what).toBeLessThan(5e-6);
          expect(distance(flatten(narrow), flatten(wide)), what).toBeLessThan(2e-5);
        }
        float32.dispose();
        float64.dispose();
      }
    });

    const isInBaseline = loss.name in baselineLosses && loss.labelSmoothing === undefined;
    it.runIf(isInBaseline).each([
      ["float64", 1e-13],
      ["float32", 1e-5],
    ] as const)("equals that of the baseline, in %s", async (dtype, tolerance) => {
      for (const testCase of casesFor(loss).filter(hasBaseline)) {
        const network = await build(testCase, dtype);
        const baseline = baselineOf(network, optionsOf(testCase, dtype));
        for (const rows of ROWS) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(testCase, rows);
          const actual = network.gradients(inputs, targets);
          const expectedLoss = baseline.computeGradients(flat(inputs), flat(targets));
          expect(Math.abs(actual.loss / expectedLoss - 1), what).toBeLessThan(tolerance);
          expect(distance(flatten(actual), [...baseline.gradients]), what).toBeLessThan(tolerance);
        }
        network.dispose();
      }
    });
  },
);

describe("the gradient", () => {
  it.each(["leakyRelu", "elu"] as const)("depends on the alpha of %s", async (activation) => {
    const seen = new Set<string>();
    for (const alpha of [0, 0.01, 0.3, 1, 2]) {
      const testCase: Case = {
        hidden: activation,
        output: activation,
        loss: { name: "huber" },
        useBias: true,
        alpha,
      };
      const { inputs, targets } = samplesFor("huber", 7);
      const network = await build(testCase, "float64");
      const actual = network.gradients(inputs, targets);
      const baseline = baselineOf(network, optionsOf(testCase, "float64"));
      expect(actual.loss).toBeCloseTo(baseline.computeGradients(flat(inputs), flat(targets)), 14);
      expect(distance(flatten(actual), [...baseline.gradients])).toBeLessThan(1e-13);
      const differences = flatten(centralDifferences(network, inputs, targets));
      expect(distance(flatten(actual), differences)).toBeLessThan(1e-6);
      seen.add(String(actual.loss));
      network.dispose();
    }
    expect(seen.size).toBe(5);
  });

  it.each([1, 5, 129])("equals central differences through 13 layers, %i rows", async (rows) => {
    const widths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 17, 33];
    const layers = widths.map((units, i) =>
      dense(units, i % 2 ? "tanh" : "softplus", { useBias: i % 3 !== 0 }),
    );
    const network = await createNetwork({ inputs: 2, layers, loss: "meanSquaredError", dtype: "float64" });
    const inputs = { data: spread(2 * rows), shape: [rows, 2] };
    const targets = { data: spread(33 * rows), shape: [rows, 33] };
    const gradients = flatten(network.gradients(inputs, targets));
    expect(gradients.every((value) => value !== 0)).toBe(true);
    const differences = flatten(centralDifferences(network, inputs, targets));
    expect(distance(gradients, differences)).toBeLessThan(1e-6);
    network.dispose();
  });

  it("uses the current parameters, and changes none", async () => {
    const testCase: Case = {
      hidden: "tanh",
      output: "linear",
      loss: { name: "meanSquaredError" },
      useBias: true,
    };
    const network = await build(testCase, "float64");
    const { inputs, targets } = samplesFor("meanSquaredError", 5);
    const before = network.parameters.map(({ kernel }) => kernel.data.slice());
    const first = network.gradients(inputs, targets);
    expect(flatten(network.gradients(inputs, targets))).toEqual(flatten(first));
    expect(network.parameters.map(({ kernel }) => kernel.data)).toEqual(before);
    network.parameters[0]!.kernel.data[0]! += 0.5;
    expect(network.gradients(inputs, targets).loss).not.toBe(first.loss);
    network.dispose();
  });
});

describe.each(DTYPES)("a step of a run in %s", (dtype) => {
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore();
  });

  function createModel({ hidden, output, loss, useBias, alpha = 0.125 }: Case): CoreNetwork {
    const layer = (units: number, activation: ActivationName) => dense(units, activation, { alpha, useBias });
    const model = new CoreNetwork(core, {
      dtype,
      inputs: INPUTS,
      layers: [layer(13, hidden), layer(HIDDEN, "tanh"), layer(OUTPUTS, output)],
      loss: {
        ...loss,
        ...(loss.name === "huber" && { delta: 0.4 }),
        ...(loss.name === "binaryCrossentropy" && { clip: 0.1 }),
      },
    });
    model.parameters().set(spread(model.parameterCount, -1, 1, 0.4));
    return model;
  }

  interface Values {
    readonly inputs: readonly number[];
    readonly targets: readonly number[];
  }

  function valuesFor(loss: LossName, rows: number): Values {
    const inputs = spread(rows * INPUTS, -1.5, 1.5, 0.75);
    if (loss === "sparseCategoricalCrossentropy") {
      return { inputs, targets: inputs.slice(0, rows).map((_, i) => (i * 7 + 2) % OUTPUTS) };
    }
    return { inputs, targets: spread(rows * OUTPUTS, 0, 1, 0.25) };
  }

  /** Some rows of the values, in the order given. */
  function pick({ inputs, targets }: Values, order: readonly number[]): Values {
    const width = targets.length / (inputs.length / INPUTS);
    return {
      inputs: order.flatMap((row) => inputs.slice(row * INPUTS, (row + 1) * INPUTS)),
      targets: order.flatMap((row) => targets.slice(row * width, (row + 1) * width)),
    };
  }

  function load(model: CoreNetwork, { inputs, targets }: Values): CoreSamples {
    return model.createSamples(inputs, targets);
  }

  /** parameters − learningRate · gradients, with each operation rounded to the dtype. */
  function referenceStep(model: CoreNetwork, samples: CoreSamples, learningRate: number): FloatArray {
    const rate = round(learningRate);
    model.computeGradients(samples);
    const gradients = model.gradients().slice();
    return model.parameters().map((parameter, i) => round(parameter - round(rate * gradients[i]!)));
  }

  const cases = LOSSES.flatMap((name) =>
    (["mean", "sum"] as const).flatMap((reduction) => casesFor({ name, reduction } as Loss)),
  );
  /** One row; part of a microbatch; a whole one; several, the last of which has one row or more. */
  const BATCHES = [1, 2, 5, 31, 33, 128, 129, 300];

  it.each(LOSSES)(
    "updates parameters by learningRate × gradient, bit for bit, of %s, with 1 to 300 rows",
    (name) => {
      const values = BATCHES.map((rows) => valuesFor(name, rows));
      for (const testCase of cases.filter(({ loss }) => loss.name === name)) {
        const model = createModel(testCase);
        model.setLearningRate(0.1);
        const before = model.parameters().slice();
        for (const [i, rows] of BATCHES.entries()) {
          model.parameters().set(before);
          const samples = load(model, values[i]!);
          const loss = model.computeGradients(samples);
          const expected = referenceStep(model, samples, 0.1);
          // The step may use no gradients from before it.
          model.gradients().fill(Number.NaN);
          const run = model.createRun(samples);
          expect(run.advance()).toBe(Math.ceil(rows / 128));
          const what = describeCase(testCase, rows);
          expect(run.get("status"), what).toBe(StatusNumber.Finished);
          expect(bitsOf(run.losses()), what).toBe(bitsOf([loss]));
          expect(firstDifference(expected, before), what).not.toBe(-1);
          const at = firstDifference(model.parameters(), expected);
          if (at >= 0) expect.fail(`${what}: parameter ${at} of ${expected.length}`);
        }
        model.dispose();
      }
    },
  );

  it.each([1, 7, 128, 129, 300])("continues from the step before it, batches of %i rows", (batchSize) => {
    const ROWS = 301;
    const EPOCHS = 2;
    const testCase: Case = { hidden: "gelu", output: "linear", loss: { name: "huber" }, useBias: true };
    const values = valuesFor("huber", ROWS);
    const natural = Array.from({ length: ROWS }, (_, i) => i);
    for (const order of [natural, natural.map((i) => (i * 7 + 11) % ROWS)]) {
      const plain = createModel(testCase);
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        for (let row = 0; row < ROWS; row += batchSize) {
          const batch = load(plain, pick(values, order.slice(row, row + batchSize)));
          plain.parameters().set(referenceStep(plain, batch, 0.05));
        }
      }
      const model = createModel(testCase);
      model.setLearningRate(0.05);
      const fields = { until: EPOCHS, batchSize };
      const run = model.createRun(load(model, values), order === natural ? fields : { ...fields, order });
      expect(run.advance()).toBeGreaterThan(0);
      expect(run.get("status")).toBe(StatusNumber.Finished);
      expect(firstDifference(model.parameters(), plain.parameters())).toBe(-1);
      for (const network of [model, plain]) network.dispose();
    }
  });

  it.each(BATCHES)("that would make parameters infinite changes none, with %i rows", (rows) => {
    const testCase: Case = {
      hidden: "gelu",
      output: "linear",
      loss: { name: "meanSquaredError", reduction: "sum" },
      useBias: true,
    };
    const { inputs, targets } = valuesFor("meanSquaredError", rows);
    const model = createModel(testCase);
    const dataset = load(model, { inputs, targets: targets.map((target) => 1e6 * target) });
    const before = model.parameters().slice();
    const loss = model.computeGradients(dataset);
    const gradients = model.gradients().slice();
    const sizes = gradients.map(Math.abs).sort().reverse();
    const start = (learningRate: number) => {
      model.setLearningRate(learningRate);
      return model.createRun(dataset, { until: 3 });
    };
    // At the first rates one or a few parameters overflow; at the last, half of them.
    for (const last of [0, 1, sizes.length >> 1]) {
      const rate = (largest / sizes[last]!) * 1.001;
      const infinite = referenceStep(model, dataset, rate).filter((value) => !Number.isFinite(value)).length;
      expect(infinite).toBeGreaterThan(last);
      expect(infinite).toBeLessThan(sizes.length);
      const run = start(rate);
      model.gradients().fill(0);
      expect(run.advance()).toBe(Math.ceil(rows / 128));
      expect([run.get("status"), run.get("epoch")]).toEqual([StatusNumber.StepNotFinite, 0]);
      expect(bitsOf(run.losses(1))).toBe(bitsOf([loss]));
      expect(firstDifference(model.parameters(), before)).toBe(-1);
      expect(firstDifference(model.gradients(), gradients)).toBe(-1);
    }
    // The next step works.
    const expected = referenceStep(model, dataset, 1e-9);
    const run = start(1e-9);
    run.advance(Math.ceil(rows / 128));
    expect(run.get("status")).toBe(StatusNumber.Running);
    expect(firstDifference(model.parameters(), expected)).toBe(-1);
    model.dispose();
  });

  it.each([1, 100, 128, 129, 170, 260])(
    "that would make parameters infinite keeps the steps before it, batches of %i rows",
    (batchSize) => {
      const ROWS = 300;
      const rate = 2 ** 21;
      const create = () => {
        const model = new CoreNetwork(core, {
          dtype,
          inputs: INPUTS,
          layers: [dense(OUTPUTS, "linear", { useBias: false })],
          loss: { name: "meanAbsoluteError", reduction: "sum" },
        });
        model.setLearningRate(rate);
        model.parameters().set(spread(model.parameterCount, -1, 1, 0.4));
        return model;
      };
      // The gradients are sums of inputs. One input of the last row makes the step overflow, but not the loss.
      const inputs = spread(ROWS * INPUTS, -1 / 16 / rate, 1 / 16 / rate);
      inputs[inputs.length - 2] = largest / 2 ** 20;
      const values = { inputs, targets: spread(ROWS * OUTPUTS, 5, 6) };
      const rows = Array.from({ length: ROWS }, (_, i) => i);
      const last = Math.floor((ROWS - 1) / batchSize) * batchSize;
      const plain = create();
      const initial = plain.parameters().slice();
      for (let row = 0; row < last; row += batchSize) {
        const batch = load(plain, pick(values, rows.slice(row, row + batchSize)));
        plain.parameters().set(referenceStep(plain, batch, rate));
      }
      expect(firstDifference(plain.parameters(), initial)).not.toBe(-1);
      const model = create();
      const run = model.createRun(load(model, values), { until: 3, batchSize });
      run.advance();
      expect([run.get("status"), run.get("epoch")]).toEqual([StatusNumber.StepNotFinite, 0]);
      expect([run.get("batchBegin"), run.get("batchEnd")]).toEqual([last, ROWS]);
      expect(Number.isFinite(run.losses(1)[0])).toBe(true);
      expect(firstDifference(model.parameters(), plain.parameters())).toBe(-1);
      for (const network of [model, plain]) network.dispose();
    },
  );
});
