import type { FloatArray } from "../dtype.js";
import type { MetricAccumulator } from "./metric.js";

/** The contribution of one row to a mean. */
export type Term = (outputs: FloatArray, targets: FloatArray, row: number) => number;

/**
 * Σ weight · term / Σ weight, in float64. Rows are added one by one in their order, so the bits do not depend on how
 * they are divided into calls.
 */
export class WeightedMean implements MetricAccumulator {
  readonly #term: Term;
  #sum = 0;
  #weight = 0;

  constructor(term: Term) {
    this.#term = term;
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    for (let row = 0; row < rows; row++) {
      const weight = weights ? weights[row]! : 1;
      if (weight === 0) continue;
      this.#sum += weight * this.#term(outputs, targets, row);
      this.#weight += weight;
    }
  }

  result(): number {
    return this.#sum / this.#weight;
  }
}
