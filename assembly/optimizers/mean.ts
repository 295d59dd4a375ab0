// Running means, as PyTorch computes them.

import { splat } from "../math/vector";

/**
 * The weight for movedMean(): 1 − β if β > ½, else −β. PyTorch's lerp also has two formulas. The second is exact for
 * β = 0. The first would round x to the last place of the mean.
 */
export function meanWeight(beta: f64): f64 {
  return beta > 0.5 ? 1 - beta : -beta;
}

/**
 * mean + (1 − β)(x − mean) if `isHeavy`, β > ½; else x − β(x − mean), which is equal. `weight`: meanWeight(β). A subnormal
 * result becomes 0. Otherwise, if gradients are 0 from some step on, their mean would stay subnormal, which slows the
 * processor.
 */
@inline
export function movedMean<T>(mean: v128, x: v128, weight: v128, isHeavy: bool): v128 {
  const change = v128.mul<T>(weight, v128.sub<T>(x, mean));
  const moved = v128.add<T>(isHeavy ? mean : x, change);
  const smallest = sizeof<T>() == 4 ? <f64>f32.MIN_NORMAL_VALUE : f64.MIN_NORMAL_VALUE;
  // NaN stays NaN.
  return v128.andnot(moved, v128.lt<T>(v128.abs<T>(moved), splat<T>(smallest)));
}

/** oldWeight · mean + newWeight · x², with the weights β and 1 − β. */
@inline
export function movedMeanOfSquares<T>(mean: v128, x: v128, oldWeight: v128, newWeight: v128): v128 {
  return v128.add<T>(v128.mul<T>(oldWeight, mean), v128.mul<T>(newWeight, v128.mul<T>(x, x)));
}

/** 1 − βᵗ. A running mean that began with 0 is divided by this after t numbers. */
export function biasCorrection(beta: f64, t: f64): f64 {
  return 1 - power(beta, <u64>t);
}

/** x^exponent by repeated squaring: the same bits on every machine. */
function power(x: f64, exponent: u64): f64 {
  let result: f64 = 1;
  for (; exponent > 0; exponent >>= 1, x *= x) {
    if (exponent & 1) result *= x;
  }
  return result;
}
