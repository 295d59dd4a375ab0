// The matrix product. Forward pass, gradients of kernels and gradients of inputs differ only in strides.

import { laneCount, madd, splat } from "../math/vector";
import { Five, Four, One, Six, Three, Two } from "./counts";
import { loadLanes } from "./memory";
import { gatherTransposed } from "./transpose";

/**
 * Rows of C in the largest tile, which is two vectors wide. V8 has 15 vector registers for code on x86-64. A fused tile
 * of six rows needs 15: 12 sums, 2 vectors of B, 1 element of A. A strict tile needs one more, for the product, and
 * would spill. So it has four rows.
 */
export const TILE_ROWS: usize = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Rows of A that are packed together, into one panel for each tile. */
export const PACKED_ROWS: usize = 4 * TILE_ROWS;

/** If more tiles than this read the same rows of A, the rows are packed: copied so that columns of A are contiguous. */
const TILES_TO_PACK_STRIDED: usize = 16;

/** The same bound for an A whose columns are contiguous already, but which spans more than L1_BYTES. */
const TILES_TO_PACK_ADJACENT: usize = 3;

/** Bytes of A that stay in the L1 cache together with the other data that a tile reads. */
const L1_BYTES: usize = 32768;

/**
 * C = A·B, or C += A·B if `accumulates`, with C [m, n], A [m, k], B [k, n]; all steps in bytes.
 *
 *     C: row-major, rows `cStep` apart
 *     A: element (i, l) at i·aRowStep + l·aColumnStep
 *     B: row-major, rows `bStep` apart, each readable to the next whole vector past n
 *
 * Filled once per layer: passing eleven arguments costs as much as a small product.
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
}

/**
 * C = A·B or C += A·B. C may not overlap A or B. Without `accumulates` C is not read.
 *
 *     panels: scratch for [k, PACKED_ROWS] elements
 *
 * Inlined: a call costs about 1 % of a step on tiny networks.
 *
 * Each element of C starts from 0, or from its old value, and adds its k products in order, l = 0 … k − 1. So its bits
 * depend only on its row of A and its column of B, not on the tile that computes it. Two products over the two parts of
 * k, the second accumulating, give the bits of one product over all of k.
 *
 * After K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, but only A is packed:
 * its rows stay in the L1 cache while B streams past.
 */
@inline
export function matmul<T>(product: Product, panels: usize): void {
  const tileColumns: usize = 2 * laneCount<T>();
  if (product.aRowStep == sizeof<T>()) {
    if (product.n > TILES_TO_PACK_ADJACENT * tileColumns && product.k * product.aColumnStep > L1_BYTES) {
      multiplyPacked<T>(product, panels);
    } else {
      multiply<T, Adjacent>(product);
    }
  } else if (product.n > TILES_TO_PACK_STRIDED * tileColumns) {
    multiplyPacked<T>(product, panels);
  } else {
    multiply<T, Strided>(product);
  }
}

/** Computes C from A in place, TILE_ROWS rows at a time. */
@inline
function multiply<T, A>(product: Product): void {
  const aStep = product.aColumnStep;
  let c = product.c;
  let a = product.a;
  let m = product.m;
  for (; m > TILE_ROWS; m -= TILE_ROWS) {
    if (ASC_FEATURE_RELAXED_SIMD) tiles<T, A, Six>(product, c, a, aStep);
    else tiles<T, A, Four>(product, c, a, aStep);
    c += TILE_ROWS * product.cStep;
    a += TILE_ROWS * product.aRowStep;
  }
  rowOfTiles<T, A>(product, m, c, a, aStep);
}

/** Computes C from packed copies of the rows of A, PACKED_ROWS rows at a time. */
function multiplyPacked<T>(product: Product, panels: usize): void {
  const aStep = TILE_ROWS * sizeof<T>();
  const panelSize = product.k * aStep;
  let c = product.c;
  for (let i: usize = 0; i < product.m; i += PACKED_ROWS) {
    const rows = min(PACKED_ROWS, product.m - i);
    packPanels<T>(product, panels, panelSize, product.a + i * product.aRowStep, rows);
    for (let j: usize = 0, panel = panels; j < rows; j += TILE_ROWS, panel += panelSize) {
      rowOfTiles<T, Adjacent>(product, min(TILE_ROWS, rows - j), c, panel, aStep);
      c += TILE_ROWS * product.cStep;
    }
  }
}

