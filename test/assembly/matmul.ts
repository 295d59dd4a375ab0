// The matrix product under a name for each dtype, for test/matmul.test.ts.

import { matmul, Product } from "../../assembly/matmul";
import { beginDescent, Descent } from "../../assembly/sgd";

const product = changetype<Product>(memory.data(64, 16));
const descent = changetype<Descent>(memory.data(64, 16));

export function heap_base(): usize {
  return __heap_base;
}

function multiply<T>(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize, step: Descent | null,
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
  product.descent = step;
  matmul<T>(product, panel);
}

export function matmul_f32(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  multiply<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel, null);
}

export function matmul_f64(
  c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  multiply<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel, null);
}

/** The same, where C are gradients: `parameters`, laid like C, take a step of `rate` down them. */
export function matmul_descending_f32(
  parameters: usize, rate: f64, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  beginDescent<f32>(descent, parameters, c, rate);
  multiply<f32>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel, descent);
}

export function matmul_descending_f64(
  parameters: usize, rate: f64, c: usize, cStride: usize, accumulates: bool, a: usize, aRowStride: usize,
  aColumnStride: usize, b: usize, bStride: usize, m: usize, n: usize, k: usize, panel: usize,
): void {
  beginDescent<f64>(descent, parameters, c, rate);
  multiply<f64>(c, cStride, accumulates, a, aRowStride, aColumnStride, b, bStride, m, n, k, panel, descent);
}
