// Sums and maxima of arrays.

import { sign } from "../math/constants";
import { clamp, firstLanes, laneCount, splat } from "../math/vector";
import { loadLanes } from "./memory";

/**
 * Σ|xᵢ|, computed in T. It is at least max |xᵢ|, and not finite if some xᵢ is not.
 * Four accumulators hide the latency of the additions.
 */
export function absoluteSum<T>(x: usize, count: usize): f64 {
  const minus = sign<T>();
  const rest = count & (laneCount<T>() - 1);
  const end = x + (count - rest) * sizeof<T>();
  let sum = splat<T>(0), sum1 = sum, sum2 = sum, sum3 = sum;
  for (; x + 64 <= end; x += 64) {
    sum = v128.add<T>(sum, v128.andnot(v128.load(x), minus));
    sum1 = v128.add<T>(sum1, v128.andnot(v128.load(x, 16), minus));
    sum2 = v128.add<T>(sum2, v128.andnot(v128.load(x, 32), minus));
    sum3 = v128.add<T>(sum3, v128.andnot(v128.load(x, 48), minus));
  }
  sum = v128.add<T>(v128.add<T>(sum, sum1), v128.add<T>(sum2, sum3));
  for (; x < end; x += 16) sum = v128.add<T>(sum, v128.andnot(v128.load(x), minus));
  if (rest > 0) sum = v128.add<T>(sum, v128.andnot(loadLanes<T>(x, rest), minus));
  return <f64>laneSum<T>(sum);
}

/** The sum of all lanes. */
@inline
export function laneSum<T>(x: v128): T {
  x = v128.add<T>(x, v128.shuffle<i64>(x, x, 1, 1));
  if (sizeof<T>() == 4) x = v128.add<T>(x, v128.shuffle<i32>(x, x, 1, 1, 1, 1));
  return v128.extract_lane<T>(x, 0);
}

/**
 * Σ xᵢ² over `count` elements, with xᵢ limited to [−limit, limit]. Computed in f64, so that for f32 it does not
 * overflow. NaN if some xᵢ is NaN.
 */
export function sumOfSquares<T>(x: usize, count: usize, limit: f64): f64 {
  return sumIn64<T, Square>(x, count, limit, 0);
}

/** Σ xᵢ over `count` elements, computed in f64. */
export function sumOfElements<T>(x: usize, count: usize): f64 {
  return sumIn64<T, Element>(x, count, Infinity, 0);
}

/** Σ (xᵢ − center)² over `count` elements, computed in f64. */
export function sumOfSquaredDeviations<T>(x: usize, count: usize, center: f64): f64 {
  return sumIn64<T, SquaredDeviation>(x, count, Infinity, center);
}

/** Σ|xᵢ| over `count` elements, computed in f64. */
export function sumOfMagnitudes<T>(x: usize, count: usize): f64 {
  return sumIn64<T, Magnitude>(x, count, Infinity, 0);
}

// The terms of sumIn64(), as types. No instances of these classes exist.

@unmanaged
class Element {
  @inline
  of(x: v128, center: v128): v128 {
    return x;
  }
}

@unmanaged
class Square {
  @inline
  of(x: v128, center: v128): v128 {
    return v128.mul<f64>(x, x);
  }
}

@unmanaged
class SquaredDeviation {
  @inline
  of(x: v128, center: v128): v128 {
    const deviation = v128.sub<f64>(x, center);
    return v128.mul<f64>(deviation, deviation);
  }
}

@unmanaged
class Magnitude {
  @inline
  of(x: v128, center: v128): v128 {
    return v128.abs<f64>(x);
  }
}

/** Four accumulators hide the latency of the additions. */
@inline
function sumIn64<T, Term>(x: usize, count: usize, limit: f64, center: f64): f64 {
  const low = splat<T>(-limit), high = splat<T>(limit), middle = splat<f64>(center);
  const rest = count & (laneCount<T>() - 1);
  const end = x + (count - rest) * sizeof<T>();
  let sum = f64x2(0, 0), sum1 = sum, sum2 = sum, sum3 = sum;
  for (; x + 32 <= end; x += 32) {
    const a = clamp<T>(v128.load(x), low, high), b = clamp<T>(v128.load(x, 16), low, high);
    sum = add<Term>(sum, lowHalf<T>(a), middle);
    sum1 = add<Term>(sum1, lowHalf<T>(b), middle);
    if (sizeof<T>() == 8) continue;
    sum2 = add<Term>(sum2, highHalf(a), middle);
    sum3 = add<Term>(sum3, highHalf(b), middle);
  }
  if (x < end) {
    const a = clamp<T>(v128.load(x), low, high);
    sum = add<Term>(sum, lowHalf<T>(a), middle);
    if (sizeof<T>() == 4) sum2 = add<Term>(sum2, highHalf(a), middle);
  }
  if (rest > 0) {
    const a = clamp<T>(loadLanes<T>(end, rest), low, high);
    sum1 = addLanes<Term>(sum1, lowHalf<T>(a), middle, rest);
    if (rest > 2) sum3 = addLanes<Term>(sum3, highHalf(a), middle, rest - 2);
  }
  sum = v128.add<f64>(v128.add<f64>(sum, sum1), v128.add<f64>(sum2, sum3));
  return v128.extract_lane<f64>(sum, 0) + v128.extract_lane<f64>(sum, 1);
}

