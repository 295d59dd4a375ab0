// The 128-bit vector as the kernels use it, generic over T = f32 (4 lanes) and T = f64 (2 lanes).

import { sign } from "./elementary/constants";

/** How many elements of T one vector holds. */
@inline
export function laneCount<T>(): usize {
  return 16 / sizeof<T>();
}

/** `count` rounded up to whole vectors. */
@inline
export function wholeVectors<T>(count: usize): usize {
  return (count + laneCount<T>() - 1) & ~(laneCount<T>() - 1);
}

/** A vector with every lane the constant `value`; f32 rounds it once, at compile time. */
@inline
export function splat<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

/** a·b + c: rounded twice in the strict build, once (where the machine can) in the relaxed one. */
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** 0, 1 … in the lanes. */
@inline
export function laneNumbers<T>(): v128 {
  return sizeof<T>() == 4 ? f32x4(0, 1, 2, 3) : f64x2(0, 1);
}

/** All bits set in the first `count` lanes, none in the others. */
@inline
export function firstLanes<T>(count: usize): v128 {
  if (sizeof<T>() == 4) return v128.lt<i32>(i32x4(0, 1, 2, 3), v128.splat<i32>(<i32>count));
  return v128.lt<i64>(i64x2(0, 1), v128.splat<i64>(<i64>count));
}

/** The first `count` (1 … all but one) elements at `pointer`, zeros in the other lanes; reads nothing past them. */
export function loadLanes<T>(pointer: usize, count: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_zero(pointer);
  if (count == 1) return v128.load32_zero(pointer);
  const two = v128.load64_zero(pointer);
  return count == 2 ? two : v128.load32_lane(pointer, two, 2, 8);
}

/** Stores the first `count` (1 … all) lanes at `pointer`; writes nothing past them. */
@inline
export function storeLanes<T>(pointer: usize, vector: v128, count: usize): void {
  if (count == laneCount<T>()) {
    v128.store(pointer, vector);
  } else if (sizeof<T>() == 8) {
    v128.store64_lane(pointer, vector, 0);
  } else if (count == 1) {
    v128.store32_lane(pointer, vector, 0);
  } else {
    v128.store64_lane(pointer, vector, 0);
    if (count == 3) v128.store32_lane(pointer, vector, 2, 8);
  }
}

/** Sets `count` elements, a whole number of vectors, to `value`. */
export function fill<T>(out: usize, value: T, count: usize): void {
  const vector = v128.splat<T>(value);
  for (const end = out + count * sizeof<T>(); out < end; out += 16) v128.store(out, vector);
}

/** The sum of |xᵢ|, rounded in T: at least the largest of them, and not finite if one is not. */
export function absoluteSum<T>(x: usize, count: usize): f64 {
  const minus = sign<T>();
  const rest = count & (laneCount<T>() - 1);
  const end = x + (count - rest) * sizeof<T>();
  let sum = splat<T>(0);
  for (; x + 64 <= end; x += 64) {
    const low = v128.add<T>(v128.andnot(v128.load(x), minus), v128.andnot(v128.load(x, 16), minus));
    const high = v128.add<T>(v128.andnot(v128.load(x, 32), minus), v128.andnot(v128.load(x, 48), minus));
    sum = v128.add<T>(sum, v128.add<T>(low, high));
  }
  for (; x < end; x += 16) sum = v128.add<T>(sum, v128.andnot(v128.load(x), minus));
  if (rest > 0) sum = v128.add<T>(sum, v128.andnot(loadLanes<T>(x, rest), minus));
  sum = v128.add<T>(sum, v128.shuffle<i64>(sum, sum, 1, 1));
  if (sizeof<T>() == 4) sum = v128.add<T>(sum, v128.shuffle<i32>(sum, sum, 1, 1, 1, 1));
  return <f64>v128.extract_lane<T>(sum, 0);
}

/** The sum of `count` elements, added in their order, in every lane. */
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

/** The largest of `count` elements, in every lane. */
export function maximum<T>(x: usize, count: usize): v128 {
  const end = x + count * sizeof<T>();
  let largest = v128.load_splat<T>(x);
  for (; x + 16 <= end; x += 16) largest = v128.pmax<T>(largest, v128.load(x));
  for (; x < end; x += sizeof<T>()) largest = v128.pmax<T>(largest, v128.load_splat<T>(x));
  largest = v128.pmax<T>(largest, v128.shuffle<i64>(largest, largest, 1, 0));
  if (sizeof<T>() == 8) return largest;
  return v128.pmax<T>(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
}

/** The largest of `count` vectors, `step` bytes apart, lane by lane. */
export function columnMaximum<T>(column: usize, count: usize, step: usize): v128 {
  let largest = v128.load(column);
  for (let i: usize = 1; i < count; ++i) largest = v128.pmax<T>(largest, v128.load(column + i * step));
  return largest;
}
