// Losses of the outputs. Each class gives the term of one output a with target t, and its derivative ∂term/∂a.

import { Status } from "../abi/status";
import { isPositive } from "../math/range";
import { clamp, splat } from "../math/vector";

/** (a − t)² */
@unmanaged
export class MeanSquaredError {
  @inline
  term<T>(a: v128, t: v128, p: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.mul<T>(e, e);
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128): v128 {
    const e = v128.sub<T>(a, t);
    return v128.add<T>(e, e);
  }
}

/** |a − t|, with derivative 0 at 0 */
@unmanaged
export class MeanAbsoluteError {
  @inline
  term<T>(a: v128, t: v128, p: v128): v128 {
    return v128.abs<T>(v128.sub<T>(a, t));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128): v128 {
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
  term<T>(a: v128, t: v128, delta: v128): v128 {
    const e = v128.abs<T>(v128.sub<T>(a, t));
    const half = splat<T>(0.5);
    const square = v128.mul<T>(half, v128.mul<T>(e, e));
    const linear = v128.mul<T>(delta, v128.sub<T>(e, v128.mul<T>(half, delta)));
    return v128.bitselect(square, linear, v128.le<T>(e, delta));
  }

  @inline
  gradient<T>(a: v128, t: v128, delta: v128): v128 {
    return clamp<T>(v128.sub<T>(a, t), v128.neg<T>(delta), delta);
  }
}
