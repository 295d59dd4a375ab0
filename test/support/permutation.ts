// The order of a shuffled epoch, computed one element at a time and independently of the core.

import { philox } from "./philox.js";

/** Purpose.Shuffle of assembly/random/philox.ts. */
const SHUFFLE = 1;

/** The order of `rows` rows in an epoch: an inside-out Fisher-Yates shuffle with Philox words of (seed, epoch). */
export function permutation(rows: number, seed: number, epoch: number): Uint32Array {
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const other = uniformUpTo(i, philox([i >>> 2, 0, 0, epoch], [seed, SHUFFLE])[i % 4]!, seed, epoch);
    order[i] = order[other]!;
    order[other] = i;
  }
  return order;
}

/** A uniform integer from 0 to i, from a random word: D. Lemire, ACM TOMACS 29 (2019). */
function uniformUpTo(i: number, word: number, seed: number, epoch: number): number {
  const count = BigInt(i + 1);
  for (let attempt = 0; ; attempt++) {
    const product = BigInt(word) * count;
    if ((product & 0xffffffffn) >= 2n ** 32n % count) return Number(product >> 32n);
    word = philox([i, 1, attempt, epoch], [seed, SHUFFLE])[0]!;
  }
}
