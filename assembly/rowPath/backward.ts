// The backward pass of one row of a dense network (see forward.ts).

import { Layer } from "../layers/tensors";
import { laneCount, madd, splat } from "../math/vector";
import { layerAt, Network } from "../network/network";
import { tensorsAt, Workspace } from "../network/workspace";
import { rowActivationBackward } from "./activation";

/**
 * Computes the gradient of each layer's logits in its `dLogitsRows`. Before the call, `dLogitsRows` of the last layer
 * must hold the gradient of its outputs.
 */
export function rowBackward<T>(network: Network, workspace: Workspace): void {
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const tensors = tensorsAt(workspace, i);
    rowActivationBackward<T>(
      layer.activation, tensors.dLogitsRows, tensors.outputs, tensors.logits, layer.units, layer.parameter,
    );
    if (i == 0) return;
    multiplyTransposed<T>(layer, tensors.dLogitsRows, tensorsAt(workspace, i - 1).dLogitsRows);
  }
}

/**
 * dInputs = kernel · dLogits, with kernel [inputs, units], two vectors of inputs at a time. The last block may read
 * past the end of the kernel and write past the end of dInputs (see forward.ts).
 */
function multiplyTransposed<T>(layer: Layer, dLogits: usize, dInputs: usize): void {
  const lanes = laneCount<T>();
  const step = layer.units * sizeof<T>();
  const whole = (layer.units & ~(lanes - 1)) * sizeof<T>();
  const rowsEnd = dInputs + layer.inputs * sizeof<T>();
  let rows = layer.parameters;
  for (; dInputs < rowsEnd; dInputs += 32, rows += 2 * lanes * step) {
    let low = splat<T>(0), high = low;
    let kernel = rows;
    let d = dLogits;
    for (const end = rows + whole; kernel < end; kernel += 16, d += 16) {
      low = addColumns<T>(low, kernel, step, d);
      high = addColumns<T>(high, kernel + lanes * step, step, d);
    }
    for (const end = rows + step; kernel < end; kernel += sizeof<T>(), d += sizeof<T>()) {
      const ds = v128.load_splat<T>(d);
      low = madd<T>(loadColumn<T>(kernel, step), ds, low);
      high = madd<T>(loadColumn<T>(kernel + lanes * step, step), ds, high);
    }
    v128.store(dInputs, low);
    v128.store(dInputs, high, 16);
  }
}

/** sums + Σⱼ column j of `block` · d[j], added in this order. `block`: [lanes, lanes], rows `step` bytes apart. */
@inline
function addColumns<T>(sums: v128, block: usize, step: usize, d: usize): v128 {
  const a = v128.load(block), b = v128.load(block + step);
  if (sizeof<T>() == 8) {
    sums = madd<T>(v128.shuffle<i64>(a, b, 0, 2), v128.load_splat<T>(d), sums);
    return madd<T>(v128.shuffle<i64>(a, b, 1, 3), v128.load_splat<T>(d, 8), sums);
  }
  const c = v128.load(block + 2 * step), e = v128.load(block + 3 * step);
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const ceLow = v128.shuffle<i32>(c, e, 0, 4, 1, 5), ceHigh = v128.shuffle<i32>(c, e, 2, 6, 3, 7);
  sums = madd<T>(v128.shuffle<i64>(abLow, ceLow, 0, 2), v128.load_splat<T>(d), sums);
  sums = madd<T>(v128.shuffle<i64>(abLow, ceLow, 1, 3), v128.load_splat<T>(d, 4), sums);
  sums = madd<T>(v128.shuffle<i64>(abHigh, ceHigh, 0, 2), v128.load_splat<T>(d, 8), sums);
  return madd<T>(v128.shuffle<i64>(abHigh, ceHigh, 1, 3), v128.load_splat<T>(d, 12), sums);
}

/** A vector of elements `step` bytes apart. */
@inline
function loadColumn<T>(x: usize, step: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_lane(x + step, v128.load64_zero(x), 1);
  const two = v128.load32_lane(x + step, v128.load32_zero(x), 1);
  return v128.load32_lane(x + 3 * step, v128.load32_lane(x + 2 * step, two, 2), 3);
}
