// Adam, with PyTorch's formula: D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
//
//     m ← m + (1 − β₁)(g − m) = g − β₁(g − m)
//     v ← β₂v + (1 − β₂)g²
//     parameter −= learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
//
// in step number t, from 1. Both sides of the last fraction are multiplied by √(1 − β₂ᵗ), which leaves one division for
// each parameter.

import { areUnused, hyperparameter, Optimizer, setShared, shared } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isBelowOne, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { largestStep, moderate } from "./bound";

/** m and v. */
export const ADAM_SLOTS: u32 = 2;

// The order of the hyperparameters. The betas are from 0 to below 1; ε is finite and above 0 in the network's dtype.
const BETA1: usize = 0;
const BETA2: usize = 1;
const EPSILON: usize = 2;
const HYPERPARAMETERS: usize = 3;

// The shared numbers of step t: learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ), and ε√(1 − β₂ᵗ).
const RATE: usize = 0;
const SCALED_EPSILON: usize = 1;

/** See checkHyperparameters(). */
export function checkAdam(optimizer: Optimizer, elementSize: usize): Status {
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  const epsilon = hyperparameter(optimizer, EPSILON);
  if (!isBelowOne(beta1) || !isBelowOne(beta2) || !isPositive(epsilon, elementSize)) return Status.InvalidHyperparameter;
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

export function prepareAdam(optimizer: Optimizer): void {
  const step = <u64>optimizer.step + 1;
  const scale = sqrt<f64>(1 - power(hyperparameter(optimizer, BETA2), step));
  setShared(optimizer, RATE, optimizer.learningRate * scale / (1 - power(hyperparameter(optimizer, BETA1), step)));
  setShared(optimizer, SCALED_EPSILON, hyperparameter(optimizer, EPSILON) * scale);
}

/** x^exponent by repeated squaring: the same bits on every machine. */
function power(x: f64, exponent: u64): f64 {
  let result: f64 = 1;
  for (; exponent > 0; exponent >>= 1, x *= x) {
    if (exponent & 1) result *= x;
  }
  return result;
}

/** See optimizerStep(). State: m [parameterCount], then v. */
export function adam<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const beta1 = hyperparameter(optimizer, BETA1), beta2 = hyperparameter(optimizer, BETA2);
  // Two formulas of m, as in PyTorch's lerp. The second is exact for β₁ = 0: the first would round g to the last place of m.
  const isHeavy = beta1 > 0.5;
  const weight = splat<T>(isHeavy ? 1 - beta1 : -beta1);
  const keep2 = splat<T>(beta2), gain2 = splat<T>(1 - beta2);
  const rate = splat<T>(shared(optimizer, RATE)), epsilon = splat<T>(shared(optimizer, SCALED_EPSILON));
  const first = optimizer.state, second = first + optimizer.slotSize;
  const base = isHeavy ? first : gradients;
  let excess = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const g = v128.load(gradients + at);
    const change = v128.sub<T>(g, v128.load(first + at));
    const m = v128.add<T>(v128.load(base + at), v128.mul<T>(weight, change));
    const v = v128.add<T>(v128.mul<T>(keep2, v128.load(second + at)), v128.mul<T>(gain2, v128.mul<T>(g, g)));
    const step = v128.div<T>(v128.mul<T>(rate, m), v128.add<T>(v128.sqrt<T>(v), epsilon));
    excess = mode.take<T>(first + at, m, excess);
    excess = mode.take<T>(second + at, v, excess);
    excess = mode.take<T>(parameters + at, v128.sub<T>(v128.load(parameters + at), step), excess);
  }
  return !v128.any_true(excess);
}

/**
 * See optimizerIsBounded(). m and v are weighted means of moderate g and of g². Both rate · m and the step, which is at
 * most rate · m / ε, must stay finite: a large ε makes the step small, but not rate · m.
 */
export function adamIsBounded<T>(optimizer: Optimizer, largest: f64): bool {
  const limit = moderate<T>();
  const product = <f64><T>shared(optimizer, RATE) * limit;
  const longest = product / <f64><T>shared(optimizer, SCALED_EPSILON);
  return largest < limit && product < largestStep<T>() && longest < largestStep<T>();
}
