import { madd, splat } from "../vector";
import { constant, half, minusInfinity, one, sign, two } from "./constants";

// Both take the argument apart into 2^k·(1 + f) with 1 + f in [√½, √2], and log(1 + f) from s = f / (2 + f) as in fdlibm:
// with z = s² and log(1 + f) = 2s + s·R(z), it is f − (f²/2 − s·(f²/2 + R)), of which only the first term is large.
// Source: FreeBSD's msun, e_log.c. Coefficients: test/reference/elementary_coefficients.py.

// R(z) / z, lowest power first; ln 2 in two parts, of which the first times any k is exact; the least normal number, the
// power that lifts all subnormals above it, and its logarithm to base 2; 2^23 or 2^52, and that with the exponent bias.
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
  LeastNormal,
  Lift,
  LiftLogarithm,
  Shift,
  BiasedShift,
}

@inline
function c<T>(index: usize): v128 {
  return constant<T>(SINGLES, DOUBLES, index);
}

/** log x; −Infinity of 0, NaN of negative numbers. Error: 0.9 ULP. */
@inline
export function log<T>(x: v128): v128 {
  const isSubnormal = v128.lt<T>(x, c<T>(At.LeastNormal));
  const normal = v128.bitselect(v128.mul<T>(x, c<T>(At.Lift)), x, isSubnormal);
  const k = v128.sub<T>(exponent<T>(normal), v128.and(isSubnormal, c<T>(At.LiftLogarithm)));
  const f = v128.sub<T>(significand<T>(normal), one<T>());
  return atEnds<T>(logOfParts<T>(f, k), x, splat<T>(0));
}

/**
 * log(1 + x), right where 1 + x would lose x: f is made of the parts of the rounded sum u = 1 + x, and of the part that
 * the rounding cut off (Knuth's exact sum), scaled alike. For k = 0 that gives f = x back. Error: 1.5 ULP.
 */
@inline
export function log1p<T>(x: v128): v128 {
  const u = v128.add<T>(one<T>(), x);
  const ofX = v128.sub<T>(u, one<T>());
  const cut = v128.add<T>(v128.sub<T>(one<T>(), v128.sub<T>(u, ofX)), v128.sub<T>(x, ofX));
  const scaled = v128.mul<T>(v128.mul<T>(cut, twiceInversePower<T>(u)), half<T>());
  const f = v128.add<T>(v128.sub<T>(significand<T>(u), one<T>()), scaled);
  const result = atEnds<T>(logOfParts<T>(f, exponent<T>(u)), x, v128.neg<T>(one<T>()));
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

/** R(z) / z, the even and the odd powers apart so that they overlap. */
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

// The bits of √½, below which a significand takes the next lower k: the fields of (bits − those of √½) are k and 1 + f.
// Here: the bias in place less those bits; the mask of 1 + f; the bits of √½; the mask of k.
const BITS_F32 = memory.data<i32>([0x3f800000 - 0x3f3504f3, 0x007fffff, 0x3f3504f3, 0x7f800000]);
const BITS_F64 = memory.data<i64>([
  0x3ff0000000000000 - 0x3fe6a09e667f3bcd, 0x000fffffffffffff, 0x3fe6a09e667f3bcd, 0x7ff0000000000000,
]);

@inline
function bits<T>(index: usize): v128 {
  return constant<T>(BITS_F32, BITS_F64, index);
}

/** The bits of x less those of √½, with the field of k biased as an exponent. */
@inline
function parts<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return v128.add<i32>(x, bits<T>(0));
  return v128.add<i64>(x, bits<T>(0));
}

/** k, as a number: its field becomes the low bits of 2^23 (of 2^52), which is then taken away. */
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

/** 2^(1−k): 2^−k itself would be subnormal, or beyond, for the largest x. */
@inline
function twiceInversePower<T>(x: v128): v128 {
  const field = v128.and(parts<T>(x), bits<T>(3));
  if (sizeof<T>() == 4) return v128.sub<i32>(bits<T>(3), field);
  return v128.sub<i64>(bits<T>(3), field);
}

/** `result`, but x itself of Infinity and NaN, −Infinity of `pole`, and NaN (all bits set) below it. */
@inline
function atEnds<T>(result: v128, x: v128, pole: v128): v128 {
  const finite = v128.bitselect(result, x, v128.lt<T>(x, v128.neg<T>(minusInfinity<T>())));
  const right = v128.bitselect(minusInfinity<T>(), finite, v128.eq<T>(x, pole));
  return v128.or(right, v128.lt<T>(x, pole));
}
