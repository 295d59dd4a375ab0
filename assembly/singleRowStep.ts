// The step of a batch of one row. Nothing but the parameters is written, neither its gradient nor a way back: that it makes no
// parameter infinite is known beforehand.

import { Eight, Four, One, Three, Two } from "./counts";
import { Layer } from "./layer";
import { layerAt, Network } from "./network";
import { Descent, moved } from "./sgd";
import { absoluteSum, laneCount, storeLanes } from "./vector";

/** Less than half a unit in the last place of the largest number of T: a step that is smaller makes no number infinite. */
@inline
function limit<T>(): f64 {
  return sizeof<T>() == 4 ? 2.0 ** 100 : 2.0 ** 960;
}

/**
 * Whether the step of this row surely leaves finite parameters finite. Each element of its gradient is one product xᵢ·dⱼ, which
 * is bounded by Σ|xᵢ| · Σ|dⱼ| without being computed.
 */
export function isBounded<T>(network: Network, learningRate: f64): bool {
  let largest: f64 = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    largest += absoluteSum<T>(layer.x, layer.inputs + 1) * absoluteSum<T>(layer.dLogitsRows, layer.units);
  }
  // In T, where a rate may be infinite that is not in f64.
  const step = abs(<f64><T>learningRate) * largest;
  return largest < limit<T>() && step < limit<T>();
}

/**
 * Rows `begin` … `end` − 1 of a layer's kernel and bias step down their gradient, the product xᵀ · dLogitsRows. It is not added to
 * the 0 with which sums of many rows begin: where it is −0, a parameter of −0 becomes 0.
 */
export function rowStep<T>(layer: Layer, descent: Descent, begin: usize, end: usize): void {
  const rate = descent.rate;
  const lanes = laneCount<T>();
  const whole = layer.units & ~(lanes - 1);
  let unit: usize = 0;
  for (; unit + 8 * lanes <= whole; unit += 8 * lanes) stepUnits<T, Eight>(layer, rate, unit, begin, end);
  if (unit + 4 * lanes <= whole) {
    stepUnits<T, Four>(layer, rate, unit, begin, end);
    unit += 4 * lanes;
  }
  if (unit + 2 * lanes <= whole) {
    stepUnits<T, Two>(layer, rate, unit, begin, end);
    unit += 2 * lanes;
  }
  if (unit < whole) {
    stepUnits<T, One>(layer, rate, unit, begin, end);
    unit += lanes;
  }
  switch (layer.units - unit) {
    case 1: { stepLanes<T, One>(layer, rate, unit, begin, end); break; }
    case 2: { stepLanes<T, Two>(layer, rate, unit, begin, end); break; }
    case 3: { stepLanes<T, Three>(layer, rate, unit, begin, end); break; }
  }
}

/** N vectors of units from `unit` on, side by side: their dLogits stay in registers from row to row of the kernel. */
@inline
function stepUnits<T, N>(layer: Layer, rate: v128, unit: usize, begin: usize, end: usize): void {
  const count = changetype<N>(0).count();
  const d = layer.dLogitsRows + unit * sizeof<T>();
  const d0 = v128.load(d);
  const d1 = count > 1 ? v128.load(d, 16) : d0;
  const d2 = count > 2 ? v128.load(d, 32) : d0, d3 = count > 2 ? v128.load(d, 48) : d0;
  const d4 = count > 4 ? v128.load(d, 64) : d0, d5 = count > 4 ? v128.load(d, 80) : d0;
  const d6 = count > 4 ? v128.load(d, 96) : d0, d7 = count > 4 ? v128.load(d, 112) : d0;
  const step = layer.units * sizeof<T>();
  let p = layer.kernel + begin * step + unit * sizeof<T>();
  const xEnd = layer.x + end * sizeof<T>();
  for (let x = layer.x + begin * sizeof<T>(); x < xEnd; x += sizeof<T>(), p += step) {
    const xs = v128.load_splat<T>(x);
    v128.store(p, moved<T>(v128.load(p), v128.mul<T>(xs, d0), rate));
    if (count > 1) v128.store(p, moved<T>(v128.load(p, 16), v128.mul<T>(xs, d1), rate), 16);
    if (count > 2) {
      v128.store(p, moved<T>(v128.load(p, 32), v128.mul<T>(xs, d2), rate), 32);
      v128.store(p, moved<T>(v128.load(p, 48), v128.mul<T>(xs, d3), rate), 48);
    }
    if (count > 4) {
      v128.store(p, moved<T>(v128.load(p, 64), v128.mul<T>(xs, d4), rate), 64);
      v128.store(p, moved<T>(v128.load(p, 80), v128.mul<T>(xs, d5), rate), 80);
      v128.store(p, moved<T>(v128.load(p, 96), v128.mul<T>(xs, d6), rate), 96);
      v128.store(p, moved<T>(v128.load(p, 112), v128.mul<T>(xs, d7), rate), 112);
    }
  }
}

/** The N units behind the last whole vector; what lies behind them is left alone. */
@inline
function stepLanes<T, N>(layer: Layer, rate: v128, unit: usize, begin: usize, end: usize): void {
  const d = v128.load(layer.dLogitsRows + unit * sizeof<T>());
  const step = layer.units * sizeof<T>();
  let p = layer.kernel + begin * step + unit * sizeof<T>();
  const xEnd = layer.x + end * sizeof<T>();
  for (let x = layer.x + begin * sizeof<T>(); x < xEnd; x += sizeof<T>(), p += step) {
    const gradient = v128.mul<T>(v128.load_splat<T>(x), d);
    storeLanes<T>(p, moved<T>(v128.load(p), gradient, rate), changetype<N>(0).count());
  }
}
