import type { FloatArray } from "../engine.js";

/**
 * c += a · b, where c is row-major [rows, columns], and strides give a [rows, depth] and b [depth, columns]:
 *
 *     a[i, k] = a[aStart + i · aRow + k · aDepth]        b[k, j] = b[k · bDepth + j · bColumn]
 *
 * so that a transposed operand is a matter of exchanging its strides. Each element is summed in a double, over k in
 * rising order.
 */
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
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
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
