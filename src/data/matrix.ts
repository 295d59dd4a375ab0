// Rows of any width, for tools that work on arrays without a network.

import { allocate, type DType, dtypeOf, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { attempt } from "../validation.js";
import { finish } from "../work.js";
import { needsProbe, openRows, probeRows, type Rows, shapeOf, writeRows } from "./rows.js";
import { Tensor } from "./tensor.js";

/** A copy of rows, row-major [rows, columns]. */
export interface RowData {
  readonly data: FloatArray;
  readonly rows: number;
  readonly columns: number;
  /** Whether the rows were given as a list of numbers, with shape [rows]. */
  readonly isList: boolean;
}

/**
 * A copy of rows that a user gave, in float32 if they are in a Float32Array, else in float64. Blocks until all are
 * read.
 *
 * @param classes the number of classes, if each row is one label
 * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel` or `outOfMemory`.
 */
export function readRows(argument: string, rows: unknown, classes?: number): RowData {
  const shape = attempt("invalidData", argument, () => shapeOf(rows));
  const [, columns = 1] = shape;
  if (shape.length > 2 || columns === 0) throw notRows(argument, shape);
  const format = { argument, width: columns };
  const source = openRows(classes === undefined ? format : { ...format, classes }, rows as Rows);
  if (needsProbe(source)) finish(probeRows(source));
  const dtype = attempt("invalidData", argument, () => floatTypeOf(rows));
  const data = allocate(dtype, source.count * columns);
  finish(writeRows(source, () => data));
  return { data, rows: source.count, columns, isList: shape.length === 1 };
}

function floatTypeOf(rows: unknown): DType {
  const { data } = rows as { data?: unknown };
  return dtypeOf(data ?? rows) ?? "float64";
}

function notRows(argument: string, shape: readonly number[]): BackpropError {
  const what = shape.length > 2 ? `has shape [${shape.join(", ")}]` : "has rows without numbers";
  return new BackpropError("invalidShape", `${argument} ${what}; expected rows of numbers, [rows, columns].`);
}

/** The rows of these numbers, in this order. */
export function selectRows({ data, columns, isList }: RowData, order: ArrayLike<number>): Tensor {
  const selected = allocate(dtypeOf(data)!, order.length * columns);
  for (let i = 0; i < order.length; i++) {
    const begin = order[i]! * columns;
    selected.set(data.subarray(begin, begin + columns), i * columns);
  }
  return new Tensor(isList ? [order.length] : [order.length, columns], selected);
}

/** @throws BackpropError `invalidShape` unless the number of columns is one of `expected`. */
export function requireColumns(argument: string, { columns }: RowData, expected: readonly number[]): void {
  if (expected.includes(columns)) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} has rows of ${columns} numbers; expected ${expected.join(" or ")} a row.`,
  );
}

/** @throws BackpropError `invalidShape` if two arguments have different numbers of rows. */
export function requireEqualRows(
  argument: string,
  { rows }: { readonly rows: number },
  other: string,
  count: number,
): void {
  if (rows === count) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} has ${rows} rows and ${other} has ${count}; expected equal numbers of rows.`,
  );
}

/** @throws BackpropError `invalidLabel` unless all are integers from 0 to `classes` − 1. */
export function requireLabels(argument: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new BackpropError(
      "invalidLabel",
      `${argument}[${i}] is ${label}; expected an integer label from 0 to ${classes - 1}.`,
    );
  }
}
