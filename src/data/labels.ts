// Classes as labels, as one-hot rows and as weights.

import { allocate, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { integerWithin } from "../validation.js";
import { type RowData, readRows, requireColumns, requireLabels } from "./matrix.js";
import type { Rows } from "./rows.js";
import { type Matrix, Tensor } from "./tensor.js";

/** The maximum number of classes in one-hot rows, class weights and confusion matrices. */
const MAX_CLASSES = 2 ** 20;

/** Requires a number of classes. */
export const requireClassCount = integerWithin(1, MAX_CLASSES);

/**
 * Labels as rows with a 1 in the column of the label and 0 elsewhere: a float32 tensor [rows, classes].
 *
 * @param labels integers from 0 to `classes` − 1, [rows]
 * @param classes default: one more than the largest label
 * @throws BackpropError `invalidLabel`, `invalidShape`, `invalidData`, `invalidOption`, `outOfMemory`.
 */
export function oneHot(labels: Rows, classes?: number): Matrix {
  const { values, count } = readLabels("labels", labels, classes);
  const data = allocate("float32", values.length * count);
  for (const [row, label] of values.entries()) data[row * count + label] = 1;
  return new Tensor([values.length, count], data) as Matrix;
}

/**
 * A weight for each class, so that the weights of the rows of each class have the same sum: rows / (classes that occur
 * · rows of the class), as scikit-learn's `class_weight="balanced"`. Element i belongs to class i, and is 0 if no row
 * has that class.
 *
 * @param targets labels from 0 on, [rows], or one-hot rows [rows, classes]
 * @param classes for labels; default: one more than the largest label
 * @throws BackpropError `invalidLabel`, `invalidShape`, `invalidData`, `invalidOption`.
 */
export function balancedClassWeights(targets: Rows, classes?: number): number[] {
  const rows = readRows("targets", targets);
  const { values, count } = rows.columns > 1 ? fromOneHot(rows) : readLabels("targets", targets, classes);
  return balance(values, count);
}

function balance(labels: ArrayLike<number>, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (let row = 0; row < labels.length; row++) counts[labels[row]!]!++;
  return weightsOf(counts, labels.length);
}

/** The balanced weight of each class. `counts`: how many of `rows` rows have each class. */
export function weightsOf(counts: readonly number[], rows: number): number[] {
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? rows / (present * count) : 0));
}

interface Labels {
  readonly values: FloatArray | Uint32Array;
  /** The number of classes. */
  readonly count: number;
}

function readLabels(argument: string, given: unknown, classes: number | undefined): Labels {
  if (classes !== undefined) requireClassCount("classes", classes);
  const rows = readRows(argument, given);
  requireColumns(argument, rows, [1]);
  requireLabels(argument, rows.data, classes ?? MAX_CLASSES);
  return { values: rows.data, count: classes ?? largestOf(rows.data) + 1 };
}

function largestOf(labels: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < labels.length; i++) largest = Math.max(largest, labels[i]!);
  return largest;
}

/** The class of a row of `data` [rows, columns]; −1 unless it has one 1 and is 0 elsewhere. */
export function oneHotClass(data: FloatArray, row: number, columns: number): number {
  let found = -1;
  for (let column = 0; column < columns; column++) {
    const x = data[row * columns + column]!;
    if (x === 0) continue;
    if (x !== 1 || found >= 0) return -1;
    found = column;
  }
  return found;
}

/** @throws BackpropError `invalidLabel` unless each row has one 1 and is 0 elsewhere. */
function fromOneHot({ data, rows, columns }: RowData): Labels {
  const values = allocate("uint32", rows);
  for (let row = 0; row < rows; row++) {
    const label = oneHotClass(data, row, columns);
    values[row] = label;
    if (label >= 0) continue;
    throw new BackpropError(
      "invalidLabel",
      `targets[${row}] is not a class; expected a label, or a row that has one 1 and is 0 elsewhere.`,
    );
  }
  return { values, count: columns };
}

/**
 * The class of each row of targets, numbered from 0 in increasing order: the distinct numbers of one column, or the
 * columns of one-hot rows.
 *
 * @throws BackpropError `invalidLabel` for rows that are not one-hot.
 */
export function classesOf(targets: RowData): Uint32Array {
  if (targets.columns > 1) return numbered(fromOneHot(targets).values);
  return numbered(targets.data);
}

/** The index of each value among the sorted distinct values. */
function numbered(values: ArrayLike<number>): Uint32Array {
  const distinct = [...new Set(Array.from(values))].sort((a, b) => a - b);
  const numberOf = new Map(distinct.map((value, i) => [value, i]));
  return Uint32Array.from(values, (value) => numberOf.get(value)!);
}
