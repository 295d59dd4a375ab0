// RMSprop, with PyTorch's formula: G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
//
//     v ← αv + (1 − α)g²
//     parameter −= learningRate · g / (√v + ε)
//
// With OptimizerFeature.Centered, √max(v − m², 0) replaces √v: A. Graves, "Generating Sequences With Recurrent Neural
// Networks", 2013. PyTorch does not limit v − m²: where rounding makes it negative, its step is NaN.
//
//     m ← m + (1 − α)(g − m)
//
// With OptimizerFeature.Momentum:
//
//     buffer ← momentum · buffer + g / (√v + ε)
//     parameter −= learningRate · buffer

import { areUnused, hasFeature, hyperparameter, Optimizer, OptimizerFeature, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isBelowOne, isNotNegative, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { isSafeQuotient, isSafeStep, squareLimit } from "./bound";
import { meanWeight, movedMean, movedMeanOfSquares } from "./mean";

/** See featuresOf(). */
export const RMSPROP_FEATURES: u32 =
  OptimizerFeature.Momentum | OptimizerFeature.Centered | OptimizerFeature.WeightDecay;

// The order of the hyperparameters. 0 ≤ α < 1. ε is above 0 and the momentum is at least 0; both are finite in the
// network's dtype. Without OptimizerFeature.Momentum the momentum is 0.
const ALPHA: usize = 0;
const EPSILON: usize = 1;
const MOMENTUM: usize = 2;
const HYPERPARAMETERS: usize = 3;

/** See optimizerSlots(). */
export function rmspropSlots(features: u32): u32 {
  return 1 + (features & OptimizerFeature.Momentum ? 1 : 0) + (features & OptimizerFeature.Centered ? 1 : 0);
}

/** See checkHyperparameters(). */
export function checkRmsprop(optimizer: Optimizer, elementSize: usize): Status {
  const isValid = isBelowOne(hyperparameter(optimizer, ALPHA)) &&
    isPositive(hyperparameter(optimizer, EPSILON), elementSize) &&
    isNotNegative(hyperparameter(optimizer, MOMENTUM), elementSize);
  if (!isValid) return Status.InvalidHyperparameter;
  const used = hasFeature(optimizer, OptimizerFeature.Momentum) ? HYPERPARAMETERS : MOMENTUM;
  return areUnused(optimizer, used) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerStep(). State: the buffer [parameterCount] with Momentum, v, and m with Centered. */
export function rmsprop<T, M>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(optimizer.learningRate);
  const alpha = hyperparameter(optimizer, ALPHA);
  const isHeavy = alpha > 0.5;
  const weight = splat<T>(meanWeight(alpha));
  const oldWeight = splat<T>(alpha), newWeight = splat<T>(1 - alpha);
  const epsilon = splat<T>(hyperparameter(optimizer, EPSILON));
  const momentum = splat<T>(hyperparameter(optimizer, MOMENTUM));
  const hasMomentum = hasFeature(optimizer, OptimizerFeature.Momentum);
  const isCentered = hasFeature(optimizer, OptimizerFeature.Centered);
  const buffers = slotAt(optimizer, 0), squares = slotAt(optimizer, hasMomentum ? 1 : 0);
  const means = squares + optimizer.slotSize;
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const v = movedMeanOfSquares<T>(v128.load(squares + at), g, oldWeight, newWeight);
    nonFinite = mode.storeOrCheck<T>(squares + at, v, nonFinite);
    let variance = v;
    if (isCentered) {
      const m = movedMean<T>(v128.load(means + at), g, weight, isHeavy);
      nonFinite = mode.storeOrCheck<T>(means + at, m, nonFinite);
      variance = v128.pmax<T>(v128.sub<T>(v, v128.mul<T>(m, m)), splat<T>(0));
    }
    const divisor = v128.add<T>(v128.sqrt<T>(variance), epsilon);
    let step: v128;
    if (hasMomentum) {
      const buffer = v128.add<T>(v128.mul<T>(momentum, v128.load(buffers + at)), v128.div<T>(g, divisor));
      nonFinite = mode.storeOrCheck<T>(buffers + at, buffer, nonFinite);
      step = v128.mul<T>(rate, buffer);
    } else {
      step = v128.div<T>(v128.mul<T>(rate, g), divisor);
    }
    nonFinite = mode.storeOrCheck<T>(parameters + at, v128.sub<T>(parameter, step), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerMeasuredSlots(). The buffer is the first slot. */
export function rmspropMeasuredSlots(optimizer: Optimizer): u32 {
  return hasFeature(optimizer, OptimizerFeature.Momentum) ? 1 : 0;
}

/** See optimizerIsBounded(). v and m are weighted means of g² and g. |g| / (√v + ε) is at most |g| / ε. */
export function rmspropIsBounded<T>(optimizer: Optimizer, gradient: f64, state: f64): bool {
  const epsilon = <f64><T>hyperparameter(optimizer, EPSILON);
  if (!(gradient < squareLimit<T>())) return false;
  if (!hasFeature(optimizer, OptimizerFeature.Momentum)) {
    return isSafeQuotient<T>(<f64><T>optimizer.learningRate * gradient, epsilon);
  }
  const buffer = <f64><T>hyperparameter(optimizer, MOMENTUM) * state + gradient / epsilon;
  return isSafeStep<T>(optimizer.learningRate, buffer);
}
