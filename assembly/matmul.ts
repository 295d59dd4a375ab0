// The one matrix product. Forward pass, kernel gradients and input gradients differ in strides alone.

import { gatherTransposed } from "./transpose";
import { laneCount, loadLanes, madd, splat, storeLanes } from "./vector";

/** Rows of C that one tile computes. */
export const TILE_ROWS: usize = 4;

/** How many tiles must share four rows of A before copying them side by side pays for itself. */
const TILES_TO_PACK: usize = 3;

/**
 * C = A·B, or C += A·B if `accumulate`, with C [m, n], A [m, k], B [k, n], all strides in elements.
 *
 *     C: row-major, rows `cStride` apart
 *     A: element (i, l) at i·aRowStride + l·aColumnStride
 *     B: row-major, rows `bStride` apart, each readable to the next whole vector past n
 *     panel: scratch for [k, TILE_ROWS] elements
 *
 * Each element of C has its k products added one after the other, l = 0 … k − 1, to 0 or to what it was, whatever the
 * tile it falls in: its bits depend on its own row of A and column of B alone, and a product over k in two parts, the
 * second accumulating, has the bits of the whole. Without `accumulate` C is not read. C may not overlap the others.
 *
 * After K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, with A alone packed: its
 * four rows then stay in the first cache while B streams past.
 */
export function matmul<T>(
  c: usize, cStride: usize, accumulate: bool,
  a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize,
  m: usize, n: usize, k: usize,
  panel: usize,
): void {
  const packs = n > TILES_TO_PACK * 2 * laneCount<T>();
  for (let i: usize = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    const ai = a + i * aRowStride * sizeof<T>();
    const ci = c + i * cStride * sizeof<T>();
    if (packs) {
      packRows<T>(panel, ai, aRowStride, aColumnStride, rows, k);
      tileRow<T, Packed>(ci, cStride, accumulate, rows, panel, 1, TILE_ROWS, b, bStride, n, k);
    } else {
      tileRow<T, Strided>(ci, cStride, accumulate, rows, ai, aRowStride, aColumnStride, b, bStride, n, k);
    }
  }
}

/** panel[l, i] = a[i, l] for the rows of one tile, of which a short one repeats its last. */
function packRows<T>(
  panel: usize, a: usize, aRowStride: usize, aColumnStride: usize, rows: usize, k: usize,
): void {
  if (aColumnStride == 1) {
    gatherTransposed<T>(panel, TILE_ROWS, TILE_ROWS, a, aRowStride, 0, rows, k);
    return;
  }
  const step = aColumnStride * sizeof<T>();
  const rowSize = TILE_ROWS * sizeof<T>();
  const end = panel + k * rowSize;
  if (aRowStride == 1 && rows == TILE_ROWS) {
    for (; panel < end; panel += rowSize, a += step) {
      v128.store(panel, v128.load(a));
      if (sizeof<T>() == 8) v128.store(panel, v128.load(a, 16), 16);
    }
    return;
  }
  for (; panel < end; panel += rowSize, a += step) {
    for (let i: usize = 0; i < TILE_ROWS; ++i) {
      store<T>(panel + i * sizeof<T>(), load<T>(a + min(i, rows - 1) * aRowStride * sizeof<T>()));
    }
  }
}

/** One row of tiles: up to four rows of C over all n columns. Strides in elements. */
function tileRow<T, A>(
  c: usize, cStride: usize, accumulate: bool, rows: usize,
  a: usize, aRowStride: usize, aColumnStride: usize,
  b: usize, bStride: usize,
  n: usize, k: usize,
): void {
  const lanes = laneCount<T>();
  const cStep = cStride * sizeof<T>();
  const aRowStep = aRowStride * sizeof<T>();
  const aStep = aColumnStride * sizeof<T>();
  const bStep = bStride * sizeof<T>();
  let columns = n;
  for (; columns >= lanes + lanes; columns -= lanes + lanes, c += 32, b += 32) {
    tileOfTwo<T, A>(c, cStep, accumulate, rows, a, aRowStep, aStep, b, bStep, k);
  }
  while (columns > 0) {
    const width = min(lanes, columns);
    tileOfOne<T, A>(c, cStep, accumulate, rows, a, aRowStep, aStep, b, bStep, k, width);
    columns -= width;
    c += 16;
    b += 16;
  }
}