/** Columns `begin` … `end` − 1 of C. `part`: scratch for a Product. */
@inline
export function matmulColumns<T>(product: Product, begin: usize, end: usize, part: Product, panels: usize): void {
  if (end - begin != product.n) {
    copyProduct(part, product);
    part.c += begin * sizeof<T>();
    part.b += begin * sizeof<T>();
    part.n = end - begin;
    product = part;
  }
  matmul<T>(product, panels);
}

/** Rows `begin` … `end` − 1 of C. `part`: scratch for a Product. */
@inline
export function matmulRows<T>(product: Product, begin: usize, end: usize, part: Product, panels: usize): void {
  if (end - begin != product.m) {
    copyProduct(part, product);
    part.c += begin * product.cStep;
    part.a += begin * product.aRowStep;
    part.m = end - begin;
    product = part;
  }
  matmul<T>(product, panels);
}

/** Copies word by word: the builds without threads do not enable the instruction of memory.copy. */
function copyProduct(to: Product, from: Product): void {
  for (let at: usize = 0; at < offsetof<Product>(); at += 4) {
    store<u32>(changetype<usize>(to) + at, load<u32>(changetype<usize>(from) + at));
  }
}

/** Packs `rows` rows of A, at most PACKED_ROWS, into panels of the rows of one tile each. */
@inline
function packPanels<T>(product: Product, panel: usize, panelSize: usize, a: usize, rows: usize): void {
  if (rows == PACKED_ROWS && product.aRowStep == sizeof<T>()) {
    packAdjacent<T>(product, panel, panelSize, a);
    return;
  }
  for (let i: usize = 0; i < rows; i += TILE_ROWS, panel += panelSize, a += TILE_ROWS * product.aRowStep) {
    packRows<T>(product, panel, a, min(TILE_ROWS, rows - i));
  }
}

