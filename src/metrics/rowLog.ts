import { allocate, type DType, type FloatArray } from "../dtype.js";
import type { MetricShape } from "./metric.js";

/** Keeps all rows, for metrics that need them at the end. Memory: up to twice the outputs, targets and weights. */
export class RowLog {
  readonly #width: number;
  readonly #targetWidth: number;
  readonly #outputs: GrowingArray;
  readonly #targets: GrowingArray;
  readonly #weights: GrowingArray;
  #rows = 0;
  #isWeighted = false;

  constructor({ outputs, takesLabels, dtype }: MetricShape) {
    this.#width = outputs;
    this.#targetWidth = takesLabels ? 1 : outputs;
    this.#outputs = new GrowingArray(dtype);
    this.#targets = new GrowingArray(dtype);
    this.#weights = new GrowingArray(dtype);
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    this.#outputs.append(rows * this.#width).set(outputs.subarray(0, rows * this.#width));
    this.#targets.append(rows * this.#targetWidth).set(targets.subarray(0, rows * this.#targetWidth));
    const room = this.#weights.append(rows);
    if (weights) room.set(weights.subarray(0, rows));
    else room.fill(1);
    this.#rows += rows;
    this.#isWeighted ||= weights !== undefined;
  }

  get rows(): number {
    return this.#rows;
  }

  get outputs(): FloatArray {
    return this.#outputs.values;
  }

  get targets(): FloatArray {
    return this.#targets.values;
  }

  /** Undefined if no row had a weight. */
  get weights(): FloatArray | undefined {
    return this.#isWeighted ? this.#weights.values : undefined;
  }
}

class GrowingArray {
  readonly #dtype: DType;
  #values: FloatArray;
  #length = 0;

  constructor(dtype: DType) {
    this.#dtype = dtype;
    this.#values = allocate(dtype, 0);
  }

  /** Appends `count` elements, and returns a view of them. */
  append(count: number): FloatArray {
    const begin = this.#length;
    this.#length += count;
    if (this.#length > this.#values.length) {
      const larger = allocate(this.#dtype, Math.max(this.#length, 2 * begin));
      larger.set(this.#values.subarray(0, begin));
      this.#values = larger;
    }
    return this.#values.subarray(begin, this.#length);
  }

  get values(): FloatArray {
    return this.#values.subarray(0, this.#length);
  }
}
