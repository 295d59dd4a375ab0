// A microbatch of one row: forward pass, loss and backward pass. As the columns of feature-major tensors it would fill one
// lane of each vector; so it takes their places with plain vectors, the features side by side:
//
//     x, outputs             [features], and behind the last the 1 that the bias is multiplied by
//     logits, dLogitsRows    [units]; dLogits are not used, for a row is its own transpose
//
// Each is written past its end, by less than eight vectors, for which there is room: that of 128 rows. What lies there is not made
// use of. Every sum is taken in the order in which many rows take it, so that a row has the bits that it has among others.

import { rowActivationBackward, rowActivationForward } from "./activations";
import { Eight, Four } from "./counts";
import { Layer } from "./layer";
import { rowLossBackward } from "./losses";
import { layerAt, Network, outputLayer } from "./network";
import { laneCount, loadLanes, madd, splat } from "./vector";

/** The one row goes through the layers; what is computed stays in their `logits` and `outputs`. */
export function rowForward<T>(network: Network): void {
  const microbatch = network.microbatch;
  if (microbatch.inputs) gatherRow<T>(network.x, microbatch.inputs, network.inputs, microbatch.order, microbatch.row);
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    store<T>(layer.x + layer.inputs * sizeof<T>(), 1);
    multiply<T>(layer);
    rowActivationForward<T>(layer.activation, layer.outputs, layer.logits, layer.units, layer.alpha);
  }
}

/** out = the sample at that place in an order (0: as they lie) of `samples` [*, width]; zeros to the end of its last vector. */
export function gatherRow<T>(out: usize, samples: usize, width: usize, order: usize, place: usize): void {
  const index = order ? <usize>load<u32>(order + place * sizeof<u32>()) : place;
  copyRow<T>(out, samples + index * width * sizeof<T>(), width);
}

function copyRow<T>(out: usize, x: usize, count: usize): void {
  const rest = count & (laneCount<T>() - 1);
  for (const end = x + (count - rest) * sizeof<T>(); x < end; x += 16, out += 16) v128.store(out, v128.load(x));
  if (rest > 0) v128.store(out, loadLanes<T>(x, rest));
}

/**
 * logits = [x; 1] · [kernel; bias], in blocks of four or eight vectors of units. They are read, and written, to their end:
 * from the next row of the kernel, or less than 64 bytes into the gradients behind the last.
 */
function multiply<T>(layer: Layer): void {
  const lanes = laneCount<T>();
  let unit: usize = 0;
  for (; unit + 4 * lanes < layer.units; unit += 8 * lanes) multiplyUnits<T, Eight>(layer, unit);
  if (unit < layer.units) multiplyUnits<T, Four>(layer, unit);
}

/** For N (four or eight) vectors of units from `unit` on, side by side, which hides the latency of an addition. */
@inline
function multiplyUnits<T, N>(layer: Layer, unit: usize): void {
  const count = changetype<N>(0).count();
  const step = layer.units * sizeof<T>();
  const xEnd = layer.x + (layer.inputs + layer.useBias) * sizeof<T>();
  let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let kernel = layer.kernel + unit * sizeof<T>();
  for (let x = layer.x; x < xEnd; x += sizeof<T>(), kernel += step) {
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
  const logits = layer.logits + unit * sizeof<T>();
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

/** Makes the outputs of the last layer complete, whose activation a fused loss would take along. */
export function rowOutputs<T>(network: Network): void {
  const layer = outputLayer(network);
  rowActivationForward<T>(network.outputActivation, layer.outputs, layer.outputs, layer.units, layer.alpha);
}

/** The sum of the loss's terms; `scale` times its gradient goes to the last `dLogitsRows`. */
export function rowLoss<T>(network: Network, scale: f64): f64 {
  const layer = outputLayer(network);
  return rowLossBackward<T>(
    network.loss, layer.dLogitsRows, layer.outputs, network.targets, layer.units, scale, network.lossParameter,
  );
}

/** Leaves the gradient of each layer's logits in its `dLogitsRows`, given the loss's, and what the forward pass left. */
export function rowLogitsBackward<T>(network: Network): void {
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    rowActivationBackward<T>(
      layer.activation, layer.dLogitsRows, layer.outputs, layer.logits, layer.units, layer.alpha,
    );
    if (i == 0) return;
    multiplyTransposed<T>(layer, layerAt(network, i - 1).dLogitsRows);
  }
}

/**
 * dInputs = kernel · dLogits, two vectors of inputs at a time, of rows of the kernel that is; such blocks are read to their end,
 * from what lies behind the kernel.
 */
function multiplyTransposed<T>(layer: Layer, dInputs: usize): void {
  const lanes = laneCount<T>();
  const step = layer.units * sizeof<T>();
  const whole = (layer.units & ~(lanes - 1)) * sizeof<T>();
  const rowsEnd = dInputs + layer.inputs * sizeof<T>();
  let rows = layer.kernel;
  for (; dInputs < rowsEnd; dInputs += 32, rows += 2 * lanes * step) {
    let low = splat<T>(0), high = low;
    let kernel = rows;
    let d = layer.dLogitsRows;
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

/** sums + Σⱼ column j of a square block · d[j], one after the other; `step` bytes from row to row. */
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
