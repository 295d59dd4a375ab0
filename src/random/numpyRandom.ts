import { allocate, type FloatArray } from "../dtype.js";
import {
  attempt,
  requireFinite,
  requireFloats,
  requireFull,
  requireInteger,
  requireNotNegative,
  requireRange,
} from "../validation.js";

import { log } from "./elementary.js";
import { MersenneTwister } from "./mersenneTwister.js";
import type { RandomStream } from "./random.js";

const MAX_UINT32 = 2 ** 32 - 1;

/** An array or typed array that can be shuffled in place. */
export interface MutableList<T> {
  readonly length: number;
  [index: number]: T;
}

/**
 * The stream of NumPy's `np.random.seed(seed)`: the legacy `RandomState`, which NumPy no longer changes (NEP 19), with
 * the bits that it has on Linux.
 *
 * @param seed an integer from 0 to 2³² − 1; anything else throws `invalidOption`.
 */
export function numpyRandom(seed: number): NumpyRandom {
  return new NumpyRandom(seed);
}

/** The functions of `np.random`, under NumPy's names. Arrays are returned flat, row-major. Created by `numpyRandom`. */
export class NumpyRandom implements RandomStream {
  readonly #generator: MersenneTwister;
  #nextGauss: number | undefined;

  constructor(seed: number) {
    requireInteger("seed", seed, 0, MAX_UINT32);
    this.#generator = new MersenneTwister(seed);
  }

  /** `np.random.rand(*shape)`: uniform in [0, 1). Without a shape, one number. */
  rand(...shape: number[]): Float64Array {
    return this.uniform(0, 1, ...shape);
  }

  /** `np.random.uniform(low, high, shape)`: uniform in [low, high), low + (high − low)·u. */
  uniform(low: number, high: number, ...shape: number[]): Float64Array {
    const values = allocate("float64", sizeOf(shape));
    this.fillUniform(values, low, high);
    return values;
  }

  /** `np.random.randn(*shape)`: standard normal. Without a shape, one number. */
  randn(...shape: number[]): Float64Array {
    const values = allocate("float64", sizeOf(shape));
    this.fillNormal(values, 0, 1);
    return values;
  }

  /**
   * `np.random.shuffle(values)`, in place. To shuffle the rows of a matrix, pass an array of rows.
   *
   * R. Durstenfeld's shuffle (CACM 7 (1964) 420): element i is exchanged with a random one of 0 … i. To draw it, random
   * words are masked with the smallest bit mask that covers i, and rejected if they are above i.
   *
   * @throws BackpropError `invalidData` if `values` is not an array, has holes, or cannot be written to.
   */
  shuffle<T>(values: MutableList<T>): void {
    attempt("invalidData", "values", () => {
      this.#shuffle(values, requireFull("values", values, MAX_UINT32));
    });
  }

  #shuffle<T>(values: MutableList<T>, length: number): void {
    for (let i = length - 1; i > 0; ) {
      const mask = MAX_UINT32 >>> Math.clz32(i);
      i = this.#exchange(values, i, mask >>> 1, mask);
    }
  }

  /**
   * Shuffles the elements from `last` down to `end` + 1, or until the generator's computed words are used up. Returns
   * the next element.
   */
  #exchange<T>(values: MutableList<T>, last: number, end: number, mask: number): number {
    const words = this.#generator.peek();
    let drawn = 0;
    let i = last;
    while (i > end && drawn < words.length) {
      const value = (words[drawn++]! & mask) >>> 0;
      // Without a branch, because processors mispredict it: for a rejected value, i is exchanged with itself and kept.
      const isTaken = Number(value <= i);
      const j = (i ^ ((i ^ value) & -isTaken)) >>> 0;
      const swapped = values[i]!;
      values[i] = values[j]!;
      values[j] = swapped;
      i -= isTaken;
    }
    this.#generator.skip(drawn);
    return i;
  }

  /** `np.random.permutation(n)`: the integers 0 … n−1 in random order, n from 0 to 2³² − 1. */
  permutation(n: number): Uint32Array {
    requireInteger("n", n, 0, MAX_UINT32);
    const values = allocate("uint32", n);
    for (let i = 0; i < n; i++) values[i] = i;
    this.#shuffle(values, n);
    return values;
  }

  /** As `uniform`. NumPy draws in float64; for a Float32Array the draws are rounded, as by `astype(np.float32)`. */
  fillUniform(values: FloatArray, low: number, high: number): void {
    requireRange("low", low, "high", high, requireFloats("values", values));
    const range = high - low;
    for (let i = 0; i < values.length; i++) values[i] = low + range * this.#uniform();
  }

  /** `np.random.normal(mean, standardDeviation)`; for a Float32Array the float64 draws are rounded. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void {
    const dtype = requireFloats("values", values);
    requireFinite("mean", mean, dtype);
    requireNotNegative("standardDeviation", standardDeviation, dtype);
    for (let i = 0; i < values.length; i++) values[i] = mean + standardDeviation * this.#gauss();
  }

  /** A number in [0, 1) with 53 random bits. */
  #uniform(): number {
    const upper = this.#generator.nextUint32() >>> 5;
    const lower = this.#generator.nextUint32() >>> 6;
    return (upper * 2 ** 26 + lower) / 2 ** 53;
  }

  /**
   * A standard normal draw by the polar method (G. Marsaglia and T. A. Bray, SIAM Review 6 (1964) 260–264), in pairs.
   */
  #gauss(): number {
    const cached = this.#nextGauss;
    if (cached !== undefined) {
      this.#nextGauss = undefined;
      return cached;
    }
    const [x, y, squaredRadius] = this.#pointInDisc();
    const factor = Math.sqrt((-2 * log(squaredRadius)) / squaredRadius);
    this.#nextGauss = factor * x;
    return factor * y;
  }

  /** A uniformly random point in the open unit disc, except its centre, and the squared distance from the centre. */
  #pointInDisc(): [x: number, y: number, squaredRadius: number] {
    for (;;) {
      const x = 2 * this.#uniform() - 1;
      const y = 2 * this.#uniform() - 1;
      const squaredRadius = x * x + y * y;
      if (squaredRadius < 1 && squaredRadius !== 0) return [x, y, squaredRadius];
    }
  }
}

function sizeOf(shape: readonly number[]): number {
  for (const dimension of shape) requireInteger("dimension", dimension, 0, MAX_UINT32);
  // Infinity · 0 would be NaN.
  return shape.includes(0) ? 0 : shape.reduce((size, dimension) => size * dimension, 1);
}
