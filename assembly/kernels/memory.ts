// Loads and stores of parts of vectors, and fills.

import { laneCount } from "../math/vector";

/** Loads `count` elements, 1 … lanes − 1, and reads nothing past them; the other lanes are 0. */
export function loadLanes<T>(pointer: usize, count: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_zero(pointer);
  if (count == 1) return v128.load32_zero(pointer);
  const two = v128.load64_zero(pointer);
  return count == 2 ? two : v128.load32_lane(pointer, two, 2, 8);
}

/** Stores the first `count` lanes, 1 … lanes, and writes nothing past them. */
@inline
export function storeLanes<T>(pointer: usize, vector: v128, count: usize): void {
  if (count == laneCount<T>()) {
    v128.store(pointer, vector);
  } else if (sizeof<T>() == 8) {
    v128.store64_lane(pointer, vector, 0);
  } else if (count == 1) {
    v128.store32_lane(pointer, vector, 0);
  } else {
    v128.store64_lane(pointer, vector, 0);
    if (count == 3) v128.store32_lane(pointer, vector, 2, 8);
  }
}

/** Copies `bytes` bytes, a multiple of 16. Not memory.copy(), which needs the feature bulk memory. */
export function copy(out: usize, x: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, v128.load(x + at));
}

/** Sets `count` elements, a whole number of vectors, to `value`. */
export function fill<T>(out: usize, value: T, count: usize): void {
  const vector = v128.splat<T>(value);
  for (const end = out + count * sizeof<T>(); out < end; out += 16) v128.store(out, vector);
}
