import { constant, one, sign } from "./constants";
import { halfTangentExcess, halfTangentNumerator, power, remainder, Shift, shiftedMultiple } from "./reduction";

// Lower bound of y = −2|x|: below it, |tanh x| rounds to 1.
const BOUND_F32 = memory.data<f32>([-24]);
const BOUND_F64 = memory.data<f64>([-48]);

/**
 * tanh x = sign(x)·(1 − e^y) / (1 + e^y) with y = −2|x|. With y = n·ln 2 + r, p = 2^n and tanh(r/2) = N / (2 + d) it is
 *
 *     (2(1 − p) + d(1 − p) − N(1 + p)) / (2(1 + p) + d(1 + p) − N(1 − p)),
 *
 * with a single division. For n = 0 it is −N / (2 + d), accurate down to the smallest subnormal, so no other formula is
 * needed near 0. As p ≤ 1, the numerator never exceeds the denominator, and equals it exactly where the quotient rounds
 * to 1. Error: 3 ULP.
 */
@inline
export function tanh<T>(x: v128): v128 {
  const negative = v128.or(x, sign<T>());
  const y = v128.pmax<T>(v128.add<T>(negative, negative), constant<T>(BOUND_F32, BOUND_F64, 0));
  const shifted = shiftedMultiple<T>(y, Shift.Power);
  const r = remainder<T>(y, shifted, Shift.Power);
  const z = v128.mul<T>(r, r);
  const n = halfTangentNumerator<T>(r, z);
  const d = halfTangentExcess<T>(z);
  const oneMinusP = v128.sub<T>(one<T>(), power<T>(shifted));
  const onePlusP = v128.add<T>(one<T>(), power<T>(shifted));
  const numerator = v128.add<T>(
    v128.add<T>(oneMinusP, oneMinusP),
    v128.sub<T>(v128.mul<T>(d, oneMinusP), v128.mul<T>(n, onePlusP)),
  );
  const denominator = v128.add<T>(
    v128.add<T>(onePlusP, onePlusP),
    v128.sub<T>(v128.mul<T>(d, onePlusP), v128.mul<T>(n, oneMinusP)),
  );
  return v128.or(v128.div<T>(numerator, denominator), v128.and(x, sign<T>()));
}
