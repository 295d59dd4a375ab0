import { splat } from "./vector";
import { constant, sign, two, twoTo64 } from "./constants";
import { exp } from "./exponential";
import { log1p } from "./logarithm";
import { halfTangentExcess, halfTangentNumerator, power, remainder, Shift, shiftedMultiple } from "./reduction";

// Below the first bound the function rounds to 0, above the second to 1.
const BOUNDS_F32 = memory.data<f32>([-105, 40]);
const BOUNDS_F64 = memory.data<f64>([-747, 40]);

/**
 * The logistic function 1 / (1 + e^−x). With x = n·ln 2 + r and tanh(r/2) = N/D it is
 *
 *     2^n·(D + N) / ((D − N) + 2^n·(D + N)),
 *
 * with a single division. Numerator and denominator are both scaled by 2^64: the numerator stays normal down to the
 * smallest subnormal result, so only the division rounds such a result. Both terms of the denominator are positive, so
 * the quotient never exceeds 1. Error: 2.5 ULP.
 */
@inline
export function sigmoid<T>(x: v128): v128 {
  const raised = v128.pmax<T>(x, constant<T>(BOUNDS_F32, BOUNDS_F64, 0));
  const clamped = v128.pmin<T>(raised, constant<T>(BOUNDS_F32, BOUNDS_F64, 1));
  const shifted = shiftedMultiple<T>(clamped, Shift.ScaledPower);
  const r = remainder<T>(clamped, shifted, Shift.ScaledPower);
  const z = v128.mul<T>(r, r);
  const n = halfTangentNumerator<T>(r, z);
  const d = v128.add<T>(two<T>(), halfTangentExcess<T>(z));
  const numerator = v128.mul<T>(v128.add<T>(d, n), power<T>(shifted));
  const complement = v128.mul<T>(v128.sub<T>(d, n), twoTo64<T>());
  return v128.div<T>(numerator, v128.add<T>(complement, numerator));
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|), which neither overflows nor cancels. Error: 1.9 ULP. */
@inline
export function softplus<T>(x: v128): v128 {
  const small = log1p<T>(exp<T>(v128.or(x, sign<T>())));
  return v128.add<T>(v128.pmax<T>(x, splat<T>(0)), small);
}
