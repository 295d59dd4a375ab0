import type { FloatArray } from "../engine/engine.js";

/**
 * A stream of random numbers: what initialisers draw from, and `fit` the seed of its shuffling (whose orders are those of
 * NumPy's `permutation`, with that seed plus the epoch).
 */
export interface RandomStream {
  /** Fills `values`, in order, with draws uniform in [low, high); the array's type is the dtype drawn. */
  fillUniform(values: FloatArray, low: number, high: number): void;
  /** Fills `values`, in order, with normal draws; the array's type is the dtype drawn. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void;
}
