import type { DType, FloatArray } from "backprop-wasm";
import { type Activation, activations } from "./activations.js";
import { addColumnSums, addProduct, fillRows, transposedProduct } from "./product.js";
import { type LayerOptions, zeros } from "./types.js";

/** The parameters of a layer, or their gradients: views of the network's arrays. */
export interface LayerArrays {
  /** Row-major [inputs, units]. */
  readonly kernel: FloatArray;
  /** [units] */
  readonly bias: FloatArray | null;
}

/** logits = inputs · kernel + bias, outputs = activation(logits). All arrays are row-major with at most `capacity` rows. */
export class Layer {
  readonly units: number;
  readonly logits: FloatArray;
  readonly outputs: FloatArray;
  /** The gradient with respect to the outputs; after `activationBackward`, with respect to the logits. */
  readonly dOutputs: FloatArray;
  readonly #inputWidth: number;
  readonly #activation: Activation;
  readonly #alpha: number;
  readonly #parameters: LayerArrays;
  readonly #gradients: LayerArrays;

  constructor(
    options: LayerOptions,
    dtype: DType,
    inputWidth: number,
    capacity: number,
    parameters: LayerArrays,
    gradients: LayerArrays,
  ) {
    this.units = options.units;
    this.logits = zeros(dtype, capacity * this.units);
    this.outputs = zeros(dtype, capacity * this.units);
    this.dOutputs = zeros(dtype, capacity * this.units);
    this.#inputWidth = inputWidth;
    this.#activation = activations[options.activation]!;
    this.#alpha = options.alpha;
    this.#parameters = parameters;
    this.#gradients = gradients;
  }

  forward(inputs: FloatArray, inputsStart: number, rows: number): void {
    const { units, logits } = this;
    const depth = this.#inputWidth;
    const { kernel, bias } = this.#parameters;
    fillRows(logits, bias, rows, units);
    addProduct(logits, inputs, inputsStart, depth, 1, kernel, rows, units, depth);
    this.#activation.forward(this.outputs, logits, rows, units, this.#alpha);
  }

  /** Replaces the gradient with respect to the outputs by that with respect to the logits. */
  activationBackward(rows: number): void {
    const { units, logits, outputs, dOutputs } = this;
    this.#activation.backward(dOutputs, dOutputs, outputs, logits, rows, units, this.#alpha);
  }

  /** dKernel += inputsᵀ · dLogits, dBias += Σ dLogits over the rows. */
  parametersBackward(inputs: FloatArray, inputsStart: number, rows: number): void {
    const { units, dOutputs: dLogits } = this;
    const width = this.#inputWidth;
    const { kernel: dKernel, bias: dBias } = this.#gradients;
    addProduct(dKernel, inputs, inputsStart, 1, width, dLogits, width, units, rows);
    if (dBias !== null) addColumnSums(dBias, dLogits, rows, units);
  }

  /** dInputs = dLogits · kernelᵀ. */
  inputsBackward(dInputs: FloatArray, rows: number): void {
    const { units, dOutputs: dLogits } = this;
    const width = this.#inputWidth;
    transposedProduct(dInputs, dLogits, this.#parameters.kernel, rows, width, units);
  }
}
