import { BackpropError } from "../errors.js";
import { requirePositiveInteger } from "../validation.js";
import { classOf, isPositive, targetClassOf } from "./classes.js";
import type { Metric, MetricShape } from "./metric.js";
import { type Term, WeightedMean } from "./weightedMean.js";

/**
 * The share of rows whose class is right: scikit-learn's `accuracy_score`. The class is the index of the largest
 * output; the first wins ties. One output: class 1 above 0.5, else class 0.
 */
export const accuracy: Metric = {
  name: "accuracy",
  direction: "max",
  create: (shape) =>
    new WeightedMean((outputs, targets, row) =>
      Number(classOf(outputs, row, shape.outputs) === targetClassOf(targets, row, shape)),
    ),
};

/** The share of outputs on the same side of 0.5 as their targets: 1 − scikit-learn's `hamming_loss`. */
export const binaryAccuracy: Metric = {
  name: "binaryAccuracy",
  direction: "max",
  create(shape) {
    requireNumbers("binaryAccuracy", shape);
    return new WeightedMean(
      meanOverOutputs(shape, (output, target) => Number(isPositive(output) === isPositive(target))),
    );
  },
};

/**
 * The share of rows whose class is among the `k` largest outputs: scikit-learn's `top_k_accuracy_score`. Of equal
 * outputs, the later one counts as larger, as in scikit-learn.
 *
 * @param k an integer from 1 to one less than the number of outputs. In `metrics`, the name "topKAccuracy" means k = 5.
 *   The metric's name in the history is "top3Accuracy" for k = 3.
 * @throws BackpropError `invalidOption` if k is not a positive integer. A fit throws it if k is not below the number of
 *   outputs.
 */
export function topKAccuracy(k: number): TopKMetric {
  requirePositiveInteger("k", k);
  return topK(k, `top${k}Accuracy`);
}

/** A top-k accuracy. Its `k` tells a worker which metric to make: functions cannot be sent to it. */
export interface TopKMetric extends Metric {
  readonly k: number;
}

export function topK(k: number, name: string): TopKMetric {
  return {
    k,
    name,
    direction: "max",
    create(shape) {
      const { outputs: width } = shape;
      if (k >= width) {
        throw new BackpropError(
          "invalidOption",
          `metric "${name}" asks whether the class is among the ${k} largest of ${width} outputs; expected more ` +
            'outputs. Use topKAccuracy(k) with a smaller k, or "accuracy".',
        );
      }
      return new WeightedMean((outputs, targets, row) =>
        Number(rankOf(outputs, row * width, width, targetClassOf(targets, row, shape)) < k),
      );
    },
  };
}

/** How many of the `width` values from `begin` on precede value `index`, if they are sorted with the largest first. */
function rankOf(values: ArrayLike<number>, begin: number, width: number, index: number): number {
  const value = values[begin + index]!;
  let rank = 0;
  for (let i = 0; i < width; i++) {
    const other = values[begin + i]!;
    if (other > value || (other === value && i > index)) rank++;
  }
  return rank;
}

/** The mean of a term over the outputs of a row. */
export function meanOverOutputs(
  { outputs: width }: MetricShape,
  termOf: (output: number, target: number) => number,
): Term {
  return (outputs, targets, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += termOf(outputs[i]!, targets[i]!);
    return sum / width;
  };
}

/** @throws BackpropError `invalidOption` if targets are labels. */
export function requireNumbers(name: string, { takesLabels }: MetricShape): void {
  if (!takesLabels) return;
  throw new BackpropError(
    "invalidOption",
    `metric "${name}" compares each output with a target, but the targets of this loss are labels; expected a metric of ` +
      'classes, such as "accuracy".',
  );
}
