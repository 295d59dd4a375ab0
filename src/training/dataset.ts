import type { RowFormat } from "../data/rows.js";
import { BackpropError } from "../errors.js";
import type { Model } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";

/** The formats of the inputs and of the targets that a network takes. */
export interface SampleFormats {
  readonly inputs: RowFormat;
  readonly targets: RowFormat;
}

/**
 * Inputs and targets that stay in the core's memory, created by `network.createDataset`. `fit`, `fitSync`, `epochs`,
 * `partialFit`, `evaluate`, `gradients` and `validationData` accept it instead of inputs and targets, and `predict`
 * accepts it instead of inputs, without checking or copying the rows again. Memory: 4 bytes for each number in float32, 8 in
 * float64, and 1 for each input that is a byte with a scale.
 *
 * Other networks may use it, and it outlives the network that created it. They need the same `dtype` and `numerics`,
 * rows of the same widths and, if targets are labels, the same number of classes. Either all of them have `threads`
 * above 1, or none.
 */
export class Dataset {
  readonly rows: number;
  readonly #samples: Samples;
  readonly #formats: SampleFormats;
  #isDisposed = false;

  /** @internal Takes over the samples. */
  constructor(samples: Samples, formats: SampleFormats) {
    this.rows = samples.rows;
    this.#samples = samples;
    this.#formats = formats;
    Object.freeze(this);
  }

  /** @internal Whether `value` is a dataset. Unlike `instanceof`, runs no code of a proxy. */
  static is(value: unknown): value is Dataset {
    return typeof value === "object" && value !== null && #samples in value;
  }

  /**
   * @internal The samples, for a network with this model and these formats. The caller must dispose them and, if
   *   `isWeighted`, write their weights. Several users may hold samples at the same time.
   *
   * @throws BackpropError `disposed`; `invalidShape` or `invalidOption` if the network needs other samples.
   */
  open(model: Model, formats: SampleFormats, isWeighted: boolean): Samples {
    if (this.#isDisposed) {
      throw new BackpropError("disposed", "The dataset was disposed. Create a new one with createDataset.");
    }
    if (!model.canRead(this.#samples)) throw ofOtherCore();
    requireSameFormat("inputs", this.#formats.inputs, formats.inputs);
    requireSameFormat("targets", this.#formats.targets, formats.targets);
    return this.#samples.slice(0, this.rows, isWeighted);
  }

  /** Frees the memory: at once, or when the fits that use the dataset have ended. Every later use throws `disposed`. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#samples.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function ofOtherCore(): BackpropError {
  return new BackpropError(
    "invalidOption",
    "The dataset was created for a network of another dtype, of other numerics, or with threads where this one has none or " +
      "the reverse. Create one with this network's createDataset.",
  );
}

function requireSameFormat(noun: "inputs" | "targets", actual: RowFormat, expected: RowFormat): void {
  if (formatOf(actual) === formatOf(expected)) return;
  throw new BackpropError(
    "invalidShape",
    `The ${noun} of the dataset are ${formatOf(actual)}; this network takes ${formatOf(expected)}. Create a dataset with ` +
      "this network's createDataset.",
  );
}

function formatOf({ width, classes, categories }: RowFormat): string {
  if (classes !== undefined) return `labels from 0 to ${classes - 1}`;
  const columns = Object.entries(categories ?? []).map(([column, count]) => `${count} in column ${column}`);
  const embedded = columns.length > 0 ? `, with categories: ${columns.join(", ")}` : "";
  return `rows of ${width} ${width === 1 ? "number" : "numbers"}${embedded}`;
}
