import type { DType, FloatArray } from "backprop-wasm";
import { Layer, type LayerArrays } from "./layer.js";
import { type LossFunction, losses } from "./losses.js";
import { type LayerOptions, type LossOptions, zeros } from "./types.js";

/** The maximum number of rows in one pass through the network. */
export const MICROBATCH = 256;

/** The layers with their parameters and gradients; forward and backward passes of one microbatch. */
export class Network {
  readonly parameters: FloatArray;
  readonly gradients: FloatArray;
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** Target values per row: 1 for labels, otherwise `outputWidth`. */
  readonly targetWidth: number;
  readonly #layers: readonly Layer[];
  readonly #output: Layer;
  readonly #loss: LossFunction;
  readonly #lossOptions: LossOptions;

  constructor(dtype: DType, inputs: number, layers: readonly LayerOptions[], loss: LossOptions) {
    let inputWidth = inputs;
    let parameterCount = 0;
    for (const { units, useBias } of layers) {
      parameterCount += (inputWidth + (useBias ? 1 : 0)) * units;
      inputWidth = units;
    }
    this.parameters = zeros(dtype, parameterCount);
    this.gradients = zeros(dtype, parameterCount);

    inputWidth = inputs;
    let start = 0;
    this.#layers = layers.map((options) => {
      const { units, useBias } = options;
      const viewsOf = (all: FloatArray): LayerArrays => {
        const biasStart = start + inputWidth * units;
        return {
          kernel: all.subarray(start, biasStart),
          bias: useBias ? all.subarray(biasStart, biasStart + units) : null,
        };
      };
      const parameters = viewsOf(this.parameters);
      const gradients = viewsOf(this.gradients);
      const layer = new Layer(options, dtype, inputWidth, MICROBATCH, parameters, gradients);
      start += (inputWidth + (useBias ? 1 : 0)) * units;
      inputWidth = units;
      return layer;
    });
    this.#output = this.#layers.at(-1)!;
    this.#loss = losses[loss.name] ?? unknownLoss(loss.name);
    this.#lossOptions = loss;
    this.inputWidth = inputs;
    this.outputWidth = this.#output.units;
    this.targetWidth = this.#loss.labels ? 1 : this.#output.units;
  }

  /** The loss over `rows` is the sum of its terms divided by this. */
  lossDivisor(rows: number): number {
    if (this.#lossOptions.reduction === "sum") return 1;
    return this.#loss.termPerRow ? rows : rows * this.#output.units;
  }

  /** Returns the outputs, row-major, of the rows that start at `inputsStart`; the next pass overwrites them. */
  forward(inputs: FloatArray, inputsStart: number, rows: number): FloatArray {
    let from = inputs;
    let fromStart = inputsStart;
    for (let i = 0; i < this.#layers.length; i++) {
      const layer = this.#layers[i]!;
      layer.forward(from, fromStart, rows);
      from = layer.outputs;
      fromStart = 0;
    }
    return from;
  }

  /** The sum of the loss's terms over the rows of the last forward pass. */
  lossTerms(targets: FloatArray, targetsStart: number, rows: number): number {
    const { units, logits, outputs } = this.#output;
    const predictions = this.#loss.fromLogits ? logits : outputs;
    return this.#loss.terms(predictions, targets, targetsStart, rows, units, this.#lossOptions.parameter);
  }

  /** gradients += the gradient of scale · the sum of the terms over the rows of the last forward pass. */
  backward(
    inputs: FloatArray,
    inputsStart: number,
    targets: FloatArray,
    targetsStart: number,
    rows: number,
    scale: number,
  ): void {
    const { units, outputs, dOutputs } = this.#output;
    const { parameter } = this.#lossOptions;
    this.#loss.gradient(dOutputs, outputs, targets, targetsStart, rows, units, parameter, scale);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const layer = this.#layers[i]!;
      if (layer !== this.#output || !this.#loss.fromLogits) layer.activationBackward(rows);
      if (i > 0) {
        const previous = this.#layers[i - 1]!;
        layer.parametersBackward(previous.outputs, 0, rows);
        layer.inputsBackward(previous.dOutputs, rows);
      } else {
        layer.parametersBackward(inputs, inputsStart, rows);
      }
    }
  }

  zeroGradients(): void {
    const { gradients } = this;
    for (let i = 0; i < gradients.length; i++) gradients[i] = 0;
  }

  /** parameters −= learningRate · gradients. Returns false, and changes nothing, if a parameter would not be finite. */
  update(learningRate: number): boolean {
    const { parameters, gradients } = this;
    const isFloat32 = parameters instanceof Float32Array;
    for (let i = 0; i < parameters.length; i++) {
      const updated = parameters[i]! - learningRate * gradients[i]!;
      if (!Number.isFinite(isFloat32 ? Math.fround(updated) : updated)) return false;
    }
    for (let i = 0; i < parameters.length; i++) parameters[i]! -= learningRate * gradients[i]!;
    return true;
  }
}

function unknownLoss(name: string): never {
  throw new RangeError(`The baseline has no loss ${name}.`);
}
