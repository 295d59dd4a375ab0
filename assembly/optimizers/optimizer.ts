// The dispatch to the optimizers: one line for each in each function.

import { HYPERPARAMETER_COUNT, Optimizer, OptimizerKind, SHARED_COUNT } from "../abi/optimizer";
import { Status } from "../abi/status";
import { aligned, place, productOf } from "../kernels/place";
import { adam, adamIsBounded, ADAM_SLOTS, checkAdam, prepareAdam } from "./adam";
import { checkSgd, sgd, sgdIsBounded } from "./sgd";

/** What optimizerSlots() returns for a number that is no optimizer's. */
export const UNKNOWN_SLOTS: u32 = u32.MAX_VALUE;

/** How many numbers of state an optimizer of this kind keeps for each parameter. */
export function optimizerSlots(kind: OptimizerKind): u32 {
  switch (kind) {
    case OptimizerKind.Sgd: return 0;
    case OptimizerKind.Adam: return ADAM_SLOTS;
    default: return UNKNOWN_SLOTS;
  }
}

/** Why the optimizer does not take its hyperparameters; Ok if it does. */
export function checkHyperparameters(optimizer: Optimizer, elementSize: usize): Status {
  switch (optimizer.kind) {
    case OptimizerKind.Sgd: return checkSgd(optimizer);
    case OptimizerKind.Adam: return checkAdam(optimizer, elementSize);
    default: return Status.UnknownOptimizer;
  }
}

/** Computes the shared numbers of the coming step, number `optimizer.step` + 1. Call it before optimizerStep(). */
@inline
export function optimizerPrepare(optimizer: Optimizer): void {
  switch (optimizer.kind) {
    case OptimizerKind.Adam: { prepareAdam(optimizer); return; }
    default: return;
  }
}

/**
 * One step of the optimizer, once it is prepared, for the parameters in bytes `begin` … `end` − 1 (whole vectors) of
 * their arena. M = Apply stores the new parameters and state, and returns true. M = Check stores nothing, and returns
 * whether all new values would be finite.
 */
@inline
export function optimizerStep<T, M>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  switch (optimizer.kind) {
    case OptimizerKind.Adam: return adam<T, M>(optimizer, parameters, gradients, begin, end);
    default: return sgd<T, M>(optimizer, parameters, gradients, begin, end);
  }
}

/**
 * Whether a step is certain to leave parameters and state finite, if all |gradients| ≤ `largest`. Assumes that the
 * parameters are finite, and that the state passed isModerateState() and has taken only such steps since. False if it
 * is not certain: then mode Check decides.
 */
export function optimizerIsBounded<T>(optimizer: Optimizer, largest: f64): bool {
  switch (optimizer.kind) {
    case OptimizerKind.Adam: return adamIsBounded<T>(optimizer, largest);
    default: return sgdIsBounded<T>(optimizer, largest);
  }
}

/** Bytes of an optimizer's region before its state. */
@inline
export function optimizerHead(): u64 {
  return aligned(offsetof<Optimizer>() + (HYPERPARAMETER_COUNT + SHARED_COUNT) * sizeof<f64>());
}

/**
 * Lays out an optimizer of that kind for an arena of `arenaBytes` bytes in a zeroed region at a multiple of 64, or only
 * measures it if the region is 0; returns the bytes it needs. The host writes the learning rate and the
 * hyperparameters.
 */
export function optimizerLayout(region: usize, kind: OptimizerKind, arenaBytes: u64): u64 {
  const slots = optimizerSlots(kind);
  const size = productOf(slots, arenaBytes);
  const end = place(region, region + offsetof<Optimizer>("state"), optimizerHead(), size);
  if (!region) return end;
  const optimizer = changetype<Optimizer>(region);
  optimizer.kind = kind;
  optimizer.slots = slots;
  optimizer.slotSize = <usize>arenaBytes;
  return end;
}
