import { madd, splat } from "./vector";
import { constant, half, minusInfinity, one, sign, two } from "./constants";

// log and log1p write their argument as 2^k·(1 + f) with 1 + f in [√½, √2]. As in fdlibm, log(1 + f) = 2s + s·R(z) with
// s = f / (2 + f) and z = s². It is computed as f − (f²/2 − s·(f²/2 + R(z))), in which only the first term is large.
//
// Source: FreeBSD's msun, e_log.c. The coefficients come from test/reference/elementary_coefficients.py.

// The coefficients of R(z) / z, lowest power first; ln 2 as a sum of two numbers (the product of the first with any k
// is exact); the smallest normal number; the power of two that scales every subnormal number to a normal one, and its
// logarithm to base 2; 2^23 or 2^52, alone and with the exponent bias added.
const SINGLES = memory.data<f32>([
  0.6666666564549907, 0.4000033518375129, 0.28537308826666546, 0.23582148280286086, 0, 0, 0,
  0.693145751953125, 1.4286068203094173e-6,
  1.1754943508222875e-38, 33554432, 25,
  8388608, 8388608 + 127,
]);
const DOUBLES = memory.data<f64>([
  0.6666666666666734, 0.39999999999414676, 0.2857142874238756, 0.22222198573187307, 0.1818356432615119,
  0.1531405054747984, 0.14795949777875225,
  0.693147180559663, 2.8235290563031577e-13,
  2.2250738585072014e-308, 18014398509481984, 54,
  4503599627370496, 4503599627370496 + 1023,
]);

const enum At {
  Ln2High = 7,
  Ln2Low,
  MinNormal,
  SubnormalScale,
  Log2SubnormalScale,
  Shift,
  BiasedShift,
}

@inline
function c<T>(index: usize): v128 {
  return constant<T>(SINGLES, DOUBLES, index);
}

/** log x; −Infinity for 0, NaN for negative numbers. Error: 0.9 ULP. */
@inline
export function log<T>(x: v128): v128 {
  const isSubnormal = v128.lt<T>(x, c<T>(At.MinNormal));
  const normal = v128.bitselect(v128.mul<T>(x, c<T>(At.SubnormalScale)), x, isSubnormal);
  const k = v128.sub<T>(exponent<T>(normal), v128.and(isSubnormal, c<T>(At.Log2SubnormalScale)));
  const f = v128.sub<T>(significand<T>(normal), one<T>());
  return withSpecialCases<T>(logOfParts<T>(f, k), x, splat<T>(0));
}

/**
 * log(1 + x), accurate also for small x, where the sum 1 + x loses digits of x. Let u = 2^k·(1 + f₀) be the rounded sum
 * 1 + x, and e = (1 + x) − u its rounding error, which Knuth's two-sum gives exactly. Then f = f₀ + e·2^−k. For k = 0,
 * f = x. Error: 1.5 ULP.
 */
@inline
export function log1p<T>(x: v128): v128 {
  const u = v128.add<T>(one<T>(), x);
  const xInU = v128.sub<T>(u, one<T>());
  const e = v128.add<T>(v128.sub<T>(one<T>(), v128.sub<T>(u, xInU)), v128.sub<T>(x, xInU));
  const scaled = v128.mul<T>(v128.mul<T>(e, twiceInversePower<T>(u)), half<T>());
  const f = v128.add<T>(v128.sub<T>(significand<T>(u), one<T>()), scaled);
  const result = withSpecialCases<T>(logOfParts<T>(f, exponent<T>(u)), x, v128.neg<T>(one<T>()));
  return v128.or(result, v128.and(x, sign<T>()));
}

