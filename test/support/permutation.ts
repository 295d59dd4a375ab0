// The order of a shuffled epoch, written down once more and independently of the core: a scalar Philox and a scalar shuffle.

/** Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. */
function philox(counter: readonly number[], key: readonly [number, number]): number[] {
  let [a = 0, b = 0, c = 0, d = 0] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    const first = BigInt(a) * 0xd2511f53n;
    const second = BigInt(c) * 0xcd9e8d57n;
    a = (Number(second >> 32n) ^ b ^ k) >>> 0;
    c = (Number(first >> 32n) ^ d ^ l) >>> 0;
    b = Number(second & 0xffffffffn);
    d = Number(first & 0xffffffffn);
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a, b, c, d];
}

/** The purpose of the random words, the second word of the key. */
const SHUFFLE = 1;

/** The order of `rows` rows in an epoch: an inside-out Fisher-Yates shuffle whose words are Philox of seed and epoch. */
export function permutation(rows: number, seed: number, epoch: number): Uint32Array {
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const other = uniformUpTo(i, philox([i >>> 2, 0, 0, epoch], [seed, SHUFFLE])[i % 4]!, seed, epoch);
    order[i] = order[other]!;
    order[other] = i;
  }
  return order;
}

/** Lemire's method, ACM TOMACS 29 (2019): a number of 0 … i, each equally likely. */
function uniformUpTo(i: number, word: number, seed: number, epoch: number): number {
  const count = BigInt(i + 1);
  for (let attempt = 0; ; attempt++) {
    const product = BigInt(word) * count;
    if ((product & 0xffffffffn) >= 2n ** 32n % count) return Number(product >> 32n);
    word = philox([i, 1, attempt, epoch], [seed, SHUFFLE])[0]!;
  }
}
