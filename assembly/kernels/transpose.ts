// Transposes: rows of samples into feature-major tensors, and feature-major tensors into rows.

import { laneCount } from "../math/vector";
import { storeLanes } from "./memory";

/**
 * out[j, i] = x[order[i], j] for i < width; columns past `count` repeat the last row.
 *
 *     x:     [*, columns], rows `xStride` elements apart
 *     order: row numbers, u32 [count]; 0 takes the first `count` rows
 *     out:   [columns, width], rows `outStride` elements apart
 *
 * `count` ≤ `width`. `out` may not overlap `x`.
 */
export function gatherTransposed<T>(
  out: usize, outStride: usize, width: usize,
  x: usize, xStride: usize, order: usize,
  count: usize, columns: usize,
): void {
  for (let i: usize = 0; i < width; i += laneCount<T>()) {
    const lanes = min(laneCount<T>(), width - i);
    const column = out + i * sizeof<T>();
    const x0 = rowAddress<T>(x, xStride, order, min(i, count - 1));
    const x1 = rowAddress<T>(x, xStride, order, min(i + 1, count - 1));
    if (sizeof<T>() == 8) {
      transposeTwo<T>(column, outStride * sizeof<T>(), lanes, x0, x1, columns);
    } else {
      const x2 = rowAddress<T>(x, xStride, order, min(i + 2, count - 1));
      const x3 = rowAddress<T>(x, xStride, order, min(i + 3, count - 1));
      transposeFour<T>(column, outStride * sizeof<T>(), lanes, x0, x1, x2, x3, columns);
    }
  }
}

/**
 * gatherTransposed() of `count` rows of the samples x [*, columns]: the rows order[row], order[row + 1], …, or row,
 * row + 1, … if `order` is 0.
 */
export function gatherRows<T>(
  out: usize, outStride: usize, width: usize, x: usize, columns: usize, order: usize, row: usize, count: usize,
): void {
  const first = order ? x : x + row * columns * sizeof<T>();
  const rest = order ? order + row * sizeof<u32>() : 0;
  gatherTransposed<T>(out, outStride, width, first, columns, rest, count, columns);
}

/**
 * out[j, i] = x[i, j] for i < wholeVectors(rows). Reads up to lanes − 1 rows past the end of x.
 *
 *     x:   [rows, columns], rows `xStep` bytes apart
 *     out: [columns, wholeVectors(rows)], rows `outStep` bytes apart
 *
 * `out` may not overlap `x`.
 */
export function transpose<T>(out: usize, outStep: usize, x: usize, xStep: usize, rows: usize, columns: usize): void {
  const lanes = laneCount<T>();
  const blockSize = lanes * xStep;
  for (const end = x + rows * xStep; x < end; x += blockSize, out += 16) {
    const x1 = x + xStep;
    if (sizeof<T>() == 8) {
      transposeTwo<T>(out, outStep, lanes, x, x1, columns);
    } else {
      const x2 = x1 + xStep;
      transposeFour<T>(out, outStep, lanes, x, x1, x2, x2 + xStep, columns);
    }
  }
}

@inline
function rowAddress<T>(x: usize, stride: usize, order: usize, index: usize): usize {
  const row = order ? <usize>load<u32>(order + index * sizeof<u32>()) : index;
  return x + row * stride * sizeof<T>();
}

/**
 * out[j] = (x0[j], x1[j]) for j < columns, 64-bit elements, the first `lanes` lanes; rows of out `outStep` bytes apart.
 */
@inline
function transposeTwo<T>(out: usize, outStep: usize, lanes: usize, x0: usize, x1: usize, columns: usize): void {
  const end = x0 + (columns & ~1) * sizeof<T>();
  while (x0 < end) {
    const a = v128.load(x0), b = v128.load(x1);
    storeLanes<T>(out, v128.shuffle<i64>(a, b, 0, 2), lanes);
    storeLanes<T>(out + outStep, v128.shuffle<i64>(a, b, 1, 3), lanes);
    x0 += 16;
    x1 += 16;
    out += 2 * outStep;
  }
  if (columns & 1) storeLanes<T>(out, v128.load64_lane(x1, v128.load64_zero(x0), 1), lanes);
}

/** out[j] = (x0[j], x1[j], x2[j], x3[j]), as transposeTwo(), 32-bit elements. */
@inline
function transposeFour<T>(
  out: usize, outStep: usize, lanes: usize,
  x0: usize, x1: usize, x2: usize, x3: usize,
  columns: usize,
): void {
  const end = x0 + (columns & ~3) * sizeof<T>();
  while (x0 < end) {
    const a = v128.load(x0), b = v128.load(x1), c = v128.load(x2), d = v128.load(x3);
    const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    storeLanes<T>(out, v128.shuffle<i64>(abLow, cdLow, 0, 2), lanes);
    storeLanes<T>(out + outStep, v128.shuffle<i64>(abLow, cdLow, 1, 3), lanes);
    storeLanes<T>(out + 2 * outStep, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), lanes);
    storeLanes<T>(out + 3 * outStep, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), lanes);
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    out += 4 * outStep;
  }
  for (let rest = columns & 3; rest > 0; --rest) {
    let column = v128.load32_lane(x1, v128.load32_zero(x0), 1);
    column = v128.load32_lane(x3, v128.load32_lane(x2, column, 2), 3);
    storeLanes<T>(out, column, lanes);
    x0 += sizeof<T>();
    x1 += sizeof<T>();
    x2 += sizeof<T>();
    x3 += sizeof<T>();
    out += outStep;
  }
}
