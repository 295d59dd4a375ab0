// Gathers rows of bytes and converts them to numbers of T: T(byte) · T(scale), rounded to T.

import { laneCount, splat } from "../math/vector";

/** Columns that are converted together. If BLOCK does not divide `columns`, the last two blocks overlap. */
const BLOCK: usize = 4;

/**
 * out[j, i] = scale · x[order[row + i], j] for i < width; columns past `count` repeat the last row.
 *
 *     x:     bytes [*, columns]
 *     order: row numbers, u32; 0: rows as they are stored
 *     out:   [columns, width], rows `outStride` elements apart; `width` is a multiple of the lanes
 *
 * `out` may not overlap `x`.
 */
export function gatherBytes<T>(
  out: usize, outStride: usize, width: usize, x: usize, columns: usize, order: usize, row: usize, count: usize,
  scale: f64,
): void {
  const step = outStride * sizeof<T>();
  const whole = columns & ~(BLOCK - 1);
  for (let i: usize = 0; i < width; i += laneCount<T>()) {
    const column = out + i * sizeof<T>();
    // Of f64, only x0 and x1 are used.
    const x0 = addressOf(x, columns, order, row + min(i, count - 1));
    const x1 = addressOf(x, columns, order, row + min(i + 1, count - 1));
    const x2 = addressOf(x, columns, order, row + min(i + 2, count - 1));
    const x3 = addressOf(x, columns, order, row + min(i + 3, count - 1));
    for (let j: usize = 0; j < whole; j += BLOCK) {
      convertBlock<T>(column + j * step, step, x0 + j, x1 + j, x2 + j, x3 + j, scale);
    }
    if (whole == columns) continue;
    if (whole) {
      const j = columns - BLOCK;
      convertBlock<T>(column + j * step, step, x0 + j, x1 + j, x2 + j, x3 + j, scale);
      continue;
    }
    for (let j: usize = 0; j < columns; ++j) {
      const at = column + j * step;
      convert<T>(at, x0 + j, 1, scale);
      convert<T>(at + sizeof<T>(), x1 + j, 1, scale);
      if (sizeof<T>() == 8) continue;
      convert<T>(at + 8, x2 + j, 1, scale);
      convert<T>(at + 12, x3 + j, 1, scale);
    }
  }
}

/** out[j] = scale · x[order[row], j] for j < columns; `x` and `order` as in gatherBytes(). */
export function gatherByteRow<T>(out: usize, x: usize, columns: usize, order: usize, row: usize, scale: f64): void {
  convert<T>(out, addressOf(x, columns, order, row), columns, scale);
}

/** Address of x[order[row], 0]. */
@inline
function addressOf(x: usize, columns: usize, order: usize, row: usize): usize {
  const index = order ? <usize>load<u32>(order + row * sizeof<u32>()) : row;
  return x + index * columns;
}

/** out[i] = scale · x[i] for i < count. */
function convert<T>(out: usize, x: usize, count: usize, scale: f64): void {
  for (const end = x + count; x < end; ++x, out += sizeof<T>()) store<T>(out, <T>load<u8>(x) * <T>scale);
}

/**
 * out[j] = (x0[j], x1[j], …) · scale for BLOCK columns j, with one x for each lane. Rows of out are `step` bytes apart.
 */
@inline
function convertBlock<T>(out: usize, step: usize, x0: usize, x1: usize, x2: usize, x3: usize, scale: f64): void {
  const factor = splat<T>(scale);
  let bytes = v128.load32_lane(x1, v128.load32_zero(x0), 1);
  if (sizeof<T>() == 8) {
    const words = v128.extend_low<u8>(v128.shuffle<i8>(bytes, bytes, 0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0));
    const low = v128.extend_low<u16>(words), high = v128.extend_high<u16>(words);
    v128.store(out, v128.mul<f64>(v128.convert_low<u32>(low), factor));
    v128.store(out + step, v128.mul<f64>(v128.convert_low<u32>(v128.shuffle<i64>(low, low, 1, 1)), factor));
    v128.store(out + 2 * step, v128.mul<f64>(v128.convert_low<u32>(high), factor));
    v128.store(out + 3 * step, v128.mul<f64>(v128.convert_low<u32>(v128.shuffle<i64>(high, high, 1, 1)), factor));
    return;
  }
  bytes = v128.load32_lane(x3, v128.load32_lane(x2, bytes, 2), 3);
  bytes = v128.shuffle<i8>(bytes, bytes, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const low = v128.extend_low<u8>(bytes), high = v128.extend_high<u8>(bytes);
  v128.store(out, v128.mul<f32>(v128.convert<u32>(v128.extend_low<u16>(low)), factor));
  v128.store(out + step, v128.mul<f32>(v128.convert<u32>(v128.extend_high<u16>(low)), factor));
  v128.store(out + 2 * step, v128.mul<f32>(v128.convert<u32>(v128.extend_low<u16>(high)), factor));
  v128.store(out + 3 * step, v128.mul<f32>(v128.convert<u32>(v128.extend_high<u16>(high)), factor));
}
