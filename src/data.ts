// What users hand over as samples: checked, and written straight into an engine's memory.

import type { FloatArray } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { ShapedData, Tensor } from "./tensor.js";
import { show } from "./validation.js";
import { finish, type Work } from "./work.js";

/**
 * Samples as an array of rows, each an array or typed array of one number a column; or as a flat array (typed or not)
 * with its shape, row-major; or, where there is one column, as a plain list of numbers.
 */
export type Rows = readonly ArrayLike<number>[] | ShapedData | ArrayLike<number>;

/** How many rows there are. @throws BackpropError `invalidShape` for none, or what is no rows at all. */
export function countRows(argument: string, rows: Rows): number {
  const count = isShaped(rows) ? rows.shape[0] : rows?.length;
  if (count === undefined || !Number.isSafeInteger(count) || count < 0) {
    throw new BackpropError(
      "invalidShape",
      `${argument} is ${show(rows)}; expected an array of rows, or { data, shape: [rows, columns] }.`,
    );
  }
  if (count === 0) throw new BackpropError("invalidShape", `${argument} has no rows; expected at least one.`);
  if (isShaped(rows)) requireFilled(argument, rows);
  return count;
}

/** @throws BackpropError `invalidShape` where inputs and targets have different numbers of rows. */
export function requireSameRows(inputs: number, targets: number): void {
  if (inputs === targets) return;
  throw new BackpropError(
    "invalidShape",
    `inputs has ${inputs} rows and targets has ${targets}; expected one target for each input.`,
  );
}

/** How many numbers are written between two pauses. */
const PIECE = 65536;

/**
 * Writes `rows` to `out()` [rows, width], which is asked for anew after every pause: memory may have grown in the meantime.
 *
 * @throws BackpropError `invalidShape` for rows of another width or of several widths, `invalidData` for what is not a
 *   finite number in the dtype of `out`.
 */
export function* writeRows(
  argument: string,
  rows: Rows,
  width: number,
  out: () => FloatArray,
  requireValue?: Requirement,
): Work<void> {
  const write: Write = { argument, width, out, requireValue };
  if (isShaped(rows)) {
    requireShape(argument, rows, width);
    yield* writeFlat(
      write,
      () => rows.data,
      (i) => `${argument}[${Math.floor(i / width)}][${i % width}]`,
    );
  } else if (typeof rows[0] === "number") {
    requireOneColumn(argument, width);
    yield* writeFlat(
      write,
      () => rows as ArrayLike<number>,
      (i) => `${argument}[${i}]`,
    );
  } else {
    yield* writeArrays(write, rows as readonly ArrayLike<number>[]);
  }
}

type Place = (index: number) => string;

/** Throws unless the value, found at `place(index)`, will do. */
type Requirement = (value: number, place: Place, index: number) => void;

/** What stays the same while rows are written. */
interface Write {
  readonly argument: string;
  readonly width: number;
  readonly out: () => FloatArray;
  readonly requireValue?: Requirement | undefined;
}

/**
 * Writes one label a row to `out()` [rows].
 *
 * @throws BackpropError `invalidLabel` for what is not an integer from 0 to `classes` − 1.
 */
export function* writeLabels(
  argument: string,
  rows: Rows,
  classes: number,
  out: () => FloatArray,
): Work<void> {
  yield* writeRows(argument, rows, 1, out, (label, place, index) => {
    if (Number.isInteger(label) && label >= 0 && label < classes) return;
    throw new BackpropError(
      "invalidLabel",
      `${place(index)} is ${label}; expected an integer label from 0 to ${classes - 1}.`,
    );
  });
}

/**
 * As many numbers as `out` has room for, whatever becomes of `values` during a pause. A tensor's are asked for anew: they
 * may lie in the memory that has grown.
 */
function* writeFlat(write: Write, values: () => ArrayLike<number>, place: Place): Work<void> {
  const { length } = write.out();
  for (let begin = 0; begin < length; begin += PIECE) {
    writeNumbers(write, values(), begin, Math.min(begin + PIECE, length), write.out(), begin, place);
    yield;
  }
}

/** As many rows as `out` has room for, whatever becomes of `rows` during a pause. */
function* writeArrays(write: Write, rows: readonly ArrayLike<number>[]): Work<void> {
  const { argument, width } = write;
  const count = write.out().length / width;
  const rowsPerPiece = Math.ceil(PIECE / width);
  for (let begin = 0; begin < count; begin += rowsPerPiece) {
    const data = write.out();
    for (let i = begin; i < Math.min(begin + rowsPerPiece, count); i++) {
      if (rows[i]?.length !== width) throw wrongWidth(argument, rows, i, width);
      writeNumbers(write, rows[i]!, 0, width, data, i * width, (j) => `${argument}[${i}][${j}]`);
    }
    yield;
  }
}

/** Writes values[begin … end − 1] to `out` from `offset` on. */
function writeNumbers(
  { requireValue }: Write,
  values: ArrayLike<number>,
  begin: number,
  end: number,
  out: FloatArray,
  offset: number,
  place: Place,
): void {
  for (let i = begin; i < end; i++) {
    const value = values[i]!;
    const at = offset + i - begin;
    out[at] = typeof value === "number" ? value : Number.NaN;
    if (!Number.isFinite(out[at])) throw notFinite(place(i), value, out);
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

function wrongWidth(argument: string, rows: readonly unknown[], index: number, width: number): BackpropError {
  const row = rows[index] as ArrayLike<number> | undefined;
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

/** To be asked before memory is taken for what a shape says. */
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
 * Writes `values`, nested arrays or a flat array with its shape, to a tensor.
 *
 * @throws BackpropError `invalidShape` for another shape, `invalidData` for what is not a finite number.
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
  const out = () => data;
  if (shape.length === 1)
    finish(
      writeFlat(
        { argument, width: 1, out },
        () => flatOf(values),
        (i) => `${argument}[${i}]`,
      ),
    );
  else finish(writeRows(argument, values as Rows, shape[1]!, out));
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
