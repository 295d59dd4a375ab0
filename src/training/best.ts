import type { FloatArray } from "../dtype.js";
import type { Model } from "../wasm/model.js";

/** A copy of the parameters, of their average if there is one, and of the buffers. */
export class BestParameters {
  #parameters: FloatArray | undefined;
  #average: FloatArray | undefined;
  #buffers: FloatArray | undefined;

  /** Copies them, in place of the ones copied before. */
  keep(model: Model): void {
    this.#parameters = copyTo(this.#parameters, model.parameters());
    this.#average = model.hasAverage ? copyTo(this.#average, model.predictionParameters()) : undefined;
    this.#buffers = copyTo(this.#buffers, model.buffers());
  }

  /** Writes them back, if there are any. An average that did not exist when they were copied restarts. */
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
