import { allocate } from "../arrays.js";
import type { Dataset, DType, FloatArray } from "../engine.js";

export class TypescriptDataset implements Dataset {
  readonly rows: number;
  #inputs: FloatArray;
  #targets: FloatArray;

  constructor(dtype: DType, rows: number, inputWidth: number, targetWidth: number) {
    this.rows = rows;
    this.#inputs = allocate(dtype, rows * inputWidth);
    this.#targets = allocate(dtype, rows * targetWidth);
  }

  inputs(): FloatArray {
    return this.#inputs;
  }

  targets(): FloatArray {
    return this.#targets;
  }

  dispose(): void {
    this.#inputs = this.#inputs.slice(0, 0);
    this.#targets = this.#targets.slice(0, 0);
  }
}
