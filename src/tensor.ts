import type { FloatArray } from "./engine/engine.js";

/** Numbers of any depth of arrays: number, number[], number[][], … */
export type Nested = number | readonly Nested[];

/** A typed array and the shape it is to be read with, row-major. */
export interface ShapedData {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A flat typed array with a shape, row-major; to print it, take `toArray()`. `Values` is what that gives. */
export class Tensor<Values extends Nested[] = Nested[]> implements ShapedData {
  readonly shape: readonly number[];
  readonly #data: () => FloatArray;

  /** @internal */
  constructor(shape: readonly number[], data: () => FloatArray) {
    this.shape = shape;
    this.#data = data;
  }

  /**
   * The elements. Of a network's parameters this is the live memory itself: writing to it changes the network. Read the
   * property afresh, or `slice()` it, rather than keep it across calls: memory that grows leaves old views empty.
   */
  get data(): FloatArray {
    return this.#data();
  }

  /** A copy as nested arrays: of shape [2, 3], two arrays of three numbers. */
  toArray(): Values {
    return nest(this.data, this.shape) as Values;
  }

  /** The nested arrays, so that a tensor shows its numbers as JSON. */
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
