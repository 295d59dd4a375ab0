import { requireClassCount } from "../data/labels.js";
import { type RowData, readRows, requireColumns, requireEqualRows, requireLabels } from "../data/matrix.js";
import type { Rows } from "../data/rows.js";
import type { Matrix } from "../data/tensor.js";
import type { FloatArray } from "../dtype.js";
import { type OptionsOf, readOptions, requireNotNegative } from "../validation.js";
import { classOf } from "./classes.js";
import { ConfusionCounts } from "./confusion.js";

export interface ConfusionOptions {
  /** If given, outputs are predicted labels instead, 0 … classes − 1. */
  readonly classes?: number | undefined;
  /** A weight of 0 or more for each row. Default: each counts once. */
  readonly weights?: ArrayLike<number> | undefined;
}

const OPTIONS: OptionsOf<ConfusionOptions> = {
  classes: { check: requireClassCount, default: undefined },
  weights: { check: () => {}, default: undefined },
};

/**
 * How many rows of each class were predicted as each class, as scikit-learn's `confusion_matrix`: a tensor [classes,
 * classes] in float64, element [actual][predicted]. With weights, the sum of the weights.
 *
 * @param outputs [rows, classes], such as `predict` returns: the largest is the predicted class; the first wins ties.
 *   One column: the probability of class 1, and class 1 is predicted above 0.5.
 * @param targets labels [rows], or [rows, classes]: the largest is the class
 * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `invalidOption`.
 */
export function confusionMatrix(outputs: Rows, targets: Rows, options: ConfusionOptions = {}): Matrix {
  const { classes: labels, weights: given } = readOptions("confusionMatrix", options, OPTIONS);
  const predicted = readRows("outputs", outputs, labels);
  const classes = labels ?? Math.max(2, predicted.columns);
  if (labels !== undefined) requireColumns("outputs", predicted, [1]);
  const actual = readTargets(targets, classes);
  requireEqualRows("outputs", predicted, "targets", actual.rows);
  const weights = given === undefined ? undefined : readWeights(given, predicted);
  const counts = new ConfusionCounts(classes);
  const predictedClass = labels === undefined ? classOf : labelOf;
  const actualClass = actual.columns === 1 ? labelOf : classOf;
  for (let row = 0; row < predicted.rows; row++) {
    counts.count(
      actualClass(actual.data, row, actual.columns),
      predictedClass(predicted.data, row, predicted.columns),
      weights ? weights[row]! : 1,
    );
  }
  return counts.matrix();
}

function labelOf(labels: FloatArray, row: number): number {
  return labels[row]!;
}

/** Labels, or rows with a number for each class. */
function readTargets(targets: Rows, classes: number): RowData {
  const rows = readRows("targets", targets);
  requireColumns("targets", rows, [1, classes]);
  if (rows.columns === 1) requireLabels("targets", rows.data, classes);
  return rows;
}

function readWeights(given: unknown, { rows }: RowData): FloatArray {
  const weights = readRows("weights", given);
  requireColumns("weights", weights, [1]);
  requireEqualRows("weights", weights, "outputs", rows);
  for (const [row, weight] of weights.data.entries()) requireNotNegative(`weights[${row}]`, weight);
  return weights.data;
}