/** k·ln 2 + log(1 + f) */
@inline
function logOfParts<T>(f: v128, k: v128): v128 {
  const s = v128.div<T>(f, v128.add<T>(two<T>(), f));
  const z = v128.mul<T>(s, s);
  const halfSquare = v128.mul<T>(v128.mul<T>(f, half<T>()), f);
  const rest = v128.mul<T>(s, madd<T>(z, logRest<T>(z), halfSquare));
  const low = madd<T>(k, c<T>(At.Ln2Low), rest);
  const negative = v128.sub<T>(v128.sub<T>(halfSquare, low), f);
  return v128.sub<T>(v128.mul<T>(k, c<T>(At.Ln2High)), negative);
}

/** R(z) / z as even(w) + z·odd(w) with w = z²: the two chains of operations run in parallel. */
@inline
function logRest<T>(z: v128): v128 {
  const w = v128.mul<T>(z, z);
  if (sizeof<T>() == 4) {
    return madd<T>(z, madd<T>(w, c<T>(3), c<T>(1)), madd<T>(w, c<T>(2), c<T>(0)));
  }
  const even = madd<T>(w, madd<T>(w, madd<T>(w, c<T>(6), c<T>(4)), c<T>(2)), c<T>(0));
  const odd = madd<T>(w, madd<T>(w, c<T>(5), c<T>(3)), c<T>(1));
  return madd<T>(z, odd, even);
}

// Integer arithmetic on the bits of x finds k and 1 + f. Subtracting the bits of √½ lowers the exponent field by one
// where the significand is below √2, so that 1 + f is in [√½, √2). Here: the bits of 1 minus the bits of √½; the mask
// of the fraction field; the bits of √½; the mask of the exponent field.
const BITS_F32 = memory.data<i32>([0x3f800000 - 0x3f3504f3, 0x007fffff, 0x3f3504f3, 0x7f800000]);
const BITS_F64 = memory.data<i64>([
  0x3ff0000000000000 - 0x3fe6a09e667f3bcd, 0x000fffffffffffff, 0x3fe6a09e667f3bcd, 0x7ff0000000000000,
]);

@inline
function bits<T>(index: usize): v128 {
  return constant<T>(BITS_F32, BITS_F64, index);
}

/**
 * bits(x) − bits(√½) + bits(1). Its exponent field is k plus the bias. Its fraction field is bits(1 + f) − bits(√½).
 */
@inline
function parts<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return v128.add<i32>(x, bits<T>(0));
  return v128.add<i64>(x, bits<T>(0));
}

/** k as a number of T: writes k plus the bias into the low bits of 2^23 or 2^52, then subtracts power and bias. */
@inline
function exponent<T>(x: v128): v128 {
  const field = sizeof<T>() == 4 ? v128.shr<u32>(parts<T>(x), 23) : v128.shr<u64>(parts<T>(x), 52);
  return v128.sub<T>(v128.or(field, c<T>(At.Shift)), c<T>(At.BiasedShift));
}

/** 1 + f */
@inline
function significand<T>(x: v128): v128 {
  const fraction = v128.and(parts<T>(x), bits<T>(1));
  if (sizeof<T>() == 4) return v128.add<i32>(fraction, bits<T>(2));
  return v128.add<i64>(fraction, bits<T>(2));
}

/** 2^(1−k). For the largest x, 2^−k itself would be below the normal numbers. */
@inline
function twiceInversePower<T>(x: v128): v128 {
  const field = v128.and(parts<T>(x), bits<T>(3));
  if (sizeof<T>() == 4) return v128.sub<i32>(bits<T>(3), field);
  return v128.sub<i64>(bits<T>(3), field);
}

/** `result`, with x where x is Infinity or NaN, −Infinity where x = `pole`, and NaN (all bits set) where x < `pole`. */
@inline
function withSpecialCases<T>(result: v128, x: v128, pole: v128): v128 {
  const finite = v128.bitselect(result, x, v128.lt<T>(x, v128.neg<T>(minusInfinity<T>())));
  const withPole = v128.bitselect(minusInfinity<T>(), finite, v128.eq<T>(x, pole));
  return v128.or(withPole, v128.lt<T>(x, pole));
}
