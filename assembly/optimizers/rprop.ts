// Rprop, with PyTorch's formula: M. Riedmiller and H. Braun, "A Direct Adaptive Method for Faster Backpropagation
// Learning: The RPROP Algorithm", 1993. It is for full batches.
//
//     direction = sign(g · previous)
//     size ← size · (direction > 0: η⁺; direction < 0: η⁻; else 1), limited to [smallest, largest]
//     g ← 0 where direction < 0
//     parameter −= sign(g) · size
//     previous ← g
//
// Before the first step, every size is the learning rate and every `previous` is 0.

import { areUnused, hyperparameter, Optimizer, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { sign } from "../math/constants";
import { isPositive } from "../math/range";
import { clamp, splat } from "../math/vector";
import { largestStep, squareLimit } from "./bound";

/** The previous gradients and the sizes. */
export const RPROP_SLOTS: u32 = 2;

// The order of the hyperparameters: 0 < η⁻ < 1 < η⁺, 0 < smallest ≤ largest, all finite in the network's dtype.
const ETA_MINUS: usize = 0;
const ETA_PLUS: usize = 1;
const SMALLEST: usize = 2;
const LARGEST: usize = 3;
const HYPERPARAMETERS: usize = 4;

/** See checkHyperparameters(). */
export function checkRprop(optimizer: Optimizer, elementSize: usize): Status {
  const etaMinus = hyperparameter(optimizer, ETA_MINUS), etaPlus = hyperparameter(optimizer, ETA_PLUS);
  const smallest = hyperparameter(optimizer, SMALLEST), largest = hyperparameter(optimizer, LARGEST);
  const areEtas = isPositive(etaMinus, elementSize) && etaMinus < 1 && etaPlus > 1 && isPositive(etaPlus, elementSize);
  const areSizes = isPositive(smallest, elementSize) && smallest <= largest && isPositive(largest, elementSize);
  if (!areEtas || !areSizes) return Status.InvalidHyperparameter;
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerStep(). State: previous [parameterCount], size. */
export function rprop<T, M>(optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize): bool {
  const mode = changetype<M>(0);
  const etaMinus = splat<T>(hyperparameter(optimizer, ETA_MINUS));
  const etaPlus = splat<T>(hyperparameter(optimizer, ETA_PLUS));
  const smallest = splat<T>(hyperparameter(optimizer, SMALLEST));
  const largest = splat<T>(hyperparameter(optimizer, LARGEST));
  // The state begins with zeros, so the first step adds the first size.
  const initial = splat<T>(optimizer.step == 0 ? optimizer.learningRate : 0);
  const zero = splat<T>(0), one = splat<T>(1), signs = sign<T>();
  const previous = slotAt(optimizer, 0), sizes = slotAt(optimizer, 1);
  let nonFinite = zero;
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const product = v128.mul<T>(g, v128.load(previous + at));
    const signChanged = v128.lt<T>(product, zero), signKept = v128.gt<T>(product, zero);
    const factor = v128.bitselect(etaMinus, v128.bitselect(etaPlus, one, signKept), signChanged);
    const size = clamp<T>(v128.mul<T>(v128.add<T>(v128.load(sizes + at), initial), factor), smallest, largest);
    const direction = v128.andnot(g, signChanged);
    // The size with the sign of the direction; 0 where the direction is 0.
    const step = v128.and(v128.bitselect(direction, size, signs), v128.ne<T>(direction, zero));
    nonFinite = mode.storeOrCheck<T>(previous + at, direction, nonFinite);
    nonFinite = mode.storeOrCheck<T>(sizes + at, size, nonFinite);
    nonFinite = mode.storeOrCheck<T>(parameters + at, v128.sub<T>(parameter, step), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/** See optimizerIsBounded(). Sizes are limited, but η or a first size that is infinite in T could give NaN. */
export function rpropIsBounded<T>(optimizer: Optimizer, gradient: f64): bool {
  const factors = <f64><T>hyperparameter(optimizer, ETA_MINUS) + <f64><T>hyperparameter(optimizer, ETA_PLUS);
  const sizes = <f64><T>hyperparameter(optimizer, LARGEST) + <f64><T>optimizer.learningRate;
  return gradient < squareLimit<T>() && factors < largestStep<T>() && sizes < largestStep<T>();
}
