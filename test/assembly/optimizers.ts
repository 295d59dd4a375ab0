// Exports the optimizers once for each dtype, for test/optimizers.test.ts and test/optimizerSteps.test.ts.

import { Optimizer, OptimizerKind } from "../../assembly/abi/optimizer";
import { Status } from "../../assembly/abi/status";
import { setNorm, sumBlocks } from "../../assembly/optimizers/adjustment";
import { isSafeState } from "../../assembly/optimizers/bound";
import {
  checkHyperparameters, checkKind, optimizerAdvance, optimizerCheck, optimizerIsBounded, optimizerLayout,
  optimizerMeasuredSlots, optimizerPrepare, optimizerSlots, optimizerStep,
} from "../../assembly/optimizers/optimizer";

export function heap_base(): usize {
  return __heap_base;
}

export function optimizer_slots(kind: OptimizerKind, features: u32): u32 {
  return optimizerSlots(kind, features);
}

export function optimizer_measured_slots(optimizer: Optimizer): u32 {
  return optimizerMeasuredSlots(optimizer);
}

export function optimizer_layout(region: usize, kind: OptimizerKind, features: u32, arenaBytes: f64): f64 {
  return <f64>optimizerLayout(region, kind, features, <u64>arenaBytes);
}

export function check_kind(kind: OptimizerKind, features: u32): Status {
  return checkKind(kind, features);
}

export function sum_blocks_f32(optimizer: Optimizer, gradients: usize, begin: usize, end: usize): void {
  sumBlocks<f32>(optimizer, gradients, begin, end);
}

export function sum_blocks_f64(optimizer: Optimizer, gradients: usize, begin: usize, end: usize): void {
  sumBlocks<f64>(optimizer, gradients, begin, end);
}

export function set_norm(optimizer: Optimizer): void {
  setNorm(optimizer);
}

export function optimizer_prepare_f32(optimizer: Optimizer): void {
  optimizerPrepare<f32>(optimizer);
}

export function optimizer_prepare_f64(optimizer: Optimizer): void {
  optimizerPrepare<f64>(optimizer);
}

export function optimizer_advance(optimizer: Optimizer): void {
  optimizerAdvance(optimizer);
}

export function optimizer_apply_f32(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  optimizerStep<f32>(optimizer, parameters, gradients, begin, end);
  return true;
}

export function optimizer_apply_f64(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  optimizerStep<f64>(optimizer, parameters, gradients, begin, end);
  return true;
}

export function optimizer_check_f32(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerCheck<f32>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_check_f64(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerCheck<f64>(optimizer, parameters, gradients, begin, end);
}

export function optimizer_is_bounded_f32(optimizer: Optimizer, gradient: f64, parameter: f64, state: f64): bool {
  return optimizerIsBounded<f32>(optimizer, gradient, parameter, state);
}

export function optimizer_is_bounded_f64(optimizer: Optimizer, gradient: f64, parameter: f64, state: f64): bool {
  return optimizerIsBounded<f64>(optimizer, gradient, parameter, state);
}

export function is_safe_state_f32(state: usize, bytes: usize): bool {
  return isSafeState<f32>(state, bytes);
}

export function is_safe_state_f64(state: usize, bytes: usize): bool {
  return isSafeState<f64>(state, bytes);
}

export function check_hyperparameters(optimizer: Optimizer, elementSize: usize): Status {
  return checkHyperparameters(optimizer, elementSize);
}
