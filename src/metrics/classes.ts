// The class of a row. One output means two classes; several outputs mean as many classes.

import type { FloatArray } from "../dtype.js";
import type { MetricShape } from "./metric.js";

const THRESHOLD = 0.5;

export function classCount({ outputs }: MetricShape): number {
  return Math.max(2, outputs);
}

/**
 * The class of a row of `values` [rows, width]: the index of its largest value; the first wins ties. For a width of 1,
 * the class is 1 if the value is above 0.5, else 0.
 */
export function classOf(values: FloatArray, row: number, width: number): number {
  if (width === 1) return isPositive(values[row]!) ? 1 : 0;
  const begin = row * width;
  let best = 0;
  for (let i = 1; i < width; i++) if (values[begin + i]! > values[begin + best]!) best = i;
  return best;
}

/** The class of the target of a row. */
export function targetClassOf(targets: FloatArray, row: number, shape: MetricShape): number {
  return shape.takesLabels ? targets[row]! : classOf(targets, row, shape.outputs);
}

/** Whether the value of a single output, or of its target, means class 1. */
export function isPositive(value: number): boolean {
  return value > THRESHOLD;
}
