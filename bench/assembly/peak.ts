// Multiply-adds in registers only: no loads, no stores, and enough independent accumulators to hide latency.

import { laneCount, madd, splat } from "../../assembly/math/vector";

const ITERATIONS: i32 = 1000;
const ACCUMULATORS: i32 = 12;

/** The floating-point operations of one call of `multiply_add_f32`. */
export function flops_f32(): i32 {
  return flops<f32>();
}

export function flops_f64(): i32 {
  return flops<f64>();
}

export function multiply_add_f32(factor: f32, term: f32): f32 {
  return v128.extract_lane<f32>(multiplyAdd<f32>(factor, term), 0);
}

export function multiply_add_f64(factor: f64, term: f64): f64 {
  return v128.extract_lane<f64>(multiplyAdd<f64>(factor, term), 0);
}

function flops<T>(): i32 {
  return 2 * ACCUMULATORS * <i32>laneCount<T>() * ITERATIONS;
}

/**
 * s = s · factor + term in independent accumulators: enough to hide the latency of a multiply-add, and few enough for
 * sixteen registers. Each accumulator is a factor of its product, because a shared product would be computed only once. The
 * operands are parameters, because constants would be loaded for each use. The sum of all accumulators is returned, so that
 * the compiler removes none of them.
 */
function multiplyAdd<T>(factor: T, term: T): v128 {
  const x = v128.splat<T>(factor), y = v128.splat<T>(term);
  let s0 = splat<T>(0), s1 = splat<T>(1), s2 = splat<T>(2), s3 = splat<T>(3);
  let s4 = splat<T>(4), s5 = splat<T>(5), s6 = splat<T>(6), s7 = splat<T>(7);
  let s8 = splat<T>(8), s9 = splat<T>(9), s10 = splat<T>(10), s11 = splat<T>(11);
  for (let i = 0; i < ITERATIONS; ++i) {
    s0 = madd<T>(s0, x, y);
    s1 = madd<T>(s1, x, y);
    s2 = madd<T>(s2, x, y);
    s3 = madd<T>(s3, x, y);
    s4 = madd<T>(s4, x, y);
    s5 = madd<T>(s5, x, y);
    s6 = madd<T>(s6, x, y);
    s7 = madd<T>(s7, x, y);
    s8 = madd<T>(s8, x, y);
    s9 = madd<T>(s9, x, y);
    s10 = madd<T>(s10, x, y);
    s11 = madd<T>(s11, x, y);
  }
  s0 = v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
  s4 = v128.add<T>(v128.add<T>(s4, s5), v128.add<T>(s6, s7));
  s8 = v128.add<T>(v128.add<T>(s8, s9), v128.add<T>(s10, s11));
  return v128.add<T>(s0, v128.add<T>(s4, s8));
}
