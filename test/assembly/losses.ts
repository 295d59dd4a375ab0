// Exports the losses once for each dtype, for test/losses.test.ts.

import { Activation, Loss } from "../../assembly/abi/description";
import { activationForward } from "../../assembly/layers/activation";
import { lossBackward } from "../../assembly/losses/loss";
import { rowLossBackward } from "../../assembly/rowPath/loss";

export function heap_base(): usize {
  return __heap_base;
}

export function loss_backward_f32(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  return lossBackward<f32>(loss, dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha);
}

export function loss_backward_f64(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  return lossBackward<f64>(loss, dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha);
}

export function row_loss_backward_f32(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  return rowLossBackward<f32>(loss, dOutputs, outputs, targets, weights, units, scale, parameter, alpha);
}

export function row_loss_backward_f64(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  return rowLossBackward<f64>(loss, dOutputs, outputs, targets, weights, units, scale, parameter, alpha);
}

/** Applies the activation of a fused loss in place, [units, stride]. */
export function activation_forward_f32(activation: Activation, outputs: usize, units: usize, stride: usize): void {
  activationForward<f32>(activation, outputs, outputs, units, stride, stride, 0);
}

/** Applies the activation of a fused loss in place, [units, stride]. */
export function activation_forward_f64(activation: Activation, outputs: usize, units: usize, stride: usize): void {
  activationForward<f64>(activation, outputs, outputs, units, stride, stride, 0);
}
