import { BackpropError } from "../../errors.js";
import type { Dataset, DType, FloatArray, Model, NetworkDescription, Run, RunOptions } from "../engine.js";
import { TypescriptDataset } from "./dataset.js";
import { MICROBATCH, Network } from "./network.js";
import { TypescriptRun } from "./run.js";

export class TypescriptModel implements Model {
  readonly parameterCount: number;
  readonly #dtype: DType;
  #network: Network | null;

  constructor(description: NetworkDescription) {
    this.#dtype = description.dtype;
    this.#network = new Network(description);
    this.parameterCount = this.#network.parameters.length;
  }

  parameters(): FloatArray {
    return this.#live().parameters;
  }

  gradients(): FloatArray {
    return this.#live().gradients;
  }

  createDataset(rows: number): Dataset {
    const { inputWidth, targetWidth } = this.#live();
    return new TypescriptDataset(this.#dtype, rows, inputWidth, targetWidth);
  }

  predict(dataset: Dataset, predictions: FloatArray): void {
    const network = this.#live();
    const inputs = dataset.inputs();
    const width = predictions.length / dataset.rows;
    for (let row = 0; row < dataset.rows; row += MICROBATCH) {
      const rows = Math.min(MICROBATCH, dataset.rows - row);
      const outputs = network.forward(inputs, row * network.inputWidth, rows);
      predictions.set(outputs.subarray(0, rows * width), row * width);
    }
  }

  evaluate(dataset: Dataset): number {
    return this.#loss(dataset, false);
  }

  computeGradients(dataset: Dataset): number {
    this.#live().zeroGradients();
    return this.#loss(dataset, true);
  }

  update(learningRate: number): boolean {
    return this.#live().update(learningRate);
  }

  createRun(options: RunOptions): Run {
    return new TypescriptRun(this.#live(), options);
  }

  dispose(): void {
    this.#network = null;
  }

  /** The loss over the whole dataset as one batch, whose gradient is added to the gradients if `withGradients`. */
  #loss(dataset: Dataset, withGradients: boolean): number {
    const network = this.#live();
    const inputs = dataset.inputs();
    const targets = dataset.targets();
    const divisor = network.lossDivisor(dataset.rows);
    let terms = 0;
    for (let row = 0; row < dataset.rows; row += MICROBATCH) {
      const rows = Math.min(MICROBATCH, dataset.rows - row);
      const inputsStart = row * network.inputWidth;
      const targetsStart = row * network.targetWidth;
      network.forward(inputs, inputsStart, rows);
      terms += network.lossTerms(targets, targetsStart, rows);
      if (withGradients) network.backward(inputs, inputsStart, targets, targetsStart, rows, 1 / divisor);
    }
    return terms / divisor;
  }

  #live(): Network {
    if (this.#network === null) throw new BackpropError("disposed", "This model has been disposed of.");
    return this.#network;
  }
}
