import { allocate } from "../arrays.js";
import type { FloatArray, LossDescription, NetworkDescription } from "../engine.js";
import { Layer, type LayerParameters } from "./layer.js";
import { type Loss, losses } from "./losses.js";

/** The most rows that go through the network together. */
export const MICROBATCH = 256;

/** Layers, their parameters and gradients, and the passes of one microbatch through them. */
export class Network {
  readonly parameters: FloatArray;
  readonly gradients: FloatArray;
  readonly inputWidth: number;
  readonly targetWidth: number;
  readonly #layers: readonly Layer[];
  readonly #output: Layer;
  readonly #loss: Loss;
  readonly #lossDescription: LossDescription;

  constructor({ dtype, inputs, layers, loss }: NetworkDescription) {
    let inputWidth = inputs;
    let parameterCount = 0;
    for (const { units, useBias } of layers) {
      parameterCount += (inputWidth + (useBias ? 1 : 0)) * units;
      inputWidth = units;
    }
    this.parameters = allocate(dtype, parameterCount);
    this.gradients = allocate(dtype, parameterCount);

    inputWidth = inputs;
    let start = 0;
    this.#layers = layers.map((description) => {
      const { units, useBias } = description;
      const parametersIn = (arena: FloatArray): LayerParameters => {
        const biasStart = start + inputWidth * units;
        return {
          kernel: arena.subarray(start, biasStart),
          bias: useBias ? arena.subarray(biasStart, biasStart + units) : null,
        };
      };
      const parameters = parametersIn(this.parameters);
      const gradients = parametersIn(this.gradients);
      const layer = new Layer(description, dtype, inputWidth, MICROBATCH, parameters, gradients);
      start += (inputWidth + (useBias ? 1 : 0)) * units;
      inputWidth = units;
      return layer;
    });
    this.#output = this.#layers.at(-1)!;
    this.#loss = losses[loss.name];
    this.#lossDescription = loss;
    this.inputWidth = inputs;
    this.targetWidth = this.#loss.labels ? 1 : this.#output.units;
  }

  /** What a sum of terms over `rows` is divided by to give the loss. */
  lossDivisor(rows: number): number {
    if (this.#lossDescription.reduction === "sum") return 1;
    return this.#loss.termPerRow ? rows : rows * this.#output.units;
  }

  /** Returns the outputs, row-major, of rows that begin at `inputsStart`. */
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

  /** The sum of the loss's terms over the rows that went forward last. */
  lossTerms(targets: FloatArray, targetsStart: number, rows: number): number {
    const { units, logits, outputs } = this.#output;
    const predictions = this.#loss.fromLogits ? logits : outputs;
    return this.#loss.terms(predictions, targets, targetsStart, rows, units, this.#lossDescription.parameter);
  }

  /** Adds to `gradients` the gradient of scale · the sum of the terms over the rows that went forward last. */
  backward(
    inputs: FloatArray,
    inputsStart: number,
    targets: FloatArray,
    targetsStart: number,
    rows: number,
    scale: number,
  ): void {
    const { units, outputs, dOutputs } = this.#output;
    const { parameter } = this.#lossDescription;
    this.#loss.gradient(dOutputs, outputs, targets, targetsStart, rows, units, parameter, scale);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const layer = this.#layers[i]!;
      if (layer !== this.#output || !this.#loss.fromLogits) layer.activationBackward(rows);
      if (i > 0) {
        const below = this.#layers[i - 1]!;
        layer.parametersBackward(below.outputs, 0, rows);
        layer.inputsBackward(below.dOutputs, rows);
      } else {
        layer.parametersBackward(inputs, inputsStart, rows);
      }
    }
  }

  zeroGradients(): void {
    const { gradients } = this;
    for (let i = 0; i < gradients.length; i++) gradients[i] = 0;
  }

  /** Stochastic gradient descent: parameters −= learningRate · gradients; false, and none changes, if one would not be finite. */
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
