// Philox 4x32-10, a random number generator without state: each block of four 32-bit words is a function of a counter
// (four words) and a key (two words). J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel Random Numbers:
// As Easy as 1, 2, 3", SC11. Their implementation is Random123.
//
// A round, with the multipliers M0, M1:
//
//     (c0, c1, c2, c3) ← (high(M1·c2) ^ c1 ^ k0,  low(M1·c2),  high(M0·c0) ^ c3 ^ k1,  low(M0·c0))
//
// After each round, k0 += W0 and k1 += W1 (Weyl sequences).

/** The second word of the key: what the numbers are used for. Numbers for different purposes are independent. */
export const enum Purpose {
  Shuffle = 1,
  Dropout = 2,
  GaussianNoise = 3,
}

const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;
const ROUNDS = 10;

// Constant vectors are loaded from memory: V8 builds a 128-bit literal with three instructions at every use.
const MULTIPLIERS = memory.data<u32>([0xd2511f53, 0xd2511f53, 0xcd9e8d57, 0xcd9e8d57]);
const WEYL = memory.data<u32>([0x9e3779b9, 0x9e3779b9, 0xbb67ae85, 0xbb67ae85]);
const SECOND_BLOCK = memory.data<u32>([0, 1, 0, 0]);

/** (a, a, b, b) */
@inline
function pairs(a: u32, b: u32): v128 {
  return v128.shuffle<i32>(v128.splat<i32>(a), v128.splat<i32>(b), 0, 1, 4, 5);
}

/**
 * Stores the words of the blocks with the counters (c0 + b, c1, c2, c3), 0 ≤ b < count, one block after the other.
 * c0 + b wraps at 2³² and carries nothing into c1.
 *
 *     out: u32 [count, 4]
 *
 * Two vectors hold two blocks: x = (c0, c0', c2, c2') and y = (c1, c1', c3, c3'). A round takes two multiplications and
 * two shuffles for each pair of blocks. Two pairs at a time hide latency.
 */
export function philoxBlocks(
  out: usize, count: usize,
  c0: u32, c1: u32, c2: u32, c3: u32,
  k0: u32, k1: u32,
): void {
  const multipliers = v128.load(MULTIPLIERS);
  const weyl = v128.load(WEYL);
  const key = pairs(k0, k1);
  const y = pairs(c1, c3);
  const offsets = v128.load(SECOND_BLOCK);
  for (; count > 0; out += 64, c0 += 4) {
    let x0 = v128.add<i32>(pairs(c0, c2), offsets);
    let x1 = v128.add<i32>(pairs(c0 + 2, c2), offsets);
    let y0 = y;
    let y1 = y;
    let roundKey = key;
    for (let round = 0; round < ROUNDS; ++round) {
      const first0 = v128.extmul_low<u32>(x0, multipliers); // M0·c0 of both blocks
      const first1 = v128.extmul_low<u32>(x1, multipliers);
      const second0 = v128.extmul_high<u32>(x0, multipliers); // M1·c2
      const second1 = v128.extmul_high<u32>(x1, multipliers);
      x0 = v128.xor(v128.shuffle<i32>(second0, first0, 1, 3, 5, 7), v128.xor(y0, roundKey));
      x1 = v128.xor(v128.shuffle<i32>(second1, first1, 1, 3, 5, 7), v128.xor(y1, roundKey));
      y0 = v128.shuffle<i32>(second0, first0, 0, 2, 4, 6);
      y1 = v128.shuffle<i32>(second1, first1, 0, 2, 4, 6);
      roundKey = v128.add<i32>(roundKey, weyl);
    }
    const low0 = v128.shuffle<i32>(x0, y0, 0, 4, 1, 5); // (c0, c1, c0', c1')
    const low1 = v128.shuffle<i32>(x1, y1, 0, 4, 1, 5);
    const high0 = v128.shuffle<i32>(x0, y0, 2, 6, 3, 7); // (c2, c3, c2', c3')
    const high1 = v128.shuffle<i32>(x1, y1, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<i64>(low0, high0, 0, 2));
    if (count >= 4) {
      v128.store(out, v128.shuffle<i64>(low0, high0, 1, 3), 16);
      v128.store(out, v128.shuffle<i64>(low1, high1, 0, 2), 32);
      v128.store(out, v128.shuffle<i64>(low1, high1, 1, 3), 48);
      count -= 4;
    } else {
      if (count >= 2) v128.store(out, v128.shuffle<i64>(low0, high0, 1, 3), 16);
      if (count == 3) v128.store(out, v128.shuffle<i64>(low1, high1, 0, 2), 32);
      return;
    }
  }
}

/** Word `word` (0 … 3) of the block with the counter (c0, c1, c2, c3) and the key (k0, k1). */
export function philoxWord(word: u32, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): u32 {
  for (let round = 0; round < ROUNDS; ++round) {
    const first = <u64>M0 * c0;
    const second = <u64>M1 * c2;
    c0 = <u32>(second >> 32) ^ c1 ^ k0;
    c1 = <u32>second;
    c2 = <u32>(first >> 32) ^ c3 ^ k1;
    c3 = <u32>first;
    k0 += W0;
    k1 += W1;
  }
  if (word < 2) return word == 0 ? c0 : c1;
  return word == 2 ? c2 : c3;
}

/**
 * Stores words begin … end − 1 of the sequence whose word i is word i mod 4 of the block with the counter
 * (⌊i / 4⌋, c1, c2, c3). A word does not depend on where the range begins or ends.
 *
 *     out: u32 [end − begin]
 */
export function philoxWords(
  out: usize, begin: u32, end: u32,
  c1: u32, c2: u32, c3: u32,
  k0: u32, k1: u32,
): void {
  for (; begin < end && (begin & 3) != 0; ++begin, out += 4) {
    store<u32>(out, philoxWord(begin & 3, begin >> 2, c1, c2, c3, k0, k1));
  }
  const blocks = (end - begin) >> 2;
  philoxBlocks(out, blocks, begin >> 2, c1, c2, c3, k0, k1);
  out += <usize>blocks << 4;
  for (begin += blocks << 2; begin < end; ++begin, out += 4) {
    store<u32>(out, philoxWord(begin & 3, begin >> 2, c1, c2, c3, k0, k1));
  }
}
