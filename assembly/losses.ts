// The losses: the sum of a microbatch's terms, and its gradient, in one pass.

import { exp } from "./elementary/exponential";
import { log, log1p } from "./elementary/logarithm";
import { sigmoid } from "./elementary/logistic";
import { columnMaximum, firstLanes, laneCount, laneNumbers, maximum, splat, sumInOrder, wholeVectors } from "./vector";

export const enum Loss {
  MeanSquaredError,
  MeanAbsoluteError,
  Huber,
  BinaryCrossentropy,
  SigmoidCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
}

/**
 * Whether the loss takes the output layer's activation along: it is taken from the logits, and its gradient is theirs, for
 * the derivatives of softmax and sigmoid cancel.
 */
export function isFused(loss: Loss): bool {
  return loss == Loss.SigmoidCrossentropy || isCategorical(loss);
}

/** Whether a term belongs to a row rather than to one output of a row. */
export function isCategorical(loss: Loss): bool {
  return loss == Loss.CategoricalCrossentropy || loss == Loss.SparseCategoricalCrossentropy;
}

/**
 * Returns the sum of the loss's terms over the first `rows` columns, and writes `scale` times its gradient to `dOutputs`.
 *
 *     dOutputs, outputs: [units, stride]; of a fused loss the outputs are the logits
 *     targets:           [units, stride], or labels [1, stride]
 *     parameter:         the clip of binaryCrossentropy, the delta of huber
 *
 * The terms are summed as f64, vector after vector, so that the sum of a large batch keeps its digits in float32.
 */
export function lossBackward<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64,
): f64 {
  switch (loss) {
    case Loss.MeanSquaredError:
      return lossEach<T, MeanSquaredError>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.MeanAbsoluteError:
      return lossEach<T, MeanAbsoluteError>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.Huber:
      return lossEach<T, Huber>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.BinaryCrossentropy:
      return lossEach<T, BinaryCrossentropy>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.SigmoidCrossentropy:
      return lossEach<T, SigmoidCrossentropy>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.CategoricalCrossentropy:
      return lossRows<T, Distribution>(dOutputs, outputs, targets, units, rows, stride, scale);
    default:
      return lossRows<T, Label>(dOutputs, outputs, targets, units, rows, stride, scale);
  }
}

/** lossBackward of a single row, its units side by side: tensors of [units], up to the end of their last vector. */
export function rowLossBackward<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize,
  units: usize, scale: f64, parameter: f64,
): f64 {
  switch (loss) {
    case Loss.CategoricalCrossentropy:
      return lossRow<T, Distribution>(dOutputs, outputs, targets, units, scale);
    case Loss.SparseCategoricalCrossentropy:
      return lossRow<T, Label>(dOutputs, outputs, targets, units, scale);
    default:
      // Of the others, a row of n units is as good as n rows of one unit.
      return lossBackward<T>(
        loss, dOutputs, outputs, targets, 1, units, wholeVectors<T>(units), scale, parameter,
      );
  }
}

/** A loss whose terms belong to single outputs. */
function lossEach<T, L>(
  dOutputs: usize, outputs: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64,
): f64 {
  const loss = changetype<L>(0);
  const factor = splat<T>(scale);
  const p = splat<T>(parameter);
  let sum = splat<f64>(0);
  for (let i: usize = 0; i < units; ++i) {
    for (let row: usize = 0; row < stride; row += laneCount<T>()) {
      const at = (i * stride + row) * sizeof<T>();
      const target = v128.load(targets + at);
      const output = v128.load(outputs + at);
      const term = loss.term<T>(output, target, p);
      v128.store(dOutputs + at, v128.mul<T>(loss.gradient<T>(output, target, p), factor));
      sum = addTerms<T>(sum, term, row, rows);
    }
  }
  return total(sum);
}

/**
 * The categorical cross-entropies, for each column: −Σᵢ tᵢ log aᵢ = Σᵢ tᵢ (log Σⱼ e^(zⱼ − m) − (zᵢ − m)), with a = softmax(z)
 * and m the largest logit; ∂/∂zᵢ = aᵢ Σⱼ tⱼ − tᵢ.
 */
