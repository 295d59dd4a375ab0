import { beforeAll, describe, expect, it } from "vitest";
import type { DType, FloatArray } from "../src/index.js";
import { fusedMultiplyAdd, fusedMultiplyAddFloat32 } from "../src/random/fused.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread, wholeVectors } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";
import { enableRelaxedSimd } from "./support/relaxed.js";

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

/** L1_BYTES of assembly/kernels/gemm.ts: an A with adjacent rows that spans no more bytes is never packed. */
const L1_BYTES = 32768;

/** The strides of the products of a layer; `pad`: extra elements in each row of C and of B. */
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
  "an operand whose rows and columns both have gaps": (dtype, { n, k }, pad) => ({
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
  "some rows of an operand larger than the cache": (dtype, { m, n, k }, pad) => ({
    c: n + pad,
    aRow: 1,
    aColumn: Math.ceil(L1_BYTES / floats(dtype, 1).BYTES_PER_ELEMENT / Math.max(k, 1)) + m,
    b: wholeVectors(dtype, n) + pad,
  }),
};

/** C = A·B, or C += A·B if `accumulate`. Adds the products in order and rounds each product and sum to the dtype. */
function naiveMatmul(
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

/** The largest tile has 4 rows in strict builds, which round products and sums separately, and 6 in relaxed builds. */
const BUILDS = [
  { build: "strict", features: ["simd"], tileRows: 4 },
  { build: "relaxed", features: ["simd", "relaxed-simd"], tileRows: 6 },
] as const;

const CASES = BUILDS.flatMap((build) => DTYPES.map((dtype) => ({ ...build, dtype })));

describe.each(CASES)("the matrix product of the $build build in $dtype", (testCase) => {
  const { dtype, build, tileRows } = testCase;
  const isStrict = build === "strict";
  let assembly: Assembly;
  let region: Region;
  let madd: (a: number, b: number, c: number) => number;
  /** Takes C, its stride, `accumulate`, A, its row and column strides, B, its stride, m, n, k. */
  let multiply: (...values: number[]) => void;
  /** Takes `begin` and `end`, a range of columns of C, then the arguments of `multiply`. */
  let multiplyColumns: (...values: number[]) => void;
  /** Takes `begin` and `end`, a range of rows of C, then the arguments of `multiply`. */
  let multiplyRows: (...values: number[]) => void;
  /** Takes the arguments of `multiply`. Computes element by element, with the madd() of the build. */
  let naiveMatmulInCore: (...values: number[]) => void;

  beforeAll(async () => {
    if (!isStrict) enableRelaxedSimd();
    assembly = await compileAssembly("test/assembly/gemm.ts", { asc: { enable: testCase.features } });
    region = new Region(assembly, dtype);
    const suffix = dtype === "float32" ? "f32" : "f64";
    multiply = withPanels(assembly.exports[`matmul_${suffix}`]!);
    multiplyColumns = withPanels(assembly.exports[`matmul_columns_${suffix}`]!);
    multiplyRows = withPanels(assembly.exports[`matmul_rows_${suffix}`]!);
    naiveMatmulInCore = assembly.exports[`naive_matmul_${suffix}`]!;
    madd = assembly.exports[`madd_${suffix}`]!;
  });

  /** Calls `kernel` with panels as its last argument, and asserts that the guards around them did not change. */
  function withPanels(kernel: (...values: number[]) => number): (...values: number[]) => void {
    const { guard, guards } = guardOf(dtype);
    return (...values) => {
      const length = packedRows * values.at(-1)!;
      const panels = region.allocate(length);
      kernel(...values, panels);
      const guarded = region.guarded(panels, length);
      for (let i = 0; i < guards; i++) {
        if (guarded[i] !== guard || guarded.at(-1 - i) !== guard) expect.fail("writes outside the panels");
      }
    };
  }

  const lanes = lanesOf(dtype);
  /** Above this width of C, A is packed if its rows are not adjacent: 16 tiles. With adjacent rows: above 3 tiles. */
  const packed = 16 * 2 * lanes;
  /** The rows of A that are packed together: those of four tiles. */
  const packedRows = 4 * tileRows;

  const source = floats(dtype, spread(60_000));
  const nans = floats(dtype, 200).fill(Number.NaN);

  interface Operands {
    /** Has guards between its rows. */
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
    // Without `accumulate`, C is NaN, which shows if it is read.
    for (let i = 0; i < m; i++) {
      c.set(accumulate ? values.subarray(i * n, i * n + n) : nans.subarray(0, n), i * strides.c);
    }
    const a = values.subarray(100, 100 + aLength);
    // Past n, B is NaN, which shows if it is used.
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

  /** Where a tensor or the guards around it first differ from what is expected, or "". */
  function differenceOf(actual: FloatArray, expected: FloatArray, guards: number): string {
    const { guard } = guardOf(dtype);
    const whole = floats(dtype, expected.length + 2 * guards).fill(guard);
    whole.set(expected, guards);
    const at = firstDifference(actual, whole);
    return at < 0 ? "" : `[${at - guards}]: ${actual[at]}, expected ${whole[at]}`;
  }

  /** Where the kernel's C, or the guards around it, first differ from the definition, or "". */
  function compare(sizes: Sizes, strides: Strides, accumulate: boolean, values: FloatArray = source): string {
    const { c, a, b } = operandsOf(sizes, strides, accumulate, values);
    region.clear();
    const addresses = { c: region.put(c), a: region.put(a), b: region.put(b) };
    multiply(...argumentsOf(addresses, sizes, strides, accumulate));
    const { guards } = guardOf(dtype);
    const actual = region.guarded(addresses.c, c.length);
    define(c, accumulate, a, b, sizes, strides);
    const difference = differenceOf(actual, c, guards);
    return difference && `${sizes.m}×${sizes.n}×${sizes.k}, C${difference}`;
  }

  /** Computes C with plain loops: in JavaScript for the strict build, with the build's madd() for the relaxed build. */
  function define(
    c: FloatArray,
    accumulate: boolean,
    a: FloatArray,
    b: FloatArray,
    sizes: Sizes,
    strides: Strides,
  ): void {
    if (isStrict) {
      naiveMatmul(dtype, c, accumulate, a, b, sizes, strides);
    } else {
      region.clear();
      const addresses = { c: region.put(c), a: region.put(a), b: region.put(b) };
      naiveMatmulInCore(...argumentsOf(addresses, sizes, strides, accumulate));
      c.set(region.view(addresses.c, c.length));
    }
  }

  /** The first difference that `compare` finds, or "". */
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

  /**
   * Up to two tiles of the relaxed build and two more rows, or three tiles of the strict build and two more rows; then
   * the sizes around the rows that are packed together.
   */
  const ROWS = [
    ...Array.from({ length: 15 }, (_, i) => i),
    ...[-1, 0, 1, tileRows + 1, packedRows + 1].map((more) => packedRows + more),
  ];
  /** Every width up to ten vectors and one column. A with adjacent rows is packed for the larger widths. */
  const COLUMNS = Array.from({ length: 10 * lanes + 2 }, (_, i) => i);

  it(`has tiles of ${tileRows} rows, and packs those of four tiles together`, () => {
    const { tile_rows: rowsOfTile, packed_rows: rowsPacked } = assembly.exports;
    expect(rowsOfTile!()).toBe(tileRows);
    expect(rowsPacked!()).toBe(packedRows);
  });

  describe.each(Object.keys(PATTERNS))("with the strides of %s", (pattern) => {
    it("equals its definition bit for bit for every number of rows around the tiles, and 0 to ten vectors and one column", () => {
      expect(compareAll(sizesOf(ROWS, COLUMNS, [0, 1, 2, 3, 7]), pattern, [3])).toBe("");
      expect(compareAll(sizesOf(ROWS, COLUMNS, [1, 4]), pattern, [0])).toBe("");
    });

    it("equals its definition bit for bit for long sums and large matrices", () => {
      const widths = [1, 2 * lanes - 1, 2 * lanes, packed, packed + 1, 33];
      const rows = [1, 4, 5, 6, 7, 13, packedRows, packedRows + 1];
      expect(compareAll(sizesOf(rows, widths, [127, 128, 129, 300]), pattern, [0])).toBe("");
      expect(compareAll(sizesOf([13, 67], [43, 128, 131], [61]), pattern, [1])).toBe("");
    });

    it("equals its definition bit for bit for NaN, infinities, −0 and subnormals", () => {
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
      const sizes = [...sizesOf([1, 3, 4, 5, 6, 7], [1, 3, 2 * lanes, packed + 1], [1, 2, 5])];
      expect(compareAll(sizes, pattern, [0, 1], cycle(special))).toBe("");
      expect(compareAll(sizes, pattern, [0, 1], cycle(smooth))).toBe("");
      expect(compareAll(sizes, pattern, [0], floats(dtype, 12_000).fill(-0))).toBe("");
    });
  });

  it("gives an element the same bits in every tile", () => {
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

  it("adds to C if `accumulate` is set, also for k = 0", () => {
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

  it("does not read or write past the end of A and C, nor read past the last whole vector of B", () => {
    for (const { m, n, k } of sizesOf(
      [1, 4, 5, 6, 7, 12, packedRows],
      [1, 2, 3, 7, 8, 9, 13, 25, packed + 1],
      [1, 2, 5],
    )) {
      const bStride = wholeVectors(dtype, n);
      const zeros = floats(dtype, m * k);
      const b = floats(dtype, k * bStride);
      region.clear();
      const c = region.put(floats(dtype, m * n));
      multiply(c, n, 0, region.putLast(zeros), k, 1, region.put(b), bStride, m, n, k);
      multiply(c, n, 0, region.putLast(zeros), 1, m, region.put(b), bStride, m, n, k);
      multiply(c, n, 0, region.put(zeros), k, 1, region.putLast(b), bStride, m, n, k);
      for (const accumulate of [0, 1]) {
        const last = region.putLast(floats(dtype, m * n));
        multiply(last, n, accumulate, region.put(zeros), k, 1, region.put(b), bStride, m, n, k);
      }
      const step = Math.ceil(L1_BYTES / zeros.BYTES_PER_ELEMENT / k) + m;
      const wide = floats(dtype, (k - 1) * step + m);
      multiply(c, n, 0, region.putLast(wide), 1, step, region.put(b), bStride, m, n, k);
    }
  });

  it("has the same bits if a second product accumulates the second part of k", () => {
    for (const pattern of Object.keys(PATTERNS)) {
      for (const { m, n, k } of sizesOf([1, 5, packedRows + 1], [3, 2 * lanes, packed + 1], [131])) {
        const strides = PATTERNS[pattern]!(dtype, { m, n, k }, 1);
        const operands = operandsOf({ m, n, k }, strides, false);
        region.clear();
        const [a, b] = [region.put(operands.a), region.put(operands.b)];
        const size = source.BYTES_PER_ELEMENT;
        const product = (begin: number, ...ends: number[]) => {
          const c = region.put(operands.c);
          for (const end of ends) {
            const parts = { c, a: a + begin * strides.aColumn * size, b: b + begin * strides.b * size };
            multiply(...argumentsOf(parts, { m, n, k: end - begin }, strides, begin > 0));
            begin = end;
          }
          return region.view(c, operands.c.length).slice();
        };
        const whole = product(0, k);
        for (const first of [1, 64, 128]) {
          expect(firstDifference(product(0, first, k), whole), `${pattern}, ${m}×${n}, ${first}`).toBe(-1);
        }
        expect(firstDifference(product(0, k, k), whole)).toBe(-1);
      }
    }
  });

  it("computes a range of rows or columns with the bits of the whole product, and writes no other element", () => {
    for (const pattern of Object.keys(PATTERNS)) {
      for (const [m, n] of [
        [packedRows + 1, packed + lanes + 1],
        [5, 2 * lanes + 1],
        [1, 1],
      ] as const) {
        for (const accumulate of [false, true]) {
          const sizes = { m, n, k: 9 };
          const strides = PATTERNS[pattern]!(dtype, sizes, 2);
          const operands = operandsOf(sizes, strides, accumulate);
          const run = (kernel: typeof multiply, ...range: number[]) => {
            region.clear();
            const addresses = {
              c: region.put(operands.c),
              a: region.put(operands.a),
              b: region.put(operands.b),
            };
            kernel(...range, ...argumentsOf(addresses, sizes, strides, accumulate));
            return region.guarded(addresses.c, operands.c.length);
          };
          const { guards } = guardOf(dtype);
          const whole = run(multiply).slice(guards, -guards);
          const check = (
            kernel: typeof multiply,
            begin: number,
            end: number,
            place: (at: number) => number,
          ) => {
            const expected = operands.c.map((value, at) =>
              at % strides.c < n && place(at) >= begin && place(at) < end ? whole[at]! : value,
            );
            const difference = differenceOf(run(kernel, begin, end), expected, guards);
            expect(difference, `${pattern}, ${m}×${n}, ${begin} … ${end - 1}`).toBe("");
          };
          for (const begin of [0, 1, 4, 6].filter((row) => row < m)) {
            for (const end of [begin + 1, begin + 4, m].filter((row) => row <= m)) {
              check(multiplyRows, begin, end, (at) => Math.floor(at / strides.c));
            }
          }
          // Columns begin at whole vectors of B, as its rows are readable to the next whole vector past their end.
          for (let begin = 0; begin < n; begin += 2 * lanes) {
            for (const end of [begin + 2 * lanes, n].filter((column) => column <= n)) {
              check(multiplyColumns, begin, end, (at) => at % strides.c);
            }
          }
        }
      }
    }
  });

  it(`rounds ${isStrict ? "products and sums separately" : "once or twice, always in the same way"}`, () => {
    const isSingle = dtype === "float32";
    const roundedTwice = (a: number, b: number, c: number) =>
      isSingle ? Math.fround(Math.fround(a * b) + c) : a * b + c;
    const roundedOnce = isSingle ? fusedMultiplyAddFloat32 : fusedMultiplyAdd;
    const small = isSingle ? 2 ** -12 : 2 ** -27;
    const triples = [
      [1 + small, 1 + small, -(1 + 2 * small)],
      [0.1, 10, -1].map((x) => floats(dtype, [x])[0]!),
    ];
    for (let i = 0; i < 300; i++) triples.push([source[i]!, source[i + 1000]!, source[i + 2000]!]);
    const isSame = (define: typeof roundedTwice) =>
      triples.every(([a, b, c]) => Object.is(madd(a!, b!, c!), define(a!, b!, c!)));
    expect(isSame(roundedTwice) || (!isStrict && isSame(roundedOnce))).toBe(true);
    expect(roundedTwice(...(triples[0] as [number, number, number]))).not.toBe(
      roundedOnce(...(triples[0] as [number, number, number])),
    );
  });
});
