// The adjustment: clipping and weight decay. It changes gradients and parameters before the formula of an optimizer:
//
//     gradient  ← gradient limited to [−clipValue, clipValue]
//     gradient  ← scale · gradient                  scale = min(1, clipNorm / (norm of all gradients + 10⁻⁶))
//     gradient  ← gradient + decay · parameter      decay = weightDecay
//     parameter ← parameterScale · parameter        parameterScale = 1
//
// Decoupled weight decay: decay = 0 and parameterScale = 1 − learningRate · weightDecay. The formulas are those of
// PyTorch's clip_grad_value_, clip_grad_norm_ and optimizers. All parameters decay, biases too. The gradients in memory
// do not change.
//
// Clipping of the norm: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
// networks", ICML 2013. Decoupled decay: I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization",
// ICLR 2019.

import { hasFeature, NORM_BLOCK, Optimizer, OptimizerFeature, sumsOf, vectorAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { sumOfSquares } from "../kernels/reduce";
import { isNotNegative, isPositive } from "../math/range";
import { clamp, splat } from "../math/vector";

/** The features of the adjustment that every optimizer accepts. Weight decay is not one: Rprop does not accept it. */
export const ADJUSTMENT_FEATURES: u32 = OptimizerFeature.ValueClipping | OptimizerFeature.NormClipping;

// The indices of the vectors. Loops load them for each vector of gradients: the optimizer's own numbers fill the
// registers.
const LOW: usize = 0;
const HIGH: usize = 1;
const SCALE: usize = 2;
const DECAY: usize = 3;
const PARAMETER_SCALE: usize = 4;

/** See checkHyperparameters(). */
export function checkAdjustment(optimizer: Optimizer, elementSize: usize): Status {
  if (!isNotNegative(optimizer.weightDecay, elementSize)) return Status.InvalidHyperparameter;
  if (!hasFeature(optimizer, OptimizerFeature.WeightDecay) && optimizer.weightDecay != 0) return Status.ReservedNotZero;
  return checkClip(optimizer, OptimizerFeature.ValueClipping, optimizer.clipValue, elementSize) ||
    checkClip(optimizer, OptimizerFeature.NormClipping, optimizer.clipNorm, elementSize);
}

/** Why the limit of a clipping feature is refused; Ok if it is accepted. */
function checkClip(optimizer: Optimizer, feature: OptimizerFeature, limit: f64, elementSize: usize): Status {
  if (!hasFeature(optimizer, feature)) return limit == 0 ? Status.Ok : Status.ReservedNotZero;
  return isPositive(limit, elementSize) ? Status.Ok : Status.InvalidHyperparameter;
}

/** Computes the adjustment of the coming step. With NormClipping, after setNorm(). */
export function prepareAdjustment<T>(optimizer: Optimizer): void {
  const clipsValues = hasFeature(optimizer, OptimizerFeature.ValueClipping);
  optimizer.scale = hasFeature(optimizer, OptimizerFeature.NormClipping) ? normScale(optimizer) : 1;
  optimizer.decay = 0;
  optimizer.parameterScale = 1;
  if (hasFeature(optimizer, OptimizerFeature.WeightDecay)) {
    if (!hasFeature(optimizer, OptimizerFeature.DecoupledDecay)) optimizer.decay = optimizer.weightDecay;
    else optimizer.parameterScale = 1 - optimizer.learningRate * optimizer.weightDecay;
  }
  const isAdjusted = clipsValues || optimizer.scale != 1 || optimizer.decay != 0 || optimizer.parameterScale != 1;
  optimizer.isAdjusted = <u32>isAdjusted;
  const limit = valueLimit(optimizer);
  v128.store(vectorAt(optimizer, LOW), splat<T>(-limit));
  v128.store(vectorAt(optimizer, HIGH), splat<T>(limit));
  v128.store(vectorAt(optimizer, SCALE), splat<T>(optimizer.scale));
  v128.store(vectorAt(optimizer, DECAY), splat<T>(optimizer.decay));
  v128.store(vectorAt(optimizer, PARAMETER_SCALE), splat<T>(optimizer.parameterScale));
}

/** The limit of gradients; infinite without ValueClipping. */
function valueLimit(optimizer: Optimizer): f64 {
  return hasFeature(optimizer, OptimizerFeature.ValueClipping) ? optimizer.clipValue : Infinity;
}

/** min(1, clipNorm / (norm + 10⁻⁶)). NaN if the norm is not finite, so that the step is refused. */
function normScale(optimizer: Optimizer): f64 {
  const norm = optimizer.norm;
  return isFinite(norm) ? min<f64>(1, optimizer.clipNorm / (norm + 1e-6)) : NaN;
}

/**
 * Stores the sum of squares of each block of clipped gradients in bytes `begin` … `end` − 1. `begin` is a multiple of
 * NORM_BLOCK. Only the last block may be incomplete.
 */
export function sumBlocks<T>(optimizer: Optimizer, gradients: usize, begin: usize, end: usize): void {
  const limit = valueLimit(optimizer);
  for (let block = begin; block < end; block += NORM_BLOCK) {
    const sum = sumOfSquares<T>(gradients + block, min(NORM_BLOCK, end - block) / sizeof<T>(), limit);
    store<f64>(sumsOf(optimizer) + block / NORM_BLOCK * sizeof<f64>(), sum);
  }
}

/** Computes the norm from the sums of all blocks, in their order. */
export function setNorm(optimizer: Optimizer): void {
  let sum: f64 = 0;
  const end = sumsOf(optimizer) + normBlocks(optimizer.slotSize) * sizeof<f64>();
  for (let at = sumsOf(optimizer); at < end; at += sizeof<f64>()) sum += load<f64>(at);
  optimizer.norm = sqrt<f64>(sum);
}

/** The number of blocks of gradients of `bytes` bytes. */
export function normBlocks(bytes: u64): u64 {
  return (bytes + NORM_BLOCK - 1) / NORM_BLOCK;
}

/** A vector of gradients after clipping and weight decay. */
@inline
export function adjustedGradient<T>(optimizer: Optimizer, gradient: v128, parameter: v128): v128 {
  const clipped = clamp<T>(gradient, v128.load(vectorAt(optimizer, LOW)), v128.load(vectorAt(optimizer, HIGH)));
  const scaled = v128.mul<T>(v128.load(vectorAt(optimizer, SCALE)), clipped);
  return v128.add<T>(scaled, v128.mul<T>(v128.load(vectorAt(optimizer, DECAY)), parameter));
}

/** A vector of parameters after decoupled weight decay. */
@inline
export function adjustedParameter<T>(optimizer: Optimizer, parameter: v128): v128 {
  return v128.mul<T>(v128.load(vectorAt(optimizer, PARAMETER_SCALE)), parameter);
}

/** Whether adjustedBound() needs a bound of the gradients. With NormClipping, their norm is a bound. */
export function measuresGradients(optimizer: Optimizer): bool {
  return !hasFeature(optimizer, OptimizerFeature.NormClipping);
}

/** Whether adjustedBound() needs a bound of the parameters. */
export function measuresParameters(optimizer: Optimizer): bool {
  return hasFeature(optimizer, OptimizerFeature.WeightDecay) &&
    !hasFeature(optimizer, OptimizerFeature.DecoupledDecay);
}

/**
 * A bound of the adjusted gradients. NaN or infinite if there is none.
 *
 *     gradient:  all |gradients| are at most this; NaN if one is NaN. Not used unless measuresGradients().
 *     parameter: all |parameters| are at most this. Not used unless measuresParameters().
 */
export function adjustedBound<T>(optimizer: Optimizer, gradient: f64, parameter: f64): f64 {
  let bound = measuresGradients(optimizer) ? gradient : optimizer.norm * optimizer.scale;
  bound = min<f64>(bound, valueLimit(optimizer));
  return measuresParameters(optimizer) ? bound + <f64><T>optimizer.decay * parameter : bound;
}

/** Whether multiplying a finite parameter by `parameterScale` is certain to leave it finite. */
export function isSafeScale(optimizer: Optimizer): bool {
  return abs(optimizer.parameterScale) <= 1;
}
