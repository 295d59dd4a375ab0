// Checks samples that users give, and writes them directly into linear memory.

import type { FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../validation.js";
import { finish, type Work } from "../work.js";
import type { ShapedData, Tensor } from "./tensor.js";

/**
 * Samples: an array of rows, each an array or typed array with one number for each column; or a flat array (typed or
 * not) with its shape, row-major; or, if there is one column, a plain list of numbers.
 */
export type Rows = readonly ArrayLike<number>[] | ShapedData | ArrayLike<number>;

/** The number of rows. @throws BackpropError `invalidShape` if there are none, or if `rows` is not of type Rows. */
export function countRows(argument: string, rows: Rows): number {
  const shaped = isShaped(rows);
  const count = shaped ? rows.shape[0] : rows?.length;
  if (count === undefined || !Number.isSafeInteger(count) || count < 0) {
    throw new BackpropError(
      "invalidShape",
      `${argument} is ${show(rows)}; expected an array of rows, or { data, shape: [rows, columns] }.`,
    );
  }
  if (count === 0) throw new BackpropError("invalidShape", `${argument} has no rows; expected at least one.`);
  if (shaped) requireFilled(argument, rows);
  return count;
}

/** @throws BackpropError `invalidShape` if inputs and targets have different numbers of rows. */
export function requireSameRows(inputs: number, targets: number): void {
  if (inputs === targets) return;
  throw new BackpropError(
    "invalidShape",
    `inputs has ${inputs} rows and targets has ${targets}; expected one target for each input.`,
  );
}

/** About how many numbers are written between two pauses, in whole rows. */
const PIECE = 65536;

/**
 * Writes `count` rows to `out()` [count, width]. Calls `out` again after every pause, because memory may have grown in
 * the meantime.
 *
 * @throws BackpropError `invalidShape` for rows of another width or of several widths, `invalidData` for a value that
 *   is not a finite number in the dtype of `out`.
 */
export function* writeRows(
  argument: string,
  rows: Rows,
  [count, width]: readonly [count: number, width: number],
  out: () => FloatArray,
  requireValue?: Requirement,
): Work<void> {
  const write = rowWriter(argument, rows, width, requireValue);
  const rowsPerPiece = Math.ceil(PIECE / width);
  for (let begin = 0; begin < count; begin += rowsPerPiece) {
    if (begin > 0) yield;
    write(begin, Math.min(begin + rowsPerPiece, count), out());
  }
}

/**
 * Writes one label for each row to `out()` [count].
 *
 * @throws BackpropError `invalidLabel` for a value that is not an integer from 0 to `classes` − 1.
 */
export function writeLabels(
  argument: string,
  rows: Rows,
  count: number,
  classes: number,
  out: () => FloatArray,
): Work<void> {
  return writeRows(argument, rows, [count, 1], out, (label, place, index) => {
    if (Number.isInteger(label) && label >= 0 && label < classes) return;
    throw new BackpropError(
      "invalidLabel",
      `${place(index)} is ${label}; expected an integer label from 0 to ${classes - 1}.`,
    );
  });
}

/** Writes rows begin … end − 1 to their place in `out`, which has room for all rows. */
type RowWriter = (begin: number, end: number, out: FloatArray) => void;

/** The name of the element of `out` at `index` in messages. */
type Place = (index: number) => string;

/** Throws if the value for `out[index]`, called `place(index)` in messages, is not allowed. */
type Requirement = (value: number, place: Place, index: number) => void;

function rowWriter(argument: string, rows: Rows, width: number, requireValue?: Requirement): RowWriter {
  const inRow: Place = (index) => `${argument}[${Math.floor(index / width)}][${index % width}]`;
  if (isShaped(rows)) {
    requireShape(argument, rows, width);
    // Reads `rows.data` again for each piece: a Tensor's data may be in linear memory that has grown.
    return (begin, end, out) =>
      writeNumbers(rows.data, begin * width, out, begin * width, end * width, inRow, requireValue);
  }
  if (typeof rows[0] === "number") {
    requireOneColumn(argument, width);
    return (begin, end, out) =>
      writeNumbers(rows as ArrayLike<number>, begin, out, begin, end, inList(argument), requireValue);
  }
  return (begin, end, out) => {
    for (let i = begin; i < end; i++) {
      const row = (rows as readonly ArrayLike<number>[])[i];
      if (row?.length !== width) throw wrongWidth(argument, row, i, width);
      writeNumbers(row, 0, out, i * width, (i + 1) * width, inRow, requireValue);
    }
  };
}

function inList(argument: string): Place {
  return (index) => `${argument}[${index}]`;
}

/** out[begin … end − 1] = the values from `values[from]` on. */
function writeNumbers(
  values: ArrayLike<number>,
  from: number,
  out: FloatArray,
  begin: number,
  end: number,
  place: Place,
  requireValue?: Requirement,
): void {
  for (let i = begin; i < end; i++) {
    const value = values[from + i - begin]!;
    out[i] = typeof value === "number" ? value : Number.NaN;
    if (!Number.isFinite(out[i])) throw notFinite(place(i), value, out);
    requireValue?.(value, place, i);
  }
}

function notFinite(place: string, value: unknown, out: FloatArray): BackpropError {
  const tooLarge = Number.isFinite(value) ? ", which is too large for float32" : "";
  const dtype = out instanceof Float32Array ? "float32" : "float64";
  return new BackpropError(
    "invalidData",
    `${place} is ${show(value)}${tooLarge}; expected a finite ${dtype} number. Clean or scale the data first.`,
  );
}

function wrongWidth(
  argument: string,
  row: ArrayLike<number> | null | undefined,
  index: number,
  width: number,
): BackpropError {
  if (row === null || typeof row !== "object" || typeof row.length !== "number") {
    return new BackpropError(
      "invalidShape",
      `${argument}[${index}] is ${show(row)}; expected a row of ${width} numbers.`,
    );
  }
  const isRagged = index > 0;
  return new BackpropError(
    "invalidShape",
    isRagged
      ? `${argument}[${index}] has ${row.length} numbers where the rows before it have ${width}; expected rows of one width.`
      : `${argument} has rows of ${row.length} numbers; this network takes ${width} a row.`,
  );
}

function requireShape(argument: string, { shape }: ShapedData, width: number): void {
  const [, columns = 1] = shape;
  if (shape.length > 2 || columns !== width) {
    throw new BackpropError(
      "invalidShape",
      `${argument} has shape [${shape.join(", ")}]; expected [rows, ${width}] for this network.`,
    );
  }
}

/** Called before memory is allocated for this shape. */
function requireFilled(argument: string, { data, shape }: ShapedData): void {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (data.length === length) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} has ${data.length} numbers for shape [${shape.join(", ")}]; expected ${length}.`,
  );
}

function requireOneColumn(argument: string, width: number): void {
  if (width === 1) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} is a plain list of numbers; expected rows of ${width} numbers, such as [[…], […]].`,
  );
}

