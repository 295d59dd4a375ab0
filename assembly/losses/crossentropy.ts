// Cross-entropies. The fused ones are computed from the logits z: nothing overflows, and outputs that round to 0 or 1
// keep their gradients.

import { Status } from "../abi/status";
import { columnMax, sumInOrder } from "../kernels/reduce";
import { Call } from "../math/notInlined";
import { exp } from "../math/exponential";
import { log, log1p } from "../math/logarithm";
import { sigmoid } from "../math/logistic";
import { rounded } from "../math/range";
import { clamp, laneCount, laneNumbers, splat } from "../math/vector";
import { addTerms, product, total, applyWeights } from "./terms";

/** See checkLoss(). Refuses a clip for which 1 − clip rounds to 1: it would not clip probabilities near 1. */
export function checkClip(clip: f64, elementSize: usize): Status {
  const low = rounded(clip, elementSize);
  return low < 0.5 && rounded(1 - low, elementSize) < 1 ? Status.Ok : Status.InvalidLossParameter;
}

/** −t log p − (1 − t) log(1 − p) with p = a clipped to [clip, 1 − clip]. The derivative is 0 where a was clipped. */
@unmanaged
export class BinaryCrossentropy {
  @inline
  term<T>(a: v128, t: v128, clip: v128, q: v128): v128 {
    const one = splat<T>(1);
    const p = clamp<T>(a, clip, v128.sub<T>(one, clip));
    const hit = product<T>(t, log<T>(p));
    const miss = product<T>(v128.sub<T>(one, t), log<T>(v128.sub<T>(one, p)));
    return v128.neg<T>(v128.add<T>(hit, miss));
  }

  @inline
  gradient<T>(a: v128, t: v128, clip: v128, q: v128): v128 {
    const one = splat<T>(1);
    const p = clamp<T>(a, clip, v128.sub<T>(one, clip));
    const slope = v128.div<T>(v128.sub<T>(p, t), v128.mul<T>(p, v128.sub<T>(one, p)));
    // The slope is 0 at the minimum p = t, where the quotient may be 0/0. Where a ≠ p, a was clipped.
    return v128.and(v128.and(slope, v128.ne<T>(p, t)), v128.eq<T>(a, p));
  }
}

/** Binary cross-entropy of p = σ(z), from the logit: max(z, 0) − tz + log(1 + e^−|z|). The derivative by z is p − t. */
@unmanaged
export class SigmoidCrossentropy {
  @inline
  term<T>(z: v128, t: v128, p: v128, q: v128): v128 {
    const tail = log1p<T>(exp<T>(v128.neg<T>(v128.abs<T>(z))));
    return v128.add<T>(v128.sub<T>(v128.pmax<T>(z, splat<T>(0)), v128.mul<T>(t, z)), tail);
  }

  @inline
  gradient<T>(z: v128, t: v128, p: v128, q: v128): v128 {
    return v128.sub<T>(sigmoid<T>(z), t);
  }
}

/**
 * lossBackward() of the categorical cross-entropies, with one term for each column:
 *
 *     −Σᵢ tᵢ log aᵢ = Σᵢ tᵢ (log Σⱼ e^(zⱼ − m) − (zᵢ − m))        ∂/∂zᵢ = aᵢ Σⱼ tⱼ − tᵢ
 *
 * with a = softmax(z) and m the largest logit. L: Distribution or Label.
 */
export function lossRows<T, L>(
  dLogits: usize, logits: usize, targets: usize, weights: usize,
  units: usize, rows: usize, stride: usize, scale: f64,
): f64 {
  const target = changetype<L>(0);
  const step = stride * sizeof<T>();
  const factor = splat<T>(scale);
  const zero = splat<T>(0);
  let sum = splat<f64>(0);
  for (let row: usize = 0; row < rows; row += laneCount<T>()) {
    const column = row * sizeof<T>();
    const largest = columnMax<T>(logits + column, units, step);
    let partition = zero;
    let weight = zero;
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      const e = exp<T>(v128.sub<T>(v128.load(logits + at), largest));
      v128.store(dLogits + at, e);
      partition = v128.add<T>(partition, e);
      weight = v128.add<T>(weight, target.at<T>(targets + column, i, step));
    }
    const logPartition = Call.log<T>(partition);
    let term = zero;
    for (let i: usize = 0; i < units; ++i) {
      const at = column + i * step;
      const t = target.at<T>(targets + column, i, step);
      const surprisal = v128.sub<T>(logPartition, v128.sub<T>(v128.load(logits + at), largest));
      term = v128.add<T>(term, product<T>(t, surprisal));
      const a = v128.div<T>(v128.load(dLogits + at), partition);
      v128.store(dLogits + at, v128.mul<T>(v128.sub<T>(v128.mul<T>(a, weight), t), factor));
    }
    if (weights) term = applyWeights<T>(term, v128.load(weights + column), dLogits + column, units, step);
    sum = addTerms<T>(sum, term, row, rows);
  }
  return total(sum);
}

