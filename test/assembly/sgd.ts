// Gradient descent under a name for each dtype, for test/sgd.test.ts.

import { endDescent, sgdUpdate } from "../../assembly/sgd";

export function heap_base(): usize {
  return __heap_base;
}

export function sgd_update_f32(parameters: usize, gradients: usize, bytes: usize, learningRate: f64): bool {
  return sgdUpdate<f32>(parameters, gradients, bytes, learningRate);
}

export function sgd_update_f64(parameters: usize, gradients: usize, bytes: usize, learningRate: f64): bool {
  return sgdUpdate<f64>(parameters, gradients, bytes, learningRate);
}

export function end_descent_f32(parameters: usize, gradients: usize, bytes: usize): bool {
  return endDescent<f32>(parameters, gradients, bytes);
}

export function end_descent_f64(parameters: usize, gradients: usize, bytes: usize): bool {
  return endDescent<f64>(parameters, gradients, bytes);
}
