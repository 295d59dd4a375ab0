// Sums and maxima of vectors under a name for each dtype, for test/vector.test.ts.

import { absoluteSum, maximum, sumInOrder } from "../../assembly/vector";

export function heap_base(): usize {
  return __heap_base;
}

export function absolute_sum_f32(x: usize, count: usize): f64 {
  return absoluteSum<f32>(x, count);
}

export function absolute_sum_f64(x: usize, count: usize): f64 {
  return absoluteSum<f64>(x, count);
}

/** To every lane of a vector at `out`. */
export function sum_in_order_f32(out: usize, x: usize, count: usize): void {
  v128.store(out, sumInOrder<f32>(x, count));
}

/** To every lane of a vector at `out`. */
export function sum_in_order_f64(out: usize, x: usize, count: usize): void {
  v128.store(out, sumInOrder<f64>(x, count));
}

/** To every lane of a vector at `out`. */
export function maximum_f32(out: usize, x: usize, count: usize): void {
  v128.store(out, maximum<f32>(x, count));
}

/** To every lane of a vector at `out`. */
export function maximum_f64(out: usize, x: usize, count: usize): void {
  v128.store(out, maximum<f64>(x, count));
}
