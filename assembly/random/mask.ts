import { philoxWords, Purpose } from "./philox";

/**
 * The dropout mask of one unit for `count` rows of a batch. An element has all bits set if its row keeps the unit, and
 * none if its row drops it.
 *
 *     out: T [count], for batch rows row … row + count − 1
 *
 * `row` and `count` are multiples of the lanes of a vector of T: 4 for f32, 2 for f64.
 *
 * Row r draws word r mod 4 of the Philox block with the counter (⌊r / 4⌋, unit, layer, step) and keeps the unit if the
 * word is at least `threshold` = rate·2³², which has probability 1 − rate. So the mask is the same for both T, and does
 * not depend on which rows a call computes.
 */
export function keepMask<T>(
  out: usize, row: u32, count: u32,
  unit: u32, layer: u32, step: u32,
  seed: u32, threshold: u32,
): void {
  const end = out + <usize>count * sizeof<T>();
  // The random words fill the last 4·count bytes of `out`. Each vector of the mask overwrites only words already read.
  let words = end - (<usize>count << 2);
  philoxWords(words, row, row + count, unit, layer, step, seed, Purpose.Dropout);
  if (sizeof<T>() == 4) {
    const thresholds = v128.splat<i32>(threshold);
    for (; out < end; out += 16) v128.store(out, v128.ge<u32>(v128.load(out), thresholds));
  } else {
    const below = v128.splat<i64>(<i64>threshold - 1); // x64 has an instruction for > of 64-bit lanes, but not for ≥.
    for (; out < end; out += 16, words += 8) v128.store(out, v128.gt<i64>(v128.load_ext<u32>(words), below));
  }
}
