// The backward pass of one microbatch, in two parts: the loss's gradient → dLogits of every layer, for some columns; then
// dLogits → gradients of kernel and bias, for some rows of each kernel.

import { activationBackward } from "./activations";
import { isFused } from "./losses";
import { matmul, Product } from "./matmul";
import { Layer, layerAt, Network } from "./network";
import { descend, Descent } from "./sgd";
import { gatherTransposed } from "./transpose";
import { laneCount, madd, splat, wholeVectors } from "./vector";

/**
 * Leaves the gradient of each layer's logits in its `dLogitsRows`, for columns `begin` … `end` − 1 (whole vectors), given
 * that of the outputs (of a fused loss, of the output layer's logits) in `network.dOutputs` [outputs, stride], and what
 * `forward` left.
 */
export function logitsBackward<T>(network: Network, product: Product, begin: usize, end: usize): void {
  const stride = network.microbatch.stride;
  const rows = min(end, network.microbatch.rows) - begin;
  const columns = end - begin;
  const first = begin * sizeof<T>();
  let dOutputs = network.dOutputs + first;
  let dInputs = network.dInputs + first;
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const dLogits = dOutputs;
    if (i < network.layerCount - 1 || !isFused(network.loss)) {
      activationBackward<T>(
        layer.activation, dLogits, layer.outputs + first, layer.logits + first,
        layer.units, columns, stride, layer.alpha,
      );
    }
    const width = wholeVectors<T>(layer.units);
    const dLogitsRows = layer.dLogitsRows + begin * width * sizeof<T>();
    gatherTransposed<T>(dLogitsRows, width, width, dLogits, stride, 0, layer.units, rows);
    if (i == 0) return;
    inputsBackward<T>(layer, dInputs, dLogits, columns, stride, product);
    dOutputs = dInputs;
    dInputs = dLogits;
  }
}

/** dInputs [inputs, columns] = kernel · dLogits */
function inputsBackward<T>(
  layer: Layer, dInputs: usize, dLogits: usize, columns: usize, stride: usize, product: Product,
): void {
  product.c = dInputs;
  product.cStride = stride;
  product.a = layer.kernel;
  product.aRowStride = layer.units;
  product.aColumnStride = 1;
  product.b = dLogits;
  product.bStride = stride;
  product.m = layer.inputs;
  product.n = columns;
  product.k = layer.units;
  product.accumulates = false;
  product.descent = null;
  matmul<T>(product);
}

/**
 * [dKernel; dBias] (+)= [x; 1] · dLogitsᵀ for rows `begin` … `end` − 1 of it, summed over the rows of the microbatch in
 * their order; where the microbatch ends a batch, the parameters take their step, and keep what they were in place of
 * the gradient.
 */
export function parametersBackward<T>(
  network: Network, layer: Layer, x: usize, product: Product, begin: usize, end: usize,
): void {
  const microbatch = network.microbatch;
  if (microbatch.rows == 1 && microbatch.descends && !microbatch.accumulates) {
    rowDescent<T>(layer, x, network.descent, begin, end);
    return;
  }
  product.c = layer.dKernel + begin * layer.units * sizeof<T>();
  product.cStride = layer.units;
  product.a = x + begin * microbatch.stride * sizeof<T>();
  product.aRowStride = microbatch.stride;
  product.aColumnStride = 1;
  product.b = layer.dLogitsRows;
  product.bStride = wholeVectors<T>(layer.units);
  product.m = end - begin;
  product.n = layer.units;
  product.k = microbatch.rows;
  product.accumulates = microbatch.accumulates;
  product.descent = microbatch.descends ? network.descent : null;
  matmul<T>(product);
}

/** The same for a batch of one row, which ends in a step, and whose sums have one term each: no tile could be filled. */
function rowDescent<T>(layer: Layer, x: usize, descent: Descent, begin: usize, end: usize): void {
  const lanes = laneCount<T>();
  const whole = layer.units & ~(lanes - 1);
  let gradients = layer.dKernel + begin * layer.units * sizeof<T>();
  for (let i = begin; i < end; ++i) {
    const xi = v128.load_splat<T>(x + i * 16);
    for (let at: usize = 0; at < whole * sizeof<T>(); at += 16) {
      descend<T>(descent, gradients + at, term<T>(xi, layer.dLogitsRows + at), lanes);
    }
    if (whole < layer.units) {
      const at = whole * sizeof<T>();
      descend<T>(descent, gradients + at, term<T>(xi, layer.dLogitsRows + at), layer.units - whole);
    }
    gradients += layer.units * sizeof<T>();
  }
}

@inline
function term<T>(x: v128, dLogits: usize): v128 {
  return madd<T>(x, v128.load(dLogits), splat<T>(0));
}
