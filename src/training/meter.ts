import type { NetworkDescription } from "../description.js";
import type { FloatArray } from "../dtype.js";
import type { ConfusionCounts } from "../metrics/confusion.js";
import type { Metric, MetricAccumulator, MetricShape } from "../metrics/metric.js";
import type { Samples } from "../wasm/samples.js";

/** The properties of a network that metrics need. */
export function metricShape({ outputs, loss, dtype }: NetworkDescription): MetricShape {
  return { outputs, takesLabels: loss.takesLabels, dtype };
}

/** Computes metrics over rows that come in slices. */
export class Meter {
  readonly #metrics: readonly Metric[];
  readonly #shape: MetricShape;
  readonly #counts: ConfusionCounts | undefined;
  #accumulators: readonly MetricAccumulator[];

  /** `counts`: also counts the classes of the rows. */
  constructor(metrics: readonly Metric[], shape: MetricShape, counts?: ConfusionCounts) {
    this.#metrics = metrics;
    this.#shape = shape;
    this.#counts = counts;
    this.#accumulators = this.#create();
  }

  /**
   * Takes the predictions [end − begin, outputs] for the rows at positions `begin` … `end` − 1 of `order`, with their
   * weights. Undefined: the rows as they are stored.
   */
  add(
    predictions: FloatArray,
    samples: Samples,
    order: Uint32Array | undefined,
    begin: number,
    end: number,
  ): void {
    // Copies, because metrics of users may write to them, or call the network, which overwrites its predictions.
    const outputs = predictions.slice();
    const targets = copyRows(samples.targets(), samples.widths.targets, order, begin, end);
    const stored = samples.weights();
    const weights = stored && copyRows(stored, 1, order, begin, end);
    for (const accumulator of this.#accumulators) accumulator.add(outputs, targets, end - begin, weights);
    this.#counts?.countRows(this.#shape, outputs, targets, end - begin, weights);
  }

  /** The metrics over the rows since the last call, by name. */
  take(): Record<string, number> {
    const results = this.#metrics.map(({ name }, i) => [name, this.#accumulators[i]!.result()]);
    this.#accumulators = this.#create();
    return Object.fromEntries(results);
  }

  #create(): readonly MetricAccumulator[] {
    return this.#metrics.map((metric) => metric.create(this.#shape));
  }
}

/** The rows [width] of `all` at positions `begin` … `end` − 1 of `order`. */
function copyRows(
  all: FloatArray,
  width: number,
  order: Uint32Array | undefined,
  begin: number,
  end: number,
): FloatArray {
  const rows = all.slice(begin * width, end * width);
  if (!order) return rows;
  let i = 0;
  for (let position = begin; position < end; position++) {
    const first = order[position]! * width;
    for (let column = 0; column < width; column++) rows[i++] = all[first + column]!;
  }
  return rows;
}
