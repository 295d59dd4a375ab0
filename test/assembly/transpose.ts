// Exports the transposes once for each dtype, for test/transpose.test.ts.

import { gatherRows, gatherTransposed, transpose } from "../../assembly/kernels/transpose";

export function heap_base(): usize {
  return __heap_base;
}

export function gather_transposed_f32(
  out: usize, outStride: usize, width: usize, x: usize, xStride: usize, order: usize, count: usize, columns: usize,
): void {
  gatherTransposed<f32>(out, outStride, width, x, xStride, order, count, columns);
}

export function gather_transposed_f64(
  out: usize, outStride: usize, width: usize, x: usize, xStride: usize, order: usize, count: usize, columns: usize,
): void {
  gatherTransposed<f64>(out, outStride, width, x, xStride, order, count, columns);
}

export function gather_rows_f32(
  out: usize, outStride: usize, width: usize, x: usize, columns: usize, order: usize, row: usize, count: usize,
): void {
  gatherRows<f32>(out, outStride, width, x, columns, order, row, count);
}

export function gather_rows_f64(
  out: usize, outStride: usize, width: usize, x: usize, columns: usize, order: usize, row: usize, count: usize,
): void {
  gatherRows<f64>(out, outStride, width, x, columns, order, row, count);
}

export function transpose_f32(out: usize, outStep: usize, x: usize, xStep: usize, rows: usize, columns: usize): void {
  transpose<f32>(out, outStep, x, xStep, rows, columns);
}

export function transpose_f64(out: usize, outStep: usize, x: usize, xStep: usize, rows: usize, columns: usize): void {
  transpose<f64>(out, outStep, x, xStep, rows, columns);
}
