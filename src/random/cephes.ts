// log, sin and cos in float32, with the bits of PyTorch's vectorized normal_ on processors with AVX2 and FMA. The
// approximations are those of S. L. Moshier's Cephes library (logf, sinf, cosf; www.netlib.org/cephes). The order of
// operations is that of the AVX version by J. Pommier and G. Garberoglio. The multiply-adds that GCC fuses there are
// fused here.

import { fusedMultiplyAddFloat32 as fma } from "./fused.js";

const float32 = Math.fround;

const LOG_COEFFICIENTS = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(float32);
const SIN_COEFFICIENTS = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(float32);
const COS_COEFFICIENTS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(float32);

const SQRT_HALF = float32(Math.SQRT1_2);
const LN2_HIGH = 0.693359375;
const LN2_LOW = float32(-2.1219444e-4);

const FOUR_OVER_PI = float32(1.2732395447351628);
const MINUS_QUARTER_PI_HIGH = -0.78515625;
const MINUS_QUARTER_PI_MIDDLE = -2.4187564849853516e-4;
const MINUS_QUARTER_PI_LOW = float32(-3.774894977445941e-8);

const view = new DataView(new ArrayBuffer(4));

/** log(x) in float32 for a normal float32 x > 0. */
export function logFloat32(x: number): number {
  let [mantissa, exponent] = splitFloat32(x);
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  return logFromParts(mantissa - 1, exponent);
}

/** log(1 + x) + exponent·log 2, for √½ ≤ 1 + x < √2. */
function logFromParts(x: number, exponent: number): number {
  const square = float32(x * x);
  const cubic = float32(x * fusedPolynomial(LOG_COEFFICIENTS, x));
  const lowest = fma(cubic, square, float32(exponent * LN2_LOW));
  const low = fma(square, -0.5, lowest);
  return fma(exponent, LN2_HIGH, float32(x + low));
}

/** x = mantissa·2^exponent with ½ ≤ mantissa < 1. */
function splitFloat32(x: number): [mantissa: number, exponent: number] {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  view.setUint32(0, (bits & 0x007fffff) | 0x3f000000);
  return [view.getFloat32(0), (bits >>> 23) - 126];
}

/** sin(x) and cos(x) in float32 for a float32 x in [0, 8192]. */
export function sinCosFloat32(x: number): [sin: number, cos: number] {
  const octant = (Math.floor(float32(x * FOUR_OVER_PI)) + 1) & ~1;
  const remainder = subtractOctants(x, octant);
  const sine = sinNearZero(remainder);
  const cosine = cosNearZero(remainder);
  switch (octant & 6) {
    case 0:
      return [sine, cosine];
    case 2:
      return [cosine, -sine];
    case 4:
      return [-sine, -cosine];
    default:
      return [-cosine, sine];
  }
}

/** x − octants·π/4. */
function subtractOctants(x: number, octants: number): number {
  const high = fma(octants, MINUS_QUARTER_PI_HIGH, x);
  const middle = fma(octants, MINUS_QUARTER_PI_MIDDLE, high);
  return fma(octants, MINUS_QUARTER_PI_LOW, middle);
}

/** sin(x), |x| ≤ π/4. */
function sinNearZero(x: number): number {
  const square = float32(x * x);
  const polynomial = float32(square * fusedPolynomial(SIN_COEFFICIENTS, square));
  return fma(polynomial, x, x);
}

/** cos(x), |x| ≤ π/4. */
function cosNearZero(x: number): number {
  const square = float32(x * x);
  const polynomial = float32(square * fusedPolynomial(COS_COEFFICIENTS, square));
  return float32(fma(polynomial, square, -0.5 * square) + 1);
}

/** The polynomial in x with these coefficients, highest power first, by Horner's scheme. */
function fusedPolynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => fma(sum, x, coefficient));
}
