// A 128-bit vector in registers, generic over T = f32 (4 lanes) and T = f64 (2 lanes).

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

/** a·b + c. Strict builds round twice. Relaxed builds round once if the processor has a fused multiply-add. */
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** (0, 1, 2, 3), or (0, 1) for f64. */
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

/** x limited to [low, high]; NaN stays NaN. */
@inline
export function clamp<T>(x: v128, low: v128, high: v128): v128 {
  return v128.pmin<T>(v128.pmax<T>(x, low), high);
}
