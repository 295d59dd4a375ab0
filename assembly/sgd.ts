// Plain stochastic gradient descent: parameters −= learningRate · gradients.

import { loadLanes, splat, storeLanes } from "./vector";

/**
 * A step in progress. Each vector of gradients, when it is complete, moves its parameters, and what they were is stored
 * where the gradients would have been: no pass over all gradients, and a step can be taken back.
 */
@unmanaged
export class Descent {
  /** The learning rate, in every lane. */
  rate: v128;
  /** From the address of a gradient to that of its parameter. */
  offset: usize;
}

export function beginDescent<T>(descent: Descent, parameters: usize, gradients: usize, learningRate: f64): void {
  descent.rate = splat<T>(learningRate);
  descent.offset = parameters - gradients;
}

/** Moves the parameters of the first `lanes` lanes of `gradient`, a vector that belongs at the address `gradients`. */
@inline
export function descend<T>(descent: Descent, gradients: usize, gradient: v128, lanes: usize): void {
  const parameters = gradients + descent.offset;
  const before = loadLanes<T>(parameters, lanes);
  storeLanes<T>(parameters, v128.sub<T>(before, v128.mul<T>(descent.rate, gradient)), lanes);
  storeLanes<T>(gradients, before, lanes);
}

/** Whether all parameters, `bytes` of whole vectors, are finite now; if not, the step is taken back. */
export function endDescent<T>(parameters: usize, gradients: usize, bytes: usize): bool {
  if (areFinite<T>(parameters, bytes)) return true;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(parameters + at, v128.load(gradients + at));
  return false;
}

/** The same step with gradients that lie there complete, and stay; false, and nothing changes, if one is not finite. */
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

/** x·0 is 0 for every finite x, and NaN for all others; four sums, so that they are not waited for. */
function areFinite<T>(x: usize, bytes: usize): bool {
  const zero = splat<T>(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  for (const end = x + bytes; x < end; x += 64) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), zero));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), zero));
    s2 = v128.add<T>(s2, v128.mul<T>(v128.load(x, 32), zero));
    s3 = v128.add<T>(s3, v128.mul<T>(v128.load(x, 48), zero));
  }
  const sum = v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
  return v128.all_true<i32>(v128.eq<T>(sum, zero));
}