/** packPanels() of all rows at once, for contiguous columns of A: each cache line of A is read once for all panels. */
function packAdjacent<T>(product: Product, panel: usize, panelSize: usize, a: usize): void {
  const rowSize = TILE_ROWS * sizeof<T>();
  const end = panel + panelSize;
  for (; panel < end; panel += rowSize, a += product.aColumnStep) {
    copyRows<T>(panel, a);
    copyRows<T>(panel + panelSize, a + rowSize);
    copyRows<T>(panel + 2 * panelSize, a + 2 * rowSize);
    copyRows<T>(panel + 3 * panelSize, a + 3 * rowSize);
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

/** out = x, TILE_ROWS elements. */
@inline
function copyRows<T>(out: usize, x: usize): void {
  v128.store(out, v128.load(x));
  if (sizeof<T>() == 8) v128.store(out, v128.load(x, 16), 16);
  if (TILE_ROWS == 4) return;
  if (sizeof<T>() == 4) store<u64>(out, load<u64>(x, 16), 16);
  else v128.store(out, v128.load(x, 32), 32);
}

/** Computes `rows` rows of C, at most TILE_ROWS, over all columns. `aStep`: bytes from one column of A to the next. */
@inline
function rowOfTiles<T, A>(product: Product, rows: usize, c: usize, a: usize, aStep: usize): void {
  switch (rows) {
    case 1: { tiles<T, A, One>(product, c, a, aStep); break; }
    case 2: { tiles<T, A, Two>(product, c, a, aStep); break; }
    case 3: { tiles<T, A, Three>(product, c, a, aStep); break; }
    case 4: { tiles<T, A, Four>(product, c, a, aStep); break; }
  }
  if (ASC_FEATURE_RELAXED_SIMD) {
    switch (rows) {
      case 5: { tiles<T, A, Five>(product, c, a, aStep); break; }
      case 6: { tiles<T, A, Six>(product, c, a, aStep); break; }
    }
  }
}

/** Computes R rows of C over all columns. `aStep`: bytes from one column of A to the next. */
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

// Compile-time parameters of a tile. No instances of these classes exist.

/** A with any row step: row number `row` is `offset` bytes after the first. */
@unmanaged
class Strided {
  @inline
  splat<T>(a: usize, offset: usize, row: usize): v128 {
    return v128.load_splat<T>(a + offset);
  }
}

/** A with contiguous columns: row number `row` is `row` elements after the first. */
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

/** One vector wide; only the first `lanes` lanes are columns of C. */
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
 * Computes R rows by W vectors of C. `aStep`: bytes from one column of A to the next.
 *
 * The tile ends with plain stores, the two vectors of a row next to each other: V8 can pair such 128-bit operations
 * into 256-bit ones (--experimental-wasm-revectorize).
 */
function tile<T, A, R, W>(product: Product, c: usize, a: usize, aStep: usize, b: usize, lanes: usize): void {
  const operand = changetype<A>(0);
  const rows = changetype<R>(0).count();
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
    s00 = loadFirst<T, W>(ci, lanes);
    if (wide) s01 = v128.load(ci, 16);
    if (rows > 1) {
      s10 = loadFirst<T, W>((ci += cStep), lanes);
      if (wide) s11 = v128.load(ci, 16);
    }
    if (rows > 2) {
      s20 = loadFirst<T, W>((ci += cStep), lanes);
      if (wide) s21 = v128.load(ci, 16);
    }
    if (rows > 3) {
      s30 = loadFirst<T, W>((ci += cStep), lanes);
      if (wide) s31 = v128.load(ci, 16);
    }
    if (rows > 4) {
      s40 = loadFirst<T, W>((ci += cStep), lanes);
      if (wide) s41 = v128.load(ci, 16);
    }
    if (rows > 5) {
      s50 = loadFirst<T, W>((ci += cStep), lanes);
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
  if (changetype<W>(0).isWhole()) {
    storeRow<W>(c, s00, s01);
    if (rows > 1) storeRow<W>((c += cStep), s10, s11);
    if (rows > 2) storeRow<W>((c += cStep), s20, s21);
    if (rows > 3) storeRow<W>((c += cStep), s30, s31);
    if (rows > 4) storeRow<W>((c += cStep), s40, s41);
    if (rows > 5) storeRow<W>((c += cStep), s50, s51);
  } else if (sizeof<T>() == 8) {
    storeLane<R, Half>(c, cStep, s00, s10, s20, s30, s40, s50);
  } else if (lanes == 1) {
    storeLane<R, First>(c, cStep, s00, s10, s20, s30, s40, s50);
  } else {
    storeLane<R, Half>(c, cStep, s00, s10, s20, s30, s40, s50);
    if (lanes == 3) storeLane<R, Third>(c, cStep, s00, s10, s20, s30, s40, s50);
  }
}

/** The first vector of a row of a tile. */
@inline
function loadFirst<T, W>(c: usize, lanes: usize): v128 {
  return changetype<W>(0).isWhole() ? v128.load(c) : loadLanes<T>(c, lanes);
}

/** Stores one row of a tile of whole vectors. */
@inline
function storeRow<W>(c: usize, first: v128, second: v128): void {
  v128.store(c, first);
  if (changetype<W>(0).isWide()) v128.store(c, second, 16);
}

/** Stores the lanes L of R rows: the caller branches on the lanes once for all rows. */
@inline
function storeLane<R, L>(
  c: usize, cStep: usize, s0: v128, s1: v128, s2: v128, s3: v128, s4: v128, s5: v128,
): void {
  const rows = changetype<R>(0).count();
  const lane = changetype<L>(0);
  lane.store(c, s0);
  if (rows > 1) lane.store((c += cStep), s1);
  if (rows > 2) lane.store((c += cStep), s2);
  if (rows > 3) lane.store((c += cStep), s3);
  if (rows > 4) lane.store((c += cStep), s4);
  if (rows > 5) lane.store((c += cStep), s5);
}

/** The first 32 bits. */
@unmanaged
class First {
  @inline
  store(c: usize, vector: v128): void {
    v128.store32_lane(c, vector, 0);
  }
}

/** The first 64 bits. */
@unmanaged
class Half {
  @inline
  store(c: usize, vector: v128): void {
    v128.store64_lane(c, vector, 0);
  }
}

/** The third 32 bits. */
@unmanaged
class Third {
  @inline
  store(c: usize, vector: v128): void {
    v128.store32_lane(c, vector, 2, 8);
  }
}
