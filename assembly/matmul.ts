// The one matrix product. Forward pass, kernel gradients and input gradients differ in strides alone.

import { Five, Four, One, Six, Three, Two } from "./counts";
import { descend, descendLanes, Descent } from "./sgd";
import { gatherTransposed } from "./transpose";
import { laneCount, loadLanes, madd, splat, storeLanes } from "./vector";

/** The most rows of C that one tile computes. */
export const TILE_ROWS: usize = 6;

/** How many tiles must share the rows of A before copying them side by side pays for itself. */
const TILES_TO_PACK: usize = 4;

/** The same for rows that lie side by side as it is, but each of whose columns is on another cache line. */
const TILES_TO_GATHER: usize = 3;

/** Bytes that can be read again and again where they lie, since the first cache holds them, and what else a tile needs. */
const CACHED: usize = 32768;

/**
 * C = A·B, or C += A·B if `accumulates`, with C [m, n], A [m, k], B [k, n]; all steps in bytes.
 *
 *     C: row-major, rows `cStep` apart
 *     A: element (i, l) at i·aRowStep + l·aColumnStep
 *     B: row-major, rows `bStep` apart, each readable to the next whole vector past n
 *
 * It lies in memory, made ready once and used many times: to say twelve things anew takes as long as a small product.
 */
@unmanaged
export class Product {
  c: usize;
  cStep: usize;
  a: usize;
  aRowStep: usize;
  aColumnStep: usize;
  b: usize;
  bStep: usize;
  m: usize;
  n: usize;
  k: usize;
  accumulates: bool;
  /** Null; or, where C are gradients, the step that is taken down them as soon as they are complete. */
  descent: Descent | null;
}

/** What a thread needs of its own to do its part of a product. */
@unmanaged
export class Workspace {
  /** That part. */
  product: Product;
  /** Scratch for [k, TILE_ROWS] elements. */
  panel: usize;
}

/**
 * Each element of C has its k products added one after the other, l = 0 … k − 1, to 0 or to what it was, whatever the
 * tile it falls in: its bits depend on its own row of A and column of B alone, and a product over k in two parts, the
 * second accumulating, has the bits of the whole. Without `accumulates` C is not read. C may not overlap the others.
 * `panel`: scratch for [k, TILE_ROWS] elements.
 *
 * After K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, with A alone packed: its
 * rows then stay in the first cache while B streams past.
 */
export function matmul<T>(product: Product, panel: usize): void {
  const tileColumns: usize = 2 * laneCount<T>();
  if (product.aRowStep == sizeof<T>()) {
    if (product.n > TILES_TO_GATHER * tileColumns && product.k * product.aColumnStep > CACHED) {
      multiplyPacked<T>(product, panel);
    } else {
      multiply<T, Adjacent>(product);
    }
  } else if (product.n > TILES_TO_PACK * tileColumns) {
    multiplyPacked<T>(product, panel);
  } else {
    multiply<T, Strided>(product);
  }
}

@inline
function multiply<T, A>(product: Product): void {
  const aStep = product.aColumnStep;
  let c = product.c;
  let a = product.a;
  let m = product.m;
  for (; m > TILE_ROWS; m -= TILE_ROWS) {
    tiles<T, A, Six>(product, c, a, aStep);
    c += TILE_ROWS * product.cStep;
    a += TILE_ROWS * product.aRowStep;
  }
  rowOfTiles<T, A>(product, m, c, a, aStep);
}

function multiplyPacked<T>(product: Product, panel: usize): void {
  const aStep = TILE_ROWS * sizeof<T>();
  let c = product.c;
  let a = product.a;
  for (let i: usize = 0; i < product.m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, product.m - i);
    packRows<T>(product, panel, a, rows);
    rowOfTiles<T, Adjacent>(product, rows, c, panel, aStep);
    c += TILE_ROWS * product.cStep;
    a += TILE_ROWS * product.aRowStep;
  }
}

/** Columns `begin` … `end` − 1 of C, in a thread's own `workspace`. */
@inline
export function matmulColumns<T>(product: Product, workspace: Workspace, begin: usize, end: usize): void {
  const part = end - begin == product.n ? product : columnsOf<T>(product, workspace.product, begin, end);
  matmul<T>(part, workspace.panel);
}

/** Rows `begin` … `end` − 1 of C, in a thread's own `workspace`. */
@inline
export function matmulRows<T>(product: Product, workspace: Workspace, begin: usize, end: usize): void {
  const part = end - begin == product.m ? product : rowsOf(product, workspace.product, begin, end);
  matmul<T>(part, workspace.panel);
}

function columnsOf<T>(product: Product, part: Product, begin: usize, end: usize): Product {
  copyProduct(part, product);
  part.c += begin * sizeof<T>();
  part.b += begin * sizeof<T>();
  part.n = end - begin;
  return part;
}

