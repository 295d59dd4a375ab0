// What a metric is: a figure of outputs and targets that is reported, but not trained on.

import type { DType, FloatArray } from "../dtype.js";

/** The properties of a network that metrics need. */
export interface MetricShape {
  readonly outputs: number;
  /** Whether a target is one label instead of one number for each output. */
  readonly takesLabels: boolean;
  readonly dtype: DType;
}

/** Takes rows, and computes a metric over all of them. */
export interface MetricAccumulator {
  /**
   * Adds `rows` rows. The arrays are valid only during the call.
   *
   * @param outputs row-major [rows, outputs]
   * @param targets row-major [rows, outputs], or labels [rows] if the shape takes labels
   * @param weights [rows], each 0 or more; a row of weight 0 is ignored. Without weights each row counts once.
   */
  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void;
  /** The metric over the rows so far; NaN if it is not defined for them. */
  result(): number;
}

/**
 * A metric, such as `topKAccuracy(3)`. Its functions must not be asynchronous: a fit throws `invalidOption` if one
 * returns a promise, or if `result` does not return a number. Their exceptions pass through.
 */
export interface Metric {
  /** Its name in the history. */
  readonly name: string;
  /** Whether larger or smaller values are better. */
  readonly direction: "max" | "min";
  /** @throws BackpropError `invalidOption` if the metric is not defined for networks with this shape. */
  create(shape: MetricShape): MetricAccumulator;
}
