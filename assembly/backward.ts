// The backward pass of one microbatch, in two parts: the loss's gradient → dLogits of every layer, for some columns; then
// dLogits → gradients of kernel and bias, for some rows of each kernel.

import { activationBackward } from "./activations";
import { Layer } from "./layer";
import { matmulColumns, matmulRows, Workspace } from "./matmul";
import { layerAt, Network } from "./network";
import { descend, descendFour, descendLanes, Descent } from "./sgd";
import { transpose } from "./transpose";
import { laneCount, madd, splat } from "./vector";

/**
 * Leaves the gradient of each layer's logits in its `dLogits` and `dLogitsRows`, for columns `begin` … `end` − 1 (whole
 * vectors), given that of the outputs (of a fused loss, of the logits) in the `dLogits` of the last, and what `forward`
 * left. `workspace`: the thread's own.
 */
export function logitsBackward<T>(network: Network, workspace: Workspace, begin: usize, end: usize): void {
  const stride = network.microbatch.stride;
  const rows = min(end, network.microbatch.rows) - begin;
  const columns = end - begin;
  const first = begin * sizeof<T>();
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const dLogits = layer.dLogits + first;
    activationBackward<T>(
      layer.derivative, dLogits, layer.outputs + first, layer.logits + first,
      layer.units, columns, stride, layer.alpha,
    );
    const rowStep = layer.kernelBackward.bStep;
    // Behind the dLogits lie other tensors; what is read of them fills lanes that no unit has.
    transpose<T>(layer.dLogitsRows + begin * rowStep, rowStep, dLogits, stride * sizeof<T>(), layer.units, rows);
    if (i == 0) return;
    matmulColumns<T>(layer.inputsBackward, workspace, begin, end);
  }
}

/**
 * The gradients of rows `begin` … `end` − 1 of a layer's kernel and bias; where the microbatch ends a batch, the parameters
 * take their step, and keep what they were in place of the gradient.
 */
@inline
export function parametersBackward<T>(
  network: Network, layer: Layer, workspace: Workspace, begin: usize, end: usize,
): void {
  const microbatch = network.microbatch;
  if (microbatch.rows == 1 && microbatch.descends && !microbatch.accumulates) {
    rowDescent<T>(layer, network.descent, begin, end);
  } else {
    matmulRows<T>(layer.kernelBackward, workspace, begin, end);
  }
}

/** The same for a batch of one row, which ends in a step, and whose sums have one term each: no tile could be filled. */
function rowDescent<T>(layer: Layer, descent: Descent, begin: usize, end: usize): void {
  const block = BLOCK_VECTORS * laneCount<T>();
  let unit: usize = 0;
  for (; unit + block <= layer.units; unit += block) blockDescent<T>(layer, descent, unit, begin, end);
  if (unit < layer.units) restDescent<T>(layer, descent, unit, begin, end);
}

/** How many vectors of units step side by side: what they share stays in registers from row to row of the kernel. */
const BLOCK_VECTORS: usize = 4;

/** Rows `begin` … `end` − 1 of a block of units that begins at `unit`. */
function blockDescent<T>(layer: Layer, descent: Descent, unit: usize, begin: usize, end: usize): void {
  const rate = descent.rate;
  const dLogits = layer.dLogitsRows + unit * sizeof<T>();
  const d0 = v128.load(dLogits), d1 = v128.load(dLogits, 16), d2 = v128.load(dLogits, 32), d3 = v128.load(dLogits, 48);
  const step = layer.units * sizeof<T>();
  let gradients = layer.dKernel + begin * step + unit * sizeof<T>();
  let parameters = gradients + descent.offset;
  const xEnd = layer.x + end * 16;
  for (let x = layer.x + begin * 16; x < xEnd; x += 16, gradients += step, parameters += step) {
    const xs = v128.load_splat<T>(x);
    descendFour<T>(
      rate, parameters, gradients,
      term<T>(xs, d0), term<T>(xs, d1), term<T>(xs, d2), term<T>(xs, d3),
    );
  }
}

/** Those of all units from `unit` on. */
function restDescent<T>(layer: Layer, descent: Descent, unit: usize, begin: usize, end: usize): void {
  const rate = descent.rate;
  const first = unit * sizeof<T>();
  const rest = layer.units & (laneCount<T>() - 1);
  const whole = (layer.units - rest) * sizeof<T>();
  const step = layer.units * sizeof<T>();
  let gradients = layer.dKernel + begin * step;
  let parameters = gradients + descent.offset;
  for (let i = begin; i < end; ++i, gradients += step, parameters += step) {
    const xs = v128.load_splat<T>(layer.x + i * 16);
    for (let at = first; at < whole; at += 16) {
      descend<T>(rate, parameters + at, gradients + at, term<T>(xs, v128.load(layer.dLogitsRows + at)));
    }
    if (rest > 0) {
      const gradient = term<T>(xs, v128.load(layer.dLogitsRows + whole));
      descendLanes<T>(rate, parameters + whole, gradients + whole, gradient, rest);
    }
  }
}

@inline
function term<T>(x: v128, dLogits: v128): v128 {
  return madd<T>(x, dLogits, splat<T>(0));
}
