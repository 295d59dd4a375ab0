// How good predictions are.

import type { Matrix } from "backprop-wasm";
import { meanOf } from "./rows.js";

/** The share of rows whose most probable class is their target. One output is the probability of class 1. */
export function accuracy(predictions: Matrix, targets: ArrayLike<number>): number {
  const isRight = (row: readonly number[], i: number) => Number(classOf(row) === targets[i]);
  return meanOf(predictions.toArray().map(isRight));
}

function classOf(probabilities: readonly number[]): number {
  if (probabilities.length === 1) return Number(probabilities[0]! > 0.5);
  return probabilities.indexOf(Math.max(...probabilities));
}

/** R² = 1 − Σ(t − a)² / Σ(t − mean t)² */
export function rSquared({ data }: Matrix, targets: readonly number[]): number {
  const mean = meanOf(targets);
  const errors = targets.map((target, row) => (target - data[row]!) ** 2);
  const deviations = targets.map((target) => (target - mean) ** 2);
  return 1 - meanOf(errors) / meanOf(deviations);
}
