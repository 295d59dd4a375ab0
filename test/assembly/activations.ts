// Exports the activations once for each dtype, for test/activations.test.ts.

import { Activation } from "../../assembly/abi/description";
import { activationBackward, activationForward } from "../../assembly/layers/activation";
import { rowActivationBackward, rowActivationForward } from "../../assembly/rowPath/activation";

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
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize,
  units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationBackward<f32>(activation, dOutputs, outputs, logits, units, columns, stride, alpha);
}

export function activation_backward_f64(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize,
  units: usize, columns: usize, stride: usize, alpha: f64,
): void {
  activationBackward<f64>(activation, dOutputs, outputs, logits, units, columns, stride, alpha);
}

export function row_activation_forward_f32(
  activation: Activation, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  rowActivationForward<f32>(activation, outputs, logits, units, alpha);
}

export function row_activation_backward_f32(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  rowActivationBackward<f32>(activation, dOutputs, outputs, logits, units, alpha);
}

export function row_activation_forward_f64(
  activation: Activation, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  rowActivationForward<f64>(activation, outputs, logits, units, alpha);
}

export function row_activation_backward_f64(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  rowActivationBackward<f64>(activation, dOutputs, outputs, logits, units, alpha);
}
