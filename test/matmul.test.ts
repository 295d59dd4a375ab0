import { beforeAll, describe, expect, it } from "vitest";
import type { DType, FloatArray } from "../src/engine/engine.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, spread, wholeVectors } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

interface Strides {
  readonly c: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: number;
}

/** How the passes of a layer lay out the operands; `pad` elements more in each row of C and of B. */
const PATTERNS: Record<string, (dtype: DType, sizes: Sizes, pad: number) => Strides> = {
  "the forward pass": (dtype, { m, n }, pad) => ({
    c: n + pad,
    aRow: 1,
    aColumn: m,
    b: wholeVectors(dtype, n) + pad,
  }),
  "kernel gradients": (dtype, { n, k }, pad) => ({
    c: n + pad,
    aRow: wholeVectors(dtype, k),
    aColumn: 1,
    b: wholeVectors(dtype, n) + pad,
  }),
  "input gradients": (dtype, { n, k }, pad) => ({
    c: n + pad,
    aRow: k,
    aColumn: 1,
    b: wholeVectors(dtype, n) + pad,
  }),
};

/** C = A·B, or C += A·B if `accumulate`: each element summed over k in rising order, every product and every sum rounded to the dtype. */
function multiplyPlainly(
  dtype: DType,
  c: FloatArray,
  accumulate: boolean,
  a: FloatArray,
  b: FloatArray,
  sizes: Sizes,
  strides: Strides,
): void {
  const isSingle = dtype === "float32";
  for (let i = 0; i < sizes.m; i++) {
    for (let j = 0; j < sizes.n; j++) {
      let sum = accumulate ? c[i * strides.c + j]! : 0;
      for (let l = 0; l < sizes.k; l++) {
        const product = a[i * strides.aRow + l * strides.aColumn]! * b[l * strides.b + j]!;
        sum = isSingle ? Math.fround(sum + Math.fround(product)) : sum + product;
      }
      c[i * strides.c + j] = sum;
    }
  }
}

/** Elements of the scratch panel for each of the k. */
const PANEL_WIDTH = 6;

