// Exports sums and maxima of arrays once for each dtype, for test/reduce.test.ts.

import { absoluteSum, columnMax, magnitudeBound, maxOf, sumInOrder } from "../../assembly/kernels/reduce";

export function heap_base(): usize {
  return __heap_base;
}

export function absolute_sum_f32(x: usize, count: usize): f64 {
  return absoluteSum<f32>(x, count);
}

export function absolute_sum_f64(x: usize, count: usize): f64 {
  return absoluteSum<f64>(x, count);
}

export function magnitude_bound_f32(x: usize, bytes: usize): f64 {
  return magnitudeBound<f32>(x, bytes);
}

export function magnitude_bound_f64(x: usize, bytes: usize): f64 {
  return magnitudeBound<f64>(x, bytes);
}

/** Stores the sum in every lane of a vector at `out`. */
export function sum_in_order_f32(out: usize, x: usize, count: usize): void {
  v128.store(out, sumInOrder<f32>(x, count));
}

/** Stores the sum in every lane of a vector at `out`. */
export function sum_in_order_f64(out: usize, x: usize, count: usize): void {
  v128.store(out, sumInOrder<f64>(x, count));
}

/** Stores the maximum in every lane of a vector at `out`. */
export function max_of_f32(out: usize, x: usize, count: usize): void {
  v128.store(out, maxOf<f32>(x, count));
}

/** Stores the maximum in every lane of a vector at `out`. */
export function max_of_f64(out: usize, x: usize, count: usize): void {
  v128.store(out, maxOf<f64>(x, count));
}

/** Stores the maxima in a vector at `out`. */
export function column_max_f32(out: usize, column: usize, count: usize, step: usize): void {
  v128.store(out, columnMax<f32>(column, count, step));
}

/** Stores the maxima in a vector at `out`. */
export function column_max_f64(out: usize, column: usize, count: usize, step: usize): void {
  v128.store(out, columnMax<f64>(column, count, step));
}
