// The workloads: networks, batches and dtypes, from XOR to networks that use all of a processor core.

import {
  type ActivationName,
  adam,
  type DenseLayer,
  type DType,
  dense,
  type LossName,
  type Optimizer,
  sgd,
} from "backprop-wasm";

export interface Workload {
  /** The sizes of the layers, inputs first, such as "64-32-10"; followed by " predict" for predictions. */
  readonly name: string;
  readonly task: "train" | "predict";
  readonly sizes: readonly number[];
  /** Rows of a step. */
  readonly batch: number;
  /** Rows of an epoch, where the workload prescribes them. */
  readonly rows?: number;
  readonly dtype: DType;
  readonly layers: readonly DenseLayer[];
  readonly loss: LossName;
  readonly optimizer: Optimizer;
}

export const WORKLOADS: readonly Workload[] = [
  xor("float64"),
  xor("float32"),
  classification([4, 16, 3], 16),
  classification([64, 32, 10], 1),
  classification([64, 32, 10], 32),
  classification([784, 128, 10], 32),
  classification([784, 128, 10], 128),
  classification([784, 512, 512, 10], 128),
  classification([64, 32, 10], 32, "float64"),
  classification([784, 128, 10], 128, "float64"),
  classification([784, 512, 512, 10], 128, "float64"),
  prediction([64, 32, 10]),
];

/** For the comparison with PyTorch and scikit-learn. */
export const ADAM_WORKLOADS: readonly Workload[] = [
  withAdam(classification([64, 32, 10], 32)),
  withAdam(classification([784, 128, 10], 32)),
  withAdam(regression([4, 32, 16, 4], 10_000)),
  // As many inputs, classes and rows as the data sets iris and digits have.
  { ...withAdam(classification([4, 100, 3], 32)), rows: 150 },
  { ...withAdam(classification([64, 100, 10], 32)), rows: 1797 },
  { ...withAdam(classification([64, 100, 10], 200)), rows: 1797 },
];

/** The text that `--only` searches. */
export function label({ name, batch, dtype }: Workload): string {
  return `${name} b${batch} ${dtype}`;
}

/** Returns the workload with this label. @throws Error if there is none. */
export function findWorkload(text: string): Workload {
  const workload = WORKLOADS.find((workload) => label(workload) === text);
  if (!workload) throw new Error(`There is no workload with the label ${text}.`);
  return workload;
}

/**
 * The floating-point operations of one step: two for each multiply-add of a matrix product. Activations, loss and update
 * are not counted.
 *
 *     predict:  2 · batch · Σ inputs · units              z = x · kernel
 *     train:    2 · batch · Σ inputs · units · (2 or 3)   also dKernel = xᵀ · dz and, except in the first layer,
 *                                                         dx = dz · kernelᵀ
 */
export function flops({ task, sizes, batch }: Workload): number {
  const multiplyAdds = sizes.slice(1).reduce((sum, units, i) => {
    const products = task === "predict" ? 1 : i === 0 ? 2 : 3;
    return sum + products * sizes[i]! * units;
  }, 0);
  return 2 * batch * multiplyAdds;
}

function xor(dtype: DType): Workload {
  const sizes = [2, 2, 1];
  return {
    name: sizes.join("-"),
    task: "train",
    sizes,
    batch: 4,
    dtype,
    layers: denseLayers(sizes, "sigmoid", "sigmoid"),
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.5 }),
  };
}

export function classification(sizes: readonly number[], batch: number, dtype: DType = "float32"): Workload {
  return {
    name: sizes.join("-"),
    task: "train",
    sizes,
    batch,
    dtype,
    layers: denseLayers(sizes, "relu", "softmax"),
    loss: "categoricalCrossentropy",
    optimizer: sgd(),
  };
}

/** The benchmark of SimpleChains.jl, with all rows in one batch. */
function regression(sizes: readonly number[], rows: number): Workload {
  return {
    ...classification(sizes, rows),
    layers: denseLayers(sizes, "tanh", "linear"),
    loss: "meanSquaredError",
    rows,
  };
}

function withAdam(workload: Workload): Workload {
  return { ...workload, name: `${workload.name} Adam`, optimizer: adam() };
}

function prediction(sizes: readonly number[]): Workload {
  return { ...classification(sizes, 1), name: `${sizes.join("-")} predict`, task: "predict" };
}

function denseLayers(
  sizes: readonly number[],
  hidden: ActivationName,
  output: ActivationName,
): readonly DenseLayer[] {
  return sizes.slice(1).map((units, i) => dense(units, i < sizes.length - 2 ? hidden : output));
}
