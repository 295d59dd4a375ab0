// Plain stochastic gradient descent: parameters −= learningRate · gradients.

import { splat } from "./vector";

/**
 * The step that ends a batch. Where products take it, each vector of gradients, when it is complete, moves its parameters, and
 * what they were is stored where the gradients would have been: no pass over all gradients, and a step can be taken back.
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

/** Moves a vector of parameters down its gradient; `rate`: that of the Descent. */
@inline
export function descend<T>(rate: v128, parameters: usize, gradients: usize, gradient: v128): void {
  const before = v128.load(parameters);
  v128.store(parameters, moved<T>(before, gradient, rate));
  v128.store(gradients, before);
}

/** As `descend`, for the first `lanes` lanes, not all. What lies behind them is read, and left as it is. */
@inline
export function descendLanes<T>(
  rate: v128, parameters: usize, gradients: usize, gradient: v128, lanes: usize,
): void {
  const before = v128.load(parameters);
  const after = moved<T>(before, gradient, rate);
  // One decision for both: a network of few units would spend as long on deciding as on all else.
  if (sizeof<T>() == 8) {
    v128.store64_lane(parameters, after, 0);
    v128.store64_lane(gradients, before, 0);
  } else if (lanes == 1) {
    v128.store32_lane(parameters, after, 0);
    v128.store32_lane(gradients, before, 0);
  } else {
    v128.store64_lane(parameters, after, 0);
    v128.store64_lane(gradients, before, 0);
    if (lanes == 2) return;
    v128.store32_lane(parameters, after, 2, 8);
    v128.store32_lane(gradients, before, 2, 8);
  }
}

/** A vector of parameters, moved down its gradient. */
@inline
export function moved<T>(parameters: v128, gradient: v128, rate: v128): v128 {
  return v128.sub<T>(parameters, v128.mul<T>(rate, gradient));
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

function staysFinite<T>(parameters: usize, gradients: usize, bytes: usize, rate: v128): bool {
  let rest = splat<T>(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    rest = v128.or(rest, excess<T>(updated<T>(parameters + at, gradients + at, rate)));
  }
  return !v128.any_true(rest);
}

@inline
function updated<T>(parameter: usize, gradient: usize, rate: v128): v128 {
  return moved<T>(v128.load(parameter), v128.load(gradient), rate);
}

/**
 * x − x is 0 for every finite x, and NaN for all others: bits remain only of those. Two sums, so that neither waits. Whole
 * cache lines are read, as tensors are laid: what lies behind `bytes` is 0.
 */
export function areFinite<T>(x: usize, bytes: usize): bool {
  let rest0 = splat<T>(0), rest1 = rest0;
  for (const end = x + bytes; x < end; x += 64) {
    rest0 = v128.or(rest0, excess<T>(v128.load(x)));
    rest1 = v128.or(rest1, excess<T>(v128.load(x, 16)));
    rest0 = v128.or(rest0, excess<T>(v128.load(x, 32)));
    rest1 = v128.or(rest1, excess<T>(v128.load(x, 48)));
  }
  return !v128.any_true(v128.or(rest0, rest1));
}

@inline
function excess<T>(x: v128): v128 {
  return v128.sub<T>(x, x);
}
