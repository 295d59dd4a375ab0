// The forward pass of one row of a dense network. In feature-major tensors, one row would use one lane of each vector.
// So on the row path the same tensors hold plain vectors of features:
//
//     x, outputs              [features], then the 1 that the bias is multiplied by
//     logits, dLogitsRows     [units]; dOutputs is not used: the gradient of one row needs no transpose
//
// May write up to 7 vectors past the end. Buffers hold BLOCK_ROWS rows, so this is in bounds; the excess is ignored.
//
// Each sum is added in the same order as for many rows, so a row has the same bits alone and in a larger microbatch.

import { gatherByteRow } from "../kernels/bytes";
import { Eight, Four } from "../kernels/counts";
import { loadLanes } from "../kernels/memory";
import { Layer, Tensors } from "../layers/tensors";
import { laneCount, madd, splat } from "../math/vector";
import { layerAt, Network } from "../network/network";
import { passOf, tensorsAt, Workspace } from "../network/workspace";
import { rowActivationForward } from "./activation";

/** Computes `logits` and `outputs` of every layer. */
export function rowForward<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  if (pass.byteScale) {
    gatherByteRow<T>(workspace.x, pass.inputs, network.inputs, pass.order, pass.row, pass.byteScale);
  } else if (pass.inputs) {
    gatherRow<T>(workspace.x, pass.inputs, network.inputs, pass.order, pass.row);
  }
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const tensors = tensorsAt(workspace, i);
    store<T>(tensors.x + layer.inputs * sizeof<T>(), 1);
    multiply<T>(layer, tensors);
    rowActivationForward<T>(layer.activation, tensors.outputs, tensors.logits, layer.units, layer.parameter);
  }
}

/**
 * out = row number order[position] of `samples` [*, width], or row number `position` if `order` is 0. The last vector
 * is filled up with zeros.
 */
export function gatherRow<T>(out: usize, samples: usize, width: usize, order: usize, position: usize): void {
  const index = order ? <usize>load<u32>(order + position * sizeof<u32>()) : position;
  copyRow<T>(out, samples + index * width * sizeof<T>(), width);
}

function copyRow<T>(out: usize, x: usize, count: usize): void {
  const rest = count & (laneCount<T>() - 1);
  for (const end = x + (count - rest) * sizeof<T>(); x < end; x += 16, out += 16) v128.store(out, v128.load(x));
  if (rest > 0) v128.store(out, loadLanes<T>(x, rest));
}

/**
 * logits = [x; 1] · [kernel; bias], in blocks of four or eight vectors of units. The last block may read past the end
 * of a row of the kernel: the next row, or, after the last parameters, the gradients.
 */
function multiply<T>(layer: Layer, tensors: Tensors): void {
  const lanes = laneCount<T>();
  let unit: usize = 0;
  for (; unit + 4 * lanes < layer.units; unit += 8 * lanes) multiplyUnits<T, Eight>(layer, tensors, unit);
  if (unit < layer.units) multiplyUnits<T, Four>(layer, tensors, unit);
}

/**
 * Computes the logits of N vectors of units, N = 4 or 8, from `unit` on. N independent sums hide the latency of the
 * additions.
 */
@inline
function multiplyUnits<T, N>(layer: Layer, tensors: Tensors, unit: usize): void {
  const count = changetype<N>(0).count();
  const step = layer.units * sizeof<T>();
  const xEnd = tensors.x + (layer.inputs + layer.useBias) * sizeof<T>();
  let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let kernel = layer.parameters + unit * sizeof<T>();
  for (let x = tensors.x; x < xEnd; x += sizeof<T>(), kernel += step) {
    const xs = v128.load_splat<T>(x);
    s0 = madd<T>(xs, v128.load(kernel), s0);
    s1 = madd<T>(xs, v128.load(kernel, 16), s1);
    s2 = madd<T>(xs, v128.load(kernel, 32), s2);
    s3 = madd<T>(xs, v128.load(kernel, 48), s3);
    if (count > 4) {
      s4 = madd<T>(xs, v128.load(kernel, 64), s4);
      s5 = madd<T>(xs, v128.load(kernel, 80), s5);
      s6 = madd<T>(xs, v128.load(kernel, 96), s6);
      s7 = madd<T>(xs, v128.load(kernel, 112), s7);
    }
  }
  const logits = tensors.logits + unit * sizeof<T>();
  v128.store(logits, s0);
  v128.store(logits, s1, 16);
  v128.store(logits, s2, 32);
  v128.store(logits, s3, 48);
  if (count > 4) {
    v128.store(logits, s4, 64);
    v128.store(logits, s5, 80);
    v128.store(logits, s6, 96);
    v128.store(logits, s7, 112);
  }
}
