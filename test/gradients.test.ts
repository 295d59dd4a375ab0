import { describe, expect, it } from "vitest";
import {
  ACTIVATIONS,
  type ActivationName,
  centralDifferences,
  createNetwork,
  type DType,
  dense,
  type EngineName,
  type Gradients,
  LOSSES,
  type Loss,
  type LossName,
  type Network,
  type Rows,
} from "../src/index.js";
import { spread } from "./support/floats.js";

const INPUTS = 3;
const HIDDEN = 5;
const OUTPUTS = 4;
/** One row, fewer than a vector, more than a vector, more than a microbatch. */
const ROWS = [1, 3, 7, 131];

interface Case {
  readonly hidden: ActivationName;
  readonly output: ActivationName;
  readonly loss: Loss;
  readonly useBias: boolean;
  readonly alpha?: number;
}

interface Samples {
  readonly inputs: Rows;
  readonly targets: Rows;
}

/** The output activations that a loss may follow. */
function outputsFor(loss: LossName): readonly ActivationName[] {
  if (loss === "sigmoidCrossentropy") return ["sigmoid"];
  if (loss === "categoricalCrossentropy" || loss === "sparseCategoricalCrossentropy") return ["softmax"];
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

async function build(
  { hidden, output, loss, useBias, alpha = 0.125 }: Case,
  dtype: DType,
  engine: EngineName,
): Promise<Network> {
  const network = await createNetwork({
    inputs: INPUTS,
    layers: [dense(HIDDEN, hidden, { useBias, alpha }), dense(OUTPUTS, output, { useBias, alpha })],
    loss,
    dtype,
    engine,
  });
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
  const isProbability = loss !== "meanSquaredError" && loss !== "meanAbsoluteError" && loss !== "huber";
  // Of the categorical loss, rows that do not sum to 1 are the general case.
  const targets = single(spread(rows * OUTPUTS, isProbability ? 0 : -1, 1, 0.25));
  return { inputs, targets: { data: targets, shape: [rows, OUTPUTS] } };
}

function flatten({ layers }: Gradients): number[] {
  return layers.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

/** The largest |a − b|, as a part of the largest |b|. */
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
    it("by backpropagation is that by central differences", async () => {
      for (const of of casesFor(loss)) {
        const network = await build(of, "float64", "wasm");
        for (const rows of ROWS) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(of, rows);
          const gradients = network.gradients(inputs, targets);
          const differences = centralDifferences(network, inputs, targets);
          expect(gradients.loss, what).toBe(differences.loss);
          expect(distance(flatten(gradients), flatten(differences)), what).toBeLessThan(1e-6);
        }
        network.dispose();
      }
    });

    it("in float32 is that in float64, to the rounding of float32", async () => {
      for (const of of casesFor(loss)) {
        const float32 = await build(of, "float32", "wasm");
        const float64 = await build(of, "float64", "wasm");
        for (const rows of ROWS) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(of, rows);
          const narrow = float32.gradients(inputs, targets);
          const wide = float64.gradients(inputs, targets);
          expect(Math.abs(narrow.loss / wide.loss - 1), what).toBeLessThan(5e-6);
          expect(distance(flatten(narrow), flatten(wide)), what).toBeLessThan(2e-5);
        }
        float32.dispose();
        float64.dispose();
      }
    });

    it.each([
      ["float64", 1e-13],
      ["float32", 1e-5],
    ] as const)("by the Wasm engine is that by the TypeScript engine, in %s", async (dtype, tolerance) => {
      for (const of of casesFor(loss)) {
        const wasm = await build(of, dtype, "wasm");
        const typescript = await build(of, dtype, "typescript");
        for (const rows of ROWS) {
          const { inputs, targets } = samplesFor(loss.name, rows);
          const what = describeCase(of, rows);
          const actual = wasm.gradients(inputs, targets);
          const expected = typescript.gradients(inputs, targets);
          expect(Math.abs(actual.loss / expected.loss - 1), what).toBeLessThan(tolerance);
          expect(distance(flatten(actual), flatten(expected)), what).toBeLessThan(tolerance);
        }
        wasm.dispose();
      }
    });
  },
);

describe("the gradient", () => {
  it.each(["leakyRelu", "elu"] as const)("follows the alpha of %s", async (activation) => {
    const seen = new Set<string>();
    for (const alpha of [0, 0.01, 0.3, 1, 2]) {
      const of: Case = {
        hidden: activation,
        output: activation,
        loss: { name: "huber" },
        useBias: true,
        alpha,
      };
      const { inputs, targets } = samplesFor("huber", 7);
      const wasm = await build(of, "float64", "wasm");
      const actual = wasm.gradients(inputs, targets);
      const expected = (await build(of, "float64", "typescript")).gradients(inputs, targets);
      expect(actual.loss).toBeCloseTo(expected.loss, 14);
      expect(distance(flatten(actual), flatten(expected))).toBeLessThan(1e-13);
      const differences = flatten(centralDifferences(wasm, inputs, targets));
      expect(distance(flatten(actual), differences)).toBeLessThan(1e-6);
      seen.add(String(actual.loss));
      wasm.dispose();
    }
    expect(seen.size).toBe(5);
  });

  it("goes through many layers, of every width", async () => {
    const widths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 17, 33];
    const layers = widths.map((units, i) =>
      dense(units, i % 2 ? "tanh" : "softplus", { useBias: i % 3 !== 0 }),
    );
    const network = await createNetwork({ inputs: 2, layers, loss: "meanSquaredError", dtype: "float64" });
    const inputs = { data: spread(10), shape: [5, 2] };
    const targets = { data: spread(5 * 33), shape: [5, 33] };
    const gradients = flatten(network.gradients(inputs, targets));
    expect(gradients.every((value) => value !== 0)).toBe(true);
    const differences = flatten(centralDifferences(network, inputs, targets));
    expect(distance(gradients, differences)).toBeLessThan(1e-6);
    network.dispose();
  });

  it("is of the parameters as they are, and changes none", async () => {
    const of: Case = { hidden: "tanh", output: "linear", loss: { name: "meanSquaredError" }, useBias: true };
    const network = await build(of, "float64", "wasm");
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
