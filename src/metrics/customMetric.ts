import { type Matrix, Tensor } from "../data/tensor.js";
import type { FloatArray } from "../dtype.js";
import { type OptionsOf, ofType, oneOf, readOptions } from "../validation.js";
import type { Metric, MetricAccumulator, MetricShape } from "./metric.js";
import { requireMetricName } from "./metricName.js";
import { RowLog } from "./rowLog.js";
import { requireNumber } from "./userMetric.js";

export interface CustomMetricOptions {
  /** Its name in the history: letters and digits, beginning with a letter. */
  readonly name: string;
  /** Whether larger or smaller values are better. */
  readonly direction: "max" | "min";
  /**
   * Computes the metric of all rows: `outputs` [rows, outputs], and `targets` [rows, outputs], or [rows] for a loss
   * that takes labels. `weights` has a number for each row if the rows are weighted, else it is undefined. The rows are
   * in the order in which they were used.
   */
  readonly compute: (outputs: Matrix, targets: Tensor, weights: FloatArray | undefined) => number;
}

const OPTIONS: OptionsOf<CustomMetricOptions> = {
  name: { check: requireMetricName },
  direction: { check: oneOf(["max", "min"]) },
  compute: { check: ofType("function") },
};

/**
 * A metric computed by a function. Cost: the outputs, targets and weights of all rows are kept until the end of the
 * epoch or evaluation, up to twice their size, and are copied once.
 *
 * @throws BackpropError `invalidOption` or `unknownName`. A fit throws `invalidOption` if `compute` does not return a
 *   number; its exceptions pass through.
 */
export function customMetric(options: CustomMetricOptions): Metric {
  const { name, direction, compute } = readOptions("customMetric", options, OPTIONS);
  return Object.freeze<Metric>({
    name,
    direction,
    create: (shape) => new CustomAccumulator(name, shape, compute),
  });
}

class CustomAccumulator implements MetricAccumulator {
  readonly #name: string;
  readonly #shape: MetricShape;
  readonly #compute: CustomMetricOptions["compute"];
  readonly #log: RowLog;

  constructor(name: string, shape: MetricShape, compute: CustomMetricOptions["compute"]) {
    this.#name = name;
    this.#shape = shape;
    this.#compute = compute;
    this.#log = new RowLog(shape);
  }

  add(outputs: FloatArray, targets: FloatArray, rows: number, weights?: FloatArray): void {
    this.#log.add(outputs, targets, rows, weights);
  }

  result(): number {
    const { rows, outputs, targets, weights } = this.#log;
    const { outputs: width, takesLabels } = this.#shape;
    const targetShape = takesLabels ? [rows] : [rows, width];
    const value: unknown = this.#compute(
      new Tensor([rows, width], outputs) as Matrix,
      new Tensor(targetShape, targets),
      weights,
    );
    return requireNumber(`compute of metric "${this.#name}"`, value);
  }
}
