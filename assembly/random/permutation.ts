import { philoxWord, philoxWords, Purpose } from "./philox";

/** Random words are generated for this many elements at a time: 1 KiB, which stays in the L1 cache. */
const CHUNK: u32 = 256;

/**
 * Steps begin … end − 1 of the inside-out Fisher-Yates shuffle of 0 … n − 1, for any n ≥ end: step i swaps element i
 * with an element chosen uniformly from 0 … i. `permute(order, 0, n, seed, epoch)` makes a uniform permutation; calls
 * for [0, k) and then [k, n) make the same one.
 *
 *     order: u32 [n]; elements 0 … begin − 1 come from calls with the same seed and epoch, the others need no value
 *
 * R. Durstenfeld, "Algorithm 235: Random permutation", CACM 7 (1964) 420.
 *
 * Element i draws word i mod 4 of the Philox block with the counter (⌊i / 4⌋, 0, 0, epoch). The words are stored in
 * `order` itself, because the shuffle does not use element i before step i.
 */
export function permute(order: usize, begin: u32, end: u32, seed: u32, epoch: u32): void {
  for (let i = begin; i < end;) {
    const chunkEnd = min(end, (i & ~(CHUNK - 1)) + CHUNK);
    philoxWords(order + (<usize>i << 2), i, chunkEnd, 0, 0, epoch, seed, Purpose.Shuffle);
    for (; i < chunkEnd; ++i) {
      const element = order + (<usize>i << 2);
      const other = order + (<usize>uniformUpTo(i, load<u32>(element), seed, epoch) << 2);
      store<u32>(element, load<u32>(other)); // If other = element, the next store overwrites this one.
      store<u32>(other, i);
    }
  }
}

/**
 * A uniform number of 0 … i from the random word `word`: ⌊word·(i + 1) / 2³²⌋. The word is rejected if the low half of
 * the product is below 2³² mod (i + 1). Then word 0 of the Philox blocks with the counters (i, 1, 0, epoch),
 * (i, 1, 1, epoch), … replaces it, until one is accepted.
 *
 * D. Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29 (2019).
 */
@inline
export function uniformUpTo(i: u32, word: u32, seed: u32, epoch: u32): u32 {
  const product = <u64>word * (<u64>i + 1);
  // 2³² mod (i + 1) ≤ i, so most words are accepted without the division.
  if (<u32>product > i) return <u32>(product >> 32);
  return uniformAfterCheck(product, i, seed, epoch);
}

function uniformAfterCheck(product: u64, i: u32, seed: u32, epoch: u32): u32 {
  const count = <u64>i + 1;
  const rejected = <u32>((<u64>1 << 32) % count);
  for (let attempt: u32 = 0; <u32>product < rejected; ++attempt) {
    product = philoxWord(0, i, 1, attempt, epoch, seed, Purpose.Shuffle) * count;
  }
  return <u32>(product >> 32);
}
