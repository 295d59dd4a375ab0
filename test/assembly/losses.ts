// The losses under a name for each dtype, for test/losses.test.ts.

import { Loss, lossBackward, rowLossBackward } from "../../assembly/losses";

export function heap_base(): usize {
  return __heap_base;
}

export function loss_backward_f32(
  loss: Loss, dOutputs: usize, outputs: usize, logits: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64,
): f64 {
  return lossBackward<f32>(loss, dOutputs, outputs, logits, targets, units, rows, stride, scale, parameter);
}

export function loss_backward_f64(
  loss: Loss, dOutputs: usize, outputs: usize, logits: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64,
): f64 {
  return lossBackward<f64>(loss, dOutputs, outputs, logits, targets, units, rows, stride, scale, parameter);
}

export function row_loss_backward_f32(
  loss: Loss, dOutputs: usize, outputs: usize, logits: usize, targets: usize,
  units: usize, scale: f64, parameter: f64,
): f64 {
  return rowLossBackward<f32>(loss, dOutputs, outputs, logits, targets, units, scale, parameter);
}

export function row_loss_backward_f64(
  loss: Loss, dOutputs: usize, outputs: usize, logits: usize, targets: usize,
  units: usize, scale: f64, parameter: f64,
): f64 {
  return rowLossBackward<f64>(loss, dOutputs, outputs, logits, targets, units, scale, parameter);
}