@inline
function add<Term>(sum: v128, x: v128, center: v128): v128 {
  return v128.add<f64>(sum, changetype<Term>(0).of(x, center));
}

/** As add(), but only the first `count` lanes. */
@inline
function addLanes<Term>(sum: v128, x: v128, center: v128, count: usize): v128 {
  return v128.add<f64>(sum, v128.and(changetype<Term>(0).of(x, center), firstLanes<f64>(count)));
}

/** The first two lanes as f64: for f64, all lanes. */
@inline
function lowHalf<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(x) : x;
}

/** The last two of four f32 as f64. */
@inline
function highHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

/**
 * An upper bound of |xᵢ| over the numbers in `bytes` bytes, whole vectors: 2 if all |xᵢ| < 2, else Σ|xᵢ|. Not finite if
 * some xᵢ is not. |xᵢ| < 2 if and only if the top bit of the exponent field is 0.
 */
@inline
export function magnitudeBound<T>(x: usize, bytes: usize): f64 {
  const end = x + bytes;
  let bits = splat<T>(0), bits1 = bits;
  let at = x;
  for (; at + 32 <= end; at += 32) {
    bits = v128.or(bits, v128.load(at));
    bits1 = v128.or(bits1, v128.load(at, 16));
  }
  if (at < end) bits = v128.or(bits, v128.load(at));
  bits = v128.or(bits, bits1);
  if (!v128.any_true(v128.and(bits, splat<T>(2)))) return 2;
  return absoluteSum<T>(x, bytes / sizeof<T>());
}

/** Σ x[order[i]] for i = begin … end − 1, or Σ x[i] if `order` is 0, in f64. NaN if an element is below 0 or NaN. */
export function sumOfWeights<T>(x: usize, order: usize, begin: usize, end: usize): f64 {
  let sum: f64 = 0;
  for (let i = begin; i < end; ++i) {
    const index = order ? <usize>load<u32>(order + i * sizeof<u32>()) : i;
    const weight = load<T>(x + index * sizeof<T>());
    if (!(weight >= 0)) return NaN;
    sum += <f64>weight;
  }
  return sum;
}

/** The sum of `count` elements, added in order, in every lane. */
export function sumInOrder<T>(x: usize, count: usize): v128 {
  const end = x + count * sizeof<T>();
  let sum = splat<T>(0);
  for (; x + 16 <= end; x += 16) {
    sum = v128.add<T>(sum, v128.load_splat<T>(x));
    sum = v128.add<T>(sum, v128.load_splat<T>(x, sizeof<T>()));
    if (sizeof<T>() == 8) continue;
    sum = v128.add<T>(sum, v128.load_splat<T>(x, 2 * sizeof<T>()));
    sum = v128.add<T>(sum, v128.load_splat<T>(x, 3 * sizeof<T>()));
  }
  for (; x < end; x += sizeof<T>()) sum = v128.add<T>(sum, v128.load_splat<T>(x));
  return sum;
}

/** The maximum of `count` elements, in every lane. */
export function maxOf<T>(x: usize, count: usize): v128 {
  const end = x + count * sizeof<T>();
  let largest = v128.load_splat<T>(x);
  for (; x + 16 <= end; x += 16) largest = v128.pmax<T>(largest, v128.load(x));
  for (; x < end; x += sizeof<T>()) largest = v128.pmax<T>(largest, v128.load_splat<T>(x));
  largest = v128.pmax<T>(largest, v128.shuffle<i64>(largest, largest, 1, 0));
  if (sizeof<T>() == 8) return largest;
  return v128.pmax<T>(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
}

/** The maximum of each lane over `count` vectors, which are `step` bytes apart. */
export function columnMax<T>(column: usize, count: usize, step: usize): v128 {
  let largest = v128.load(column);
  for (let i: usize = 1; i < count; ++i) largest = v128.pmax<T>(largest, v128.load(column + i * step));
  return largest;
}

/** The maximum of `count` u32 words; 0 if there are none. */
export function maxWord(words: usize, count: usize): u32 {
  const end = words + count * sizeof<u32>();
  let largest = v128.splat<i32>(0);
  for (; words + 16 <= end; words += 16) largest = v128.max<u32>(largest, v128.load(words));
  for (; words < end; words += sizeof<u32>()) largest = v128.max<u32>(largest, v128.load32_splat(words));
  largest = v128.max<u32>(largest, v128.shuffle<i64>(largest, largest, 1, 0));
  largest = v128.max<u32>(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
  return i32x4.extract_lane(largest, 0);
}
