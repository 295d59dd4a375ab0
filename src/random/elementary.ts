// The elementary functions that normal draws, schedules and metrics need, in float64. They use only operations whose results IEEE 754 defines,
// so they give the same bits in every engine.

import { errorOfProduct, errorOfSum, fusedMultiplyAdd } from "./fused.js";
import { reciprocals } from "./logTable.js";

const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;

const view = new DataView(new ArrayBuffer(8));

let logarithms: readonly number[] | undefined;

/**
 * log(c), rounded to a multiple of 2⁻⁴³, for each 1/c in `reciprocals`. Computed at the first use, not at import.
 */
function tabulatedLogarithms(): readonly number[] {
  logarithms ??= reciprocals.map((reciprocal) => -Math.round(logSeries(reciprocal) * 2 ** 43) / 2 ** 43);
  return logarithms;
}

/**
 * log(x) for a normal x in (0, ∞), with an error of at most 0.52 ULP: the bits of glibc's `log` (2.28 and later, on a
 * processor with FMA), which NumPy's `randn` uses on Linux.
 *
 * The algorithm and the constants are those of Arm Optimized Routines' `math/log.c` (Copyright Arm Limited, MIT or
 * Apache-2.0 WITH LLVM-exception). x = 2ᵏ·z, with z near a point c of a table: log(x) = k·log 2 + log(c) + log(1 + r)
 * with r = z/c − 1. For x near 1 these terms would cancel, so log(1 + r) with r = x − 1 is computed directly.
 */
export function log(x: number): number {
  if (x >= 0.9375 && x < 1.064697265625) return logNearOne(x - 1);
  view.setFloat64(0, x);
  const upper = view.getUint32(0);
  const offset = upper - 0x3fe60000;
  const k = offset >> 20;
  const interval = (offset >>> 13) & 127;
  view.setUint32(0, upper - (k << 20));
  const r = fusedMultiplyAdd(view.getFloat64(0), reciprocals[interval]!, -1);
  return logNearTablePoint(k, tabulatedLogarithms()[interval]!, r);
}

/** k·log 2 + logarithm + log(1 + r), for |r| < 2⁻⁸. */
function logNearTablePoint(k: number, logarithm: number, r: number): number {
  const square = r * r;
  // Exact: both terms are multiples of 2⁻⁴³.
  const whole = k * LN2_HIGH + logarithm;
  const high = whole + r;
  let low = fusedMultiplyAdd(k, LN2_LOW, whole - high + r);
  low = fusedMultiplyAdd(square, -0.5000000000000001, low);
  const a1 = fusedMultiplyAdd(-0.2499999999622955, r, 0.33333333331825593);
  const a3 = fusedMultiplyAdd(-0.16667054827627667, r, 0.20000304511814496);
  const polynomial = fusedMultiplyAdd(a3, square, a1);
  return fusedMultiplyAdd(r * square, polynomial, low) + high;
}

/** log(1 + r), for −1/16 ≤ r < 0.0647. */
function logNearOne(r: number): number {
  const square = r * r;
  const cube = r * square;
  const b1 = fusedPolynomial(r, square, 0.3333333333333352, -0.24999999999998432, 0.19999999999320328);
  const b4 = fusedPolynomial(r, square, -0.16666666669929706, 0.14285715076560868, -0.12499997863982555);
  const b7 = fusedPolynomial(r, square, 0.11110712032936046, -0.10000486757818193, 0.09181994006195467);
  const b10 = fusedMultiplyAdd(cube, -0.08328363062289341, b7);
  const polynomial = fusedMultiplyAdd(fusedMultiplyAdd(b10, cube, b4), cube, b1);

  // r − r²/2 as high + low, more precise than one float64. rHigh, the upper 26 bits of r, has an exact square.
  const rHigh = r + r * 2 ** 27 - r * 2 ** 27;
  const rLow = r - rHigh;
  const halfSquare = -0.5 * (rHigh * rHigh);
  const high = r + halfSquare;
  const low = fusedMultiplyAdd(-0.5 * rLow, rHigh + r, r - high + halfSquare);
  return fusedMultiplyAdd(polynomial, cube, low) + high;
}

/** c0 + c1·r + c2·r². */
function fusedPolynomial(r: number, square: number, c0: number, c1: number, c2: number): number {
  return fusedMultiplyAdd(square, c2, fusedMultiplyAdd(c1, r, c0));
}

/** log(x) = 2·artanh((x − 1)/(x + 1)) for x in [0.68, 1.46]; accurate enough to round to a multiple of 2⁻⁴³. */
function logSeries(x: number): number {
  const s = (x - 1) / (x + 1);
  let sum = 0;
  for (let n = 21; n >= 1; n -= 2) sum = sum * s * s + 1 / n;
  return 2 * s * sum;
}

/** Above it exp(x) is infinite, below its negative 0: subnormal results count as 0. */
const MAX_EXPONENT = 708;

