// Metrics that compare each output with a number.

import type { FloatArray } from "../dtype.js";
import { meanOverOutputs, requireNumbers } from "./accuracy.js";
import type { Metric, MetricAccumulator } from "./metric.js";
import { WeightedMean } from "./weightedMean.js";

/** The smallest divisor of a relative error: NumPy's `finfo(float64).eps`. */
const EPSILON = 2 ** -52;

/** The mean of |output − target| over rows and outputs: scikit-learn's `mean_absolute_error`. */
export const mae: Metric = meanOf("mae", (output, target) => Math.abs(output - target));

/**
 * The mean of |output − target| / max(|target|, 2⁻⁵²) over rows and outputs: scikit-learn's
 * `mean_absolute_percentage_error`. It is a fraction, not percent: 0.1 means 10 %. A target of 0 makes it huge.
 */
export const mape: Metric = meanOf(
  "mape",
  (output, target) => Math.abs(output - target) / Math.max(Math.abs(target), EPSILON),
);

/**
 * √(mean of (output − target)² over the rows), averaged over the outputs: scikit-learn's `root_mean_squared_error`.
 */
export const rmse: Metric = {
  name: "rmse",
  direction: "min",
  create(shape) {
    requireNumbers("rmse", shape);
    return new ColumnErrors(shape.outputs, ({ errors, weight }) => Math.sqrt(errors / weight));
  },
};

/**
 * 1 − Σ(output − target)² / Σ(target − mean target)², averaged over the outputs: scikit-learn's `r2_score`. For an
 * output whose targets are all equal it is 1 if there is no error, else 0. NaN for fewer than 2 rows.
 */
export const r2: Metric = {
  name: "r2",
  direction: "max",
  create(shape) {
    requireNumbers("r2", shape);
    return new ColumnErrors(shape.outputs, determination);
  },
};

function determination({ errors, deviations, rows }: ColumnSums): number {
  if (rows < 2) return Number.NaN;
  if (deviations === 0) return errors === 0 ? 1 : 0;
  return 1 - errors / deviations;
}

function meanOf(name: string, termOf: (output: number, target: number) => number): Metric {
  return {
    name,
    direction: "min",
    create(shape) {
      requireNumbers(name, shape);
      return new WeightedMean(meanOverOutputs(shape, termOf));
    },
  };
}

/** Weighted sums over the rows of one output. */
interface ColumnSums {
  /** Rows whose weight is not 0. */
  readonly rows: number;
  /** Σ weight. */
  readonly weight: number;
  /** Σ weight · (output − target)². */
  readonly errors: number;
  /** Σ weight · (target − mean target)². */
  readonly deviations: number;
}

/**
 * Computes a figure from the ColumnSums of each output, and averages it over the outputs, in float64. Rows are added
 * one by one, so the bits do not depend on how they are divided into calls. The deviations are updated with the mean of
 * the rows so far: D. H. D. West, "Updating Mean and Variance Estimates: An Improved Method", CACM 22 (1979).
 */
class ColumnErrors implements MetricAccumulator {
  readonly #figure: (sums: ColumnSums) => number;
  readonly #errors: Float64Array;
  readonly #means: Float64Array;
  readonly #deviations: Float64Array;
  #rows = 0;
  #weight = 0;

  constructor(outputs: number, figure: (sums: ColumnSums) => number) {
    this.#figure = figure;
    this.#errors = new Float64Array(outputs);
    this.#means = new Float64Array(outputs);
    this.#deviations = new Float64Array(outputs);
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    for (let row = 0; row < rows; row++) {
      const weight = weights ? weights[row]! : 1;
      if (weight > 0) this.#addRow(outputs, targets, row * this.#errors.length, weight);
    }
  }

  #addRow(outputs: FloatArray, targets: FloatArray, begin: number, weight: number): void {
    this.#rows++;
    this.#weight += weight;
    const share = weight / this.#weight;
    for (let i = 0; i < this.#errors.length; i++) {
      const target = targets[begin + i]!;
      const error = outputs[begin + i]! - target;
      this.#errors[i]! += weight * (error * error);
      const deviation = target - this.#means[i]!;
      this.#means[i]! += share * deviation;
      this.#deviations[i]! += weight * (deviation * (target - this.#means[i]!));
    }
  }

  result(): number {
    let sum = 0;
    for (let i = 0; i < this.#errors.length; i++) {
      sum += this.#figure({
        rows: this.#rows,
        weight: this.#weight,
        errors: this.#errors[i]!,
        deviations: this.#deviations[i]!,
      });
    }
    return sum / this.#errors.length;
  }
}
