import { dtypeOf, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";

/** A number, or arrays of numbers nested to any depth: number, number[], number[][], … */
export type Nested = number | readonly Nested[];

/** A flat array, and the shape of the tensor that it holds in row-major order. */
export interface ShapedData {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Bytes, such as the pixels of images, each multiplied by `scale`, and their shape [rows, columns]. */
export interface ScaledBytes {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly shape: readonly number[];
  readonly scale: number;
}

/** A flat typed array with a shape, row-major. `toArray()` returns its numbers as `Values`. */
export class Tensor<Values extends Nested[] = Nested[]> implements ShapedData {
  readonly shape: readonly number[];
  /**
   * The elements. For a network's parameters this is a view of the network's own memory: writing to it changes the
   * network. Do not keep the view across calls: when memory grows, old views become empty. Read the property again, or
   * `slice()` it. structuredClone keeps the elements of other tensors, and throws for a network's parameters: use
   * `toArray()`.
   */
  declare readonly data: FloatArray;

  /** @internal */
  constructor(shape: readonly number[], data: FloatArray) {
    if (!isFilled(shape, data)) {
      throw new BackpropError(
        "invalidShape",
        `The shape of a tensor is ${show(shape)} and its data are ${show(data)}; expected at most ${MAX_DIMENSIONS} lengths ` +
          "and a typed array of that many elements.",
      );
    }
    this.shape = shape;
    this.data = data;
  }

  /** A copy as nested arrays: for shape [2, 3], two arrays of three numbers. */
  toArray(): Values {
    return nest(this.data, this.shape) as Values;
  }

  /** The same as `toArray()`: JSON.stringify uses it. */
  toJSON(): Values {
    return this.toArray();
  }

  /** What console.log shows in Node, Deno and Bun: dtype, shape and the first numbers. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    try {
      return `Tensor ${dtypeOf(this.data)} [${this.shape.join(", ")}] ${preview(this.data, this.shape)}`;
    } catch {
      return "Tensor of a network that was disposed";
    }
  }
}

/**
 * A frozen tensor whose getter `data` calls `read`. structuredClone would copy all linear memory; the function `toJSON`
 * as an own property makes it throw instead.
 */
export function liveTensor(shape: readonly number[], read: () => FloatArray): Tensor {
  const tensor = new Tensor(shape, read());
  Object.defineProperty(tensor, "data", { get: read, enumerable: false });
  return Object.freeze(Object.assign(tensor, { toJSON: () => tensor.toArray() }));
}

/** A tensor of shape [length]. */
export type Vector = Tensor<number[]>;

/** A tensor of shape [rows, columns]. */
export type Matrix = Tensor<number[][]>;

/** The maximum number of dimensions of a shape. */
export const MAX_DIMENSIONS = 8;

/** A copy of a shape, an array of 1 to 8 lengths, each read once. Undefined if `shape` is something else. */
export function copyShape(shape: unknown): readonly number[] | undefined {
  const dimensions: unknown = Array.isArray(shape) ? shape.length : 0;
  if (!(isLength(dimensions) && dimensions >= 1 && dimensions <= MAX_DIMENSIONS)) return undefined;
  const copy: number[] = [];
  for (let i = 0; i < dimensions; i++) {
    const length: unknown = (shape as unknown[])[i];
    if (!isLength(length)) return undefined;
    copy.push(length);
  }
  return copy;
}

/** Every prediction makes a tensor of two dimensions: checking these directly takes 5 % less of the time of one row. */
function isFilled(shape: unknown, data: unknown): boolean {
  try {
    if (!Array.isArray(shape) || !ArrayBuffer.isView(data)) return false;
    const { length } = data as FloatArray;
    if (shape.length === 2) return length === shape[0] * shape[1];
    return shape.length <= MAX_DIMENSIONS && length === sizeOf(shape);
  } catch {
    return false;
  }
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Elements of a tensor of that shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

function nest(data: FloatArray, [length = 1, ...inner]: readonly number[]): Nested {
  if (inner.length === 0) return Array.from(data);
  const size = data.length / length;
  return Array.from({ length }, (_, i) => nest(data.subarray(i * size, (i + 1) * size), inner));
}

/** The maximum number of rows, and of numbers of a row, in a preview. */
const PREVIEW_ROWS = 10;
const PREVIEW_COLUMNS = 10;

/** The first numbers, to 6 digits, as text: one line for each row. */
function preview(data: FloatArray, [length = 1, columns]: readonly number[]): string {
  if (columns === undefined) return previewRow(data);
  const rows = Array.from({ length: Math.min(length, PREVIEW_ROWS) }, (_, i) =>
    previewRow(data.subarray(i * columns, (i + 1) * columns)),
  );
  if (length > rows.length) rows.push(`… ${length - rows.length} more rows`);
  return `[\n  ${rows.join(",\n  ")}\n]`;
}

function previewRow(data: FloatArray): string {
  const numbers = Array.from(data.subarray(0, PREVIEW_COLUMNS), (x) => String(Number(x.toPrecision(6))));
  if (data.length > numbers.length) numbers.push(`… ${data.length - numbers.length} more`);
  return `[${numbers.join(", ")}]`;
}
