import type { FloatArray } from "../engine.js";

// c += a · b, where c is row-major [rows, columns], and strides give a [rows, depth] and b [depth, columns]:
//
//     a[i, k] = a[aStart + i · aRow + k · aDepth]        b[k, j] = b[k · bDepth + j · bColumn]
//
// so that a transposed operand is a matter of exchanging its strides. Each element is summed in a double, over k in rising
// order whether it lies in a tile or on an edge: a row's result does not depend on the rows beside it.

const TILE_ROWS = 2;
const TILE_COLUMNS = 4;

/** c += a · b, with strides as above. */
export function addProduct(
  c: FloatArray,
  a: FloatArray,
  aStart: number,
  aRow: number,
  aDepth: number,
  b: FloatArray,
  bDepth: number,
  bColumn: number,
  rows: number,
  columns: number,
  depth: number,
): void {
  const tiledRows = rows - (rows % TILE_ROWS);
  const tiledColumns = columns - (columns % TILE_COLUMNS);
  if (tiledRows > 0 && tiledColumns > 0) {
    addTiles(c, a, aStart, aRow, aDepth, b, bDepth, bColumn, tiledRows, tiledColumns, columns, depth);
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < tiledRows ? tiledColumns : 0; j < columns; j++) {
      let sum = c[i * columns + j]!;
      let atA = aStart + i * aRow;
      let atB = j * bColumn;
      for (let k = 0; k < depth; k++) {
        sum += a[atA]! * b[atB]!;
        atA += aDepth;
        atB += bDepth;
      }
      c[i * columns + j] = sum;
    }
  }
}

/**
 * The same for the first `tiledRows` by `tiledColumns` elements, two rows by four columns at a time: six loads for eight
 * products, and eight sums that stay in registers. That is three times as fast as an element at a time, and about as far
 * as JavaScript goes without SIMD. It is a function of its own so that tiny products keep a small one.
 */
function addTiles(
  c: FloatArray,
  a: FloatArray,
  aStart: number,
  aRow: number,
  aDepth: number,
  b: FloatArray,
  bDepth: number,
  bColumn: number,
  tiledRows: number,
  tiledColumns: number,
  columns: number,
  depth: number,
): void {
  for (let i = 0; i < tiledRows; i += TILE_ROWS) {
    for (let j = 0; j < tiledColumns; j += TILE_COLUMNS) {
      const p = i * columns + j;
      const q = p + columns;
      let p0 = c[p]!;
      let p1 = c[p + 1]!;
      let p2 = c[p + 2]!;
      let p3 = c[p + 3]!;
      let q0 = c[q]!;
      let q1 = c[q + 1]!;
      let q2 = c[q + 2]!;
      let q3 = c[q + 3]!;
      let atA = aStart + i * aRow;
      let atB = j * bColumn;
      for (let k = 0; k < depth; k++) {
        const ap = a[atA]!;
        const aq = a[atA + aRow]!;
        const b0 = b[atB]!;
        const b1 = b[atB + bColumn]!;
        const b2 = b[atB + 2 * bColumn]!;
        const b3 = b[atB + 3 * bColumn]!;
        p0 += ap * b0;
        p1 += ap * b1;
        p2 += ap * b2;
        p3 += ap * b3;
        q0 += aq * b0;
        q1 += aq * b1;
        q2 += aq * b2;
        q3 += aq * b3;
        atA += aDepth;
        atB += bDepth;
      }
      c[p] = p0;
      c[p + 1] = p1;
      c[p + 2] = p2;
      c[p + 3] = p3;
      c[q] = q0;
      c[q + 1] = q1;
      c[q + 2] = q2;
      c[q + 3] = q3;
    }
  }
}

/** c[j] += the sum over i of a[i, j], a row-major [rows, columns]. */
export function addColumnSums(c: FloatArray, a: FloatArray, rows: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    let sum = c[j]!;
    for (let i = 0; i < rows; i++) sum += a[i * columns + j]!;
    c[j] = sum;
  }
}

/** Each row of c, row-major [rows, columns], = a [columns], or zero if there is none. */
export function fillRows(c: FloatArray, a: FloatArray | null, rows: number, columns: number): void {
  if (a === null) {
    for (let i = 0; i < rows * columns; i++) c[i] = 0;
    return;
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) c[i * columns + j] = a[j]!;
  }
}
