// What is measured: networks, batches and dtypes, from XOR to what fills the processor.

import { type ActivationName, type DenseLayer, type DType, dense, type LossName } from "backprop-wasm";

export interface Work {
  /** The layer sizes, input first; " predict" behind them where it is not a training step that is measured. */
  readonly name: string;
  readonly task: "train" | "predict";
  readonly sizes: readonly number[];
  /** Rows a step. */
  readonly batch: number;
  readonly dtype: DType;
  readonly layers: readonly DenseLayer[];
  readonly loss: LossName;
  readonly learningRate: number;
}

export const WORKS: readonly Work[] = [
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

/** The text in which `--only` looks. */
export function label({ name, batch, dtype }: Work): string {
  return `${name} b${batch} ${dtype}`;
}

/** The work with that label. @throws Error if there is none. */
export function findWork(text: string): Work {
  const work = WORKS.find((work) => label(work) === text);
  if (!work) throw new Error(`There is no work ${text}.`);
  return work;
}

/**
 * The floating-point operations of one step, two for each multiply-add of a matrix product; what is not one
 * (activations, loss, update) is not counted.
 *
 *     predict:  2 · batch · Σ inputs · units              z = x · kernel
 *     train:    2 · batch · Σ inputs · units · (2 or 3)   and dKernel = xᵀ · dz; but for the first layer, whose dx
 *                                                         nobody needs, also dx = dz · kernelᵀ
 */
export function flops({ task, sizes, batch }: Work): number {
  const multiplyAdds = sizes.slice(1).reduce((sum, units, i) => {
    const products = task === "predict" ? 1 : i === 0 ? 2 : 3;
    return sum + products * sizes[i]! * units;
  }, 0);
  return 2 * batch * multiplyAdds;
}

function xor(dtype: DType): Work {
  const sizes = [2, 2, 1];
  return {
    name: sizes.join("-"),
    task: "train",
    sizes,
    batch: 4,
    dtype,
    layers: denseLayers(sizes, "sigmoid", "sigmoid"),
    loss: "meanSquaredError",
    learningRate: 0.5,
  };
}

export function classification(sizes: readonly number[], batch: number, dtype: DType = "float32"): Work {
  return {
    name: sizes.join("-"),
    task: "train",
    sizes,
    batch,
    dtype,
    layers: denseLayers(sizes, "relu", "softmax"),
    loss: "categoricalCrossentropy",
    learningRate: 0.01,
  };
}

function prediction(sizes: readonly number[]): Work {
  return { ...classification(sizes, 1), name: `${sizes.join("-")} predict`, task: "predict" };
}

function denseLayers(
  sizes: readonly number[],
  hidden: ActivationName,
  output: ActivationName,
): readonly DenseLayer[] {
  return sizes.slice(1).map((units, i) => dense(units, i < sizes.length - 2 ? hidden : output));
}
