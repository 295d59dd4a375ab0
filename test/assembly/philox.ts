// Exports the random numbers of the core, for test/philox.test.ts and test/permutation.test.ts.

import { keepMask } from "../../assembly/random/mask";
import { permute, uniformUpTo } from "../../assembly/random/permutation";

export {
  philoxBlocks as philox_blocks,
  philoxWord as philox_word,
  philoxWords as philox_words,
} from "../../assembly/random/philox";
export { permute };

export function heap_base(): usize {
  return __heap_base;
}

export function uniform_up_to(i: u32, word: u32, seed: u32, epoch: u32): u32 {
  return uniformUpTo(i, word, seed, epoch);
}

export function keep_mask_f32(
  out: usize, row: u32, count: u32, unit: u32, layer: u32, step: u32, seed: u32, threshold: u32,
): void {
  keepMask<f32>(out, row, count, unit, layer, step, seed, threshold);
}

export function keep_mask_f64(
  out: usize, row: u32, count: u32, unit: u32, layer: u32, step: u32, seed: u32, threshold: u32,
): void {
  keepMask<f64>(out, row, count, unit, layer, step, seed, threshold);
}
