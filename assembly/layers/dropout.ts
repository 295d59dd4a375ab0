// Dropout: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014),
// in the inverted form. In training:
//
//     outputs = mask ∧ x / (1 − rate)        dInputs = mask ∧ dOutputs / (1 − rate)
//
// In evaluation both are copies. The mask is a function of the network's seed, the step, the layer, the unit and the
// row's position in the batch (random/mask.ts). So it does not depend on how the batch is divided, and the backward
// pass computes it again instead of reading a stored copy.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { isBelowOne } from "../math/range";
import { splat } from "../math/vector";
import { keepMask } from "../random/mask";
import { checkPlain, copyColumns } from "./plain";
import { Layer, Pass, Tensors } from "./tensors";

/** See checkLayer(). */
export function checkDropout(description: LayerDescription, inputs: u32): Status {
  return checkPlain(description, inputs) ||
    (isBelowOne(description.parameter) ? Status.Ok : Status.InvalidLayerParameter);
}

/** outputs from x. */
export function dropoutForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  applyMask<T>(layer, tensors.outputs, tensors.x, pass, begin, end);
}

/** dInputs from dOutputs, with the same mask. */
export function dropoutBackward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  applyMask<T>(layer, tensors.dInputs, tensors.dOutputs, pass, begin, end);
}

/**
 * out = mask ∧ x / (1 − rate) in training, else x; both [units, stride], columns `begin` … `end` − 1 (whole vectors).
 */
function applyMask<T>(layer: Layer, out: usize, x: usize, pass: Pass, begin: usize, end: usize): void {
  if (!pass.training) {
    copyColumns<T>(layer, out, x, pass, begin, end);
    return;
  }
  const rate = layer.parameter;
  // rate · 2³²: see keepMask().
  const threshold = <u32>min<f64>(nearest<f64>(rate * 4294967296.0), 4294967295.0);
  const scale = splat<T>(1 / (1 - rate));
  const first = begin * sizeof<T>(), bytes = (end - begin) * sizeof<T>();
  const step = pass.stride * sizeof<T>();
  for (let unit: usize = 0; unit < layer.units; ++unit, out += step, x += step) {
    const o = out + first, i = x + first;
    const row = <u32>(pass.batchRow + begin);
    keepMask<T>(o, row, <u32>(end - begin), <u32>unit, <u32>layer.index, pass.step, pass.seed, threshold);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(o + at, v128.and(v128.load(o + at), v128.mul<T>(v128.load(i + at), scale)));
    }
  }
}
