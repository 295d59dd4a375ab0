import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type ActivationName,
  createNetwork,
  type DType,
  dense,
  LOSSES,
  type Loss,
  type LossName,
  type Network,
  sgd,
} from "../src/index.js";
import { valuesOf } from "./support/parameters.js";

// The file that reference/losses.py writes.
interface Reference {
  readonly widths: readonly [number, number, number];
  readonly rows: number;
  readonly learningRate: number;
  readonly initial: readonly number[];
  readonly inputs: readonly number[];
  readonly cases: readonly Case[];
  readonly points: readonly Point[];
}

interface Case {
  readonly dtype: DType;
  readonly loss: LossName;
  readonly options: Partial<Loss>;
  readonly output: ActivationName;
  readonly batchSize: number;
  /** One for each row. */
  readonly weights?: readonly number[];
  readonly targets: readonly number[];
  /** The loss of each step, before its update. */
  readonly losses: readonly number[];
  /** After the last step. */
  readonly parameters: readonly number[];
}

interface Point {
  readonly loss: LossName;
  readonly options: Partial<Loss>;
  /** Of one row; the logits of a fused loss. */
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
  readonly sum: number;
  readonly gradients: readonly number[];
}

const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/losses.json", import.meta.url), "utf8"),
);

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-10 };

const { widths, rows, inputs, learningRate } = REFERENCE;
const [inputWidth, hidden, outputs] = widths;

async function create({ loss, options, output, dtype }: Case): Promise<Network> {
  const network = await createNetwork({
    inputs: inputWidth,
    layers: [dense(hidden, "tanh"), dense(outputs, output)],
    loss: { name: loss, ...options },
    optimizer: sgd({ learningRate }),
    dtype,
  });
  const initial = [...REFERENCE.initial];
  const take = (...shape: number[]) => ({
    data: initial.splice(
      0,
      shape.reduce((a, b) => a * b),
    ),
    shape,
  });
  network.setParameters([
    { kernel: take(inputWidth, hidden), bias: take(hidden) },
    { kernel: take(hidden, outputs), bias: take(outputs) },
  ]);
  return network;
}

/** Relative to at least 0.1: a number that has come near 0 keeps the rounding errors of larger ones. */
function largestRelativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((x, i) => Math.abs(actual[i]! - x) / Math.max(0.1, Math.abs(x))));
}

describe("ten steps and PyTorch's steps", () => {
  it.each(REFERENCE.cases)(
    "give the same result: $loss in $dtype, $options, batches of $batchSize, weights $weights",
    async (testCase) => {
      const { batchSize, targets, losses, parameters, dtype, weights } = testCase;
      const network = await create(testCase);
      const width = targets.length / rows;
      const actual = losses.map((_, step) => {
        const begin = (step * batchSize) % rows;
        const slice = (values: readonly number[], columns: number) => ({
          data: values.slice(begin * columns, (begin + batchSize) * columns),
          shape: [batchSize, columns],
        });
        const sampleWeights = weights?.slice(begin, begin + batchSize);
        const options = { batchSize, ...(sampleWeights && { sampleWeights }) };
        return network.fitSync(slice(inputs, inputWidth), slice(targets, width), options).loss[0]!;
      });
      expect(largestRelativeError(actual, losses)).toBeLessThan(TOLERANCE[dtype]);
      expect(largestRelativeError(valuesOf(network.parameters), parameters)).toBeLessThan(TOLERANCE[dtype]);
      network.dispose();
    },
  );

  it("are compared for every loss, in both dtypes", () => {
    for (const dtype of ["float32", "float64"]) {
      const found = REFERENCE.cases.filter((each) => each.dtype === dtype).map(({ loss }) => loss);
      expect(new Set(found)).toEqual(new Set(LOSSES));
    }
  });
});

/** The activation of the output layer that a fused loss needs; linear for others. */
function outputOf(loss: LossName): ActivationName {
  if (loss === "sigmoidCrossentropy" || loss === "focal") return "sigmoid";
  return loss === "kullbackLeibler" || loss === "categoricalCrossentropy" ? "softmax" : "linear";
}

describe("a loss of single outputs", () => {
  it.each(REFERENCE.points)(
    "has PyTorch's sum and gradients: $loss, $options, outputs $outputs",
    async ({ loss, options, outputs, targets, sum, gradients }) => {
      const units = outputs.length;
      const network = await createNetwork({
        inputs: 1,
        layers: [dense(units, outputOf(loss))],
        loss: { name: loss, ...options, reduction: "sum" },
        dtype: "float64",
      });
      // With inputs of 0, the outputs (or logits) are the bias, and its gradient is theirs.
      network.setParameters([{ kernel: { data: Array(units).fill(0), shape: [1, units] }, bias: outputs }]);
      const actual = network.gradients([[0]], [targets]);
      expect(largestRelativeError([actual.loss], [sum])).toBeLessThan(1e-12);
      expect(largestRelativeError(actual.layers[0].bias!.data, gradients)).toBeLessThan(1e-12);
      network.dispose();
    },
  );
});
