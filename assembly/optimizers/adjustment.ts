// What happens to gradients and parameters before the formula of an optimizer: weight decay.
//
//     gradient  ← gradient + decay · parameter      decay = weightDecay
//     parameter ← keep · parameter                  decoupled: keep = 1 − learningRate · weightDecay, and decay = 0
//
// The network's gradients stay as they are. As in PyTorch, all parameters decay, biases too. Decoupled: I. Loshchilov
// and F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

import { hasFeature, Optimizer, OptimizerFeature, vectorAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isNotNegative } from "../math/range";
import { splat } from "../math/vector";

// The vectors. Loops load them when they need them: an optimizer's own numbers fill the registers.
const DECAY: usize = 0;
const KEEP: usize = 1;

/** See checkHyperparameters(). */
export function checkAdjustment(optimizer: Optimizer, elementSize: usize): Status {
  const weightDecay = optimizer.weightDecay;
  if (!isNotNegative(weightDecay, elementSize)) return Status.InvalidHyperparameter;
  return weightDecay == 0 || hasFeature(optimizer, OptimizerFeature.WeightDecay) ? Status.Ok : Status.ReservedNotZero;
}

/** Computes the adjustment of the coming step. */
export function prepareAdjustment<T>(optimizer: Optimizer): void {
  optimizer.decay = 0;
  optimizer.keep = 1;
  if (hasFeature(optimizer, OptimizerFeature.WeightDecay)) {
    if (!hasFeature(optimizer, OptimizerFeature.DecoupledDecay)) optimizer.decay = optimizer.weightDecay;
    else optimizer.keep = 1 - optimizer.learningRate * optimizer.weightDecay;
  }
  optimizer.isAdjusted = optimizer.decay != 0 || optimizer.keep != 1;
  v128.store(vectorAt(optimizer, DECAY), splat<T>(optimizer.decay));
  v128.store(vectorAt(optimizer, KEEP), splat<T>(optimizer.keep));
}

@inline
export function adjustedGradient<T>(optimizer: Optimizer, gradient: v128, parameter: v128): v128 {
  return v128.add<T>(gradient, v128.mul<T>(v128.load(vectorAt(optimizer, DECAY)), parameter));
}

@inline
export function adjustedParameter<T>(optimizer: Optimizer, parameter: v128): v128 {
  return v128.mul<T>(v128.load(vectorAt(optimizer, KEEP)), parameter);
}

/** Whether the bound of a step depends on the size of the parameters. */
export function measuresParameters(optimizer: Optimizer): bool {
  return hasFeature(optimizer, OptimizerFeature.WeightDecay) &&
    !hasFeature(optimizer, OptimizerFeature.DecoupledDecay);
}

/**
 * A bound of the adjusted gradients, if all |gradients| ≤ `gradient` and all |parameters| ≤ `parameter`. NaN or
 * infinite if there is none.
 */
export function adjustedBound<T>(optimizer: Optimizer, gradient: f64, parameter: f64): f64 {
  if (!measuresParameters(optimizer)) return gradient;
  return gradient + abs(<f64><T>optimizer.decay) * parameter;
}

/** Whether kept parameters are certain to be finite, and not larger than before. */
export function isModerateKeep(optimizer: Optimizer): bool {
  return abs(optimizer.keep) <= 1;
}
