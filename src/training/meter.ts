import type { NetworkDescription } from "../description.js";
import { allocate, type FloatArray } from "../dtype.js";
import type { ConfusionCounts } from "../metrics/confusion.js";
import type { Metric, MetricAccumulator, MetricShape } from "../metrics/metric.js";
import type { Samples } from "../wasm/samples.js";

/** What metrics must know of a network. */
export function metricShape({ outputs, loss, dtype }: NetworkDescription): MetricShape {
  return { outputs, takesLabels: loss.takesLabels, dtype };
}

/** Computes metrics over rows that come in slices. */
export class Meter {
  readonly #metrics: readonly Metric[];
  readonly #shape: MetricShape;
  readonly #counts: ConfusionCounts | undefined;
  #accumulators: readonly MetricAccumulator[];
  #targets: FloatArray;

  /** `counts`: where it also counts the classes of the rows. */
  constructor(metrics: readonly Metric[], shape: MetricShape, counts?: ConfusionCounts) {
    this.#metrics = metrics;
    this.#shape = shape;
    this.#counts = counts;
    this.#targets = allocate(shape.dtype, 0);
    this.#accumulators = this.#create();
  }

  /**
   * Takes the predictions [end − begin, outputs] for the rows at positions `begin` … `end` − 1 of `order`. Undefined: the
   * rows as they are stored.
   */
  add(
    predictions: FloatArray,
    samples: Samples,
    order: Uint32Array | undefined,
    begin: number,
    end: number,
  ): void {
    const targets = this.#targetsOf(samples, order, begin, end);
    for (const accumulator of this.#accumulators) accumulator.add(predictions, targets, end - begin);
    this.#counts?.countRows(this.#shape, predictions, targets, end - begin);
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

  #targetsOf(samples: Samples, order: Uint32Array | undefined, begin: number, end: number): FloatArray {
    const width = samples.widths.targets;
    const all = samples.targets();
    if (!order) return all.subarray(begin * width, end * width);
    const length = (end - begin) * width;
    if (this.#targets.length !== length) this.#targets = allocate(this.#shape.dtype, length);
    let i = 0;
    for (let position = begin; position < end; position++) {
      const first = order[position]! * width;
      for (let column = 0; column < width; column++) this.#targets[i++] = all[first + column]!;
    }
    return this.#targets;
  }
}
