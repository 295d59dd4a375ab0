import type { FloatArray } from "../dtype.js";
import type { Model } from "../wasm/model.js";

/** The values of a copy: the parameters, the buffers and, if it exists, the average of the parameters. */
export interface CopiedValues {
  readonly parameters: FloatArray;
  readonly buffers: FloatArray;
  readonly average?: FloatArray | undefined;
}

/** A copy of what a network predicts with, which can be made again and again in the same memory. */
export class ParameterCopy {
  #values: CopiedValues | undefined;
  /** Memory of earlier copies, for the next one. */
  #memory: CopiedValues | undefined;

  /** `values`: a copy that exists already. It is not overwritten. */
  constructor(values?: CopiedValues) {
    this.#values = values;
  }

  /** Undefined before the first copy. Valid until the next one. */
  get values(): CopiedValues | undefined {
    return this.#values;
  }

  /** Copies the parameters and buffers of `model` over the previous copy. */
  keep(model: Model): void {
    const { parameters, buffers, average } = this.#memory ?? {};
    this.#memory = {
      parameters: copyTo(parameters, model.parameters()),
      buffers: copyTo(buffers, model.buffers()),
      average: model.hasAverage ? copyTo(average, model.predictionParameters()) : undefined,
    };
    this.#values = this.#memory;
  }

  /** Writes the copy back to `model`; does nothing without a copy. An average that the copy lacks restarts. */
  restore(model: Model): void {
    if (!this.#values) return;
    const { parameters, buffers, average } = this.#values;
    model.parameters().set(parameters);
    model.buffers().set(buffers);
    if (!model.hasAverage) return;
    if (average) model.predictionParameters().set(average);
    else model.restartAverage();
  }
}

function copyTo(copy: FloatArray | undefined, values: FloatArray): FloatArray {
  if (!copy) return values.slice();
  copy.set(values);
  return copy;
}
