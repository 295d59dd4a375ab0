import type { FloatArray } from "backprop-wasm";

// The innermost loops access memory in the order in which it is stored.

/**
 * c += a · b, where c is row-major [rows, columns] and b row-major [depth, columns], and strides give a [rows, depth]:
 *
 *     a[i, k] = a[aStart + i · aRow + k · aDepth]
 */
export function addProduct(
  c: FloatArray,
  a: FloatArray,
  aStart: number,
  aRow: number,
  aDepth: number,
  b: FloatArray,
  rows: number,
  columns: number,
  depth: number,
): void {
  for (let i = 0; i < rows; i++) {
    const rowOfC = i * columns;
    for (let k = 0; k < depth; k++) {
      const factor = a[aStart + i * aRow + k * aDepth]!;
      const rowOfB = k * columns;
      for (let j = 0; j < columns; j++) c[rowOfC + j]! += factor * b[rowOfB + j]!;
    }
  }
}

/** c = a · bᵀ, all row-major: c [rows, columns], a [rows, depth], b [columns, depth]. */
export function transposedProduct(
  c: FloatArray,
  a: FloatArray,
  b: FloatArray,
  rows: number,
  columns: number,
  depth: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * b[j * depth + k]!;
      c[i * columns + j] = sum;
    }
  }
}

/** c[j] += Σ_i a[i, j], where a is row-major [rows, columns]. */
export function addColumnSums(c: FloatArray, a: FloatArray, rows: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    let sum = c[j]!;
    for (let i = 0; i < rows; i++) sum += a[i * columns + j]!;
    c[j] = sum;
  }
}

/** Sets each row of c, row-major [rows, columns], to a [columns], or to zero if a is null. */
export function fillRows(c: FloatArray, a: FloatArray | null, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) c[i * columns + j] = a === null ? 0 : a[j]!;
  }
}