function rowsOf(product: Product, part: Product, begin: usize, end: usize): Product {
  copyProduct(part, product);
  part.c += begin * product.cStep;
  part.a += begin * product.aRowStep;
  part.m = end - begin;
  return part;
}

/** By words, for memory.copy is an instruction that the other builds do without. */
function copyProduct(to: Product, from: Product): void {
  for (let at: usize = 0; at < offsetof<Product>(); at += 4) {
    store<u32>(changetype<usize>(to) + at, load<u32>(changetype<usize>(from) + at));
  }
}

/** panel[l, i] = a[i, l] for the rows of one tile. */
function packRows<T>(product: Product, panel: usize, a: usize, rows: usize): void {
  const k = product.k;
  const rowStep = product.aRowStep;
  const step = product.aColumnStep;
  if (step == sizeof<T>()) {
    gatherTransposed<T>(panel, TILE_ROWS, rows, a, rowStep / sizeof<T>(), 0, rows, k);
    return;
  }
  const rowSize = TILE_ROWS * sizeof<T>();
  const end = panel + k * rowSize;
  if (rowStep == sizeof<T>() && rows == TILE_ROWS) {
    for (; panel < end; panel += rowSize, a += step) copyRows<T>(panel, a);
    return;
  }
  for (; panel < end; panel += rowSize, a += step) {
    for (let i: usize = 0; i < rows; ++i) {
      store<T>(panel + i * sizeof<T>(), load<T>(a + i * rowStep));
    }
  }
}

/** Copies TILE_ROWS elements. */
@inline
function copyRows<T>(out: usize, x: usize): void {
  v128.store(out, v128.load(x));
  if (sizeof<T>() == 4) {
    store<u64>(out, load<u64>(x, 16), 16);
  } else {
    v128.store(out, v128.load(x, 16), 16);
    v128.store(out, v128.load(x, 32), 32);
  }
}

/** Up to TILE_ROWS rows of C over all its columns. */
@inline
function rowOfTiles<T, A>(product: Product, rows: usize, c: usize, a: usize, aStep: usize): void {
  switch (rows) {
    case 1: { tiles<T, A, One>(product, c, a, aStep); break; }
    case 2: { tiles<T, A, Two>(product, c, a, aStep); break; }
    case 3: { tiles<T, A, Three>(product, c, a, aStep); break; }
    case 4: { tiles<T, A, Four>(product, c, a, aStep); break; }
    case 5: { tiles<T, A, Five>(product, c, a, aStep); break; }
    case 6: { tiles<T, A, Six>(product, c, a, aStep); break; }
  }
}

function tiles<T, A, R>(product: Product, c: usize, a: usize, aStep: usize): void {
  const lanes = laneCount<T>();
  let b = product.b;
  let columns = product.n;
  for (; columns >= 2 * lanes; columns -= 2 * lanes, c += 32, b += 32) {
    tile<T, A, R, TwoVectors>(product, c, a, aStep, b, lanes);
  }
  if (columns >= lanes) {
    tile<T, A, R, OneVector>(product, c, a, aStep, b, lanes);
    columns -= lanes;
    c += 16;
    b += 16;
  }
  if (columns > 0) tile<T, A, R, PartOfVector>(product, c, a, aStep, b, columns);
}

// What a tile is made for: each class below is a name for that, never an object.

/** How a tile reads its rows of A: `offset` is the byte offset of row number `row`. */
@unmanaged
class Strided {
  @inline
  splat<T>(a: usize, offset: usize, row: usize): v128 {
    return v128.load_splat<T>(a + offset);
  }
}

/** Its rows side by side, at offsets that the compiler knows. */
@unmanaged
class Adjacent {
  @inline
  splat<T>(a: usize, offset: usize, row: usize): v128 {
    if (row == 0) return v128.load_splat<T>(a);
    if (row == 1) return v128.load_splat<T>(a, sizeof<T>());
    if (row == 2) return v128.load_splat<T>(a, 2 * sizeof<T>());
    if (row == 3) return v128.load_splat<T>(a, 3 * sizeof<T>());
    if (row == 4) return v128.load_splat<T>(a, 4 * sizeof<T>());
    return v128.load_splat<T>(a, 5 * sizeof<T>());
  }
}

/** `lanes` of its lanes are columns of C. */
@unmanaged
class PartOfVector {
  @inline
  isWhole(): bool {
    return false;
  }

  @inline
  isWide(): bool {
    return false;
  }
}

@unmanaged
class OneVector {
  @inline
  isWhole(): bool {
    return true;
  }

  @inline
  isWide(): bool {
    return false;
  }
}

@unmanaged
class TwoVectors {
  @inline
  isWhole(): bool {
    return true;
  }

  @inline
  isWide(): bool {
    return true;
  }
}

/**
 * R rows by W vectors of C, of whose last vector `lanes` lanes are C's. `aStep`: bytes from one column of A to the next.
 *
 * The largest tile, six by two, has twelve accumulators, which with two vectors of B and one element of A fit the sixteen
 * registers of x86-64, and hide the latency of two fused multiply-adds a cycle.
 */