// How a tile reads its four rows of A: each class below is a name for that, never an object. `offset` is the byte offset
// of row number `row`.

@unmanaged
class Strided {
  @inline
  splat<T>(a: usize, offset: usize, row: usize): v128 {
    return v128.load_splat<T>(a + offset);
  }
}

/** Element after element in a panel, at offsets that the compiler knows. */
@unmanaged
class Packed {
  @inline
  splat<T>(a: usize, offset: usize, row: usize): v128 {
    if (row == 0) return v128.load_splat<T>(a);
    if (row == 1) return v128.load_splat<T>(a, sizeof<T>());
    if (row == 2) return v128.load_splat<T>(a, 2 * sizeof<T>());
    return v128.load_splat<T>(a, 3 * sizeof<T>());
  }
}

/**
 * Four rows by two vectors of C: eight accumulators, which with two vectors of B and one element of A fit the sixteen
 * registers of x86-64. All steps are in bytes. A tile of fewer rows repeats its last one: the repeated stores write the
 * same bits.
 */
function tileOfTwo<T, A>(
  c: usize, cStep: usize, accumulate: bool, rows: usize,
  a: usize, aRowStep: usize, aStep: usize,
  b: usize, bStep: usize,
  k: usize,
): void {
  const operand = changetype<A>(0);
  const c1 = rows > 1 ? c + cStep : c;
  const c2 = rows > 2 ? c1 + cStep : c1;
  const c3 = rows > 3 ? c2 + cStep : c2;
  const a1 = rows > 1 ? aRowStep : 0;
  const a2 = rows > 2 ? a1 + aRowStep : a1;
  const a3 = rows > 3 ? a2 + aRowStep : a2;
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
    let x = operand.splat<T>(a, 0, 0);
    s00 = madd<T>(x, b0, s00);
    s01 = madd<T>(x, b1, s01);
    x = operand.splat<T>(a, a1, 1);
    s10 = madd<T>(x, b0, s10);
    s11 = madd<T>(x, b1, s11);
    x = operand.splat<T>(a, a2, 2);
    s20 = madd<T>(x, b0, s20);
    s21 = madd<T>(x, b1, s21);
    x = operand.splat<T>(a, a3, 3);
    s30 = madd<T>(x, b0, s30);
    s31 = madd<T>(x, b1, s31);
    a += aStep;
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
function tileOfOne<T, A>(
  c: usize, cStep: usize, accumulate: bool, rows: usize,
  a: usize, aRowStep: usize, aStep: usize,
  b: usize, bStep: usize,
  k: usize, lanes: usize,
): void {
  const operand = changetype<A>(0);
  const c1 = rows > 1 ? c + cStep : c;
  const c2 = rows > 2 ? c1 + cStep : c1;
  const c3 = rows > 3 ? c2 + cStep : c2;
  const a1 = rows > 1 ? aRowStep : 0;
  const a2 = rows > 2 ? a1 + aRowStep : a1;
  const a3 = rows > 3 ? a2 + aRowStep : a2;
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
    s0 = madd<T>(operand.splat<T>(a, 0, 0), b0, s0);
    s1 = madd<T>(operand.splat<T>(a, a1, 1), b0, s1);
    s2 = madd<T>(operand.splat<T>(a, a2, 2), b0, s2);
    s3 = madd<T>(operand.splat<T>(a, a3, 3), b0, s3);
    a += aStep;
    b += bStep;
  }
  storeLanes<T>(c, s0, lanes);
  storeLanes<T>(c1, s1, lanes);
  storeLanes<T>(c2, s2, lanes);
  storeLanes<T>(c3, s3, lanes);
}
