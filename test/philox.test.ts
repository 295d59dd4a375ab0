import { beforeAll, describe, expect, it } from "vitest";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES } from "./support/floats.js";
import { philox } from "./support/philox.js";
import { Region } from "./support/region.js";

type Four = [number, number, number, number];
type Two = [number, number];
type Draw = [unit: number, layer: number, step: number, seed: number, threshold: number];

/** philox4x32 with 10 rounds in kat_vectors of Random123: counter, key, words. */
const KNOWN_ANSWERS: [Four, Two, Four][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

const DROPOUT = 2;
const GUARD_WORD = 0x7b7b7b7b;
const GUARDS = 16;

/** 32-bit numbers without a visible pattern, the same in every run. */
function* numbers(): Generator<number, never> {
  for (let i = 1; ; i++) yield Math.imul(i ^ (i << 13), 0x9e3779b1) >>> 0;
}

let assembly: Assembly;
let region: Region;

beforeAll(async () => {
  assembly = await compileAssembly("test/assembly/philox.ts");
  region = new Region(assembly, "float32");
});

/** Calls a function of test/assembly/philox.ts. */
function call(name: string, ...numbers: number[]): number {
  return assembly.exports[name]!(...numbers);
}

/** The `length` words at a new tensor that `write` fills, after a check that it wrote nothing around them. */
function written(length: number, write: (out: number) => void): number[] {
  region.clear();
  const out = region.allocate(length);
  write(out);
  const words = new Uint32Array(assembly.memory.buffer, out - 4 * GUARDS, length + 2 * GUARDS);
  const guards = [...words.slice(0, GUARDS), ...words.slice(GUARDS + length)];
  expect(guards.every((guard) => guard === GUARD_WORD)).toBe(true);
  return [...words.slice(GUARDS, GUARDS + length)];
}

describe("Philox 4x32-10", () => {
  it("gives the known answers of Random123", () => {
    for (const [counter, key, words] of KNOWN_ANSWERS) {
      expect(written(16, (out) => call("philox_blocks", out, 4, ...counter, ...key)).slice(0, 4)).toEqual(
        words,
      );
      expect([0, 1, 2, 3].map((word) => call("philox_word", word, ...counter, ...key) >>> 0)).toEqual(words);
      expect(philox(counter, key)).toEqual(words);
    }
  });

  it("stores consecutive blocks one after the other, for any number of blocks", () => {
    const random = numbers();
    const draw = () => random.next().value;
    for (let count = 0; count <= 13; count++) {
      const counter: Four = [draw(), draw(), draw(), draw()];
      const key: Two = [draw(), draw()];
      const [c0, ...rest] = counter;
      const expected = Array.from({ length: count }, (_, b) => philox([(c0 + b) >>> 0, ...rest], key));
      expect(written(4 * count, (out) => call("philox_blocks", out, count, ...counter, ...key))).toEqual(
        expected.flat(),
      );
    }
  });

  it("wraps the first word of the counter at 2^32 without a carry", () => {
    for (let before = 0; before <= 8; before++) {
      const c0 = 2 ** 32 - before;
      const expected = Array.from({ length: 8 }, (_, b) => philox([(c0 + b) >>> 0, 5, 6, 7], [8, 9]));
      expect(written(32, (out) => call("philox_blocks", out, 8, c0, 5, 6, 7, 8, 9))).toEqual(expected.flat());
    }
  });

  it("gives a word of the sequence the same bits in every range", () => {
    const sequence = Array.from({ length: 20 }, (_, b) => philox([b, 1, 2, 3], [4, 5])).flat();
    for (let begin = 0; begin <= 40; begin++) {
      for (let end = begin; end <= begin + 40; end++) {
        expect(written(end - begin, (out) => call("philox_words", out, begin, end, 1, 2, 3, 4, 5))).toEqual(
          sequence.slice(begin, end),
        );
      }
    }
  });
});

describe.each(DTYPES)("dropout masks in %s", (dtype) => {
  const lanes = dtype === "float32" ? 4 : 2;
  const wordsPerElement = dtype === "float32" ? 1 : 2;

  /** Which of the rows keep the unit, after a check that every element has all bits or none. */
  function keepMask(row: number, count: number, ...unitToThreshold: Draw): boolean[] {
    const name = dtype === "float32" ? "keep_mask_f32" : "keep_mask_f64";
    const words = written(count * wordsPerElement, (out) => call(name, out, row, count, ...unitToThreshold));
    const firstWords = Array.from({ length: count }, (_, i) => words[i * wordsPerElement]!);
    expect(firstWords.every((word) => word === 0 || word === 0xffffffff)).toBe(true);
    expect(words).toEqual(firstWords.flatMap((word) => Array<number>(wordsPerElement).fill(word)));
    return firstWords.map((word) => word !== 0);
  }

  it("keep a row where its random word is at least the threshold", () => {
    const random = numbers();
    for (const threshold of [0, 1, 0x40000000, 0x7fffffff, 0x80000000, 0x80000001, 0xc0000000, 0xffffffff]) {
      const [unit, layer, step, seed] = [0, 0, 0, 0].map(() => random.next().value) as Four;
      const expected = Array.from({ length: 16 }, (_, block) =>
        philox([block, unit, layer, step], [seed, DROPOUT]).map((word) => word >= threshold),
      );
      expect(keepMask(0, 64, unit, layer, step, seed, threshold)).toEqual(expected.flat());
    }
  });

  it("keep a row whose random word equals the threshold", () => {
    for (let row = 0; row < 8; row++) {
      const word = philox([row >> 2, 1, 2, 3], [4, DROPOUT])[row % 4]!;
      expect(keepMask(0, 8, 1, 2, 3, 4, word)[row]).toBe(true);
      expect(keepMask(0, 8, 1, 2, 3, 4, word + 1)[row]).toBe(false);
    }
  });

  it("are the same wherever the range of rows begins and ends", () => {
    const whole = keepMask(0, 96, 1, 2, 3, 4, 0x60000000);
    for (let begin = 0; begin < 48; begin += lanes) {
      for (let end = begin; end <= begin + 48; end += lanes) {
        expect(keepMask(begin, end - begin, 1, 2, 3, 4, 0x60000000)).toEqual(whole.slice(begin, end));
      }
    }
  });

  it("keep the fraction 1 - rate of the elements, within 4 standard deviations", () => {
    for (const rate of [0.1, 0.25, 0.5, 0.9]) {
      let kept = 0;
      for (let unit = 0; unit < 200; unit++) {
        kept += keepMask(0, 256, unit, 1, 0, 7, Math.round(rate * 2 ** 32)).filter((keeps) => keeps).length;
      }
      const count = 200 * 256;
      expect(Math.abs(kept - count * (1 - rate))).toBeLessThan(4 * Math.sqrt(count * rate * (1 - rate)));
    }
  });

  it("differ between units, layers, steps and seeds", () => {
    const masks = [
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ].map(([unit, layer, step, seed]) => keepMask(0, 64, unit!, layer!, step!, seed!, 0x80000000).join());
    expect(new Set(masks).size).toBe(masks.length);
  });
});
