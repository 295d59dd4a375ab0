// A dense layer: its tensors, and the three products that pass through it.

import { Activation } from "./activations";
import { Product } from "./matmul";
import { Descent } from "./sgd";
import { wholeVectors } from "./vector";

/** Its tensors are feature-major: [features, stride], with one row of the microbatch in each column. */
@unmanaged
export class Layer {
  alpha: f64;
  inputs: usize;
  units: usize;
  /** Of the last, Linear where the loss, being fused, takes the activation along. */
  activation: Activation;
  useBias: usize;
  /** [inputs, units], with the bias [units] behind it, row-major. */
  kernel: usize;
  dKernel: usize;
  /** [inputs + 1, stride], the last of ones: what the layer before it put out. */
  x: usize;
  /** [units, stride]; where the backward pass does not need them, the outputs. */
  logits: usize;
  /** [units + 1, stride]; of the last, with a fused loss, the logits. */
  outputs: usize;
  /** [units, stride]: the gradient of the outputs, which becomes that of the logits. */
  dLogits: usize;
  /** [rows, wholeVectors(units)]: the same, transposed. */
  dLogitsRows: usize;
  /** logits = [kernel; bias]ᵀ · [x; 1] */
  forward: Product;
  /** dInputs = kernel · dLogits, which are the dLogits of the layer before it; of the first layer, never taken. */
  inputsBackward: Product;
  /** [dKernel; dBias] (+)= [x; 1] · dLogitsᵀ, summed over the rows of the microbatch in their order. */
  kernelBackward: Product;
}

/** Prepares what all microbatches have in common, of a layer whose tensors have their places. */
export function prepareProducts<T>(layer: Layer, dInputs: usize): void {
  const row = layer.units * sizeof<T>();

  const forward = layer.forward;
  forward.c = layer.logits;
  forward.a = layer.kernel;
  forward.aRowStep = sizeof<T>();
  forward.aColumnStep = row;
  forward.b = layer.x;
  forward.m = layer.units;
  forward.k = layer.inputs + layer.useBias;

  const inputsBackward = layer.inputsBackward;
  inputsBackward.c = dInputs;
  inputsBackward.a = layer.kernel;
  inputsBackward.aRowStep = row;
  inputsBackward.aColumnStep = sizeof<T>();
  inputsBackward.b = layer.dLogits;
  inputsBackward.m = layer.inputs;
  inputsBackward.k = layer.units;

  const kernelBackward = layer.kernelBackward;
  kernelBackward.c = layer.dKernel;
  kernelBackward.cStep = row;
  kernelBackward.a = layer.x;
  kernelBackward.aColumnStep = sizeof<T>();
  kernelBackward.b = layer.dLogitsRows;
  kernelBackward.bStep = wholeVectors<T>(layer.units) * sizeof<T>();
  kernelBackward.m = layer.inputs + layer.useBias;
  kernelBackward.n = layer.units;
}

/** Prepares the products for microbatches of `rows` rows, `stride` elements apart; of a single row, kernelBackward alone. */
export function shapeProducts<T>(layer: Layer, rows: usize, stride: usize): void {
  const step = stride * sizeof<T>();
  const forward = layer.forward;
  forward.n = stride;
  forward.cStep = step;
  forward.bStep = step;
  const inputsBackward = layer.inputsBackward;
  inputsBackward.n = stride;
  inputsBackward.cStep = step;
  inputsBackward.bStep = step;
  const kernelBackward = layer.kernelBackward;
  kernelBackward.k = rows;
  kernelBackward.aRowStep = step;
}

/** Prepares what becomes of the kernel's gradient: whether it is added to what was, and whether a step follows it down. */
export function prepareGradient(layer: Layer, accumulates: bool, descent: Descent | null): void {
  layer.kernelBackward.accumulates = accumulates;
  layer.kernelBackward.descent = descent;
}
