// The weights of rows: the user's sample weights times the weights of the rows' classes.

import { allocate, type DType, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, requireNotNegative, requireObject } from "../validation.js";
import type { Work } from "../work.js";
import { oneHotClass, weightsOf } from "./labels.js";

/** One weight for each class, by its number, or "balanced". */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[] | "balanced";

/** How much each row counts in a loss, a gradient and metrics. */
export interface RowWeights {
  /**
   * One weight for each row, 0 or more, with a sum above 0. A row's part of the loss and of its gradient is multiplied
   * by its weight, and a mean is divided by the sum of the weights: 2 equals the row twice, 0 equals no row.
   * (Exception: in training, batch norm computes mean and variance without weights, as in PyTorch.)
   */
  readonly sampleWeights?: ArrayLike<number> | undefined;
}

/** How much each row counts in a fit. */
export interface WeightOptions extends RowWeights {
  /**
   * The weight of the rows of each class, 0 or more: an array or an object with the number of the class as key.
   * "balanced" gives class c the weight rows / (classes · rows of c), as scikit-learn does, where `classes` is the
   * number of classes that have rows. The targets must be labels, one-hot rows, or one column of 0 and 1. Multiplied by
   * `sampleWeights` if both are given. Validation rows get no class weights, and "balanced" does not count them.
   */
  readonly classWeights?: ClassWeights | undefined;
}

/** The targets of a network in its memory. */
export interface Targets {
  readonly rows: number;
  /** [rows, outputs], row-major, or labels [rows]. */
  readonly values: () => FloatArray;
  /** Whether the targets are labels. */
  readonly areLabels: boolean;
  /** Outputs of the network. */
  readonly outputs: number;
}

/** A copy of class weights, by number, or "balanced". */
export type ClassWeightTable = ReadonlyMap<number, number> | "balanced";

/**
 * A checked copy of class weights for a network with so many outputs.
 *
 * @throws BackpropError `invalidOption`.
 */
export function readClassWeights(given: unknown, outputs: number, dtype: DType): ClassWeightTable {
  if (given === "balanced") return given;
  const expected = 'an array or an object of one weight for each class, or "balanced"';
  requireObject("classWeights", given, expected);
  return attempt("invalidOption", "classWeights", () =>
    copyOf(given as Record<number, unknown>, classCount(outputs), dtype),
  );
}

/** The number of classes of a network with so many outputs: 2 for one output. */
function classCount(outputs: number): number {
  return outputs === 1 ? 2 : outputs;
}

/** Throws unless all weights are 0 or more, and their sum is finite and above 0. `mayBeZero`: the sum may be 0. */
export function requireWeights(argument: string, weights: FloatArray, mayBeZero = false): void {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!;
    if (weight < 0) throw invalid(`${argument}[${row}] is ${weight}; expected a weight of 0 or more.`);
    sum += weight;
  }
  if (sum > 0 || !mayBeZero) requireSum(argument, sum);
}

/** Throws unless the sum of weights is finite and above 0. */
export function requireSum(argument: string, sum: number): void {
  if (sum === 0) throw invalid(`All ${argument} are 0; expected at least one above 0.`);
  if (!Number.isFinite(sum)) throw invalid(`The sum of ${argument} is ${sum}; expected smaller weights.`);
}

function invalid(message: string): BackpropError {
  return new BackpropError("invalidData", message);
}

/** Rows between two pauses. */
const PIECE = 65536;

/** Calls `visit` for each of `rows` rows, with pauses. `open`: what it reads, called again after each pause. */
function* eachRow<T>(rows: number, open: () => T, visit: (opened: T, row: number) => void): Work<void> {
  for (let begin = 0; begin < rows; begin += PIECE) {
    if (begin > 0) yield;
    const opened = open();
    const end = Math.min(rows, begin + PIECE);
    for (let row = begin; row < end; row++) visit(opened, row);
  }
}

/**
 * weights()[row] *= the weight of the class of the row. `weights` and `values` of `targets` are called again whenever
 * memory may have grown.
 */
export function* multiplyByClass(
  weights: () => FloatArray,
  table: ClassWeightTable,
  targets: Targets,
): Work<void> {
  const { rows, values } = targets;
  const classes = allocate("uint32", rows);
  const counts = new Array<number>(classCount(targets.outputs)).fill(0);
  yield* eachRow(rows, values, (numbers, row) => {
    const label = classOf(numbers, row, targets);
    classes[row] = label;
    counts[label]!++;
  });
  const byClass = table === "balanced" ? new Map(weightsOf(counts, rows).entries()) : table;
  yield* eachRow(rows, weights, (numbers, row) => {
    const weight = byClass.get(classes[row]!);
    if (weight === undefined) throw noWeight(classes[row]!, row);
    numbers[row]! *= weight;
  });
}

function noWeight(label: number, row: number): BackpropError {
  return new BackpropError(
    "invalidOption",
    `classWeights has no weight for class ${label}, the class of targets[${row}]; expected one for each class.`,
  );
}

/** The class of a row of targets. */
function classOf(values: FloatArray, row: number, { areLabels, outputs }: Targets): number {
  if (areLabels) return values[row]!;
  const isOne = outputs === 1 && (values[row] === 0 || values[row] === 1);
  const label = isOne ? values[row]! : oneHotClass(values, row, outputs);
  if (isOne || (outputs > 1 && label >= 0)) return label;
  const target = values.subarray(row * outputs, (row + 1) * outputs);
  throw invalid(
    `targets[${row}] is ${show(Array.from(target))}, which is no class; with classWeights, expected ` +
      `${outputs === 1 ? "0 or 1" : "a one-hot row: one 1, and 0 otherwise"}. Use sampleWeights instead.`,
  );
}

function copyOf(
  given: Readonly<Record<number, unknown>>,
  count: number,
  dtype: DType,
): ReadonlyMap<number, number> {
  const copy = new Map<number, number>();
  for (const key of Object.keys(given)) {
    const number = Number(key);
    if (!(Number.isInteger(number) && number >= 0 && number < count)) {
      throw new BackpropError(
        "invalidOption",
        `classWeights has a weight for ${show(key)}; expected the number of a class, from 0 to ${count - 1}.`,
      );
    }
    const weight = given[number];
    requireNotNegative(`classWeights[${number}]`, weight, dtype);
    copy.set(number, weight as number);
  }
  return copy;
}
