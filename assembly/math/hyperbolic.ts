import { constant, one, sign } from "./constants";
import { power } from "./reduction";
import { madd } from "./vector";

// The constants of reduction.ts for r/2 instead of r: scaled by powers of two, which changes no rounding and saves
// three additions.
// 2 / ln 2; −½ ln 2 as a sum of two numbers; the shift; the coefficients of N/2, then those of d/2, lowest power first.
// Lower bound of −|x|: below it, |tanh x| rounds to 1.
const SINGLES = memory.data<f32>([
  2 * 1.4426950408889634, 0.5 * -0.693145751953125, 0.5 * -1.4286068203094173e-6, 12582912 + 127,
  4 * 0.01664542562711682, 0,
  2 * 0.19995737134263578, 0,
  -12,
]);
const DOUBLES = memory.data<f64>([
  2 * 1.4426950408889634, 0.5 * -0.693147180559663, 0.5 * -2.8235290563031577e-13, 6755399441055744 + 1023,
  4 * 0.0277746652543772, 16 * 6.60857312171363e-5,
  2 * 0.22221599717541665, 8 * 0.0019835045606861725,
  -24,
]);

/**
 * tanh x = sign(x)·(1 − e^y) / (1 + e^y) with y = −2|x|. With y = n·ln 2 + r, p = 2^n and tanh(r/2) = N / (2 + d) it is
 *
 *     (2(1 − p) + d(1 − p) − N(1 + p)) / (2(1 + p) + d(1 + p) − N(1 − p)),
 *
 * with a single division; numerator and denominator are computed halved. For n = 0 it is −N / (2 + d), accurate down to
 * the smallest subnormal, so no other formula is needed near 0. As p ≤ 1, the numerator never exceeds the denominator,
 * and equals it exactly where the quotient rounds to 1. Error: 3 ULP.
 */
@inline
export function tanh<T>(x: v128): v128 {
  return tanhWith<T>(
    x, sign<T>(), one<T>(), c<T>(0), c<T>(1), c<T>(2), c<T>(3), c<T>(4), c<T>(5), c<T>(6), c<T>(7), c<T>(8),
  );
}

/**
 * outputs = tanh(inputs) over `length` bytes, whole vectors, at least one. They may be the same tensor. The constants
 * are loaded before the loop: loading them for every vector takes a fifth longer (Node 24, AMD EPYC).
 */
@inline
export function tanhEach<T>(outputs: usize, inputs: usize, length: usize): void {
  const signBit = sign<T>(), unit = one<T>();
  const c0 = c<T>(0), c1 = c<T>(1), c2 = c<T>(2), c3 = c<T>(3), c4 = c<T>(4), c5 = c<T>(5), c6 = c<T>(6), c7 = c<T>(7);
  const c8 = c<T>(8);
  let at: usize = 0;
  do {
    const x = v128.load(inputs + at);
    v128.store(outputs + at, tanhWith<T>(x, signBit, unit, c0, c1, c2, c3, c4, c5, c6, c7, c8));
    at += 16;
  } while (at < length);
}

/** tanh() of one vector. The arguments from `inverse` on are the elements of SINGLES or DOUBLES, in their order. */
@inline
function tanhWith<T>(
  x: v128, signBit: v128, unit: v128, inverse: v128, near: v128, far: v128, shift: v128,
  n0: v128, n1: v128, d0: v128, d1: v128, bound: v128,
): v128 {
  const y = v128.pmax<T>(v128.or(x, signBit), bound);
  const shifted = madd<T>(y, inverse, shift);
  const n = v128.sub<T>(shifted, shift);
  const r = madd<T>(n, far, madd<T>(n, near, y));
  const z = v128.mul<T>(r, r);
  const halfNumerator = madd<T>(v128.mul<T>(r, z), sizeof<T>() == 8 ? madd<T>(z, n1, n0) : n0, r);
  const halfExcess = v128.mul<T>(z, sizeof<T>() == 8 ? madd<T>(z, d1, d0) : d0);
  const p = power<T>(shifted);
  const oneMinusP = v128.sub<T>(unit, p), onePlusP = v128.add<T>(unit, p);
  const numerator = halfSum<T>(oneMinusP, onePlusP, halfNumerator, halfExcess);
  const denominator = halfSum<T>(onePlusP, oneMinusP, halfNumerator, halfExcess);
  return v128.or(v128.div<T>(numerator, denominator), v128.and(x, signBit));
}

/** a + ½d·a − ½N·b */
@inline
function halfSum<T>(a: v128, b: v128, halfNumerator: v128, halfExcess: v128): v128 {
  return v128.add<T>(a, v128.sub<T>(v128.mul<T>(halfExcess, a), v128.mul<T>(halfNumerator, b)));
}

/** Element `index` of SINGLES or DOUBLES. */
@inline
function c<T>(index: usize): v128 {
  return constant<T>(SINGLES, DOUBLES, index);
}
