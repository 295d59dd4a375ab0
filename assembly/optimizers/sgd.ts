// Stochastic gradient descent: parameter −= learningRate · gradient.

import { areUnused, Optimizer } from "../abi/optimizer";
import { Status } from "../abi/status";
import { splat } from "../math/vector";
import { isModerateStep } from "./bound";

/** A vector of parameters after the step. */
@inline
export function updated<T>(parameter: v128, gradient: v128, rate: v128): v128 {
  return v128.sub<T>(parameter, v128.mul<T>(rate, gradient));
}

/** See checkHyperparameters(). */
export function checkSgd(optimizer: Optimizer): Status {
  return areUnused(optimizer, 0) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerStep(). */
@inline
export function sgd<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(optimizer.learningRate);
  let excess = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = parameters + at;
    excess = mode.take<T>(parameter, updated<T>(v128.load(parameter), v128.load(gradients + at), rate), excess);
  }
  return !v128.any_true(excess);
}

/** See optimizerIsBounded(). */
export function sgdIsBounded<T>(optimizer: Optimizer, largest: f64): bool {
  return isModerateStep<T>(optimizer.learningRate, largest);
}
