// A trainer without WebAssembly: plain loops over row-major typed arrays, dense layers, plain SGD. Benchmarks compare the core
// with it, and tests check the core against it. So it shares no computing code with src/.
//
// Arithmetic is in float64. With dtype float32, each stored value is rounded once. exp, log and tanh are those of the host's
// `Math`, whose last bits differ between hosts.

import type { DType, FloatArray, Loss, LossName } from "backprop-wasm";
import { MICROBATCH, Network } from "./network.js";
import { Run } from "./run.js";
import { type LayerOptions, type LossOptions, type Samples, toFloatArray, zeros } from "./types.js";

/** The options of `createNetwork`. The baseline does not check them. */
export interface BaselineOptions {
  readonly inputs: number;
  /** As `dense` returns them. Initializers are not called: parameters start at zero. */
  readonly layers: readonly LayerOptions[];
  readonly loss: LossName | Loss;
  /** Default "float32". */
  readonly dtype?: DType;
}

export interface FitOptions {
  readonly epochs: number;
  /** Rows of a step. The last step of an epoch has the remaining rows. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Returns the row numbers of an epoch in the order of training. Default: the order in which rows are stored. */
  readonly order?: (epoch: number) => ArrayLike<number>;
}

export interface FitResult {
  /** The loss of each finished epoch. */
  readonly losses: Float64Array;
  /** Whether a loss was not finite, or an update would have made a parameter not finite. That update was not made. */
  readonly diverged: boolean;
}

export function createBaseline(options: BaselineOptions): Baseline {
  return new Baseline(options);
}

/** One network. Rows are flat row-major arrays. Arrays of the network's dtype are not copied. */
export class Baseline {
  /** Layer by layer: the kernel, row-major [inputs, units], then the bias [units] if the layer has one. */
  readonly parameters: FloatArray;
  /** The gradients of the last `computeGradients` or step, in the layout of `parameters`. */
  readonly gradients: FloatArray;
  readonly #dtype: DType;
  readonly #network: Network;

  constructor({ inputs, layers, loss, dtype = "float32" }: BaselineOptions) {
    this.#dtype = dtype;
    this.#network = new Network(dtype, inputs, layers, completeLoss(loss));
    this.parameters = this.#network.parameters;
    this.gradients = this.#network.gradients;
  }

  /** The outputs, row-major [rows, outputs]. */
  predict(inputs: ArrayLike<number>): FloatArray {
    const network = this.#network;
    const { inputWidth, outputWidth } = network;
    const x = toFloatArray(this.#dtype, inputs);
    const rows = countRows(x, inputWidth);
    const predictions = zeros(this.#dtype, rows * outputWidth);
    for (let row = 0; row < rows; row += MICROBATCH) {
      const count = Math.min(MICROBATCH, rows - row);
      const outputs = network.forward(x, row * inputWidth, count);
      predictions.set(outputs.subarray(0, count * outputWidth), row * outputWidth);
    }
    return predictions;
  }

  /** The loss over all rows as one batch. */
  evaluate(inputs: ArrayLike<number>, targets: ArrayLike<number>): number {
    return this.#loss(this.#samples(inputs, targets), false);
  }

  /** The loss over all rows as one batch. Its gradient replaces `gradients`. */
  computeGradients(inputs: ArrayLike<number>, targets: ArrayLike<number>): number {
    this.#network.zeroGradients();
    return this.#loss(this.#samples(inputs, targets), true);
  }

  /** parameters −= learningRate · gradients. Returns false, and changes nothing, if a parameter would not be finite. */
  update(learningRate: number): boolean {
    return this.#network.update(learningRate);
  }

  fit(inputs: ArrayLike<number>, targets: ArrayLike<number>, options: FitOptions): FitResult {
    const run = this.createRun(inputs, targets, options);
    run.advance();
    return { losses: run.losses().slice(0, run.epoch), diverged: run.diverged };
  }

  /** The training of `fit`, in parts. */
  createRun(inputs: ArrayLike<number>, targets: ArrayLike<number>, options: FitOptions): Run {
    return new Run(this.#network, this.#samples(inputs, targets), options);
  }

  #samples(inputs: ArrayLike<number>, targets: ArrayLike<number>): Samples {
    const { inputWidth, targetWidth } = this.#network;
    const rows = countRows(inputs, inputWidth);
    if (targets.length !== rows * targetWidth) {
      throw new RangeError(`${targets.length} targets; expected ${rows} rows of ${targetWidth}.`);
    }
    return {
      rows,
      inputs: toFloatArray(this.#dtype, inputs),
      targets: toFloatArray(this.#dtype, targets),
    };
  }

  /** The loss over all rows as one batch; adds its gradient to `gradients` if `withGradients`. */
  #loss({ rows, inputs, targets }: Samples, withGradients: boolean): number {
    const network = this.#network;
    const divisor = network.lossDivisor(rows);
    let terms = 0;
    for (let row = 0; row < rows; row += MICROBATCH) {
      const count = Math.min(MICROBATCH, rows - row);
      const inputsStart = row * network.inputWidth;
      const targetsStart = row * network.targetWidth;
      network.forward(inputs, inputsStart, count);
      terms += network.lossTerms(targets, targetsStart, count);
      if (withGradients) network.backward(inputs, inputsStart, targets, targetsStart, count, 1 / divisor);
    }
    return terms / divisor;
  }
}

function completeLoss(loss: LossName | Loss): LossOptions {
  const {
    name,
    reduction = "mean",
    clip = 1e-7,
    delta = 1,
  } = typeof loss === "string" ? { name: loss } : loss;
  return { name, reduction, parameter: name === "huber" ? delta : clip };
}

function countRows({ length }: ArrayLike<number>, width: number): number {
  if (length % width === 0) return length / width;
  throw new RangeError(`${length} inputs; expected rows of ${width}.`);
}