function lossRows<T, L>(
  dLogits: usize, logits: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64,
): f64 {
  const target = changetype<L>(0);
  const step = stride * sizeof<T>();
  const factor = splat<T>(scale);
  const zero = splat<T>(0);
  let sum = splat<f64>(0);
  for (let row: usize = 0; row < stride; row += laneCount<T>()) {
    const column = row * sizeof<T>();
    const largest = columnMaximum<T>(logits + column, units, step);
    let partition = zero;
    let weight = zero;
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      const e = exp<T>(v128.sub<T>(v128.load(logits + at), largest));
      v128.store(dLogits + at, e);
      partition = v128.add<T>(partition, e);
      weight = v128.add<T>(weight, target.at<T>(targets + column, i, step));
    }
    const logPartition = log<T>(partition);
    let term = zero;
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      const t = target.at<T>(targets + column, i, step);
      const surprise = v128.sub<T>(logPartition, v128.sub<T>(v128.load(logits + at), largest));
      term = v128.add<T>(term, product<T>(t, surprise));
      const a = v128.div<T>(v128.load(dLogits + at), partition);
      v128.store(dLogits + at, v128.mul<T>(v128.sub<T>(v128.mul<T>(a, weight), t), factor));
    }
    sum = addTerms<T>(sum, term, row, rows);
  }
  return total(sum);
}

/** Of a single row, its units side by side; its terms are summed as f64, not in T. */
function lossRow<T, L>(dLogits: usize, logits: usize, targets: usize, units: usize, scale: f64): f64 {
  const target = changetype<L>(0);
  const factor = splat<T>(scale);
  const bytes = units * sizeof<T>();
  const largest = maximum<T>(logits, units);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(dLogits + at, exp<T>(v128.sub<T>(v128.load(logits + at), largest)));
  }
  const partition = sumInOrder<T>(dLogits, units);
  const logPartition = log<T>(partition);
  const weight = target.sum<T>(targets, units);
  let sum = splat<f64>(0);
  for (let i: usize = 0; i < units; i += laneCount<T>()) {
    const at = i * sizeof<T>();
    const t = target.along<T>(targets, i);
    const surprise = v128.sub<T>(logPartition, v128.sub<T>(v128.load(logits + at), largest));
    sum = addTerms<T>(sum, product<T>(t, surprise), i, units);
    const a = v128.div<T>(v128.load(dLogits + at), partition);
    v128.store(dLogits + at, v128.mul<T>(v128.sub<T>(v128.mul<T>(a, weight), t), factor));
  }
  return total(sum);
}

/** t·x where t = 0 wins over an infinite x (what cannot happen costs nothing), but not over NaN. */
@inline
function product<T>(t: v128, x: v128): v128 {
  const counts = v128.or(v128.ne<T>(t, splat<T>(0)), v128.ne<T>(x, x));
  return v128.and(v128.mul<T>(t, x), counts);
}

/** sum + the lanes of `terms` that belong to rows below `rows`. */
@inline
function addTerms<T>(sum: v128, terms: v128, row: usize, rows: usize): v128 {
  if (row + laneCount<T>() > rows) terms = v128.and(terms, firstLanes<T>(rows - row));
  if (sizeof<T>() == 8) return v128.add<f64>(sum, terms);
  const high = v128.shuffle<i64>(terms, terms, 1, 1);
  return v128.add<f64>(sum, v128.add<f64>(f64x2.promote_low_f32x4(terms), f64x2.promote_low_f32x4(high)));
}

@inline
function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// Each class below is a name for a pair of formulas, never an object: the term of one output a (or logit z) with target
// t, and its derivative.

/** (a − t)² */
@unmanaged
class MeanSquaredError {
  @inline
  term<T>(a: v128, t: v128, p: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.mul<T>(e, e);
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.add<T>(e, e);
  }
}

/** |a − t|, with derivative 0 at 0 */
@unmanaged
class MeanAbsoluteError {
  @inline
  term<T>(a: v128, t: v128, p: v128): v128 {
    return v128.abs<T>(v128.sub<T>(a, t));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128): v128 {
    const e = v128.sub<T>(a, t);
    const one = splat<T>(1);
    const above = v128.and(one, v128.gt<T>(e, splat<T>(0)));
    return v128.sub<T>(above, v128.and(one, v128.lt<T>(e, splat<T>(0))));
  }
}

