import type { FloatArray } from "../engine/engine.js";

/** A stream of random numbers: what initialisers and shuffling draw from. */
export interface RandomStream {
  /** Fills `values`, in order, with draws uniform in [low, high); the array's type is the dtype drawn. */
  fillUniform(values: FloatArray, low: number, high: number): void;
  /** Fills `values`, in order, with normal draws; the array's type is the dtype drawn. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void;
  /** The integers 0 … n−1 in random order. */
  permutation(n: number): Uint32Array;
}
