import type { FloatArray } from "../dtype.js";
import { classCount, targetClassOf } from "./classes.js";
import type { Metric, MetricAccumulator, MetricShape } from "./metric.js";
import { RowLog } from "./rowLog.js";

/**
 * The area under the ROC curve: the probability that a random row of class 1 has a larger output than a random other
 * row, ties counted half: scikit-learn's `roc_auc_score`. Several outputs: the mean over the classes, each against all
 * others, as with `multi_class="ovr", average="macro"`. NaN if a class, or the rows of all others, are missing.
 *
 * It keeps all outputs and targets, and sorts the rows once for each class. T. Fawcett, "An introduction to ROC
 * analysis", Pattern Recognition Letters 27 (2006), algorithm 2.
 */
export const rocAuc: Metric = {
  name: "rocAuc",
  direction: "max",
  create: (shape) => new RocAuc(shape),
};

class RocAuc implements MetricAccumulator {
  readonly #shape: MetricShape;
  readonly #log: RowLog;

  constructor(shape: MetricShape) {
    this.#shape = shape;
    this.#log = new RowLog(shape);
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    this.#log.add(outputs, targets, rows, weights);
  }

  result(): number {
    const { outputs, targets, rows, weights } = this.#log;
    const { outputs: width } = this.#shape;
    const classes = Uint32Array.from({ length: rows }, (_, row) => targetClassOf(targets, row, this.#shape));
    if (width === 1) return areaUnderCurve(outputs, classes, 1, weights);
    let sum = 0;
    for (let i = 0; i < classCount(this.#shape); i++) {
      const scores = Float64Array.from({ length: rows }, (_, row) => outputs[row * width + i]!);
      sum += areaUnderCurve(scores, classes, i, weights);
    }
    return sum / width;
  }
}

/** The area under the curve of class `positive` against all others. Rows with equal scores are one point of it. */
function areaUnderCurve(
  scores: FloatArray,
  classes: Uint32Array,
  positive: number,
  weights: FloatArray | undefined,
): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]!]!;
    const abovePositives = positives;
    const aboveNegatives = negatives;
    for (; i < order.length && scores[order[i]!] === score; i++) {
      const weight = weights ? weights[order[i]!]! : 1;
      if (classes[order[i]!] === positive) positives += weight;
      else negatives += weight;
    }
    area += ((negatives - aboveNegatives) * (positives + abovePositives)) / 2;
  }
  return area / (positives * negatives);
}
