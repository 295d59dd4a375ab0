// The argument reduction that exp, expm1, the logistic and the normal distribution share: x = n·ln 2 + r with
// |r| ≤ ½ ln 2, and e^r as a quotient. tanh has it with other constants: see hyperbolic.ts.
//
// The quotient is e^r = (2 + d + N) / (2 + d − N), where tanh(r/2) = N / (2 + d). N is odd and d is even in r, so both
// together have half as many coefficients as a polynomial for e^r. Functions that divide anyway (tanh, the logistic)
// merge this division with their own.
//
// Sources: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), for the reduction in two steps
// and the quotient; J.-M. Muller, Elementary Functions, 3rd ed., chapter 11, for rounding by adding 1.5·2^52. The
// coefficients come from test/reference/elementary_coefficients.py (Remez algorithm, with the lowest terms fixed: N ≈ r
// and d ≈ 0 near 0).

import { madd } from "./vector";
import { constant } from "./constants";

// 1 / ln 2; −ln 2 as a sum of two numbers; the coefficients of N, then those of d, lowest power first. The first part
// of −ln 2 ends in zero bits: its product with every n that occurs is exact, whether multiply-adds are fused or not.
const SINGLES = memory.data<f32>([
  1.4426950408889634, -0.693145751953125, -1.4286068203094173e-6,
  0.01664542562711682, 0,
  0.19995737134263578, 0,
]);
const DOUBLES = memory.data<f64>([
  1.4426950408889634, -0.693147180559663, -2.8235290563031577e-13,
  0.0277746652543772, 6.60857312171363e-5,
  0.22221599717541665, 0.0019835045606861725,
]);

// Numbers near 1.5·2^23 (f32) or 1.5·2^52 (f64) have a unit in the last place of 1. Adding such a number to x / ln 2
// rounds it to the nearest integer n, and the low bits of the sum are n. The constants below also add an exponent bias,
// so that the low bits are:
//
//     Power         the exponent field of 2^n
//     ScaledPower   the exponent field of 2^(n+64)
//     Halves        the sum of the exponent fields of two powers of two whose product is 2^n
const SHIFTS_F32 = memory.data<f32>([12582912 + 127, 12582912 + 127 + 64, 12582912 + 2 * 127]);
const SHIFTS_F64 = memory.data<f64>([
  6755399441055744 + 1023, 6755399441055744 + 1023 + 64, 6755399441055744 + 2 * 1023,
]);

export const enum Shift {
  Power,
  ScaledPower,
  Halves,
}

@inline
function shiftOf<T>(shift: Shift): v128 {
  return constant<T>(SHIFTS_F32, SHIFTS_F64, shift);
}

/**
 * n + shift, with n the integer nearest to x / ln 2. Near a tie n may be the other neighbour, which does no harm: r is
 * computed from the n found.
 */
@inline
export function shiftedMultiple<T>(x: v128, shift: Shift): v128 {
  return madd<T>(x, constant<T>(SINGLES, DOUBLES, 0), shiftOf<T>(shift));
}

/** r = x − n·ln 2, with `shifted` = n + shift from shiftedMultiple(). */
@inline
export function remainder<T>(x: v128, shifted: v128, shift: Shift): v128 {
  const n = v128.sub<T>(shifted, shiftOf<T>(shift));
  const near = madd<T>(n, constant<T>(SINGLES, DOUBLES, 1), x);
  return madd<T>(n, constant<T>(SINGLES, DOUBLES, 2), near);
}

/** The power of two whose exponent field is in the low bits of `shifted`. */
@inline
export function power<T>(shifted: v128): v128 {
  if (sizeof<T>() == 4) return v128.shl<i32>(shifted, 23);
  return v128.shl<i64>(shifted, 52);
}

/** N of tanh(r/2) = N / (2 + d), with z = r². */
@inline
export function halfTangentNumerator<T>(r: v128, z: v128): v128 {
  const cube = v128.mul<T>(r, z);
  let factor = constant<T>(SINGLES, DOUBLES, 3);
  if (sizeof<T>() == 8) factor = madd<T>(z, constant<T>(SINGLES, DOUBLES, 4), factor);
  return madd<T>(cube, factor, r);
}

/** d of tanh(r/2) = N / (2 + d), with z = r². */
@inline
export function halfTangentExcess<T>(z: v128): v128 {
  let factor = constant<T>(SINGLES, DOUBLES, 5);
  if (sizeof<T>() == 8) factor = madd<T>(z, constant<T>(SINGLES, DOUBLES, 6), factor);
  return v128.mul<T>(z, factor);
}
