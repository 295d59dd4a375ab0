// PReLU: K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", ICCV 2015, with one learned slope for each
// unit, as PyTorch's nn.PReLU:
//
//     outputs = x > 0 ? x : alpha · x
//     dInputs = x > 0 ? d : alpha · d
//     dAlpha  = Σ (x > 0 ? 0 : x · d) over the rows, in their order

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { partBegin } from "../kernels/parts";
import { place, strideOf, tensorSize } from "../kernels/place";
import { splat } from "../math/vector";
import { checkPlain } from "./plain";
import { Layer, Pass, Tensors } from "./tensors";

/** See checkLayer(). */
export function checkPrelu(description: LayerDescription, inputs: u32): Status {
  return checkPlain(description, inputs) || (description.parameter == 0 ? Status.Ok : Status.ReservedNotZero);
}

/** Places the terms of dAlpha, [units, stride], at `dLogitsRows`; see place(). */
export function preluLayout<T>(layer: Layer, region: usize, tensors: Tensors, at: u64, rows: u64): u64 {
  const terms = changetype<usize>(tensors) + offsetof<Tensors>("dLogitsRows");
  return place(region, terms, at, tensorSize<T>(layer.units, strideOf<T>(rows)));
}

/** x → outputs, for columns `begin` … `end` − 1 (whole vectors). */
export function preluForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  const first = begin * sizeof<T>(), bytes = (end - begin) * sizeof<T>();
  const step = pass.stride * sizeof<T>();
  let x = tensors.x + first, out = tensors.outputs + first;
  for (let unit: usize = 0; unit < layer.units; ++unit, x += step, out += step) {
    const alpha = v128.load_splat<T>(layer.parameters + unit * sizeof<T>());
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = v128.load(x + at);
      v128.store(out + at, sloped<T>(value, value, alpha));
    }
  }
}

/**
 * dOutputs → the terms of dAlpha, and dInputs if `needsInputs`, for the same columns. The terms are stored, because
 * dOutputs is overwritten before preluGradients().
 */
export function preluBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize, needsInputs: bool,
): void {
  const first = begin * sizeof<T>(), bytes = (end - begin) * sizeof<T>();
  const step = pass.stride * sizeof<T>();
  let offset = first;
  for (let unit: usize = 0; unit < layer.units; ++unit, offset += step) {
    const alpha = v128.load_splat<T>(layer.parameters + unit * sizeof<T>());
    for (let at = offset; at < offset + bytes; at += 16) {
      const x = v128.load(tensors.x + at), d = v128.load(tensors.dOutputs + at);
      v128.store(tensors.dLogitsRows + at, v128.andnot(v128.mul<T>(x, d), v128.gt<T>(x, splat<T>(0))));
      if (needsInputs) v128.store(tensors.dInputs + at, sloped<T>(d, x, alpha));
    }
  }
}

/** x > 0 ? value : alpha · value */
@inline
function sloped<T>(value: v128, x: v128, alpha: v128): v128 {
  return v128.bitselect(value, v128.mul<T>(alpha, value), v128.gt<T>(x, splat<T>(0)));
}

/** Each thread's part has a multiple of this many units. */
const PART_UNITS: usize = 16;

/** Part `index` of `count` of dAlpha: the sums of some units, in the order of the rows. */
export function preluGradients<T>(layer: Layer, tensors: Tensors, pass: Pass, index: usize, count: usize): void {
  const end = partBegin(layer.units, PART_UNITS, index + 1, count);
  for (let unit = partBegin(layer.units, PART_UNITS, index, count); unit < end; ++unit) {
    const gradient = layer.gradients + unit * sizeof<T>();
    const terms = tensors.dLogitsRows + unit * pass.stride * sizeof<T>();
    let sum: T = pass.accumulates ? load<T>(gradient) : 0;
    for (let row: usize = 0; row < pass.rows; ++row) sum += load<T>(terms + row * sizeof<T>());
    store<T>(gradient, sum);
  }
}