/**
 * Σ t log t over all units and rows, times the weights of the rows. The cross-entropy plus this sum is the
 * Kullback-Leibler divergence Σ t (log t − log a). Its gradients are those of the cross-entropy.
 *
 *     targets: [units, rows], units `stride` elements apart
 *     weights: [rows]; 0: all are 1
 */
export function negativeEntropy<T>(targets: usize, weights: usize, units: usize, rows: usize, stride: usize): f64 {
  let sum = splat<f64>(0);
  for (let i: usize = 0; i < units; ++i) {
    for (let row: usize = 0; row < rows; row += laneCount<T>()) {
      const t = v128.load(targets + (i * stride + row) * sizeof<T>());
      let term = product<T>(t, Call.log<T>(t));
      if (weights) term = applyWeights<T>(term, v128.load(weights + row * sizeof<T>()), 0, 0, 0);
      sum = addTerms<T>(sum, term, row, rows);
    }
  }
  return total(sum);
}

// The kinds of targets, as types. No instances of these classes exist.

/** Targets that are distributions over the units: [units, stride]; on the row path [units]. */
@unmanaged
export class Distribution {
  /** The targets of a vector of rows for `unit`. */
  @inline
  at<T>(targets: usize, unit: usize, step: usize): v128 {
    return v128.load(targets + unit * step);
  }

  /** On the row path: the targets of a vector of units, from `unit` on. */
  @inline
  along<T>(targets: usize, unit: usize): v128 {
    return v128.load(targets + unit * sizeof<T>());
  }

  /** On the row path: the sum of the targets of all units. */
  @inline
  sum<T>(targets: usize, units: usize): v128 {
    return sumInOrder<T>(targets, units);
  }
}

/**
 * Targets that are labels, each the number of the correct unit: [1, stride]. The target of that unit is 1, of others 0.
 * Methods as in Distribution.
 */
@unmanaged
export class Label {
  @inline
  at<T>(targets: usize, unit: usize, step: usize): v128 {
    return v128.and(v128.eq<T>(v128.load(targets), v128.splat<T>(<T>unit)), splat<T>(1));
  }

  @inline
  along<T>(targets: usize, unit: usize): v128 {
    const units = v128.add<T>(v128.splat<T>(<T>unit), laneNumbers<T>());
    return v128.and(v128.eq<T>(v128.load_splat<T>(targets), units), splat<T>(1));
  }

  /** The sum of the targets: 1 if the label is the number of a unit, else 0. */
  @inline
  sum<T>(targets: usize, units: usize): v128 {
    const label = v128.load_splat<T>(targets);
    const isBelow = v128.lt<T>(label, v128.splat<T>(<T>units));
    const isUnit = v128.and(v128.eq<T>(label, v128.floor<T>(label)), v128.and(v128.ge<T>(label, splat<T>(0)), isBelow));
    return v128.and(isUnit, splat<T>(1));
  }
}

/**
 * Whether the labels of rows `begin` … `end` − 1 are numbers of units: integers from 0 to `units` − 1.
 *
 *     targets: [*]
 *     order:   row numbers, u32; 0: rows as they are stored
 */
export function areLabels<T>(targets: usize, order: usize, begin: usize, end: usize, units: usize): bool {
  for (let row = begin; row < end; ++row) {
    const index = order ? <usize>load<u32>(order + row * sizeof<u32>()) : row;
    const label = load<T>(targets + index * sizeof<T>());
    if (!(label >= 0 && label < <T>units && floor<T>(label) == label)) return false;
  }
  return true;
}