/** ½e² where |e| ≤ δ, else δ(|e| − ½δ). Huber, "Robust Estimation of a Location Parameter", 1964. */
@unmanaged
class Huber {
  @inline
  term<T>(a: v128, t: v128, delta: v128): v128 {
    const e = v128.abs<T>(v128.sub<T>(a, t));
    const half = splat<T>(0.5);
    const square = v128.mul<T>(half, v128.mul<T>(e, e));
    const linear = v128.mul<T>(delta, v128.sub<T>(e, v128.mul<T>(half, delta)));
    return v128.bitselect(square, linear, v128.le<T>(e, delta));
  }

  @inline
  gradient<T>(a: v128, t: v128, delta: v128): v128 {
    return clamp<T>(v128.sub<T>(a, t), v128.neg<T>(delta), delta);
  }
}

/** −t log p − (1 − t) log(1 − p) with p = a clipped to [c, 1 − c]; the derivative is 0 where a was clipped. */
@unmanaged
class BinaryCrossentropy {
  @inline
  term<T>(a: v128, t: v128, clip: v128): v128 {
    const one = splat<T>(1);
    const p = clamp<T>(a, clip, v128.sub<T>(one, clip));
    const hit = product<T>(t, log<T>(p));
    const miss = product<T>(v128.sub<T>(one, t), log<T>(v128.sub<T>(one, p)));
    return v128.neg<T>(v128.add<T>(hit, miss));
  }

  @inline
  gradient<T>(a: v128, t: v128, clip: v128): v128 {
    const one = splat<T>(1);
    const p = clamp<T>(a, clip, v128.sub<T>(one, clip));
    const slope = v128.div<T>(v128.sub<T>(p, t), v128.mul<T>(p, v128.sub<T>(one, p)));
    // p = t is a minimum, also where 0/0 stands for it; a ≠ p was clipped.
    return v128.and(v128.and(slope, v128.ne<T>(p, t)), v128.eq<T>(a, p));
  }
}

/** The same of p = σ(z), from the logit: max(z, 0) − tz + log(1 + e^−|z|); its derivative by z is p − t. */
@unmanaged
class SigmoidCrossentropy {
  @inline
  term<T>(z: v128, t: v128, p: v128): v128 {
    const tail = log1p<T>(exp<T>(v128.neg<T>(v128.abs<T>(z))));
    return v128.add<T>(v128.sub<T>(v128.pmax<T>(z, splat<T>(0)), v128.mul<T>(t, z)), tail);
  }

  @inline
  gradient<T>(z: v128, t: v128, p: v128): v128 {
    return v128.sub<T>(sigmoid<T>(z), t);
  }
}

/** Targets of the categorical losses as a distribution over the units: [units, stride], of a single row [units]. */
@unmanaged
class Distribution {
  @inline
  at<T>(targets: usize, unit: usize, step: usize): v128 {
    return v128.load(targets + unit * step);
  }

  /** Of a single row, for a vector of units from `unit` on. */
  @inline
  along<T>(targets: usize, unit: usize): v128 {
    return v128.load(targets + unit * sizeof<T>());
  }

  /** Of a single row, over all units. */
  @inline
  sum<T>(targets: usize, units: usize): v128 {
    return sumInOrder<T>(targets, units);
  }
}

/** Targets of the categorical losses as labels, the number of the one unit that is right: [1, stride]. */
@unmanaged
class Label {
  @inline
  at<T>(targets: usize, unit: usize, step: usize): v128 {
    return v128.and(v128.eq<T>(v128.load(targets), v128.splat<T>(<T>unit)), splat<T>(1));
  }

  @inline
  along<T>(targets: usize, unit: usize): v128 {
    const units = v128.add<T>(v128.splat<T>(<T>unit), laneNumbers<T>());
    return v128.and(v128.eq<T>(v128.load_splat<T>(targets), units), splat<T>(1));
  }

  /** 1, but for what is no unit's number. */
  @inline
  sum<T>(targets: usize, units: usize): v128 {
    const label = v128.load_splat<T>(targets);
    const isBelow = v128.lt<T>(label, v128.splat<T>(<T>units));
    const isUnit = v128.and(v128.eq<T>(label, v128.floor<T>(label)), v128.and(v128.ge<T>(label, splat<T>(0)), isBelow));
    return v128.and(isUnit, splat<T>(1));
  }
}

/** x limited to [low, high]; a NaN stays one. */
@inline
function clamp<T>(x: v128, low: v128, high: v128): v128 {
  return v128.pmin<T>(v128.pmax<T>(x, low), high);
}
