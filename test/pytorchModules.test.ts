import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ACTIVATIONS,
  type ActivationName,
  adam,
  createNetwork,
  type DType,
  dense,
  type EmbeddingColumn,
  embedding,
  type FloatArray,
  type Layer,
  type LayerValues,
  type Network,
  prelu,
  sgd,
} from "../src/index.js";
import { valuesOf } from "./support/parameters.js";

// The file that reference/modules.py writes.
interface Reference {
  readonly inputs: number;
  readonly rows: number;
  readonly steps: readonly number[];
  readonly cases: readonly Case[];
}

type Named = readonly [name: string, ...values: unknown[]];

interface Case {
  readonly dtype: DType;
  readonly layers: readonly Named[];
  readonly batchSize: number;
  readonly optimizer: readonly [name: "sgd" | "adam", options: object];
  readonly outputs: number;
  readonly initial: string;
  readonly inputs: string;
  readonly targets: string;
  /** The loss of each step, before its update. */
  readonly losses: readonly number[];
  /** The parameters after each number of steps. */
  readonly after: readonly string[];
}

const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/modules.json", import.meta.url), "utf8"),
);

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-10 };

const LAYERS: Readonly<Record<string, (...values: never[]) => Layer>> = {
  dense: (units: number, activation: ActivationName, trainable = true) =>
    dense(units, activation, { trainable }),
  embedding: (columns: readonly EmbeddingColumn[]) => embedding(columns),
  prelu: (initial: number, trainable = true) => prelu({ initial, trainable }),
};

const OPTIMIZERS = { sgd, adam };

function decode(dtype: DType, text: string): FloatArray {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float32" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

type Tensors = Readonly<
  Record<string, { readonly data: FloatArray; readonly shape: readonly number[] } | null>
>;

function tensorsOf(network: Network<readonly Layer[]>): readonly Tensors[] {
  return network.parameters as readonly object[] as readonly Tensors[];
}

async function create({ dtype, layers, optimizer, initial }: Case): Promise<Network<readonly Layer[]>> {
  const [name, options] = optimizer;
  const network = await createNetwork<readonly Layer[]>({
    inputs: REFERENCE.inputs,
    layers: layers.map(([kind, ...values]) => LAYERS[kind]!(...(values as never[]))),
    loss: "meanSquaredError",
    optimizer: OPTIMIZERS[name](options),
    dtype,
  });
  const values = [...decode("float32", initial)];
  const parameters = tensorsOf(network).map((layer) =>
    Object.fromEntries(
      Object.entries(layer).map(([key, tensor]) => [
        key,
        tensor && { data: values.splice(0, tensor.data.length), shape: tensor.shape },
      ]),
    ),
  );
  expect(values).toHaveLength(0);
  network.setParameters(parameters as readonly LayerValues[]);
  return network;
}

/** Relative to at least 0.1: a parameter that has come near 0 keeps the rounding errors of its larger values. */
function largestRelativeError(actual: readonly number[], expected: ArrayLike<number>): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(
    ...actual.map((value, i) => Math.abs(value - expected[i]!) / Math.max(0.1, Math.abs(expected[i]!))),
  );
}

describe("ten steps and those of PyTorch's modules", () => {
  it.each(
    REFERENCE.cases.map(
      (each) => [JSON.stringify(each.layers), each.dtype, each.batchSize, each.optimizer[0], each] as const,
    ),
  )(
    "give the same result: %s in %s, batches of %i, %s",
    async (_layers, dtype, batchSize, _optimizer, testCase) => {
      const { losses, after, outputs } = testCase;
      const network = await create(testCase);
      const slice = (text: string, width: number, begin: number) => ({
        data: decode("float32", text).slice(begin * width, (begin + batchSize) * width),
        shape: [batchSize, width],
      });
      const actual: number[] = [];
      for (let step = 0; step < losses.length; step++) {
        const begin = (step * batchSize) % REFERENCE.rows;
        const inputs = slice(testCase.inputs, REFERENCE.inputs, begin);
        const targets = slice(testCase.targets, outputs, begin);
        actual.push(network.fitSync(inputs, targets, { batchSize, shuffle: false }).loss[0]!);
        const recorded = REFERENCE.steps.indexOf(step + 1);
        if (recorded < 0) continue;
        const error = largestRelativeError(valuesOf(network.parameters), decode(dtype, after[recorded]!));
        expect(error).toBeLessThan(TOLERANCE[dtype]);
      }
      expect(largestRelativeError(actual, losses)).toBeLessThan(TOLERANCE[dtype]);
      network.dispose();
    },
  );

  it("are compared for every activation that the baseline does not have", () => {
    const compared = new Set(
      REFERENCE.cases.flatMap(({ layers }) => layers.map(([, , activation]) => activation)),
    );
    const without = ACTIVATIONS.slice(ACTIVATIONS.indexOf("softmax") + 1);
    expect(without.filter((name) => !compared.has(name))).toEqual([]);
  });
});
