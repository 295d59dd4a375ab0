// Rows of any width, for tools that work on arrays without a network.

import { allocate } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { attempt } from "../validation.js";
import { finish } from "../work.js";
import { needsProbe, openRows, probeRows, type Rows, shapeOf, writeRows } from "./rows.js";

/** A copy of rows, row-major [rows, columns]. */
export interface RowData {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * A copy in float64 of rows that a user gave. Blocks until all are read.
 *
 * @param classes if each row is one label: the number of classes
 * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel` or `outOfMemory`.
 */
export function readRows(argument: string, rows: unknown, classes?: number): RowData {
  const columns = columnsOf(argument, rows);
  const format = { argument, width: columns };
  const source = openRows(classes === undefined ? format : { ...format, classes }, rows as Rows);
  if (needsProbe(source)) finish(probeRows(source));
  const data = allocate("float64", source.count * columns);
  finish(writeRows(source, () => data));
  return { data, rows: source.count, columns };
}

/** @throws BackpropError `invalidShape` unless the number of columns is one of `expected`. */
export function requireColumns(argument: string, { columns }: RowData, expected: readonly number[]): void {
  if (expected.includes(columns)) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} has rows of ${columns} numbers; expected ${expected.join(" or ")} a row.`,
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

/** The columns of the first row; 1 for what is not an array of rows. */
function columnsOf(argument: string, rows: unknown): number {
  const shape = attempt("invalidData", argument, () => shapeOf(rows));
  const [, columns = 1] = shape;
  if (shape.length <= 2 && columns > 0) return columns;
  const what = columns > 0 ? `has shape [${shape.join(", ")}]` : "has rows without numbers";
  throw new BackpropError("invalidShape", `${argument} ${what}; expected rows of numbers, [rows, columns].`);
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
