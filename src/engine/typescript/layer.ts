import { allocate } from "../arrays.js";
import type { DType, FloatArray, LayerDescription } from "../engine.js";
import { type Activation, activations } from "./activations.js";
import { addColumnSums, addProduct, fillRows, transposedProduct } from "./product.js";

/** Where a layer's parameters, and likewise their gradients, lie: views into the network's arrays. */
export interface LayerParameters {
  /** Row-major [inputs, units]. */
  readonly kernel: FloatArray;
  /** [units] */
  readonly bias: FloatArray | null;
}

/** logits = inputs · kernel + bias, outputs = activation(logits); all row-major, for at most `capacity` rows. */
export class Layer {
  readonly units: number;
  readonly logits: FloatArray;
  readonly outputs: FloatArray;
  /** Holds the gradient by the outputs, and after `activationBackward` that by the logits. */
  readonly dOutputs: FloatArray;
  readonly #inputWidth: number;
  readonly #activation: Activation;
  readonly #alpha: number;
  readonly #parameters: LayerParameters;
  readonly #gradients: LayerParameters;

  constructor(
    description: LayerDescription,
    dtype: DType,
    inputWidth: number,
    capacity: number,
    parameters: LayerParameters,
    gradients: LayerParameters,
  ) {
    this.units = description.units;
    this.logits = allocate(dtype, capacity * this.units);
    this.outputs = allocate(dtype, capacity * this.units);
    this.dOutputs = allocate(dtype, capacity * this.units);
    this.#inputWidth = inputWidth;
    this.#activation = activations[description.activation];
    this.#alpha = description.alpha;
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

  /** The gradient by the logits from that by the outputs, in place. */
  activationBackward(rows: number): void {
    const { units, logits, outputs, dOutputs } = this;
    this.#activation.backward(dOutputs, dOutputs, outputs, logits, rows, units, this.#alpha);
  }

  /** Adds inputsᵀ · dLogits to the kernel's gradient, and the sum of dLogits over the rows to the bias's. */
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
