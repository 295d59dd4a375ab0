// Adagrad, with PyTorch's formula: J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning
// and Stochastic Optimization", JMLR 12 (2011).
//
//     sum ← sum + g²
//     parameter −= learningRate / (1 + (t − 1) · learningRateDecay) · g / (√sum + ε)
//
// in step number t, from 1. Before the first step, sum is initialAccumulator.

import { areUnused, hyperparameter, Optimizer, OptimizerFeature, setShared, shared, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isNotNegative, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { isSafeQuotient, largestStep, squareLimit } from "./bound";

/** See featuresOf(). */
export const ADAGRAD_FEATURES: u32 = OptimizerFeature.WeightDecay;

/** The sum. */
export const ADAGRAD_SLOTS: u32 = 1;

// The order of the hyperparameters. All are finite; the first two are at least 0, ε is above 0. The initial accumulator
// and ε must satisfy this after rounding to the network's dtype, too.
const LEARNING_RATE_DECAY: usize = 0;
const INITIAL_ACCUMULATOR: usize = 1;
const EPSILON: usize = 2;
const HYPERPARAMETERS: usize = 3;

/** The shared number: the learning rate of the step. */
const RATE: usize = 0;

/** See checkHyperparameters(). */
export function checkAdagrad(optimizer: Optimizer, elementSize: usize): Status {
  const isValid = isNotNegative(hyperparameter(optimizer, LEARNING_RATE_DECAY), sizeof<f64>()) &&
    isNotNegative(hyperparameter(optimizer, INITIAL_ACCUMULATOR), elementSize) &&
    isPositive(hyperparameter(optimizer, EPSILON), elementSize);
  if (!isValid) return Status.InvalidHyperparameter;
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerPrepare(). */
export function prepareAdagrad(optimizer: Optimizer): void {
  const divisor = 1 + optimizer.step * hyperparameter(optimizer, LEARNING_RATE_DECAY);
  setShared(optimizer, RATE, optimizer.learningRate / divisor);
}

/**
 * What the coming step adds to the sum besides g²: the initial accumulator in the first step, because states begin with
 * 0.
 */
@inline
function initialOf(optimizer: Optimizer): f64 {
  return optimizer.step == 0 ? hyperparameter(optimizer, INITIAL_ACCUMULATOR) : 0;
}

/** See optimizerStep(). State: sum [parameterCount]. */
export function adagrad<T, M>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(shared(optimizer, RATE)), epsilon = splat<T>(hyperparameter(optimizer, EPSILON));
  const initial = splat<T>(initialOf(optimizer));
  const sums = slotAt(optimizer, 0);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const sum = v128.add<T>(v128.add<T>(v128.load(sums + at), initial), v128.mul<T>(g, g));
    const step = v128.div<T>(v128.mul<T>(rate, g), v128.add<T>(v128.sqrt<T>(sum), epsilon));
    nonFinite = mode.storeOrCheck<T>(sums + at, sum, nonFinite);
    nonFinite = mode.storeOrCheck<T>(parameters + at, v128.sub<T>(parameter, step), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerIsBounded(). |g| / (√sum + ε) is at most |g| / ε. */
export function adagradIsBounded<T>(optimizer: Optimizer, gradient: f64, state: f64): bool {
  const product = <f64><T>shared(optimizer, RATE) * gradient;
  return gradient < squareLimit<T>() && state + <f64><T>initialOf(optimizer) < largestStep<T>() &&
    isSafeQuotient<T>(product, <f64><T>hyperparameter(optimizer, EPSILON));
}