function tile<T, A, R, W>(product: Product, c: usize, a: usize, aStep: usize, b: usize, lanes: usize): void {
  const operand = changetype<A>(0);
  const rows = changetype<R>(0).count();
  const whole = changetype<W>(0).isWhole();
  const wide = changetype<W>(0).isWide();
  const cStep = product.cStep;
  const bStep = product.bStep;
  const a1 = product.aRowStep, a2 = a1 + a1, a3 = a2 + a1, a4 = a3 + a1, a5 = a4 + a1;
  let s00 = splat<T>(0), s01 = s00;
  let s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00;
  let s40 = s00, s41 = s00;
  let s50 = s00, s51 = s00;
  if (product.accumulates) {
    let ci = c;
    s00 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
    if (wide) s01 = v128.load(ci, 16);
    if (rows > 1) {
      ci += cStep;
      s10 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
      if (wide) s11 = v128.load(ci, 16);
    }
    if (rows > 2) {
      ci += cStep;
      s20 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
      if (wide) s21 = v128.load(ci, 16);
    }
    if (rows > 3) {
      ci += cStep;
      s30 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
      if (wide) s31 = v128.load(ci, 16);
    }
    if (rows > 4) {
      ci += cStep;
      s40 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
      if (wide) s41 = v128.load(ci, 16);
    }
    if (rows > 5) {
      ci += cStep;
      s50 = whole ? v128.load(ci) : loadLanes<T>(ci, lanes);
      if (wide) s51 = v128.load(ci, 16);
    }
  }
  for (let k = product.k; k > 0; --k, a += aStep, b += bStep) {
    const b0 = v128.load(b), b1 = wide ? v128.load(b, 16) : b0;
    let x = operand.splat<T>(a, 0, 0);
    s00 = madd<T>(x, b0, s00);
    if (wide) s01 = madd<T>(x, b1, s01);
    if (rows > 1) {
      x = operand.splat<T>(a, a1, 1);
      s10 = madd<T>(x, b0, s10);
      if (wide) s11 = madd<T>(x, b1, s11);
    }
    if (rows > 2) {
      x = operand.splat<T>(a, a2, 2);
      s20 = madd<T>(x, b0, s20);
      if (wide) s21 = madd<T>(x, b1, s21);
    }
    if (rows > 3) {
      x = operand.splat<T>(a, a3, 3);
      s30 = madd<T>(x, b0, s30);
      if (wide) s31 = madd<T>(x, b1, s31);
    }
    if (rows > 4) {
      x = operand.splat<T>(a, a4, 4);
      s40 = madd<T>(x, b0, s40);
      if (wide) s41 = madd<T>(x, b1, s41);
    }
    if (rows > 5) {
      x = operand.splat<T>(a, a5, 5);
      s50 = madd<T>(x, b0, s50);
      if (wide) s51 = madd<T>(x, b1, s51);
    }
  }
  const descent = product.descent;
  if (whole) finish<T>(c, s00, descent);
  else finishLanes<T>(c, s00, lanes, descent);
  if (wide) finish<T>(c + 16, s01, descent);
  if (rows > 1) {
    c += cStep;
    if (whole) finish<T>(c, s10, descent);
    else finishLanes<T>(c, s10, lanes, descent);
    if (wide) finish<T>(c + 16, s11, descent);
  }
  if (rows > 2) {
    c += cStep;
    if (whole) finish<T>(c, s20, descent);
    else finishLanes<T>(c, s20, lanes, descent);
    if (wide) finish<T>(c + 16, s21, descent);
  }
  if (rows > 3) {
    c += cStep;
    if (whole) finish<T>(c, s30, descent);
    else finishLanes<T>(c, s30, lanes, descent);
    if (wide) finish<T>(c + 16, s31, descent);
  }
  if (rows > 4) {
    c += cStep;
    if (whole) finish<T>(c, s40, descent);
    else finishLanes<T>(c, s40, lanes, descent);
    if (wide) finish<T>(c + 16, s41, descent);
  }
  if (rows > 5) {
    c += cStep;
    if (whole) finish<T>(c, s50, descent);
    else finishLanes<T>(c, s50, lanes, descent);
    if (wide) finish<T>(c + 16, s51, descent);
  }
}

/** Stores a vector of C or, where it is one of gradients to descend, takes that step. */
@inline
function finish<T>(c: usize, sums: v128, descent: Descent | null): void {
  if (descent) {
    descend<T>(descent.rate, c + descent.offset, c, sums);
  } else {
    v128.store(c, sums);
  }
}

/** The same for a vector of which only the first `lanes` lanes are C's. */
function finishLanes<T>(c: usize, sums: v128, lanes: usize, descent: Descent | null): void {
  if (descent) {
    descendLanes<T>(descent.rate, c + descent.offset, c, sums, lanes);
  } else {
    storeLanes<T>(c, sums, lanes);
  }
}
