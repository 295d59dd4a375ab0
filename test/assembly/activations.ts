// The activations under a name for each dtype, for test/activations.test.ts.

import { Activation, activationBackward, activationForward } from "../../assembly/activations";

export function heap_base(): usize {
  return __heap_base;
}

export function activation_forward_f32(
  activation: Activation, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationForward<f32>(activation, outputs, logits, units, columns, stride, alpha);
}

export function activation_forward_f64(
  activation: Activation, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationForward<f64>(activation, outputs, logits, units, columns, stride, alpha);
}

export function activation_backward_f32(
  activation: Activation, delta: usize, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationBackward<f32>(activation, delta, outputs, logits, units, columns, stride, alpha);
}

export function activation_backward_f64(
  activation: Activation, delta: usize, outputs: usize, logits: usize, units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationBackward<f64>(activation, delta, outputs, logits, units, columns, stride, alpha);
}
