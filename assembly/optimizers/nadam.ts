// NAdam, Adam with Nesterov's momentum, with PyTorch's formula: T. Dozat, "Incorporating Nesterov Momentum into Adam",
// ICLR 2016 Workshop.
//
//     µₜ = β₁(1 − ½ · 0.96^(t · momentumDecay))
//     m ← m + (1 − β₁)(g − m)
//     v ← β₂v + (1 − β₂)g²
//     parameter −= learningRate · ((1 − µₜ)/(1 − µ₁…µₜ) · g + µₜ₊₁/(1 − µ₁…µₜ₊₁) · m) / (√v / √(1 − β₂ᵗ) + ε)
//
// in step number t, from 1. As in adam.ts, numerator and denominator of the last fraction are multiplied by √(1 − β₂ᵗ).

import { areUnused, hyperparameter, Optimizer, OptimizerFeature, setShared, shared, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { exp } from "../math/exponential";
import { isBelowOne, isNotNegative, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { meanStepIsBounded } from "./adam";
import { biasCorrection, meanWeight, movedMean, movedMeanOfSquares } from "./mean";

/** See featuresOf(). */
export const NADAM_FEATURES: u32 = OptimizerFeature.DecoupledDecay | OptimizerFeature.WeightDecay;

/** m and v. */
export const NADAM_SLOTS: u32 = 2;

// The order of the hyperparameters. 0 ≤ β₁ < 1 and 0 ≤ β₂ < 1. ε is finite and above 0 in the network's dtype. The
// momentum decay is finite and at least 0.
const BETA1: usize = 0;
const BETA2: usize = 1;
const EPSILON: usize = 2;
const MOMENTUM_DECAY: usize = 3;
const HYPERPARAMETERS: usize = 4;

// The shared numbers of step t: the factor of g and the factor of m, both times √(1 − β₂ᵗ); ε√(1 − β₂ᵗ); µ₁…µₜ;
// µ₁…µₜ₋₁. The last one is kept from step to step.
const GRADIENT_RATE: usize = 0;
const MEAN_RATE: usize = 1;
const SCALED_EPSILON: usize = 2;
const PRODUCT: usize = 3;
const LAST_PRODUCT: usize = 4;

/** log 0.96. */
const LOG_096: f64 = -0.040821994520255166;

/** See checkHyperparameters(). */
export function checkNadam(optimizer: Optimizer, elementSize: usize): Status {
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  const isValid = isBelowOne(beta1) && isBelowOne(beta2) &&
    isPositive(hyperparameter(optimizer, EPSILON), elementSize) &&
    isNotNegative(hyperparameter(optimizer, MOMENTUM_DECAY), sizeof<f64>());
  if (!isValid) return Status.InvalidHyperparameter;
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerPrepare(). */
export function prepareNadam(optimizer: Optimizer): void {
  const t = optimizer.step + 1;
  const scale = sqrt<f64>(biasCorrection(hyperparameter(optimizer, BETA2), t));
  const momentum = momentumAt(optimizer, t), nextMomentum = momentumAt(optimizer, t + 1);
  const product = (t == 1 ? 1 : shared(optimizer, LAST_PRODUCT)) * momentum;
  const rate = optimizer.learningRate * scale;
  setShared(optimizer, GRADIENT_RATE, rate * (1 - momentum) / (1 - product));
  setShared(optimizer, MEAN_RATE, rate * nextMomentum / (1 - product * nextMomentum));
  setShared(optimizer, SCALED_EPSILON, hyperparameter(optimizer, EPSILON) * scale);
  setShared(optimizer, PRODUCT, product);
}

/** See optimizerAdvance(). */
export function advanceNadam(optimizer: Optimizer): void {
  setShared(optimizer, LAST_PRODUCT, shared(optimizer, PRODUCT));
}

/** µₜ. */
function momentumAt(optimizer: Optimizer, t: f64): f64 {
  const exponent = splat<f64>(t * hyperparameter(optimizer, MOMENTUM_DECAY) * LOG_096);
  return hyperparameter(optimizer, BETA1) * (1 - 0.5 * v128.extract_lane<f64>(exp<f64>(exponent), 0));
}

/** See optimizerStep(). State: m [parameterCount], v. */
export function nadam<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  const isHeavy = beta1 > 0.5;
  const weight = splat<T>(meanWeight(beta1));
  const oldWeight = splat<T>(beta2), newWeight = splat<T>(1 - beta2);
  const gradientRate = splat<T>(shared(optimizer, GRADIENT_RATE)), meanRate = splat<T>(shared(optimizer, MEAN_RATE));
  const epsilon = splat<T>(shared(optimizer, SCALED_EPSILON));
  const first = slotAt(optimizer, 0), second = slotAt(optimizer, 1);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const m = movedMean<T>(v128.load(first + at), g, weight, isHeavy);
    const v = movedMeanOfSquares<T>(v128.load(second + at), g, oldWeight, newWeight);
    const direction = v128.add<T>(v128.mul<T>(gradientRate, g), v128.mul<T>(meanRate, m));
    const step = v128.div<T>(direction, v128.add<T>(v128.sqrt<T>(v), epsilon));
    nonFinite = mode.storeOrCheck<T>(first + at, m, nonFinite);
    nonFinite = mode.storeOrCheck<T>(second + at, v, nonFinite);
    const decayed = mode.decayed<T>(optimizer, parameter);
    nonFinite = mode.storeOrCheck<T>(parameters + at, v128.sub<T>(decayed, step), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerIsBounded(). */
export function nadamIsBounded<T>(optimizer: Optimizer, gradient: f64): bool {
  const rates = <f64><T>shared(optimizer, GRADIENT_RATE) + <f64><T>shared(optimizer, MEAN_RATE);
  return meanStepIsBounded<T>(optimizer, gradient, rates, <f64><T>shared(optimizer, SCALED_EPSILON));
}
