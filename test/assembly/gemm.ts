// Exports the matrix product once for each dtype, for test/gemm.test.ts.

import { matmul, matmulColumns, matmulRows, PACKED_ROWS, Product, TILE_ROWS } from "../../assembly/kernels/gemm";
import { madd } from "../../assembly/math/vector";

const product = changetype<Product>(memory.data(64, 16));
const part = changetype<Product>(memory.data(64, 16));

export function heap_base(): usize {
  return __heap_base;
}

export function tile_rows(): usize {
  return TILE_ROWS;
}

export function packed_rows(): usize {
  return PACKED_ROWS;
}

/** a·b + c as the products of this build compute it. */
export function madd_f32(a: f32, b: f32, c: f32): f32 {
  return v128.extract_lane<f32>(madd<f32>(v128.splat<f32>(a), v128.splat<f32>(b), v128.splat<f32>(c)), 0);
}

/** a·b + c as the products of this build compute it. */
export function madd_f64(a: f64, b: f64, c: f64): f64 {
  return v128.extract_lane<f64>(madd<f64>(v128.splat<f64>(a), v128.splat<f64>(b), v128.splat<f64>(c)), 0);
}

function prepare<T>(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize,
): void {
  product.c = c;
  product.cStep = cStride * sizeof<T>();
  product.accumulates = accumulates;
  product.a = a;
  product.aRowStep = aRowStride * sizeof<T>();
  product.aColumnStep = aColumnStride * sizeof<T>();
  product.b = b;
  product.bStep = bStride * sizeof<T>();
  product.m = m;
  product.n = n;
  product.k = k;
}

export function matmul_f32(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmul<f32>(product, panels);
}

export function matmul_f64(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmul<f64>(product, panels);
}

/** Columns `begin` … `end` − 1 of C. */
export function matmul_columns_f32(
  begin: usize, end: usize, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmulColumns<f32>(product, begin, end, part, panels);
}

/** Columns `begin` … `end` − 1 of C. */
export function matmul_columns_f64(
  begin: usize, end: usize, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmulColumns<f64>(product, begin, end, part, panels);
}

/** Rows `begin` … `end` − 1 of C. */
export function matmul_rows_f32(
  begin: usize, end: usize, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmulRows<f32>(product, begin, end, part, panels);
}

/** Rows `begin` … `end` − 1 of C. */
export function matmul_rows_f64(
  begin: usize, end: usize, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panels: usize,
): void {
  prepare<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
  matmulRows<f64>(product, begin, end, part, panels);
}

/** The product element by element, with the madd() of this build. */
function naiveMatmul<T>(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize,
): void {
  for (let i: usize = 0; i < m; ++i) {
    for (let j: usize = 0; j < n; ++j) {
      const address = c + (i * cStride + j) * sizeof<T>();
      let sum = v128.splat<T>(accumulates ? load<T>(address) : <T>0);
      for (let l: usize = 0; l < k; ++l) {
        const x = v128.load_splat<T>(a + (i * aRowStride + l * aColumnStride) * sizeof<T>());
        sum = madd<T>(x, v128.load_splat<T>(b + (l * bStride + j) * sizeof<T>()), sum);
      }
      store<T>(address, v128.extract_lane<T>(sum, 0));
    }
  }
}

export function naive_matmul_f32(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize,
): void {
  naiveMatmul<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
}

export function naive_matmul_f64(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize,
): void {
  naiveMatmul<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k);
}
