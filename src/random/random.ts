import type { FloatArray } from "../dtype.js";

/**
 * A stream of random numbers. Initializers draw from it. A network without `seed` draws its key from it, once, at the
 * first fit that needs random numbers.
 */
export interface RandomStream {
  /** Fills `values`, in order, with uniform draws in [low, high), in the dtype of the array. */
  fillUniform(values: FloatArray, low: number, high: number): void;
  /** Fills `values`, in order, with normal draws, in the dtype of the array. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void;
}
