import { constant, two } from "./constants";
import { halfTangentExcess, halfTangentNumerator, power, remainder, Shift, shiftedMultiple } from "./reduction";

// Arguments are clamped to these bounds. Below the first, e^x rounds to 0; below the second, e^x − 1 rounds to −1;
// above the third, both overflow to Infinity.
const BOUNDS_F32 = memory.data<f32>([-105, -64, 90]);
const BOUNDS_F64 = memory.data<f64>([-747, -64, 711]);

/**
 * e^x = 2^n·(1 + w), with x = n·ln 2 + r, tanh(r/2) = N / (2 + d) and w = e^r − 1 = 2N / (2 + d − N). 2^n itself may be
 * out of range, so it is multiplied in as two powers of two. Only the last multiplication can overflow to Infinity or
 * round to a subnormal. Error: 1.4 ULP.
 */
@inline
export function exp<T>(x: v128): v128 {
  const clamped = clamp<T>(x, 0);
  const shifted = shiftedMultiple<T>(clamped, Shift.Halves);
  const first = firstHalf<T>(shifted);
  const scale = power<T>(first);
  const w = expm1OfRemainder<T>(remainder<T>(clamped, shifted, Shift.Halves));
  return v128.mul<T>(v128.add<T>(scale, v128.mul<T>(scale, w)), power<T>(secondHalf<T>(shifted, first)));
}

/**
 * e^x − 1 = 2^n·w − (1 − 2^n), with w = e^r − 1 as in exp(). For n = 0 it is w, accurate down to the smallest
 * subnormal, and −0 for −0. As in exp(), 2^n is the product of two powers of two. The second is multiplied in last.
 * Error: 3.3 ULP.
 */
@inline
export function expm1<T>(x: v128): v128 {
  const clamped = clamp<T>(x, 1);
  const shifted = shiftedMultiple<T>(clamped, Shift.Halves);
  const first = firstHalf<T>(shifted);
  const second = secondHalf<T>(shifted, first);
  const scale = power<T>(first);
  const complement = v128.sub<T>(power<T>(reciprocal<T>(second)), scale); // (1 − 2^n) / power(second)
  const w = expm1OfRemainder<T>(remainder<T>(clamped, shifted, Shift.Halves));
  return v128.mul<T>(v128.sub<T>(v128.mul<T>(scale, w), complement), power<T>(second));
}

/** x limited to [bounds[lower], bounds[2]]; NaN stays NaN. */
@inline
function clamp<T>(x: v128, lower: usize): v128 {
  const raised = v128.pmax<T>(x, constant<T>(BOUNDS_F32, BOUNDS_F64, lower));
  return v128.pmin<T>(raised, constant<T>(BOUNDS_F32, BOUNDS_F64, 2));
}

/** e^r − 1 for |r| ≤ ½ ln 2. */
@inline
function expm1OfRemainder<T>(r: v128): v128 {
  const z = v128.mul<T>(r, r);
  const n = halfTangentNumerator<T>(r, z);
  // 2 is added last: one addition rounds at the magnitude of 2 instead of two.
  const divisor = v128.add<T>(two<T>(), v128.sub<T>(halfTangentExcess<T>(z), n));
  return v128.div<T>(v128.add<T>(n, n), divisor);
}

// firstHalf() and secondHalf() divide a sum made with Shift.Halves into the exponent fields of the two powers of two.

@inline
function firstHalf<T>(shifted: v128): v128 {
  if (sizeof<T>() == 4) return v128.shr<u32>(shifted, 1);
  return v128.shr<u64>(shifted, 1);
}

@inline
function secondHalf<T>(shifted: v128, first: v128): v128 {
  if (sizeof<T>() == 4) return v128.sub<i32>(shifted, first);
  return v128.sub<i64>(shifted, first);
}

/** The exponent field of 1/p, given the exponent field of p. */
@inline
function reciprocal<T>(field: v128): v128 {
  if (sizeof<T>() == 4) return v128.sub<i32>(v128.splat<i32>(2 * 127), field);
  return v128.sub<i64>(v128.splat<i64>(2 * 1023), field);
}
