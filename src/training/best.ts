import type { FloatArray } from "../dtype.js";
import type { Model } from "../wasm/model.js";

/** A copy of the parameters, the buffers and, if it exists, the average of the parameters. */
export class BestParameters {
  #parameters: FloatArray | undefined;
  #average: FloatArray | undefined;
  #buffers: FloatArray | undefined;

  /** Copies the parameters and buffers of `model` over the previous copy. */
  keep(model: Model): void {
    this.#parameters = copyTo(this.#parameters, model.parameters());
    this.#average = model.hasAverage ? copyTo(this.#average, model.predictionParameters()) : undefined;
    this.#buffers = copyTo(this.#buffers, model.buffers());
  }

  /** Writes the copy back to `model`; does nothing without a copy. An average that the copy lacks restarts. */
  restore(model: Model): void {
    if (!this.#parameters) return;
    model.parameters().set(this.#parameters);
    model.buffers().set(this.#buffers!);
    if (!model.hasAverage) return;
    if (this.#average) model.predictionParameters().set(this.#average);
    else model.restartAverage();
  }
}

function copyTo(copy: FloatArray | undefined, values: FloatArray): FloatArray {
  if (!copy) return values.slice();
  copy.set(values);
  return copy;
}
