// The optimizers under a name for each dtype, for test/optimizers.test.ts.

import { Optimizer, OptimizerKind } from "../../assembly/abi/optimizer";
import { isModerateState } from "../../assembly/optimizers/bound";
import { Apply, Check } from "../../assembly/optimizers/mode";
import { optimizerIsBounded, optimizerLayout, optimizerSlots, optimizerStep } from "../../assembly/optimizers/optimizer";

export function heap_base(): usize {
  return __heap_base;
}

export function optimizer_slots(kind: OptimizerKind): u32 {
  return optimizerSlots(kind);
}

export function optimizer_layout(region: usize, kind: OptimizerKind, arenaBytes: f64): f64 {
  return <f64>optimizerLayout(region, kind, <u64>arenaBytes);
}

export function optimizer_apply_f32(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerStep<f32, Apply>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_apply_f64(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerStep<f64, Apply>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_check_f32(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerStep<f32, Check>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_check_f64(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerStep<f64, Check>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_is_bounded_f32(optimizer: Optimizer, largest: f64): bool {
  return optimizerIsBounded<f32>(optimizer, largest);
}

export function optimizer_is_bounded_f64(optimizer: Optimizer, largest: f64): bool {
  return optimizerIsBounded<f64>(optimizer, largest);
}

export function is_moderate_state_f32(state: usize, bytes: usize): bool {
  return isModerateState<f32>(state, bytes);
}

export function is_moderate_state_f64(state: usize, bytes: usize): bool {
  return isModerateState<f64>(state, bytes);
}
