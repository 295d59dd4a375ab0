// The dispatch to the optimizers: one line for each in each function.

import {
  averagesSize, hasFeature, isPlain, Optimizer, OptimizerFeature, OptimizerKind, VECTOR_COUNT, vectorAt,
} from "../abi/optimizer";
import { Status } from "../abi/status";
import { aligned, place, productOf, sumOf } from "../kernels/place";
import {
  adadelta, adadeltaIsBounded, ADADELTA_FEATURES, ADADELTA_MEASURED_SLOTS, ADADELTA_SLOTS, checkAdadelta,
} from "./adadelta";
import { adagrad, adagradIsBounded, ADAGRAD_FEATURES, ADAGRAD_SLOTS, checkAdagrad, prepareAdagrad } from "./adagrad";
import { adam, adamIsBounded, adamSlots, ADAM_FEATURES, checkAdam, prepareAdam } from "./adam";
import { adjustedBound, ADJUSTMENT_FEATURES, checkAdjustment, normBlocks, prepareAdjustment } from "./adjustment";
import { averageStep, checkAverage } from "./average";
import { Apply, ApplyAdjusted, Check } from "./mode";
import { advanceNadam, checkNadam, nadam, nadamIsBounded, NADAM_FEATURES, NADAM_SLOTS, prepareNadam } from "./nadam";
import {
  checkRmsprop, rmsprop, rmspropIsBounded, rmspropMeasuredSlots, rmspropSlots, RMSPROP_FEATURES,
} from "./rmsprop";
import { checkRprop, rprop, rpropIsBounded, RPROP_SLOTS } from "./rprop";
import { checkSgd, momentumSgd, sgd, sgdIsBounded, sgdSlots, SGD_FEATURES } from "./sgd";

/** The result of featuresOf() for an unknown kind. */
const UNKNOWN: i32 = -1;

/** The features that optimizers of this kind accept, without those that all kinds accept. */
function featuresOf(kind: OptimizerKind): i32 {
  switch (kind) {
    case OptimizerKind.Sgd: return SGD_FEATURES;
    case OptimizerKind.Adam: return ADAM_FEATURES;
    case OptimizerKind.Nadam: return NADAM_FEATURES;
    case OptimizerKind.Rmsprop: return RMSPROP_FEATURES;
    case OptimizerKind.Adagrad: return ADAGRAD_FEATURES;
    case OptimizerKind.Adadelta: return ADADELTA_FEATURES;
    case OptimizerKind.Rprop: return 0;
    default: return UNKNOWN;
  }
}

/** Why the core refuses this kind or these features, a set of OptimizerFeature bits; Ok if it accepts them. */
export function checkKind(kind: OptimizerKind, features: u32): Status {
  const known = featuresOf(kind);
  if (known == UNKNOWN) return Status.UnknownOptimizer;
  return (features & ~(known | ADJUSTMENT_FEATURES | OptimizerFeature.Average)) == 0 ? Status.Ok : Status.InvalidFlag;
}

/** Why the core refuses the hyperparameters of an optimizer of a known kind; Ok if it accepts them. */
export function checkHyperparameters(optimizer: Optimizer, elementSize: usize): Status {
  return checkAdjustment(optimizer, elementSize) || checkAverage(optimizer) || checkOfKind(optimizer, elementSize);
}

/** Checks the hyperparameters that only this kind has. */
function checkOfKind(optimizer: Optimizer, elementSize: usize): Status {
  switch (optimizer.kind) {
    case OptimizerKind.Adam: return checkAdam(optimizer, elementSize);
    case OptimizerKind.Nadam: return checkNadam(optimizer, elementSize);
    case OptimizerKind.Rmsprop: return checkRmsprop(optimizer, elementSize);
    case OptimizerKind.Adagrad: return checkAdagrad(optimizer, elementSize);
    case OptimizerKind.Adadelta: return checkAdadelta(optimizer, elementSize);
    case OptimizerKind.Rprop: return checkRprop(optimizer, elementSize);
    default: return checkSgd(optimizer, elementSize);
  }
}

/** How many numbers of state an optimizer of this kind with these features has for each parameter. */
export function optimizerSlots(kind: OptimizerKind, features: u32): u32 {
  switch (kind) {
    case OptimizerKind.Adam: return adamSlots(features);
    case OptimizerKind.Nadam: return NADAM_SLOTS;
    case OptimizerKind.Rmsprop: return rmspropSlots(features);
    case OptimizerKind.Adagrad: return ADAGRAD_SLOTS;
    case OptimizerKind.Adadelta: return ADADELTA_SLOTS;
    case OptimizerKind.Rprop: return RPROP_SLOTS;
    default: return sgdSlots(features);
  }
}

/**
 * Computes the adjustment and the shared numbers of the coming step, number `optimizer.step` + 1. Call it before the
 * other functions of the step, with NormClipping after setNorm(). A plain optimizer needs no call.
 */
export function optimizerPrepare<T>(optimizer: Optimizer): void {
  prepareAdjustment<T>(optimizer);
  switch (optimizer.kind) {
    case OptimizerKind.Adam: { prepareAdam(optimizer); return; }
    case OptimizerKind.Nadam: { prepareNadam(optimizer); return; }
    case OptimizerKind.Adagrad: { prepareAdagrad(optimizer); return; }
    default: return;
  }
}

/** Counts a step. Call it after the step. */
@inline
export function optimizerAdvance(optimizer: Optimizer): void {
  optimizer.step += 1;
  if (!isPlain(optimizer)) advance(optimizer);
}