/**
 * Writes `values`, which are nested arrays or a flat array with its shape, to a tensor.
 *
 * @throws BackpropError `invalidShape` for another shape, `invalidData` for a value that is not a finite number.
 */
export function writeTensor(argument: string, values: unknown, { data, shape }: Tensor): void {
  const given = shapeOf(values);
  if (given.join() !== shape.join()) {
    throw new BackpropError(
      "invalidShape",
      `${argument} ${given.length > 0 ? `has shape [${given.join(", ")}]` : `is ${show(values)}`}; ` +
        `expected shape [${shape.join(", ")}].`,
    );
  }
  if (isShaped(values)) requireFilled(argument, values);
  if (shape.length === 1) writeNumbers(flatOf(values), 0, data, 0, data.length, inList(argument));
  else finish(writeRows(argument, values as Rows, shape as [number, number], () => data));
}

function flatOf(values: unknown): ArrayLike<number> {
  return isShaped(values) ? values.data : (values as ArrayLike<number>);
}

function shapeOf(values: unknown): readonly number[] {
  if (isShaped(values)) return values.shape;
  if (typeof values !== "object" || values === null || !("length" in values)) return [];
  const { length, 0: first } = values as ArrayLike<unknown>;
  return [length, ...shapeOf(first)];
}

function isShaped(value: unknown): value is ShapedData {
  if (typeof value !== "object" || value === null || !("data" in value && "shape" in value)) return false;
  const { data, shape } = value;
  const isShape = Array.isArray(shape) && shape.every(Number.isSafeInteger);
  return isShape && typeof data === "object" && data !== null && "length" in data;
}
