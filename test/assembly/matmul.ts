// The matrix product under a name for each dtype, for test/matmul.test.ts.

import { matmul } from "../../assembly/matmul";

export function heap_base(): usize {
  return __heap_base;
}

export function matmul_f32(
  c: usize, cStride: usize, accumulate: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  matmul<f32>(c, cStride, accumulate, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel);
}

export function matmul_f64(
  c: usize, cStride: usize, accumulate: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  matmul<f64>(c, cStride, accumulate, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel);
}