describe.each(DTYPES)("the matrix product in %s", (dtype) => {
  let assembly: Assembly;
  let region: Region;
  let multiply: (...values: number[]) => number;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/matmul.ts");
    region = new Region(assembly, dtype);
    const kernel = assembly.exports[dtype === "float32" ? "matmul_f32" : "matmul_f64"]!;
    multiply = (...values) => {
      // Its scratch, too, lies between guards.
      const { guard, guards } = guardOf(dtype);
      const length = PANEL_WIDTH * values.at(-1)!;
      const panel = region.take(length);
      kernel(...values, panel);
      const guarded = region.guarded(panel, length);
      for (let i = 0; i < guards; i++) {
        if (guarded[i] !== guard || guarded.at(-1 - i) !== guard) expect.fail("the panel is left");
      }
      return 0;
    };
  });

  const source = floats(dtype, spread(40_000));
  const nans = floats(dtype, 200).fill(Number.NaN);

  /** Multiplies by the core and by the twin; returns where they, or the guards around C, first differ, or "". */
  function compare(sizes: Sizes, strides: Strides, accumulate: boolean, values: FloatArray = source): string {
    const { m, n, k } = sizes;
    const { guard, guards } = guardOf(dtype);
    const cLength = m === 0 ? 0 : (m - 1) * strides.c + n;
    const aLength = m === 0 || k === 0 ? 0 : (m - 1) * strides.aRow + (k - 1) * strides.aColumn + 1;
    const bLength = k * strides.b;
    region.clear();
    const c = floats(dtype, cLength).fill(guard);
    // Where C is not added to, it is not to be read: NaN, so that it shows if it is.
    for (let i = 0; i < m; i++) {
      c.set(accumulate ? values.subarray(i * n, i * n + n) : nans.subarray(0, n), i * strides.c);
    }
    const a = values.subarray(100, 100 + aLength);
    // Past n, B is only there to be read: NaN, so that it shows if it is made use of.
    const b = floats(dtype, bLength).fill(Number.NaN);
    for (let l = 0; l < k; l++) b.set(values.subarray(7 + l * n, 7 + l * n + n), l * strides.b);
    const cAddress = region.put(c);
    const aAddress = region.put(a);
    const bAddress = region.put(b);
    multiply(
      cAddress,
      strides.c,
      Number(accumulate),
      aAddress,
      strides.aRow,
      strides.aColumn,
      bAddress,
      strides.b,
      m,
      n,
      k,
    );
    multiplyPlainly(dtype, c, accumulate, a, b, sizes, strides);
    const expected = floats(dtype, cLength + 2 * guards).fill(guard);
    expected.set(c, guards);
    const actual = region.guarded(cAddress, cLength);
    const at = firstDifference(actual, expected);
    if (at < 0) return "";
    return `${m}×${n}×${k}, C[${at - guards}]: ${actual[at]}, expected ${expected[at]}`;
  }

  /** `compare` over many sizes; the first difference. */
  function compareAll(
    all: Iterable<Sizes>,
    pattern: string,
    pads: readonly number[],
    values?: FloatArray,
  ): string {
    for (const sizes of all) {
      for (const pad of pads) {
        for (const accumulate of [false, true]) {
          const difference = compare(sizes, PATTERNS[pattern]!(dtype, sizes, pad), accumulate, values);
          if (difference) return `accumulate ${accumulate}, pad ${pad}, ${difference}`;
        }
      }
    }
    return "";
  }

  function* sizesOf(ms: readonly number[], ns: readonly number[], ks: readonly number[]): Generator<Sizes> {
    for (const m of ms) {
      for (const n of ns) {
        for (const k of ks) yield { m, n, k };
      }
    }
  }

  const SMALL = Array.from({ length: 12 }, (_, i) => i);

  describe.each(Object.keys(PATTERNS))("with the strides of %s", (pattern) => {
    it("has the bits of its definition for every size up to 11", () => {
      expect(compareAll(sizesOf(SMALL, SMALL, SMALL), pattern, [0, 3])).toBe("");
    });

    it("has the bits of its definition around the widths of tiles, vectors and microbatches", () => {
      const sizes = sizesOf(
        [1, 3, 4, 5, 8, 9],
        [7, 8, 9, 15, 16, 17, 31, 32, 33],
        [127, 128, 129, 256, 257, 300],
      );
      expect(compareAll(sizes, pattern, [0])).toBe("");
      expect(compareAll(sizesOf([13, 67], [43, 128, 131], [61]), pattern, [1])).toBe("");
    });

    it("keeps NaN, infinities, negative zeros and subnormals as they are", () => {
      const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
      const huge = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
      const special = [
        -0,
        tiny,
        -tiny,
        3 * tiny,
        Infinity,
        0,
        -Infinity,
        Number.NaN,
        huge,
        -huge,
        0.5,
        -1,
        1,
      ];
      const smooth = special.filter((value) => Math.abs(value) <= 1);
      const cycle = (pool: readonly number[]) =>
        floats(
          dtype,
          spread(2000, 0, pool.length).map((at) => pool[Math.floor(at)]!),
        );
      const sizes = [...sizesOf([1, 4, 5], [1, 3, 8, 9], [1, 2, 5])];
      expect(compareAll(sizes, pattern, [0, 1], cycle(special))).toBe("");
      expect(compareAll(sizes, pattern, [0, 1], cycle(smooth))).toBe("");
      expect(compareAll(sizes, pattern, [0], floats(dtype, 2000).fill(-0))).toBe("");
    });
  });

  it("gives an element the same bits in whatever tile it falls", () => {
    const [m, n, k] = [11, 37, 131];
    const bStride = wholeVectors(dtype, n) + 8;
    const a = source.subarray(0, m * k);
    const b = source.subarray(5, 5 + k * bStride);
    region.clear();
    const aAddress = region.put(a);
    const bAddress = region.put(b);
    const product = (i: number, j: number, rows: number, columns: number) => {
      const c = region.put(floats(dtype, rows * columns));
      const size = source.BYTES_PER_ELEMENT;
      multiply(c, columns, 0, aAddress + i * k * size, k, 1, bAddress + j * size, bStride, rows, columns, k);
      return region.view(c, rows * columns).slice();
    };
    const whole = product(0, 0, m, n);
    for (const [rows, columns] of [
      [1, 1],
      [2, 3],
      [3, 7],
      [4, 8],
      [5, 20],
    ] as const) {
      for (let i = 0; i + rows <= m; i++) {
        for (let j = 0; j + columns <= n; j++) {
          const part = product(i, j, rows, columns);
          const expected = floats(dtype, rows * columns);
          for (let row = 0; row < rows; row++) {
            expected.set(whole.subarray((i + row) * n + j, (i + row) * n + j + columns), row * columns);
          }
          if (firstDifference(part, expected) >= 0) expect.fail(`${rows}×${columns} at ${i}, ${j}`);
        }
      }
    }
  });

  it("adds to what C held if it is to, also where there is nothing to add", () => {
    region.clear();
    const c = region.put([1, 2, 3, 4]);
    const one = region.put([1, 1, 1, 1]);
    multiply(c, 4, 1, one, 1, 1, one, 4, 1, 4, 0);
    expect([...region.view(c, 4)]).toEqual([1, 2, 3, 4]);
    multiply(c, 4, 1, one, 1, 1, one, 4, 1, 3, 1);
    expect([...region.view(c, 4)]).toEqual([2, 3, 4, 4]);
    multiply(c, 4, 0, one, 1, 1, one, 4, 1, 3, 0);
    expect([...region.view(c, 4)]).toEqual([0, 0, 0, 4]);
  });

  it("reads nothing past A, and of B no more than whole vectors", () => {
    for (const { m, n, k } of sizesOf([1, 3, 4, 5], [1, 2, 3, 7, 8, 9, 13, 25, 33], [1, 2, 5])) {
      const bStride = wholeVectors(dtype, n);
      const zeros = floats(dtype, m * k);
      const b = floats(dtype, k * bStride);
      region.clear();
      const c = region.put(floats(dtype, m * n));
      multiply(c, n, 0, region.putLast(zeros), k, 1, region.put(b), bStride, m, n, k);
      multiply(c, n, 0, region.putLast(zeros), 1, m, region.put(b), bStride, m, n, k);
      multiply(c, n, 0, region.put(zeros), k, 1, region.putLast(b), bStride, m, n, k);
    }
  });

  it("has the bits of the whole where it is summed in two parts", () => {
    const [m, n, k] = [5, 16, 131];
    region.clear();
    const a = region.put(source.subarray(0, m * k));
    const b = region.put(source.subarray(9, 9 + n * k));
    const size = source.BYTES_PER_ELEMENT;
    const whole = region.take(m * n);
    multiply(whole, n, 0, a, k, 1, b, n, m, n, k);
    for (const first of [0, 1, 64, 128, 131]) {
      const parts = region.take(m * n);
      multiply(parts, n, 0, a, k, 1, b, n, m, n, first);
      multiply(parts, n, 1, a + first * size, k, 1, b + first * n * size, n, m, n, k - first);
      expect(firstDifference(region.view(parts, m * n), region.view(whole, m * n))).toBe(-1);
    }
  });
});
