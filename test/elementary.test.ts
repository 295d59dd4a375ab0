import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type Assembly, compileAssembly } from "./support/compile.js";

// Errors are differences from the exact result, in units in the last place (ULP) of the exact result. Correctly rounded
// results have at most 0.5 ULP. The bounds are those in the comments of assembly/math.
//
// float64 is tested against test/reference/elementary.json (mpmath, see elementary.py). float32 is tested against
// float64 functions at every exponent or, with ELEMENTARY_EXHAUSTIVE=1, at each of its 2^32 values (one to two hours).

const BOUNDS = {
  exp: 1.4,
  expm1: 3.3,
  log: 0.9,
  log1p: 1.5,
  tanh: 3,
  sigmoid: 2.5,
  softplus: 1.9,
  normalCdf: 6.5,
  normalPdf: 3,
};

const { ELEMENTARY_EXHAUSTIVE: exhaustive } = process.env;

type Name = keyof typeof BOUNDS;
type Dtype = "f32" | "f64";

const NAMES = Object.keys(BOUNDS) as Name[];
const DTYPES: Dtype[] = ["f32", "f64"];
const CAPACITY = 1 << 16;

let kernels: Assembly["exports"];
let memory: WebAssembly.Memory;
let base: number;

beforeAll(async () => {
  ({ exports: kernels, memory } = await compileAssembly("test/assembly/elementary.ts"));
  base = (kernels.heap_base() + 15) & ~15;
});

/** out[i] = f(x[i]) for the function `name`. `count` is a whole number of vectors. */
function run(name: Name, dtype: Dtype, out: number, x: number, count: number): void {
  kernels[`${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_${dtype}`]!(out, x, count);
}

/** f(x[i]) for up to CAPACITY values. The last vector is filled up with zeros. */
function apply(name: Name, dtype: Dtype, x: ArrayLike<number>): Float32Array | Float64Array {
  const array = dtype === "f32" ? Float32Array : Float64Array;
  const count = (x.length + 3) & ~3;
  const output = base + CAPACITY * 8;
  const input = new array(memory.buffer, base, count).fill(0);
  input.set(x);
  run(name, dtype, output, base, count);
  return new array(memory.buffer, output, count).slice(0, x.length);
}

const double = new DataView(new ArrayBuffer(8));

/** The unit in the last place of x. */
function unitInLastPlace(x: number, dtype: Dtype): number {
  double.setFloat64(0, Math.abs(x));
  const exponent = (double.getUint16(0) >> 4) - 1023;
  return dtype === "f32" ? 2 ** (Math.max(exponent, -126) - 23) : 2 ** (Math.max(exponent, -1022) - 52);
}

interface Worst {
  error: number;
  x: number;
  result: number;
  expected: number;
}

function updateWorst(worst: Worst, error: number, x: number, result: number, expected: number): void {
  if (error <= worst.error) return;
  Object.assign(worst, { error, x, result, expected });
}

describe("float64 against mpmath", () => {
  const table = JSON.parse(
    readFileSync(new URL("./reference/elementary.json", import.meta.url), "utf8"),
  ) as Record<Name, { x: string; y: string; rest: string }>;

  function bytes(text: string): ArrayBuffer {
    return new Uint8Array(Buffer.from(text, "base64")).buffer;
  }

  test.each(NAMES)("%s is within its error bound", (name) => {
    const xs = new Float64Array(bytes(table[name].x));
    const ys = new Float64Array(bytes(table[name].y));
    const rests = new Int16Array(bytes(table[name].rest));
    const results = apply(name, "f64", xs);
    const worst: Worst = { error: 0, x: 0, result: 0, expected: 0 };
    for (let i = 0; i < xs.length; i++) {
      const [y, result] = [ys[i]!, results[i]!];
      let error = Math.abs((result - y) / unitInLastPlace(y, "f64") - rests[i]! / 2 ** 15);
      if (!Number.isFinite(y)) error = result === y ? 0 : Infinity;
      updateWorst(worst, Number.isNaN(error) ? Infinity : error, xs[i]!, result, y);
    }
    expect(xs.length).toBeGreaterThan(3000);
    expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(BOUNDS[name]);
  });
});

