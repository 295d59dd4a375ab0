import type { FloatArray } from "../dtype.js";

/** A number, or arrays of numbers nested to any depth: number, number[], number[][], … */
export type Nested = number | readonly Nested[];

/** A flat array, and the shape of the tensor that it holds in row-major order. */
export interface ShapedData {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A flat typed array with a shape, row-major. To print it, use `toArray()`, which returns `Values`. */
export class Tensor<Values extends Nested[] = Nested[]> implements ShapedData {
  readonly shape: readonly number[];
  readonly #data: () => FloatArray;

  /** @internal */
  constructor(shape: readonly number[], data: () => FloatArray) {
    this.shape = shape;
    this.#data = data;
  }

  /**
   * The elements. For a network's parameters this is a view of the network's own memory: writing to it changes the
   * network. Do not keep the view across calls: when memory grows, old views become empty. Read the property again, or
   * `slice()` it.
   */
  get data(): FloatArray {
    return this.#data();
  }

  /** A copy as nested arrays: for shape [2, 3], two arrays of three numbers. */
  toArray(): Values {
    return nest(this.data, this.shape) as Values;
  }

  /** The same as `toArray()`: JSON.stringify uses it. */
  toJSON(): Values {
    return this.toArray();
  }
}

/** A tensor of shape [length]. */
export type Vector = Tensor<number[]>;

/** A tensor of shape [rows, columns]. */
export type Matrix = Tensor<number[][]>;

function nest(data: FloatArray, [length = 1, ...inner]: readonly number[]): Nested {
  if (inner.length === 0) return Array.from(data);
  const size = data.length / length;
  return Array.from({ length }, (_, i) => nest(data.subarray(i * size, (i + 1) * size), inner));
}
