// Losses of classifiers that are not cross-entropies. For the classes see regression.ts.

import { Status } from "../abi/status";
import { Call } from "../math/notInlined";
import { isNotNegative } from "../math/range";
import { splat } from "../math/vector";
import { product } from "./terms";

/** max(1 − ta, 0), with targets −1 and 1. The derivative is −t where 1 − ta > 0, else 0. */
@unmanaged
export class Hinge {
  @inline
  term<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    return v128.max<T>(v128.sub<T>(splat<T>(1), v128.mul<T>(t, a)), splat<T>(0));
  }

  @inline
  gradient<T>(a: v128, t: v128, p: v128, q: v128): v128 {
    const isInside = v128.gt<T>(v128.sub<T>(splat<T>(1), v128.mul<T>(t, a)), splat<T>(0));
    return v128.and(v128.neg<T>(t), isInside);
  }
}

/** See checkLoss(). */
export function checkFocal(gamma: f64, alpha: f64, elementSize: usize): Status {
  const isAlpha = alpha >= 0 && alpha <= 1 || alpha == -1;
  return isAlpha && isNotNegative(gamma, elementSize) ? Status.Ok : Status.InvalidLossParameter;
}

/**
 * w · m^γ · c from the logit z: the binary cross-entropy c, the probability m = σ(z)(1 − t) + σ(−z)t of a wrong answer,
 * and w = αt + (1 − α)(1 − t), or 1 for α = −1. The derivative is w · m^γ (σ(z) − t + γ c (1 − 2t) σ(z)σ(−z) / m).
 * Lin et al., "Focal Loss for Dense Object Detection", 2017. The formula is in torchvision's sigmoid_focal_loss.
 */
@unmanaged
export class Focal {
  @inline
  term<T>(z: v128, t: v128, gamma: v128, alpha: v128): v128 {
    return focal<T>(z, t, gamma, alpha, false);
  }

  @inline
  gradient<T>(z: v128, t: v128, gamma: v128, alpha: v128): v128 {
    return focal<T>(z, t, gamma, alpha, true);
  }
}

/**
 * The term or its gradient, from e = e^−|z|. Small values keep their digits: neither of σ(z) and σ(−z) is computed as 1
 * minus the other, and σ(z) − t is computed as σ(z)(1 − t) − σ(−z)t.
 */
function focal<T>(z: v128, t: v128, gamma: v128, alpha: v128, isGradient: bool): v128 {
  const one = splat<T>(1), zero = splat<T>(0);
  const e = Call.exp<T>(v128.neg<T>(v128.abs<T>(z)));
  const large = v128.div<T>(one, v128.add<T>(one, e));
  const small = v128.mul<T>(e, large);
  const isPositive = v128.gt<T>(z, zero);
  const p = v128.bitselect(large, small, isPositive), opposite = v128.bitselect(small, large, isPositive);
  const rest = v128.sub<T>(one, t);
  const falseAlarm = v128.mul<T>(p, rest), miss = v128.mul<T>(opposite, t);
  const m = v128.add<T>(falseAlarm, miss);
  const c = v128.add<T>(v128.sub<T>(v128.pmax<T>(z, zero), v128.mul<T>(t, z)), Call.log1p<T>(e));
  const weight = v128.add<T>(v128.mul<T>(alpha, t), v128.mul<T>(v128.sub<T>(one, alpha), rest));
  const power = Call.exp<T>(product<T>(gamma, Call.log<T>(m)));
  const focus = v128.mul<T>(v128.bitselect(weight, one, v128.ge<T>(alpha, zero)), power);
  if (!isGradient) return product<T>(focus, c);
  // Where m rounds to 0, so does m^γ, unless γ is 0.
  const ratio = v128.and(v128.div<T>(v128.mul<T>(p, opposite), m), v128.ne<T>(m, zero));
  const turn = product<T>(v128.mul<T>(v128.mul<T>(gamma, ratio), v128.sub<T>(rest, t)), c);
  return v128.mul<T>(focus, v128.add<T>(v128.sub<T>(falseAlarm, miss), turn));
}
