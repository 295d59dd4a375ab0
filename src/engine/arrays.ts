import { BackpropError } from "../errors.js";
import type { DType, FloatArray } from "./engine.js";

/** @throws BackpropError `outOfMemory` where the host has no array of that length. */
export function allocate(dtype: DType, length: number): FloatArray {
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw new BackpropError(
      "outOfMemory",
      `No array of ${length} ${dtype} numbers can be had. Use a smaller network, fewer rows or fewer epochs.`,
      { cause },
    );
  }
}
