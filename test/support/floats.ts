// Numbers for tests, and comparison of results by their bits.

import type { DType, FloatArray } from "../../src/dtype.js";

export const DTYPES: readonly DType[] = ["float32", "float64"];

/** A typed array of the dtype: of this length, or with these values. */
export function floats(dtype: DType, values: number | Iterable<number>): FloatArray {
  if (typeof values === "number")
    return dtype === "float32" ? new Float32Array(values) : new Float64Array(values);
  return dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
}

/** Elements in a vector of 128 bits. */
export function lanesOf(dtype: DType): number {
  return dtype === "float32" ? 4 : 2;
}

/** `count` rounded up to whole vectors. */
export function wholeVectors(dtype: DType, count: number): number {
  return Math.ceil(count / lanesOf(dtype)) * lanesOf(dtype);
}

/**
 * Elements from one row of a tensor to the next: whole vectors, and 64 bytes more if that is a multiple of 512 bytes.
 */
export function strideOf(dtype: DType, columns: number): number {
  const size = 16 / lanesOf(dtype);
  const stride = wholeVectors(dtype, columns);
  return (stride * size) % 512 === 0 ? stride + 64 / size : stride;
}

/** `count` evenly spread numbers in [low, high): a Weyl sequence that begins with `seed`. */
export function spread(count: number, low = -1, high = 1, seed = 0.5): number[] {
  return Array.from(
    { length: count },
    (_, i) => low + (high - low) * ((seed + (i + 1) * 0.6180339887498949) % 1),
  );
}

/** The bits of all elements, as text for the output of a failing test. */
export function bitsOf(values: ArrayLike<number>): string {
  const bytes =
    values instanceof Float32Array || values instanceof Float64Array
      ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      : new Uint8Array(Float64Array.from(values).buffer);
  return Buffer.from(bytes).toString("hex");
}

/**
 * The first index at which the bits differ, or −1. All NaNs count as equal: WebAssembly does not define their sign and
 * payload.
 */
export function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) return i;
  }
  return -1;
}

/** The distance from `actual` to `expected`, counted in representable numbers of `dtype`; 0 for two NaNs. */
export function ulpDistance(dtype: DType, actual: number, expected: number): number {
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Object.is(actual, expected) ? 0 : Infinity;
  return Math.abs(Number(ordinal(dtype, actual) - ordinal(dtype, expected)));
}

/** The position of `value` among all numbers of `dtype`, in ascending order; 0 for 0 and −0. */
function ordinal(dtype: DType, value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === "float32") view.setFloat32(0, value);
  else view.setFloat64(0, value);
  const magnitude =
    dtype === "float32" ? BigInt(view.getUint32(0) & 0x7fffffff) : view.getBigUint64(0) & 0x7fffffffffffffffn;
  return view.getUint8(0) >> 7 === 1 ? -magnitude : magnitude;
}
