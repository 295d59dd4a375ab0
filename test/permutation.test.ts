import { beforeAll, describe, expect, it } from "vitest";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { Region } from "./support/region.js";

const SHUFFLE = 1;
const GUARD_WORD = 0x7b7b7b7b;
const GUARDS = 16;

let assembly: Assembly;
let region: Region;

beforeAll(async () => {
  assembly = await compileAssembly("test/assembly/philox.ts", { pages: 256 });
  region = new Region(assembly, "float32");
});

/** Calls a function of test/assembly/philox.ts. */
function call(name: string, ...numbers: number[]): number {
  return assembly.exports[name]!(...numbers);
}

/** The permutation of n elements, by one call for each range between `cuts`. Asserts that nothing around it changes. */
function permute(n: number, seed: number, epoch: number, cuts: number[] = []): number[] {
  region.clear();
  const order = region.allocate(n);
  const ends = [...cuts, n];
  ends.forEach((end, i) => {
    call("permute", order, ends[i - 1] ?? 0, end, seed, epoch);
    expect([...wordsAt(order + 4 * end, n - end)].every((word) => word === GUARD_WORD)).toBe(true);
  });
  const guards = [...wordsAt(order - 4 * GUARDS, GUARDS), ...wordsAt(order + 4 * n, GUARDS)];
  expect(guards.every((guard) => guard === GUARD_WORD)).toBe(true);
  return [...wordsAt(order, n)];
}

function wordsAt(address: number, length: number): Uint32Array {
  return new Uint32Array(assembly.memory.buffer, address, length);
}

/** Word `word` of a block. test/philox.test.ts compares this function with known answers. */
function philoxWord(word: number, counter: number[], seed: number): number {
  return call("philox_word", word, ...counter, seed, SHUFFLE) >>> 0;
}

/** Lemire's method: the number of 0 … i, and how many words it rejected. */
function uniformUpTo(
  i: number,
  word: number,
  seed: number,
  epoch: number,
): [value: number, rejected: number] {
  const count = BigInt(i + 1);
  for (let attempt = 0; ; attempt++) {
    const product = BigInt(word) * count;
    if (BigInt.asUintN(32, product) >= 2n ** 32n % count) return [Number(product >> 32n), attempt];
    word = philoxWord(0, [i, 1, attempt, epoch], seed);
  }
}

/** Shuffles elements begin … end − 1 of `order` and returns how many words were rejected. */
function permuteByDefinition(
  order: Uint32Array,
  begin: number,
  end: number,
  seed: number,
  epoch: number,
): number {
  let rejections = 0;
  for (let i = begin; i < end; i++) {
    const [other, rejected] = uniformUpTo(i, philoxWord(i % 4, [i >>> 2, 0, 0, epoch], seed), seed, epoch);
    order[i] = order[other]!;
    order[other] = i;
    rejections += rejected;
  }
  return rejections;
}

/** Pearson's statistic of counts that are expected to be equal. */
function chiSquare(counts: number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("the permutation of an epoch", () => {
  it("has every element once", () => {
    for (const n of [...Array(71).keys(), 255, 256, 257, 1000, 4096, 5003]) {
      expect(permute(n, 3, n).sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
    }
  });

  it("has the bits of a scalar shuffle", () => {
    for (const n of [...Array(71).keys(), 255, 256, 257, 3001]) {
      for (const [seed, epoch] of [
        [0, 0],
        [1, n],
        [0xffffffff, 0xfffffffe],
      ] as const) {
        const order = new Uint32Array(n);
        permuteByDefinition(order, 0, n, seed, epoch);
        expect(permute(n, seed, epoch)).toEqual([...order]);
      }
    }
  });

  it("has the bits of a scalar shuffle where words are rejected", () => {
    const [begin, n] = [3_400_000, 3_420_000];
    region.clear();
    const order = region.allocate(n);
    const view = wordsAt(order, n);
    for (let i = 0; i < begin; i++) view[i] = i;
    const expected = view.slice();
    call("permute", order, begin, n, 5, 6);
    expect(permuteByDefinition(expected, begin, n, 5, 6)).toBeGreaterThan(0);
    expect(Buffer.compare(Buffer.from(view.slice().buffer), Buffer.from(expected.buffer))).toBe(0);
  });

  it("is the same in one call and in several", () => {
    for (const n of [1, 2, 21, 70]) {
      const whole = permute(n, 7, 8);
      for (let first = 0; first <= n; first++) {
        for (let second = first; second <= n; second++) {
          expect(permute(n, 7, 8, [first, second])).toEqual(whole);
        }
      }
    }
    const whole = permute(2000, 7, 8);
    for (const cut of [1, 254, 255, 256, 257, 511, 513, 1027, 1999]) {
      expect(permute(2000, 7, 8, [cut])).toEqual(whole);
    }
  });

  it("differs between epochs and between seeds", () => {
    const orders = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [0, 2 ** 31],
      [2 ** 31, 0],
    ].map(([seed, epoch]) => permute(50, seed!, epoch!).join());
    expect(new Set(orders).size).toBe(orders.length);
  });

  it("has each order of four elements equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch++) {
      const order = permute(4, 9, epoch).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // The 0.1 % and 99.9 % quantiles for 23 degrees of freedom.
    expect(chiSquare([...counts.values()])).toBeGreaterThan(7.5);
    expect(chiSquare([...counts.values()])).toBeLessThan(49.7);
  });

  it("has each element equally often in each position", () => {
    const n = 50;
    const counts = Array<number>(n * n).fill(0);
    for (let epoch = 0; epoch < 10_000; epoch++) {
      permute(n, 10, epoch).forEach((element, position) => {
        counts[element * n + position]! += 1;
      });
    }
    // (n − 1) / n of the sum has (n − 1)² degrees of freedom, because each row and each column adds up to the epochs.
    const freedom = (n - 1) ** 2;
    expect(Math.abs(chiSquare(counts) * ((n - 1) / n) - freedom)).toBeLessThan(4 * Math.sqrt(2 * freedom));
  });
});

describe("a uniform number of 0 … i", () => {
  const values = [
    0,
    1,
    2,
    3,
    6,
    1000,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 1,
    3 * 2 ** 30,
    2 ** 32 - 2,
    2 ** 32 - 1,
  ];

  it("has the bits of Lemire's method, also after several rejected words", () => {
    let maxRejected = 0;
    for (const i of values) {
      for (let sample = 0; sample < 200; sample++) {
        const word = philoxWord(0, [sample, 2, 0, 0], 11);
        const [expected, rejected] = uniformUpTo(i, word, 12, sample);
        expect(call("uniform_up_to", i, word, 12, sample) >>> 0).toBe(expected);
        maxRejected = Math.max(maxRejected, rejected);
      }
    }
    expect(maxRejected).toBeGreaterThan(3);
  });

  it("accepts exactly the words whose low half of the product reaches 2^32 mod (i + 1)", () => {
    // With i + 1 = 3·2^30, 2^32 mod (i + 1) is 2^30. Low halves are multiples of 2^30, so only 0 is rejected.
    const i = 3 * 2 ** 30 - 1;
    for (const word of [0, 1, 2, 3, 4, 5, 6, 7, 8, 0xfffffffc, 0xffffffff]) {
      const [expected, rejected] = uniformUpTo(i, word, 14, 15);
      expect(rejected > 0).toBe(word % 4 === 0);
      expect(call("uniform_up_to", i, word, 14, 15) >>> 0).toBe(expected);
    }
  });
});
