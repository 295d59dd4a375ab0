// Adam, with PyTorch's formula: D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
//
//     m ← m + (1 − β₁)(g − m)
//     v ← β₂v + (1 − β₂)g²
//     parameter −= learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
//
// in step number t, from 1. Numerator and denominator of the last fraction are multiplied by √(1 − β₂ᵗ), so that one
// division for each parameter remains. With OptimizerFeature.Amsgrad, the largest v so far replaces v in the last line:
// S. J. Reddi, S. Kale and S. Kumar, "On the Convergence of Adam and Beyond", ICLR 2018.

import {
  areUnused, hasFeature, hyperparameter, Optimizer, OptimizerFeature, setShared, shared, slotAt,
} from "../abi/optimizer";
import { Status } from "../abi/status";
import { isBelowOne, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { isSafeScale } from "./adjustment";
import { isSafeQuotient, squareLimit } from "./bound";
import { biasCorrection, meanWeight, movedMean, movedMeanOfSquares } from "./mean";

/** See featuresOf(). */
export const ADAM_FEATURES: u32 =
  OptimizerFeature.Amsgrad | OptimizerFeature.DecoupledDecay | OptimizerFeature.WeightDecay;

// The order of the hyperparameters. 0 ≤ β₁ < 1 and 0 ≤ β₂ < 1. ε is finite and above 0 in the network's dtype.
const BETA1: usize = 0;
const BETA2: usize = 1;
const EPSILON: usize = 2;
const HYPERPARAMETERS: usize = 3;

// The shared numbers of step t: learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ), and ε√(1 − β₂ᵗ).
const RATE: usize = 0;
const SCALED_EPSILON: usize = 1;

/** See optimizerSlots(). */
export function adamSlots(features: u32): u32 {
  return features & OptimizerFeature.Amsgrad ? 3 : 2;
}

/** See checkHyperparameters(). */
export function checkAdam(optimizer: Optimizer, elementSize: usize): Status {
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  const epsilon = hyperparameter(optimizer, EPSILON);
  if (!isBelowOne(beta1) || !isBelowOne(beta2) || !isPositive(epsilon, elementSize)) {
    return Status.InvalidHyperparameter;
  }
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerPrepare(). */
export function prepareAdam(optimizer: Optimizer): void {
  const t = optimizer.step + 1;
  const scale = sqrt<f64>(biasCorrection(hyperparameter(optimizer, BETA2), t));
  setShared(optimizer, RATE, optimizer.learningRate * scale / biasCorrection(hyperparameter(optimizer, BETA1), t));
  setShared(optimizer, SCALED_EPSILON, hyperparameter(optimizer, EPSILON) * scale);
}

/** See optimizerStep(). State: m [parameterCount], v, and with Amsgrad the largest v. */
export function adam<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  const isHeavy = beta1 > 0.5;
  const weight = splat<T>(meanWeight(beta1));
  const oldWeight = splat<T>(beta2), newWeight = splat<T>(1 - beta2);
  const rate = splat<T>(shared(optimizer, RATE)), epsilon = splat<T>(shared(optimizer, SCALED_EPSILON));
  const isAmsgrad = hasFeature(optimizer, OptimizerFeature.Amsgrad);
  const first = slotAt(optimizer, 0), second = slotAt(optimizer, 1), largest = slotAt(optimizer, 2);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const m = movedMean<T>(v128.load(first + at), g, weight, isHeavy);
    const v = movedMeanOfSquares<T>(v128.load(second + at), g, oldWeight, newWeight);
    let divisor = v;
    if (isAmsgrad) {
      divisor = v128.pmax<T>(v, v128.load(largest + at));
      nonFinite = mode.storeOrCheck<T>(largest + at, divisor, nonFinite);
    }
    const step = v128.div<T>(v128.mul<T>(rate, m), v128.add<T>(v128.sqrt<T>(divisor), epsilon));
    nonFinite = mode.storeOrCheck<T>(first + at, m, nonFinite);
    nonFinite = mode.storeOrCheck<T>(second + at, v, nonFinite);
    const decayed = mode.decayed<T>(optimizer, parameter);
    nonFinite = mode.storeOrCheck<T>(parameters + at, v128.sub<T>(decayed, step), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerIsBounded(). */
export function adamIsBounded<T>(optimizer: Optimizer, gradient: f64): bool {
  const rate = <f64><T>shared(optimizer, RATE), epsilon = <f64><T>shared(optimizer, SCALED_EPSILON);
  return meanStepIsBounded<T>(optimizer, gradient, rate, epsilon);
}

/**
 * optimizerIsBounded() of Adam and NAdam. m and v are weighted means of g and g², and |g| < squareLimit(). The step is
 * at most rate · m / ε. Both it and rate · m must stay finite: a large ε makes the step small, but not rate · m.
 */
export function meanStepIsBounded<T>(optimizer: Optimizer, gradient: f64, rate: f64, epsilon: f64): bool {
  const limit = squareLimit<T>();
  return gradient < limit && isSafeQuotient<T>(rate * limit, epsilon) && isSafeScale(optimizer);
}
