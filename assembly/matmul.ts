// The one matrix product. Forward pass, kernel gradients and input gradients differ in strides alone.

import { laneCount, loadLanes, madd, splat, storeLanes } from "./vector";

/** Rows of C that one call of a tile computes. */
const TILE_ROWS: usize = 4;

/**
 * C = A·B, or C += A·B if `accumulate`, with C [m, n], A [m, k], B [k, n], all strides in elements.
 *
 *     C: row-major, rows `cStride` apart
 *     A: element (i, l) at i·aRowStride + l·aColumnStride
 *     B: row-major, rows `bStride` apart, each readable to the next whole vector past n
 *
 * Each element of C has its k products added one after the other, l = 0 … k − 1, to 0 or to what it was, whatever the
 * tile it falls in: its bits depend on its own row of A and column of B alone, and a product over k in two parts, the
 * second accumulating, has the bits of the whole. Without `accumulate` C is not read. C may not overlap A or B.
 */
export function matmul<T>(
  c: usize, cStride: usize, accumulate: bool,
  a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize,
  m: usize, n: usize, k: usize,
): void {
  const lanes = laneCount<T>();
  const pair = lanes + lanes;
  const whole = n - n % pair;
  for (let i: usize = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    const ai = a + i * aRowStride * sizeof<T>();
    const ci = c + i * cStride * sizeof<T>();
    for (let j: usize = 0; j < whole; j += pair) {
      tileOfTwo<T>(
        ci + j * sizeof<T>(), cStride * sizeof<T>(), accumulate, rows, ai, aRowStride * sizeof<T>(), aColumnStride * sizeof<T>(),
        b + j * sizeof<T>(), bStride * sizeof<T>(), k,
      );
    }
    for (let j = whole; j < n; j += lanes) {
      tileOfOne<T>(
        ci + j * sizeof<T>(), cStride * sizeof<T>(), accumulate, rows, ai, aRowStride * sizeof<T>(), aColumnStride * sizeof<T>(),
        b + j * sizeof<T>(), bStride * sizeof<T>(), k, min(lanes, n - j),
      );
    }
  }
}

/**
 * Four rows by two vectors of C: eight accumulators, which with two vectors of B and one element of A fit the sixteen
 * registers of x86-64. All steps are in bytes. A tile of fewer rows repeats its last one: the repeated stores write the
 * same bits.
 */
function tileOfTwo<T>(
  c: usize, cStep: usize, accumulate: bool, rows: usize,
  a: usize, aRowStep: usize, aStep: usize,
  b: usize, bStep: usize,
  k: usize,
): void {
  const c1 = rows > 1 ? c + cStep : c;
  const c2 = rows > 2 ? c1 + cStep : c1;
  const c3 = rows > 3 ? c2 + cStep : c2;
  let a0 = a;
  let a1 = rows > 1 ? a0 + aRowStep : a0;
  let a2 = rows > 2 ? a1 + aRowStep : a1;
  let a3 = rows > 3 ? a2 + aRowStep : a2;
  const zero = splat<T>(0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
  if (accumulate) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  for (; k > 0; --k) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a0);
    s00 = madd<T>(x, b0, s00);
    s01 = madd<T>(x, b1, s01);
    x = v128.load_splat<T>(a1);
    s10 = madd<T>(x, b0, s10);
    s11 = madd<T>(x, b1, s11);
    x = v128.load_splat<T>(a2);
    s20 = madd<T>(x, b0, s20);
    s21 = madd<T>(x, b1, s21);
    x = v128.load_splat<T>(a3);
    s30 = madd<T>(x, b0, s30);
    s31 = madd<T>(x, b1, s31);
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bStep;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** Four rows by one vector, of which the first `lanes` lanes are C's. */
function tileOfOne<T>(
  c: usize, cStep: usize, accumulate: bool, rows: usize,
  a: usize, aRowStep: usize, aStep: usize,
  b: usize, bStep: usize,
  k: usize, lanes: usize,
): void {
  const c1 = rows > 1 ? c + cStep : c;
  const c2 = rows > 2 ? c1 + cStep : c1;
  const c3 = rows > 3 ? c2 + cStep : c2;
  let a0 = a;
  let a1 = rows > 1 ? a0 + aRowStep : a0;
  let a2 = rows > 2 ? a1 + aRowStep : a1;
  let a3 = rows > 3 ? a2 + aRowStep : a2;
  const zero = splat<T>(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  if (accumulate) {
    s0 = loadLanes<T>(c, lanes);
    s1 = loadLanes<T>(c1, lanes);
    s2 = loadLanes<T>(c2, lanes);
    s3 = loadLanes<T>(c3, lanes);
  }
  for (; k > 0; --k) {
    const b0 = v128.load(b);
    s0 = madd<T>(v128.load_splat<T>(a0), b0, s0);
    s1 = madd<T>(v128.load_splat<T>(a1), b0, s1);
    s2 = madd<T>(v128.load_splat<T>(a2), b0, s2);
    s3 = madd<T>(v128.load_splat<T>(a3), b0, s3);
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bStep;
  }
  storeLanes<T>(c, s0, lanes);
  storeLanes<T>(c1, s1, lanes);
  storeLanes<T>(c2, s2, lanes);
  storeLanes<T>(c3, s3, lanes);
}