/**
 * exp(x), with a relative error of at most 2e-16 for |x| < 1 and 2e-16·|x| beyond. x = k·log 2 + r: exp(x) = 2ᵏ·exp(r),
 * by the Taylor series for |r| ≤ ½ log 2.
 */
export function exp(x: number): number {
  if (x > MAX_EXPONENT) return Number.POSITIVE_INFINITY;
  if (!(x >= -MAX_EXPONENT)) return x < 0 ? 0 : Number.NaN;
  const k = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (r * sum) / n;
  view.setUint32(0, (k + 1023) << 20);
  view.setUint32(4, 0);
  return sum * view.getFloat64(0);
}

/**
 * x to the power of y, for a normal x above 0, or 0. For an integer y from 0 to 2³² − 1 by repeated squaring, with a
 * relative error of about 1e-16 · y at most; else exp(y · log(x)), with one of about 2e-16 · |y · log(x)|.
 */
export function power(x: number, y: number): number {
  if (y >>> 0 !== y) return x === 0 ? 0 : exp(y * log(x));
  let result = 1;
  let square = x;
  for (let rest = y; rest > 0; rest >>>= 1) {
    if (rest & 1) result *= square;
    square *= square;
  }
  return result;
}

/** The unevaluated sum of two float64 values. The second is at most half a unit in the last place of the first. */
type DoubleDouble = readonly [high: number, low: number];

const HALF_PI: DoubleDouble = [1.5707963267948966, 6.123233995736766e-17];
const HALF_PI_REST = -1.4973849048591698e-33;

let factorials: readonly DoubleDouble[] | undefined;

/** 1/n! for n = 0 … 27. Computed at the first use, not at import. */
function reciprocalFactorials(): readonly DoubleDouble[] {
  factorials ??= makeReciprocalFactorials(27);
  return factorials;
}

/** sin(x) for x in [0, 2π], correctly rounded for each of 1.5 million random x. */
export function sin(x: number): number {
  return sinAtQuadrant(x, 0);
}

/** cos(x) for x in [0, 2π], correctly rounded for each of 1.5 million random x. */
export function cos(x: number): number {
  return sinAtQuadrant(x, 1);
}

/** sin(x + quadrant·π/2). */
function sinAtQuadrant(x: number, quadrant: number): number {
  const turns = Math.round(x / HALF_PI[0]);
  const remainder = subtractQuarterTurns(x, turns);
  const phase = (turns + quadrant) & 3;
  const [high] = phase & 1 ? cosSeries(remainder) : sinSeries(remainder);
  return phase & 2 ? -high : high;
}

/** x − turns·π/2. */
function subtractQuarterTurns(x: number, turns: number): DoubleDouble {
  const high = add([x, 0], exactProduct(-turns, HALF_PI[0]));
  const middle = add(high, exactProduct(-turns, HALF_PI[1]));
  return add(middle, [-turns * HALF_PI_REST, 0]);
}

/** sin(x) for |x| ≤ π/4, by its Taylor series. */
function sinSeries(x: DoubleDouble): DoubleDouble {
  return multiply(x, alternatingSeries(multiply(x, x), 27));
}

/** cos(x) for |x| ≤ π/4, by its Taylor series. */
function cosSeries(x: DoubleDouble): DoubleDouble {
  return alternatingSeries(multiply(x, x), 26);
}

/** Σ (−1)ᵏ·squareᵏ/n! over n = last, last − 2, … down to 1 or 0, k = ⌊n/2⌋. */
function alternatingSeries(square: DoubleDouble, last: number): DoubleDouble {
  const minusSquare: DoubleDouble = [-square[0], -square[1]];
  const coefficients = reciprocalFactorials();
  let sum = coefficients[last]!;
  for (let n = last - 2; n >= 0; n -= 2) {
    sum = add(multiply(sum, minusSquare), coefficients[n]!);
  }
  return sum;
}

function makeReciprocalFactorials(last: number): DoubleDouble[] {
  const table: DoubleDouble[] = [];
  let factorial = 1;
  for (let n = 0; n <= last; n++) {
    factorial *= Math.max(n, 1);
    table.push(reciprocal(factorial));
  }
  return table;
}

function reciprocal(x: number): DoubleDouble {
  const high = 1 / x;
  const [product, error] = exactProduct(high, x);
  return [high, (1 - product - error) / x];
}

function add(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const high = a[0] + b[0];
  const highError = errorOfSum(a[0], b[0], high);
  const low = a[1] + b[1];
  const lowError = errorOfSum(a[1], b[1], low);
  const [sum, error] = renormalized(high, highError + low);
  return renormalized(sum, error + lowError);
}

function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const [product, error] = exactProduct(a[0], b[0]);
  return renormalized(product, error + (a[0] * b[1] + a[1] * b[0]));
}

function exactProduct(a: number, b: number): DoubleDouble {
  const product = a * b;
  return [product, errorOfProduct(a, b, product)];
}

function renormalized(high: number, low: number): DoubleDouble {
  const sum = high + low;
  return [sum, low - (sum - high)];
}
