// Stochastic gradient descent: parameter −= learningRate · gradient. With OptimizerFeature.Momentum, PyTorch's formula:
//
//     buffer ← momentum · buffer + (1 − dampening) · g      first step: buffer ← g
//     parameter −= learningRate · buffer                    Nesterov: learningRate · (g + momentum · buffer)
//
// I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.

import { areUnused, hasFeature, hyperparameter, Optimizer, OptimizerFeature, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isFiniteIn, isNotNegative } from "../math/range";
import { splat } from "../math/vector";
import { isSafeStep, largestStep } from "./bound";

/** See featuresOf(). */
export const SGD_FEATURES: u32 =
  OptimizerFeature.Momentum | OptimizerFeature.Nesterov | OptimizerFeature.WeightDecay;

// The order of the hyperparameters. The momentum is at least 0; both are finite in the network's dtype. Without
// OptimizerFeature.Momentum both are 0.
const MOMENTUM: usize = 0;
const DAMPENING: usize = 1;
const HYPERPARAMETERS: usize = 2;

/** See optimizerSlots(). */
export function sgdSlots(features: u32): u32 {
  return features & OptimizerFeature.Momentum ? 1 : 0;
}

/** See checkHyperparameters(). */
export function checkSgd(optimizer: Optimizer, elementSize: usize): Status {
  const isValid = isNotNegative(hyperparameter(optimizer, MOMENTUM), elementSize) &&
    isFiniteIn(hyperparameter(optimizer, DAMPENING), elementSize);
  if (!isValid) return Status.InvalidHyperparameter;
  const used = hasFeature(optimizer, OptimizerFeature.Momentum) ? HYPERPARAMETERS : MOMENTUM;
  return areUnused(optimizer, used) ? Status.Ok : Status.ReservedNotZero;
}

/** A vector of parameters after a step: parameter − rate · gradient. */
@inline
export function updated<T>(parameter: v128, gradient: v128, rate: v128): v128 {
  return v128.sub<T>(parameter, v128.mul<T>(rate, gradient));
}

/** See optimizerStep(). Without momentum. */
@inline
export function sgd<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(optimizer.learningRate);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    nonFinite = mode.storeOrCheck<T>(parameters + at, updated<T>(parameter, g, rate), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** The factor of g in the buffer: 1 in the first step, else 1 − dampening. */
@inline
function gainOf(optimizer: Optimizer): f64 {
  return optimizer.step == 0 ? 1 : 1 - hyperparameter(optimizer, DAMPENING);
}

/** See optimizerStep(). State: buffer [parameterCount]. */
export function momentumSgd<T, M>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(optimizer.learningRate);
  const momentum = splat<T>(hyperparameter(optimizer, MOMENTUM)), gain = splat<T>(gainOf(optimizer));
  const isNesterov = hasFeature(optimizer, OptimizerFeature.Nesterov);
  const buffers = slotAt(optimizer, 0);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const buffer = v128.add<T>(v128.mul<T>(momentum, v128.load(buffers + at)), v128.mul<T>(gain, g));
    const direction = isNesterov ? v128.add<T>(g, v128.mul<T>(momentum, buffer)) : buffer;
    nonFinite = mode.storeOrCheck<T>(buffers + at, buffer, nonFinite);
    nonFinite = mode.storeOrCheck<T>(parameters + at, updated<T>(parameter, direction, rate), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerIsBounded(). */
export function sgdIsBounded<T>(optimizer: Optimizer, gradient: f64, state: f64): bool {
  if (!hasFeature(optimizer, OptimizerFeature.Momentum)) return isSafeStep<T>(optimizer.learningRate, gradient);
  const momentum = <f64><T>hyperparameter(optimizer, MOMENTUM);
  const buffer = momentum * state + abs(<f64><T>gainOf(optimizer)) * gradient;
  // An upper bound of every number that the step computes, also for a momentum above 1.
  const largest = gradient + buffer + momentum * buffer;
  return largest < largestStep<T>() && isSafeStep<T>(optimizer.learningRate, largest);
}
