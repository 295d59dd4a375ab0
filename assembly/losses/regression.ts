// Losses of regressions. Each class is a pair of formulas; no instances exist. `term` is the term of one output a with
// target t, `gradient` its derivative ∂term/∂a. p: Description.lossParameter, q: Description.lossAlpha, in all lanes.

import { Status } from "../abi/status";
import { Call } from "../math/notInlined";
import { isPositive, rounded } from "../math/range";
import { clamp, splat } from "../math/vector";
import { product } from "./terms";

/** (a − t)² */
@unmanaged
export class MeanSquaredError {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.mul<T>(e, e);
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.add<T>(e, e);
  }
}

/** |a − t|, with derivative 0 at 0 */
@unmanaged
export class MeanAbsoluteError {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    return v128.abs<T>(v128.sub<T>(a, t));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.sub<T>(a, t);
    const one = splat<T>(1);
    const above = v128.and(one, v128.gt<T>(e, splat<T>(0)));
    return v128.sub<T>(above, v128.and(one, v128.lt<T>(e, splat<T>(0))));
  }
}

/** See checkLoss(). */
export function checkDelta(delta: f64, elementSize: usize): Status {
  return isPositive(delta, elementSize) ? Status.Ok : Status.InvalidLossParameter;
}

/** ½e² where |e| ≤ δ, else δ(|e| − ½δ). Huber, "Robust Estimation of a Location Parameter", 1964. */
@unmanaged
export class Huber {
  @inline
  term<T>(a: v128, t: v128, delta: v128, q: v128): v128 {
    const e = v128.abs<T>(v128.sub<T>(a, t));
    const half = splat<T>(0.5);
    const square = v128.mul<T>(half, v128.mul<T>(e, e));
    const linear = v128.mul<T>(delta, v128.sub<T>(e, v128.mul<T>(half, delta)));
    return v128.bitselect(square, linear, v128.le<T>(e, delta));
  }

  @inline
  gradient<T>(a: v128, t: v128, delta: v128, q: v128): v128 {
    return clamp<T>(v128.sub<T>(a, t), v128.neg<T>(delta), delta);
  }
}

/**
 * log cosh d with d = a − t. Where |d| ≤ 1, it is computed as log(1 + 2h² / (1 − h²)) with h = tanh ½d, which is
 * accurate for small d. Elsewhere as |d| − log 2 + log(1 + e^−2|d|), which does not overflow. The derivative is tanh d.
 */
@unmanaged
export class LogCosh {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.abs<T>(v128.sub<T>(a, t));
    const one = splat<T>(1);
    const isLarge = v128.gt<T>(e, one);
    const h = Call.tanh<T>(v128.mul<T>(splat<T>(0.5), e));
    const square = v128.mul<T>(h, h);
    const excess = v128.div<T>(v128.add<T>(square, square), v128.sub<T>(one, square));
    const decay = Call.exp<T>(v128.mul<T>(splat<T>(-2), e));
    const line = v128.and(v128.sub<T>(e, splat<T>(LOG_2)), isLarge);
    return v128.add<T>(line, Call.log1p<T>(v128.bitselect(decay, excess, isLarge)));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    return Call.tanh<T>(v128.sub<T>(a, t));
  }
}

const LOG_2: f64 = 0.6931471805599453;

/** See checkLoss(). */
export function checkQuantile(quantile: f64, elementSize: usize): Status {
  const q = rounded(quantile, elementSize);
  return q > 0 && q < 1 ? Status.Ok : Status.InvalidLossParameter;
}

/**
 * max(p(t − a), (1 − p)(a − t)) with the quantile p. The mean over many t is least where a is their quantile. The
 * derivative at a = t is 0. Koenker and Bassett, "Regression Quantiles", 1978.
 */
@unmanaged
export class Quantile {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.max<T>(v128.mul<T>(v128.sub<T>(splat<T>(1), p), e), v128.neg<T>(v128.mul<T>(p, e)));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const e = v128.sub<T>(a, t);
    const above = v128.and(v128.sub<T>(splat<T>(1), p), v128.gt<T>(e, splat<T>(0)));
    return v128.sub<T>(above, v128.and(p, v128.lt<T>(e, splat<T>(0))));
  }
}

/** Added to a rate before its logarithm, as PyTorch's PoissonNLLLoss does. */
const POISSON_EPSILON: f64 = 1e-8;

/**
 * a − t log(a + 10⁻⁸): the negative log-likelihood of the count t at the rate a, without its term log t!, which does
 * not depend on a.
 */
@unmanaged
export class Poisson {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    return v128.sub<T>(a, product<T>(t, Call.log<T>(v128.add<T>(a, splat<T>(POISSON_EPSILON)))));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    return v128.sub<T>(splat<T>(1), v128.div<T>(t, v128.add<T>(a, splat<T>(POISSON_EPSILON))));
  }
}