/** optimizerAdvance() of an optimizer that is not plain. */
function advance(optimizer: Optimizer): void {
  if (optimizer.kind == OptimizerKind.Nadam) advanceNadam(optimizer);
  if (hasFeature(optimizer, OptimizerFeature.Average)) optimizer.averagedSteps += 1;
}

/**
 * The prepared step for the parameters in bytes `begin` … `end` − 1 (whole vectors) of their arena. Stores the new
 * parameters, state and average.
 *
 *     parameters, gradients: addresses of the arenas
 */
@inline
export function optimizerStep<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): void {
  if (isPlain(optimizer)) sgd<T, Apply>(optimizer, parameters, gradients, begin, end);
  else preparedStep<T>(optimizer, parameters, gradients, begin, end);
}

/** optimizerStep() of an optimizer that is not plain. */
function preparedStep<T>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): void {
  if (optimizer.isAdjusted) step<T, ApplyAdjusted>(optimizer, parameters, gradients, begin, end);
  else step<T, Apply>(optimizer, parameters, gradients, begin, end);
  if (hasFeature(optimizer, OptimizerFeature.Average)) averageStep<T>(optimizer, parameters, begin, end);
}

/** As optimizerStep(), but stores nothing. Returns whether all new values would be finite. */
export function optimizerCheck<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return step<T, Check>(optimizer, parameters, gradients, begin, end);
}

/**
 * The loop over parameters in mode M: see mode.ts. In the mode Check, returns whether all new values would be finite.
 */
function step<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  switch (optimizer.kind) {
    case OptimizerKind.Adam: return adam<T, M>(optimizer, parameters, gradients, begin, end);
    case OptimizerKind.Nadam: return nadam<T, M>(optimizer, parameters, gradients, begin, end);
    case OptimizerKind.Rmsprop: return rmsprop<T, M>(optimizer, parameters, gradients, begin, end);
    case OptimizerKind.Adagrad: return adagrad<T, M>(optimizer, parameters, gradients, begin, end);
    case OptimizerKind.Adadelta: return adadelta<T, M>(optimizer, parameters, gradients, begin, end);
    case OptimizerKind.Rprop: return rprop<T, M>(optimizer, parameters, gradients, begin, end);
    default:
      if (hasFeature(optimizer, OptimizerFeature.Momentum)) {
        return momentumSgd<T, M>(optimizer, parameters, gradients, begin, end);
      }
      return sgd<T, M>(optimizer, parameters, gradients, begin, end);
  }
}

/** How many slots of the state, from the first one on, optimizerIsBounded() needs a bound of. */
export function optimizerMeasuredSlots(optimizer: Optimizer): u32 {
  switch (optimizer.kind) {
    case OptimizerKind.Sgd: return optimizer.slots;
    case OptimizerKind.Rmsprop: return rmspropMeasuredSlots(optimizer);
    case OptimizerKind.Adagrad: return ADAGRAD_SLOTS;
    case OptimizerKind.Adadelta: return ADADELTA_MEASURED_SLOTS;
    default: return 0;
  }
}

/**
 * Whether bounds prove that the prepared step leaves parameters and state finite. If not, optimizerCheck() decides.
 *
 *     gradient, parameter: see adjustedBound()
 *     state:               all |numbers| in the measured slots are at most this
 *
 * Assumes that the parameters are finite, that the state passed isSafeState(), and that this function was true for all
 * steps since then.
 */
export function optimizerIsBounded<T>(optimizer: Optimizer, gradient: f64, parameter: f64, state: f64): bool {
  const largest = adjustedBound<T>(optimizer, gradient, parameter);
  switch (optimizer.kind) {
    case OptimizerKind.Adam: return adamIsBounded<T>(optimizer, largest);
    case OptimizerKind.Nadam: return nadamIsBounded<T>(optimizer, largest);
    case OptimizerKind.Rmsprop: return rmspropIsBounded<T>(optimizer, largest, state);
    case OptimizerKind.Adagrad: return adagradIsBounded<T>(optimizer, largest, state);
    case OptimizerKind.Adadelta: return adadeltaIsBounded<T>(optimizer, largest, state);
    case OptimizerKind.Rprop: return rpropIsBounded<T>(optimizer, largest);
    default: return sgdIsBounded<T>(optimizer, largest, state);
  }
}

/** Bytes of an optimizer's region before its state. */
@inline
export function optimizerHead(): u64 {
  return aligned(vectorAt(changetype<Optimizer>(0), VECTOR_COUNT));
}

/**
 * Writes the struct of an optimizer of this kind and with these features into `region`. The space after the struct is for
 * its state. The region must be zeroed and begin at a multiple of 64. If it is 0, nothing is written. `arenaBytes` is the size
 * of the array of all parameters. Returns the size of the region in bytes. Then the host writes the learning rate and the
 * hyperparameters.
 */
export function optimizerLayout(region: usize, kind: OptimizerKind, features: u32, arenaBytes: u64): u64 {
  const slots = optimizerSlots(kind, features);
  let size = productOf(slots, arenaBytes);
  size = sumOf(size, averagesSize(features, arenaBytes));
  if (features & OptimizerFeature.NormClipping) size = sumOf(size, normBlocks(arenaBytes) * sizeof<f64>());
  const end = place(region, region + offsetof<Optimizer>("state"), optimizerHead(), size);
  if (!region) return end;
  const optimizer = changetype<Optimizer>(region);
  optimizer.kind = kind;
  optimizer.features = features;
  optimizer.slots = slots;
  optimizer.slotSize = <usize>arenaBytes;
  optimizer.size = <usize>end;
  return end;
}
