import { beforeAll, describe, expect, it } from "vitest";
import type { DType, FloatArray } from "../src/engine/engine.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread, wholeVectors } from "./support/floats.js";
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

/** Bytes of A that are read where they lie, however wide C is. */
const CACHED = 32768;

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
  "neither rows nor columns that lie side by side": (dtype, { n, k }, pad) => ({
    c: n + pad,
    aRow: 2 * k + 3,
    aColumn: 2,
    b: wholeVectors(dtype, n) + pad,
  }),
  "some rows of a wider operand": (dtype, { m, n }, pad) => ({
    c: n + pad,
    aRow: 1,
    aColumn: m + 5,
    b: wholeVectors(dtype, n) + pad,
  }),
  "some rows of an operand that the cache does not hold": (dtype, { m, n, k }, pad) => ({
    c: n + pad,
    aRow: 1,
    aColumn: Math.ceil(CACHED / floats(dtype, 1).BYTES_PER_ELEMENT / Math.max(k, 1)) + m,
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

/** The rows of a tile: the elements of the scratch panel for each of the k. */
const TILE_ROWS = 6;

/** How many pairs of vectors C is wider than where the rows of A are packed into the panel: side by side, and apart. */
const PACKED_PAIRS = [3, 4];

describe.each(DTYPES)("the matrix product in %s", (dtype) => {
  let assembly: Assembly;
  let region: Region;
  /** C, its stride, whether it is added to; A and its two strides, B and its stride; m, n, k. */
  let multiply: (...values: number[]) => void;
  /** The parameters and the rate, then the same. */
  let descend: (...values: number[]) => void;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/matmul.ts");
    region = new Region(assembly, dtype);
    const suffix = dtype === "float32" ? "f32" : "f64";
    multiply = withPanel(assembly.exports[`matmul_${suffix}`]!);
    descend = withPanel(assembly.exports[`matmul_descending_${suffix}`]!);
  });

  /** Its scratch, too, lies between guards. */
  function withPanel(kernel: (...values: number[]) => number): (...values: number[]) => void {
    const { guard, guards } = guardOf(dtype);
    return (...values) => {
      const length = TILE_ROWS * values.at(-1)!;
      const panel = region.take(length);
      kernel(...values, panel);
      const guarded = region.guarded(panel, length);
      for (let i = 0; i < guards; i++) {
        if (guarded[i] !== guard || guarded.at(-1 - i) !== guard) expect.fail("the panel is left");
      }
    };
  }

  const lanes = lanesOf(dtype);
  /** Beyond that, all are packed that ever are. */
  const packed = Math.max(...PACKED_PAIRS) * 2 * lanes;

  const source = floats(dtype, spread(40_000));
  const nans = floats(dtype, 200).fill(Number.NaN);

  interface Operands {
    /** With guards between its rows. */
    readonly c: FloatArray;
    readonly a: FloatArray;
    readonly b: FloatArray;
  }

  function operandsOf(
    sizes: Sizes,
    strides: Strides,
    accumulate: boolean,
    values: FloatArray = source,
  ): Operands {
    const { m, n, k } = sizes;
    const { guard } = guardOf(dtype);
    const cLength = m === 0 ? 0 : (m - 1) * strides.c + n;
    const aLength = m === 0 || k === 0 ? 0 : (m - 1) * strides.aRow + (k - 1) * strides.aColumn + 1;
    const bLength = k * strides.b;
    const c = floats(dtype, cLength).fill(guard);
    // Where C is not added to, it is not to be read: NaN, so that it shows if it is.
    for (let i = 0; i < m; i++) {
      c.set(accumulate ? values.subarray(i * n, i * n + n) : nans.subarray(0, n), i * strides.c);
    }
    const a = values.subarray(100, 100 + aLength);
    // Past n, B is only there to be read: NaN, so that it shows if it is made use of.
    const b = floats(dtype, bLength).fill(Number.NaN);
    for (let l = 0; l < k; l++) b.set(values.subarray(7 + l * n, 7 + l * n + n), l * strides.b);
    return { c, a, b };
  }

  /** The numbers that the kernel takes, for operands in memory. */
  function argumentsOf(
    { c, a, b }: Readonly<Record<"c" | "a" | "b", number>>,
    { m, n, k }: Sizes,
    strides: Strides,
    accumulate: boolean,
  ): number[] {
    return [c, strides.c, Number(accumulate), a, strides.aRow, strides.aColumn, b, strides.b, m, n, k];
  }

  /** Where the tensor at `address`, or a guard around it, is not what was expected, or "". */
  function differenceAt(address: number, expected: FloatArray): string {
    const { guard, guards } = guardOf(dtype);
    const whole = floats(dtype, expected.length + 2 * guards).fill(guard);
    whole.set(expected, guards);
    const actual = region.guarded(address, expected.length);
    const at = firstDifference(actual, whole);
    return at < 0 ? "" : `[${at - guards}]: ${actual[at]}, expected ${whole[at]}`;
  }

  /** Multiplies by the core and by the twin; returns where they, or the guards around C, first differ, or "". */
  function compare(sizes: Sizes, strides: Strides, accumulate: boolean, values: FloatArray = source): string {
    const { c, a, b } = operandsOf(sizes, strides, accumulate, values);
    region.clear();
    const addresses = { c: region.put(c), a: region.put(a), b: region.put(b) };
    multiply(...argumentsOf(addresses, sizes, strides, accumulate));
    multiplyPlainly(dtype, c, accumulate, a, b, sizes, strides);
    const difference = differenceAt(addresses.c, c);
    return difference && `${sizes.m}×${sizes.n}×${sizes.k}, C${difference}`;
  }

  /** The same of a product that takes the step down its gradients. */
  function compareDescent(sizes: Sizes, strides: Strides, accumulate: boolean, rate: number): string {
    const round = dtype === "float32" ? Math.fround : (value: number) => value;
    const { guard } = guardOf(dtype);
    const { m, n } = sizes;
    const { c, a, b } = operandsOf(sizes, strides, accumulate);
    const before = floats(dtype, c.length).fill(guard);
    for (let i = 0; i < m; i++) before.set(source.subarray(31 + i * n, 31 + i * n + n), i * strides.c);
    region.clear();
    const parameters = region.put(before);
    const addresses = { c: region.put(c), a: region.put(a), b: region.put(b) };
    descend(parameters, rate, ...argumentsOf(addresses, sizes, strides, accumulate));
    multiplyPlainly(dtype, c, accumulate, a, b, sizes, strides);
    const after = before.slice();
    for (let i = 0; i < m; i++) {
      for (let at = i * strides.c; at < i * strides.c + n; at++) {
        after[at] = round(before[at]! - round(round(rate) * c[at]!));
      }
    }
    const difference =
      prefixed("the parameters", differenceAt(parameters, after)) ||
      prefixed("what they were", differenceAt(addresses.c, before));
    return difference && `${m}×${n}×${sizes.k}, ${difference}`;
  }

  function prefixed(name: string, difference: string): string {
    return difference && name + difference;
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

  /** Two tiles and a row, of every count of rows. */
  const ROWS = Array.from({ length: 2 * TILE_ROWS + 2 }, (_, i) => i);
  /** Every remainder of one and of two vectors, to beyond two pairs of them; then about where packing begins. */
  const COLUMNS = [
    ...Array.from({ length: 4 * lanes + 2 }, (_, i) => i),
    ...PACKED_PAIRS.flatMap((pairs) => [-1, 0, 1, lanes, lanes + 1].map((more) => pairs * 2 * lanes + more)),
    packed + 2 * lanes + 1,
  ];

  describe.each(Object.keys(PATTERNS))("with the strides of %s", (pattern) => {
    it("has the bits of its definition for every count of rows and remainder of columns", () => {
      expect(compareAll(sizesOf(ROWS, COLUMNS, [0, 1, 2, 3, 7]), pattern, [3])).toBe("");
      expect(compareAll(sizesOf(ROWS, COLUMNS, [1, 4]), pattern, [0])).toBe("");
    });

    it("has the bits of its definition around the widths of tiles, vectors and microbatches", () => {
      const widths = [1, 2 * lanes - 1, 2 * lanes, packed, packed + 1, 33];
      expect(compareAll(sizesOf([1, 5, 6, 7, 13], widths, [127, 128, 129, 300]), pattern, [0])).toBe("");
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
          spread(12_000, 0, pool.length).map((at) => pool[Math.floor(at)]!),
        );
      const sizes = [...sizesOf([1, 5, 6, 7], [1, 3, 2 * lanes, packed + 1], [1, 2, 5])];
      expect(compareAll(sizes, pattern, [0, 1], cycle(special))).toBe("");
      expect(compareAll(sizes, pattern, [0, 1], cycle(smooth))).toBe("");
      expect(compareAll(sizes, pattern, [0], floats(dtype, 12_000).fill(-0))).toBe("");
    });
  });

  it("gives an element the same bits in whatever tile it falls", () => {
    const [m, n, k] = [13, 37, 131];
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
      [6, 4],
      [7, 26],
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
    for (const { m, n, k } of sizesOf([1, 4, 5, 6, 7, 12], [1, 2, 3, 7, 8, 9, 13, 25, 33], [1, 2, 5])) {
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

  it("takes the step down the gradients that it completes, and leaves what the parameters were", () => {
    for (const pattern of ["kernel gradients", "the forward pass"]) {
      for (const sizes of sizesOf(ROWS, COLUMNS, [1, 2, 5])) {
        for (const [accumulate, pad, rate] of [
          [false, 0, 0.1],
          [true, 3, 12.345678901234567],
          [true, 0, -1 / 3],
        ] as const) {
          const strides = PATTERNS[pattern]!(dtype, sizes, pad);
          const difference = compareDescent(sizes, strides, accumulate, rate);
          if (difference) expect.fail(`${pattern}, accumulate ${accumulate}, pad ${pad}, ${difference}`);
        }
      }
    }
  });

  it("takes the same step at the end of a microbatch as of a batch in several", () => {
    for (const { m, n } of sizesOf([1, 6, 13], [3, 2 * lanes, packed + 1], [0])) {
      const bStride = wholeVectors(dtype, n);
      const k = 131;
      region.clear();
      const size = source.BYTES_PER_ELEMENT;
      const a = region.put(source.subarray(0, m * k));
      const b = region.put(source.subarray(9, 9 + bStride * k));
      const initial = source.subarray(50, 50 + m * n);
      const stepped = [k, 128, 1].map((first) => {
        const parameters = region.put(initial);
        const c = region.put(floats(dtype, m * n).fill(Number.NaN));
        if (first < k) multiply(c, n, 0, a, k, 1, b, bStride, m, n, first);
        const rest = [a + (first % k) * size, k, 1, b + (first % k) * bStride * size, bStride];
        descend(parameters, 0.3, c, n, Number(first < k), ...rest, m, n, k - (first % k));
        expect(firstDifference(region.view(c, m * n), initial)).toBe(-1);
        return region.view(parameters, m * n).slice();
      });
      expect(firstDifference(stepped[0]!, initial)).not.toBe(-1);
      for (const other of stepped.slice(1)) expect(firstDifference(other, stepped[0]!)).toBe(-1);
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
