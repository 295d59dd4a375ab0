import type { DenseLayer, DType, FloatArray, Loss } from "backprop-wasm";

/** The properties of a layer that the baseline reads. */
export type LayerOptions = Pick<DenseLayer, "units" | "activation" | "useBias" | "alpha">;

/** A loss with every option set. */
export interface LossOptions extends Pick<Loss, "name"> {
  readonly reduction: "mean" | "sum";
  /** huber: delta; binaryCrossentropy: clip; the other losses do not read it. */
  readonly parameter: number;
}

/** Rows of data in the dtype of the network. */
export interface Samples {
  readonly rows: number;
  /** Row-major [rows, inputs]. */
  readonly inputs: FloatArray;
  /** Row-major [rows, outputs]; for sparseCategoricalCrossentropy [rows], one integer label per row. */
  readonly targets: FloatArray;
}

/** An array of zeros. */
export function zeros(dtype: DType, length: number): FloatArray {
  return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
}

/** `values` as an array of the dtype: the same array if it already is one, otherwise a copy. */
export function toFloatArray(dtype: DType, values: ArrayLike<number>): FloatArray {
  if (dtype === "float32") return values instanceof Float32Array ? values : new Float32Array(values);
  return values instanceof Float64Array ? values : new Float64Array(values);
}