describe("float32 against float64", () => {
  /** Math, if it has the function; else the core's function in float64, which the tests above compare with mpmath. */
  const ORACLES: Record<Name, (x: Float64Array) => ArrayLike<number>> = {
    exp: (x) => x.map(Math.exp),
    expm1: (x) => x.map(Math.expm1),
    log: (x) => x.map(Math.log),
    log1p: (x) => x.map(Math.log1p),
    tanh: (x) => x.map(Math.tanh),
    sigmoid: (x) => x.map((v) => 1 / (1 + Math.exp(-v))),
    softplus: (x) => x.map((v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))),
    normalCdf: (x) => apply("normalCdf", "f64", x),
    normalPdf: (x) => apply("normalPdf", "f64", x),
  };

  /** For each of the 512 pairs of a sign and an exponent: both ends, the middle, and 2043 other mantissas. */
  function* chunks(): Generator<Float32Array> {
    const values = new Float32Array(CAPACITY);
    const bits = new Uint32Array(values.buffer);
    if (exhaustive) {
      for (let start = 0; start < 2 ** 32; start += CAPACITY) {
        for (let i = 0; i < CAPACITY; i++) bits[i] = start + i;
        yield values;
      }
      return;
    }
    const each = CAPACITY / 32;
    for (let first = 0; first < 512; first += 32) {
      for (let i = 0; i < CAPACITY; i++) {
        const scattered = Math.imul(i % each, 0x9e3779b1) >>> 9;
        const mantissa = [0, 1, 0x400000, 0x7ffffe, 0x7fffff][i % each] ?? scattered;
        bits[i] = ((first + Math.floor(i / each)) * 2 ** 23 + mantissa) >>> 0;
      }
      yield values;
    }
  }

  test.each(NAMES)(
    "%s is within its error bound",
    (name) => {
      const worst: Worst = { error: 0, x: 0, result: 0, expected: 0 };
      for (const xs of chunks()) {
        const results = apply(name, "f32", xs);
        const exact = ORACLES[name](Float64Array.from(xs));
        for (let i = 0; i < xs.length; i++) {
          const [result, expected] = [results[i]!, exact[i]!];
          updateWorst(worst, errorOfFloat32(result, expected), xs[i]!, result, expected);
        }
      }
      expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(BOUNDS[name]);
    },
    exhaustive ? 3_600_000 : undefined,
  );

  /** The error in ULP. Infinity counts as 2^128, the first power of two that overflows. */
  function errorOfFloat32(result: number, expected: number): number {
    if (Number.isNaN(expected) || Number.isNaN(result)) return Object.is(result, expected) ? 0 : Infinity;
    if (result === expected) return 0;
    const bounded = (x: number) => Math.max(-(2 ** 128), Math.min(2 ** 128, x));
    return (
      Math.abs(bounded(result) - bounded(expected)) /
      unitInLastPlace(Math.min(Math.abs(expected), 2 ** 127), "f32")
    );
  }
});

