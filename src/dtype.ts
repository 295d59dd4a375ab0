import { BackpropError } from "./errors.js";

/** The type of parameters, data and arithmetic. */
export type DType = "float32" | "float64";

export type FloatArray = Float32Array | Float64Array;

/** @throws BackpropError `outOfMemory` if an array of that length cannot be allocated. */
export function allocate(dtype: DType, length: number): FloatArray {
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw new BackpropError(
      "outOfMemory",
      `No array of ${length} ${dtype} numbers can be allocated. Use a smaller network, fewer rows or fewer epochs.`,
      { cause },
    );
  }
}
