import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  createNetwork,
  type DType,
  dense,
  type FloatArray,
  type Network,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "../src/index.js";
import { valuesOf } from "./support/parameters.js";

// The file that reference/optimizers.py writes.
interface Reference {
  readonly widths: readonly [number, ...number[]];
  readonly rows: number;
  readonly steps: readonly number[];
  readonly laterFrom: number;
  readonly initial: string;
  readonly inputs: string;
  readonly targets: string;
  readonly cases: readonly Case[];
}

interface Case {
  readonly dtype: DType;
  readonly optimizer: Optimizer["name"];
  readonly options: object;
  readonly batchSize: number;
  /** The learning rate from step `laterFrom` on, counted from 0. Null: it does not change. */
  readonly later: number | null;
  /** kernelL1, kernelL2, biasL1 and biasL2 of each layer. Not given: 0. */
  readonly penalties: readonly (readonly [number, number, number, number])[];
  /** The loss of each step, before its update. */
  readonly losses: readonly number[];
  /** The parameters after each number of steps. */
  readonly after: readonly string[];
  /** The averages of the parameters after each number of steps, with `ema`. */
  readonly averages?: readonly string[];
}

const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/optimizers.json", import.meta.url), "utf8"),
);

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-10 };

function decode(dtype: DType, text: string): FloatArray {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float32" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

const MAKERS = { sgd, rmsprop, adagrad, adadelta, adam, adamW, nadam, rprop };

const { widths, rows } = REFERENCE;
const [inputWidth, ...units] = widths;
const outputWidth = units.at(-1)!;
const inputs = decode("float32", REFERENCE.inputs);
const targets = decode("float32", REFERENCE.targets);

async function create(dtype: DType, optimizer: Optimizer, penalties: Case["penalties"]): Promise<Network> {
  const layers = units.map((width, i) => {
    const [kernelL1, kernelL2, biasL1, biasL2] = penalties[i] ?? [0, 0, 0, 0];
    const activation = i < units.length - 1 ? "tanh" : "linear";
    return dense(width, activation, { kernelL1, kernelL2, biasL1, biasL2 });
  });
  const network = await createNetwork({
    inputs: inputWidth,
    layers,
    loss: "meanSquaredError",
    optimizer,
    dtype,
  });
  const initial = [...decode("float32", REFERENCE.initial)];
  network.setParameters(
    units.map((width, i) => {
      const kernel = { data: initial.splice(0, widths[i]! * width), shape: [widths[i]!, width] };
      return { kernel, bias: initial.splice(0, width) };
    }),
  );
  return network;
}

/** One step on batch number `step`. Returns its loss before the update. */
function takeStep(network: Network, step: number, batchSize: number): number {
  const begin = (step * batchSize) % rows;
  const slice = (values: FloatArray, width: number) => ({
    data: values.slice(begin * width, (begin + batchSize) * width),
    shape: [batchSize, width],
  });
  return network.fitSync(slice(inputs, inputWidth), slice(targets, outputWidth), { batchSize }).loss[0]!;
}

/** Relative to at least 0.1: a parameter that has come near 0 keeps the rounding errors of its larger values. */
function largestRelativeError(actual: readonly number[], expected: ArrayLike<number>): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(
    ...actual.map((value, i) => Math.abs(value - expected[i]!) / Math.max(0.1, Math.abs(expected[i]!))),
  );
}

describe("ten steps and PyTorch's steps", () => {
  it.each(REFERENCE.cases)(
    "give the same result: $optimizer in $dtype, $options, batches of $batchSize, later rate $later, $penalties",
    async ({ dtype, optimizer, options, batchSize, later, penalties, losses, after, averages }) => {
      const network = await create(dtype, MAKERS[optimizer](options), penalties);
      const actual: number[] = [];
      for (let step = 0; step < losses.length; step++) {
        if (step === REFERENCE.laterFrom && later !== null) network.setLearningRate(later);
        actual.push(takeStep(network, step, batchSize));
        const recorded = REFERENCE.steps.indexOf(step + 1);
        if (recorded < 0) continue;
        const error = largestRelativeError(valuesOf(network.parameters), decode(dtype, after[recorded]!));
        expect(error).toBeLessThan(TOLERANCE[dtype]);
        if (!averages) continue;
        const expected = decode(dtype, averages[recorded]!);
        const averageError = largestRelativeError(valuesOf(network.averagedParameters), expected);
        expect(averageError).toBeLessThan(TOLERANCE[dtype]);
      }
      expect(largestRelativeError(actual, losses)).toBeLessThan(TOLERANCE[dtype]);
      network.dispose();
    },
  );

  it("are compared for every optimizer, in both dtypes", () => {
    for (const dtype of ["float32", "float64"]) {
      const found = REFERENCE.cases.filter((each) => each.dtype === dtype).map((each) => each.optimizer);
      expect([...new Set(found)].sort()).toEqual(Object.keys(MAKERS).sort());
    }
  });
});
