// Counts of actual and predicted classes, and the metrics that follow from them.

import { type Matrix, Tensor } from "../data/tensor.js";
import { allocate, type FloatArray } from "../dtype.js";
import { classCount, classOf, targetClassOf } from "./classes.js";
import type { Metric, MetricAccumulator, MetricShape } from "./metric.js";

/** Sums of weights of rows, for each pair of actual and predicted class. */
export class ConfusionCounts {
  readonly classes: number;
  readonly #counts: Float64Array;

  constructor(classes: number) {
    this.classes = classes;
    this.#counts = allocate("float64", classes * classes);
  }

  count(actual: number, predicted: number, weight: number): void {
    this.#counts[actual * this.classes + predicted]! += weight;
  }

  /** Counts rows of a network with this shape; see MetricAccumulator.add. */
  countRows(
    shape: MetricShape,
    outputs: FloatArray,
    targets: FloatArray,
    rows: number,
    weights?: FloatArray,
  ): void {
    for (let row = 0; row < rows; row++) {
      const actual = targetClassOf(targets, row, shape);
      this.count(actual, classOf(outputs, row, shape.outputs), weights ? weights[row]! : 1);
    }
  }

  /** [actual][predicted]. */
  matrix(): Matrix {
    return new Tensor([this.classes, this.classes], this.#counts.slice()) as Matrix;
  }

  /** The counts of one class against all others. */
  countsOf(classNumber: number): ClassCounts {
    let actual = 0;
    let predicted = 0;
    for (let i = 0; i < this.classes; i++) {
      actual += this.#counts[classNumber * this.classes + i]!;
      predicted += this.#counts[i * this.classes + classNumber]!;
    }
    return { actual, predicted, right: this.#counts[classNumber * (this.classes + 1)]! };
  }
}

/** Sums of weights of rows. */
interface ClassCounts {
  /** Rows of the class. */
  readonly actual: number;
  /** Rows predicted as the class. */
  readonly predicted: number;
  /** Rows of the class that were predicted as it. */
  readonly right: number;
}

/**
 * The share of class 1 among the rows predicted as class 1: scikit-learn's `precision_score`; 0 without such rows. One
 * output: class 1 above 0.5, else class 0. Several outputs: the mean over the classes that occur in targets or
 * predictions, as with `average="macro"`.
 */
export const precision: Metric = ofClasses("precision", ({ right, predicted }) => ratio(right, predicted));

/**
 * The share of the rows of class 1 that were predicted as class 1: scikit-learn's `recall_score`; 0 if there are no
 * rows of class 1. Several outputs: as `precision`.
 */
export const recall: Metric = ofClasses("recall", ({ right, actual }) => ratio(right, actual));

/**
 * The harmonic mean of the precision and the recall of class 1: scikit-learn's `f1_score`; 0 if there are no such rows.
 * Several outputs: the mean of the classes' values, as `precision`.
 */
export const f1: Metric = ofClasses("f1", ({ right, predicted, actual }) =>
  ratio(2 * right, predicted + actual),
);

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function ofClasses(name: string, figure: (counts: ClassCounts) => number): Metric {
  return { name, direction: "max", create: (shape) => new ClassFigure(shape, figure) };
}

class ClassFigure implements MetricAccumulator {
  readonly #shape: MetricShape;
  readonly #counts: ConfusionCounts;
  readonly #figure: (counts: ClassCounts) => number;

  constructor(shape: MetricShape, figure: (counts: ClassCounts) => number) {
    this.#shape = shape;
    this.#counts = new ConfusionCounts(classCount(shape));
    this.#figure = figure;
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    this.#counts.countRows(this.#shape, outputs, targets, rows, weights);
  }

  result(): number {
    return this.#shape.outputs === 1 ? this.#figure(this.#counts.countsOf(1)) : this.#macroAverage();
  }

  #macroAverage(): number {
    let sum = 0;
    let classes = 0;
    for (let i = 0; i < this.#counts.classes; i++) {
      const counts = this.#counts.countsOf(i);
      if (counts.actual + counts.predicted === 0) continue;
      sum += this.#figure(counts);
      classes++;
    }
    return sum / classes;
  }
}