describe.each(DTYPES)("%s", (dtype) => {
  const smallest = dtype === "f32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "f32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const epsilon = dtype === "f32" ? 2 ** -23 : 2 ** -52;
  const round = dtype === "f32" ? Math.fround : (x: number) => x;

  const inputs = [-Infinity, -largest, -1 - epsilon, -1, -smallest, -0, 0, smallest, 1, largest, Infinity];
  const any = Symbol("any"); // The tests of error bounds check these values.
  const outputs: Record<Name, (number | typeof any)[]> = {
    exp: [0, 0, any, any, 1, 1, 1, 1, any, Infinity, Infinity],
    expm1: [-1, -1, any, any, -smallest, -0, 0, smallest, any, Infinity, Infinity],
    log: [NaN, NaN, NaN, NaN, NaN, -Infinity, -Infinity, any, 0, any, Infinity],
    log1p: [NaN, NaN, NaN, -Infinity, -smallest, -0, 0, smallest, any, any, Infinity],
    tanh: [-1, -1, any, any, -smallest, -0, 0, smallest, any, 1, 1],
    sigmoid: [0, 0, any, any, 0.5, 0.5, 0.5, 0.5, any, 1, 1],
    softplus: [
      0,
      0,
      any,
      any,
      round(Math.LN2),
      round(Math.LN2),
      round(Math.LN2),
      round(Math.LN2),
      any,
      largest,
      Infinity,
    ],
    normalCdf: [0, 0, any, any, 0.5, 0.5, 0.5, 0.5, any, 1, 1],
    normalPdf: [0, 0, any, any, any, any, any, any, any, 0, 0],
  };

  test.each(NAMES)("%s is exact at ±∞, ±1, zeros and subnormals", (name) => {
    const results = apply(name, dtype, inputs);
    const shown = (values: unknown[]) =>
      inputs.map((x, i) => `${name}(${x}) = ${Object.is(values[i], -0) ? "-0" : String(values[i])}`);
    const expected = outputs[name].map((value, i) => (value === any ? results[i] : value));
    expect(shown([...results])).toEqual(shown(expected));
  });

  test.each(NAMES)("%s of NaN is NaN for every sign and payload", (name) => {
    const size = dtype === "f32" ? 4 : 8;
    const patterns = [
      0x7ff8000000000000n,
      0xfff8000000000000n,
      0x7ff0000000000001n,
      0xfff8000000000fffn,
    ].concat([0x7fffffffffffffffn, 0xffffffffffffffffn, 0x7ff8000000000400n, 0x7ffabcdef0123456n]);
    const words = [
      0x7fc00000, 0xffc00000, 0x7f800001, 0xffc00fff, 0x7fffffff, 0xffffffff, 0x7fc00080, 0x7fabcdef,
    ];
    const input = new DataView(memory.buffer, base, 8 * size);
    for (let i = 0; i < 8; i++) {
      if (dtype === "f32") input.setUint32(4 * i, words[i]!, true);
      else input.setBigUint64(8 * i, patterns[i]!, true);
    }
    run(name, dtype, base + 64, base, 8);
    const array = dtype === "f32" ? Float32Array : Float64Array;
    expect([...new array(memory.buffer, base + 64, 8)]).toEqual(Array(8).fill(NaN));
  });

  test.each(NAMES)("%s of one lane does not depend on the other lanes", (name) => {
    const values = [0.3, -0.7, 2.5, -30, 88, -104, 1e-30, NaN, Infinity, -Infinity, 0, 17, -1, 6, 0.9];
    const alone = values.map((value) => apply(name, dtype, [value, value, value, value])[0]);
    for (let shift = 0; shift < 4; shift++) {
      const rotated = values.map((_, i) => values[(i + shift) % values.length]!);
      const together = apply(name, dtype, rotated);
      expect([...together]).toEqual(rotated.map((_, i) => alone[(i + shift) % values.length]));
    }
  });

  test("sigmoid, normalCdf and tanh stay within their range and reach its upper end", () => {
    for (let start = 0; start < 45; start += 5) {
      const xs = Array.from({ length: 20_000 }, (_, i) => start + (5 * i) / 20_000);
      for (const name of ["sigmoid", "tanh", "normalCdf"] as const) {
        const upper = apply(name, dtype, xs);
        const lower = apply(
          name,
          dtype,
          xs.map((x) => -x),
        );
        expect(Math.max(...upper)).toBeLessThanOrEqual(1);
        expect(Math.min(...lower)).toBeGreaterThanOrEqual(name === "tanh" ? -1 : 0);
        if (start >= 40) expect(new Set(upper)).toEqual(new Set([1]));
      }
    }
  });
});
