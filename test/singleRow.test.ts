import { beforeAll, describe, expect, it } from "vitest";
import { sharedCore } from "../src/core.js";
import type { ActivationName, Engine, FloatArray, LossName, Model } from "../src/engine/engine.js";
import { wasmEngine } from "../src/engine/wasm/engine.js";
import { ACTIVATIONS } from "../src/index.js";
import { DTYPES, firstDifference, floats, spread } from "./support/floats.js";

// A batch of one row takes a path of its own through the core. What it computes is held against the path of many rows.

/** Around one vector of units, two, four, eight, and what is left of each. */
const WIDTHS = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16, 17, 19, 24, 27, 31, 32, 33, 47, 60, 63, 64, 65, 70,
];

interface Shape {
  readonly inputs: number;
  readonly hidden: number | readonly number[];
  readonly outputs: number;
  readonly activation?: ActivationName;
  readonly output?: ActivationName;
  readonly loss?: LossName;
  readonly useBias?: boolean;
}

interface Row {
  readonly inputs: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

describe.each(DTYPES)("a batch of one row in %s", (dtype) => {
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  /** From it on, a step is looked at closely. */
  const limit = dtype === "float32" ? 2 ** 100 : 2 ** 960;

  let engine: Engine;

  beforeAll(async () => {
    engine = wasmEngine(await sharedCore());
  });

  function createModel({
    inputs,
    hidden,
    outputs,
    activation = "tanh",
    output = "linear",
    loss = "meanSquaredError",
    useBias = true,
  }: Shape): Model {
    const layer = (units: number, name: ActivationName) => ({
      units,
      activation: name,
      alpha: 0.125,
      useBias,
    });
    const model = engine.createModel({
      dtype,
      inputs,
      layers: [...[hidden].flat().map((units) => layer(units, activation)), layer(outputs, output)],
      loss: { name: loss, reduction: "sum", parameter: 0.1 },
    });
    model.parameters().set(spread(model.parameterCount, -1, 1, 0.4));
    return model;
  }

  function rowFor({ inputs, outputs, loss }: Shape, seed = 0.3): Row {
    return {
      inputs: spread(inputs, -1.5, 1.5, seed),
      targets: loss === "sparseCategoricalCrossentropy" ? [outputs >> 1] : spread(outputs, 0, 1, seed / 2),
    };
  }

  function load(model: Model, rows: readonly Row[]) {
    const dataset = model.createDataset(rows.length);
    dataset.inputs().set(rows.flatMap(({ inputs }) => Array.from(inputs)));
    dataset.targets().set(rows.flatMap(({ targets }) => Array.from(targets)));
    return dataset;
  }

  function gradientsOf(model: Model, rows: readonly Row[]): FloatArray {
    const dataset = load(model, rows);
    model.computeGradients(dataset);
    dataset.dispose();
    return model.gradients().slice();
  }

  /** One epoch, row by row; returns whether it diverged. */
  function train(model: Model, rows: readonly Row[], learningRate: number, batchSize = 1): boolean {
    const dataset = load(model, rows);
    const run = model.createRun({ dataset, epochs: 1, batchSize, learningRate, ordered: false });
    run.advance(2 ** 31);
    const { diverged } = run;
    for (const thing of [run, dataset]) thing.dispose();
    return diverged;
  }

  /** The parameters after a step down the gradients of `rows`, each operation rounded to the dtype. */
  function steppedPlainly(model: Model, rows: readonly Row[], learningRate: number): FloatArray {
    const rate = round(learningRate);
    const gradients = gradientsOf(model, rows);
    return model.parameters().map((parameter, i) => round(parameter - round(rate * gradients[i]!)));
  }

  /** Asserts that it is the step that the gradients say. */
  function expectStep(shape: Shape, learningRate = 0.1): void {
    const model = createModel(shape);
    const row = rowFor(shape);
    const expected = steppedPlainly(model, [row], learningRate);
    expect(firstDifference(model.parameters(), expected)).not.toBe(-1);
    expect(train(model, [row], learningRate)).toBe(false);
    const at = firstDifference(model.parameters(), expected);
    if (at >= 0) expect.fail(`${JSON.stringify(shape)}: parameter ${at} of ${expected.length}`);
    model.dispose();
  }

  /** Asserts that the row has half the gradients of two like it. */
  function expectHalf(shape: Shape): void {
    const model = createModel(shape);
    const row = rowFor(shape);
    const twice = gradientsOf(model, [row, row]);
    const half = twice.map((value) => value / 2);
    expect(half.some((value) => value !== 0)).toBe(true);
    const at = firstDifference(gradientsOf(model, [row]), half);
    if (at >= 0) expect.fail(`${JSON.stringify(shape)}: gradient ${at} of ${half.length}`);
    model.dispose();
  }

  it("has half the gradients of two rows like it, in every width", () => {
    for (const hidden of WIDTHS) {
      for (const outputs of [1, 2, 3, 4, 5, 7, 8, 10]) expectHalf({ inputs: 3, hidden, outputs });
    }
    for (const outputs of WIDTHS) expectHalf({ inputs: 5, hidden: 9, outputs, useBias: false });
  });

  it("has half the gradients of two rows like it, through any number of layers", () => {
    expectHalf({ inputs: 3, hidden: [], outputs: 5 });
    expectHalf({ inputs: 3, hidden: [7, 2], outputs: 5 });
    expectHalf({ inputs: 3, hidden: [2, 7, 4], outputs: 5, activation: "gelu", useBias: false });
    expectHalf({ inputs: 9, hidden: [8, 7, 6, 5, 4], outputs: 3 });
  });

  it("has half the gradients of two rows like it, for every activation and kind of loss", () => {
    for (const activation of ACTIVATIONS) {
      expectHalf({ inputs: 4, hidden: 6, outputs: 3, activation });
      expectHalf({ inputs: 4, hidden: 6, outputs: 7, output: activation, loss: "huber" });
    }
    for (const loss of ["categoricalCrossentropy", "sparseCategoricalCrossentropy"] as const) {
      for (const outputs of WIDTHS.slice(1)) {
        expectHalf({ inputs: 4, hidden: 6, outputs, output: "softmax", loss });
      }
    }
    expectHalf({ inputs: 4, hidden: 6, outputs: 5, output: "sigmoid", loss: "sigmoidCrossentropy" });
  });

  it("takes the step down its gradients, to the bit, in every width", () => {
    for (const width of WIDTHS) {
      expectStep({ inputs: 7, hidden: width, outputs: 3 });
      expectStep({ inputs: 2, hidden: 5, outputs: width, useBias: false });
    }
    for (const inputs of WIDTHS) expectStep({ inputs, hidden: 6, outputs: 2 });
    expectStep({ inputs: 3, hidden: [7, 9, 2], outputs: 5 });
    expectStep({ inputs: 3, hidden: 4, outputs: 5 }, -0.1);
  });

  it("takes it without making gradients", () => {
    const shape = { inputs: 3, hidden: 4, outputs: 2 };
    const model = createModel(shape);
    model.gradients().fill(7);
    expect(train(model, [rowFor(shape)], 0.1)).toBe(false);
    expect(model.gradients().every((value) => value === 7)).toBe(true);
    model.dispose();
  });

  it("takes the same steps at the end of an epoch whose other batches have more rows", () => {
    const shape = { inputs: 5, hidden: 11, outputs: 3 };
    const rows = Array.from({ length: 9 }, (_, i) => rowFor(shape, 0.1 + i / 13));
    const model = createModel(shape);
    const plain = createModel(shape);
    for (let begin = 0; begin < rows.length; begin += 4) {
      plain.parameters().set(steppedPlainly(plain, rows.slice(begin, begin + 4), 0.05));
    }
    expect(train(model, rows, 0.05, 4)).toBe(false);
    expect(firstDifference(model.parameters(), plain.parameters())).toBe(-1);
    for (const thing of [model, plain]) thing.dispose();
  });

  describe("whose parameters are, or become, very large", () => {
    const shape: Shape = {
      inputs: 3,
      hidden: 2,
      outputs: 5,
      activation: "linear",
      loss: "meanAbsoluteError",
    };

    /** All but the last bias is 0, and stays: a step moves that by the rate, towards the target. */
    function createBias(): Model {
      const model = createModel({
        inputs: 1,
        hidden: 1,
        outputs: 1,
        activation: "linear",
        loss: shape.loss!,
      });
      model.parameters().fill(0);
      return model;
    }

    it("takes the step that leaves them finite, to the bit", () => {
      for (const size of [limit / 4, limit / 2, limit, limit * 4, largest / 4, largest]) {
        const model = createModel(shape);
        // Two hidden biases, of units that no output depends on yet.
        model.parameters().fill(0).set([size, -size], 6);
        const row = { inputs: [0.5, -1, 2], targets: [1, 2, 3, -4, 5] };
        const expected = steppedPlainly(model, [row], 0.25);
        expect(expected.every(Number.isFinite)).toBe(true);
        expect(train(model, [row], 0.25)).toBe(false);
        expect(firstDifference(model.parameters(), expected)).toBe(-1);
        model.dispose();
      }
    });

    it.each([0, 1])("is refused the first step that would make one infinite, of an input of %i", (input) => {
      for (const sign of [1, -1]) {
        const model = createBias();
        const rows = [{ inputs: [input], targets: [sign * largest] }];
        const rate = round(largest * 0.3);
        for (const expected of [rate, 2 * rate, 3 * rate]) {
          expect(train(model, rows, rate)).toBe(false);
          expect(model.parameters()[3]).toBe(sign * round(expected));
        }
        expect(train(model, rows, rate)).toBe(true);
        expect([...model.parameters()]).toEqual([0, 0, 0, sign * round(3 * rate)]);
        model.dispose();
      }
    });

    it("takes the steps around half a unit in the last place of the largest number", () => {
      const half = dtype === "float32" ? 2 ** 103 : 2 ** 970;
      for (const rate of [limit / 2, limit * 2, half * (1 - 2 ** -20), half]) {
        const model = createBias();
        model.parameters()[3] = -largest;
        // Away from the target, by a negative rate.
        const row = { inputs: [0], targets: [0] };
        expect(train(model, [row], -rate)).toBe(rate === half);
        expect(model.parameters()[3]).toBe(-largest);
        model.dispose();
      }
    });

    it("is refused it also among others, some of which are bounded beforehand", () => {
      const [input, rate] = dtype === "float32" ? [2 ** 12 - 1, 2 ** 116] : [2 ** 26 - 1, 2 ** 998];
      const model = engine.createModel({
        dtype,
        inputs: 1,
        layers: [{ units: 1, activation: "linear", alpha: 0, useBias: false }],
        loss: { name: "meanAbsoluteError", reduction: "sum", parameter: 0 },
      });
      model.parameters().fill(0);
      const rows = [
        { inputs: [0], targets: [0] },
        { inputs: [input], targets: [1] },
        { inputs: [1], targets: [largest] },
      ];
      expect(train(model, rows, rate)).toBe(true);
      expect([...model.parameters()]).toEqual([input * rate]);
      model.dispose();
    });

    it("is refused every step of a parameter that was set to infinity, though no output depends on it", () => {
      const model = createModel({ ...shape, activation: "relu" });
      const row = { inputs: [0.5, -1, 2], targets: [5, 6, 7, 8, 9] };
      expect(train(model, [row], 0.1)).toBe(false);
      // The weight of a positive input shuts its unit.
      model.parameters()[0] = -Infinity;
      const before = model.parameters().slice();
      expect(train(model, [row], 0.1)).toBe(true);
      expect(firstDifference(model.parameters(), before)).toBe(-1);
      model.dispose();
    });

    it("is refused the step of an infinite input that no output depends on", () => {
      for (const infinite of [Infinity, -Infinity]) {
        for (let at = 0; at < 3; at++) {
          const model = createModel({ ...shape, activation: "relu" });
          // Every unit is shut by that input, so that the loss is finite, and the gradient 0 · ∞.
          const parameters = model.parameters();
          for (let unit = 0; unit < 2; unit++) parameters[2 * at + unit] = infinite > 0 ? -1 : 1;
          const inputs = [0.5, -1, 2];
          inputs[at] = infinite;
          const before = parameters.slice();
          expect(train(model, [{ inputs, targets: [5, 6, 7, 8, 9] }], 0.1)).toBe(true);
          expect(firstDifference(model.parameters(), before)).toBe(-1);
          model.dispose();
        }
      }
    });

    it("is refused a rate that is infinite in its dtype, however small the gradients", () => {
      const model = createModel({ ...shape, loss: "meanSquaredError" });
      model.parameters().fill(0);
      const row = { inputs: [1, 2, 3], targets: Array(5).fill(1e-20) };
      expect(train(model, [row], dtype === "float32" ? 1e39 : Infinity)).toBe(true);
      expect(model.parameters().every((parameter) => parameter === 0)).toBe(true);
      model.dispose();
    });

    it("is refused a product that overflows, however small the rate", () => {
      const model = createModel({ ...shape, loss: "meanSquaredError", useBias: false });
      model.parameters().fill(0).fill(1, 6);
      const big = dtype === "float32" ? 2 ** 62 : 2 ** 510;
      // Of w·x the gradient is −2·t·x·Σv: 2^(62 + 62 + 1 + …) is too much for float32, and the loss is not.
      const row = { inputs: [big * 2 ** 4, 0, 0], targets: floats(dtype, 5).fill(big / 2 ** 2) };
      expect([...gradientsOf(model, [row])].some((value) => !Number.isFinite(value))).toBe(true);
      const before = model.parameters().slice();
      expect(train(model, [row], 1 / largest)).toBe(true);
      expect(firstDifference(model.parameters(), before)).toBe(-1);
      model.dispose();
    });
  });
});
