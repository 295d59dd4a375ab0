// The step of plain SGD for a batch of one row. Stores neither gradients nor a backup: isBounded() has proved the
// result finite.

import { Optimizer } from "../abi/optimizer";
import { Eight, Four, One, Three, Two } from "../kernels/counts";
import { storeLanes } from "../kernels/memory";
import { absoluteSum } from "../kernels/reduce";
import { Layer, Tensors } from "../layers/tensors";
import { laneCount, splat } from "../math/vector";
import { layerAt, Network } from "../network/network";
import { tensorsAt, Workspace } from "../network/workspace";
import { sgdIsBounded, updated } from "../optimizers/sgd";

/**
 * Whether the step of this row is certain to leave finite parameters finite. Each element of a gradient is one product
 * xᵢ·dⱼ, bounded by Σ|xᵢ| · Σ|dⱼ|.
 */
export function isBounded<T>(network: Network, workspace: Workspace): bool {
  let largest: f64 = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const tensors = tensorsAt(workspace, i);
    largest += absoluteSum<T>(tensors.x, layer.inputs + 1) * absoluteSum<T>(tensors.dLogitsRows, layer.units);
  }
  return sgdIsBounded<T>(network.optimizer, largest, 0);
}

/**
 * parameters −= learningRate · xᵀ · dLogitsRows, for rows `begin` … `end` − 1 of a layer's kernel and bias.
 *
 * The gradient is the product alone. matmul() adds products to 0, so there a product of −0 gives the gradient 0. Here
 * the gradient stays −0, and a parameter of −0 becomes 0.
 */
export function rowStep<T>(layer: Layer, tensors: Tensors, optimizer: Optimizer, begin: usize, end: usize): void {
  const rate = splat<T>(optimizer.learningRate);
  const lanes = laneCount<T>();
  const whole = layer.units & ~(lanes - 1);
  let unit: usize = 0;
  for (; unit + 8 * lanes <= whole; unit += 8 * lanes) stepUnits<T, Eight>(layer, tensors, rate, unit, begin, end);
  if (unit + 4 * lanes <= whole) {
    stepUnits<T, Four>(layer, tensors, rate, unit, begin, end);
    unit += 4 * lanes;
  }
  if (unit + 2 * lanes <= whole) {
    stepUnits<T, Two>(layer, tensors, rate, unit, begin, end);
    unit += 2 * lanes;
  }
  if (unit < whole) {
    stepUnits<T, One>(layer, tensors, rate, unit, begin, end);
    unit += lanes;
  }
  switch (layer.units - unit) {
    case 1: { stepLanes<T, One>(layer, tensors, rate, unit, begin, end); break; }
    case 2: { stepLanes<T, Two>(layer, tensors, rate, unit, begin, end); break; }
    case 3: { stepLanes<T, Three>(layer, tensors, rate, unit, begin, end); break; }
  }
}

/** Updates N vectors of units, from `unit` on. Their dLogits stay in registers for all rows of the kernel. */
@inline
function stepUnits<T, N>(layer: Layer, tensors: Tensors, rate: v128, unit: usize, begin: usize, end: usize): void {
  const count = changetype<N>(0).count();
  const d = tensors.dLogitsRows + unit * sizeof<T>();
  const d0 = v128.load(d);
  const d1 = count > 1 ? v128.load(d, 16) : d0;
  const d2 = count > 2 ? v128.load(d, 32) : d0, d3 = count > 2 ? v128.load(d, 48) : d0;
  const d4 = count > 4 ? v128.load(d, 64) : d0, d5 = count > 4 ? v128.load(d, 80) : d0;
  const d6 = count > 4 ? v128.load(d, 96) : d0, d7 = count > 4 ? v128.load(d, 112) : d0;
  const step = layer.units * sizeof<T>();
  let p = layer.parameters + begin * step + unit * sizeof<T>();
  const xEnd = tensors.x + end * sizeof<T>();
  for (let x = tensors.x + begin * sizeof<T>(); x < xEnd; x += sizeof<T>(), p += step) {
    const xs = v128.load_splat<T>(x);
    v128.store(p, updated<T>(v128.load(p), v128.mul<T>(xs, d0), rate));
    if (count > 1) v128.store(p, updated<T>(v128.load(p, 16), v128.mul<T>(xs, d1), rate), 16);
    if (count > 2) {
      v128.store(p, updated<T>(v128.load(p, 32), v128.mul<T>(xs, d2), rate), 32);
      v128.store(p, updated<T>(v128.load(p, 48), v128.mul<T>(xs, d3), rate), 48);
    }
    if (count > 4) {
      v128.store(p, updated<T>(v128.load(p, 64), v128.mul<T>(xs, d4), rate), 64);
      v128.store(p, updated<T>(v128.load(p, 80), v128.mul<T>(xs, d5), rate), 80);
      v128.store(p, updated<T>(v128.load(p, 96), v128.mul<T>(xs, d6), rate), 96);
      v128.store(p, updated<T>(v128.load(p, 112), v128.mul<T>(xs, d7), rate), 112);
    }
  }
}

/** Updates the N units after the last whole vector, and writes nothing past them. */
@inline
function stepLanes<T, N>(layer: Layer, tensors: Tensors, rate: v128, unit: usize, begin: usize, end: usize): void {
  const d = v128.load(tensors.dLogitsRows + unit * sizeof<T>());
  const step = layer.units * sizeof<T>();
  let p = layer.parameters + begin * step + unit * sizeof<T>();
  const xEnd = tensors.x + end * sizeof<T>();
  for (let x = tensors.x + begin * sizeof<T>(); x < xEnd; x += sizeof<T>(), p += step) {
    const gradient = v128.mul<T>(v128.load_splat<T>(x), d);
    storeLanes<T>(p, updated<T>(v128.load(p), gradient, rate), changetype<N>(0).count());
  }
}
