// Plain stochastic gradient descent.

import { splat } from "./vector";

/**
 * parameters −= learningRate · gradients, over `bytes` of whole vectors; unless a parameter would come out NaN or infinite:
 * then none changes, and the answer is false.
 */
export function sgdUpdate<T>(parameters: usize, gradients: usize, bytes: usize, learningRate: f64): bool {
  const rate = splat<T>(learningRate);
  if (!staysFinite<T>(parameters, gradients, bytes, rate)) return false;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(parameters + at, updated<T>(parameters + at, gradients + at, rate));
  }
  return true;
}

/** x·0 is 0 for every finite x, and NaN for all others. */
function staysFinite<T>(parameters: usize, gradients: usize, bytes: usize, rate: v128): bool {
  const zero = splat<T>(0);
  let sum = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    sum = v128.add<T>(sum, v128.mul<T>(updated<T>(parameters + at, gradients + at, rate), zero));
  }
  return v128.all_true<i32>(v128.eq<T>(sum, zero));
}

@inline
function updated<T>(parameter: usize, gradient: usize, rate: v128): v128 {
  return v128.sub<T>(v128.load(parameter), v128.mul<T>(rate, v128.load(gradient)));
}
