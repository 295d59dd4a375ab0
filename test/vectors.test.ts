import { beforeAll, describe, expect, it } from "vitest";
import type { FloatArray } from "../src/index.js";
import { compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

describe.each(DTYPES)("vectors of %s", (dtype) => {
  const suffix = dtype === "float32" ? "f32" : "f64";
  const size = dtype === "float32" ? 4 : 8;
  const lanes = lanesOf(dtype);
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const { guard, guards } = guardOf(dtype);
  const COUNTS = Array.from({ length: lanes }, (_, i) => i + 1);

  let exports: Record<string, (...values: number[]) => number>;
  let region: Region;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/vectors.ts");
    exports = assembly.exports;
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return exports[`${name}_${suffix}`]!(...values);
  }

  /** Asserts that the tensor at `address` is as expected, and that its guards did not change. */
  function expectTensor(address: number, expected: FloatArray): void {
    const band: number[] = Array(guards).fill(guard);
    const whole = floats(dtype, [...band, ...expected, ...band]);
    expect(firstDifference(region.guarded(address, expected.length), whole)).toBe(-1);
  }

  it("loadLanes reads the first elements and nothing past them, and sets the other lanes to 0", () => {
    for (const count of COUNTS.slice(0, -1)) {
      const values = floats(dtype, spread(count));
      region.clear();
      const out = region.allocate(lanes);
      // The values are at the end of memory: reading past them traps.
      call("load_lanes", out, region.putLast(values), count);
      expectTensor(out, floats(dtype, [...values, ...Array(lanes - count).fill(0)]));
    }
  });

  it("storeLanes writes the first elements and nothing past them", () => {
    for (const count of COUNTS) {
      const values = floats(dtype, spread(lanes));
      region.clear();
      const x = region.put(values);
      const out = region.allocate(2 * lanes);
      call("store_lanes", out, x, count);
      const rest: number[] = Array(2 * lanes - count).fill(guard);
      expectTensor(out, floats(dtype, [...values.subarray(0, count), ...rest]));
      const last = region.putLast(floats(dtype, count));
      call("store_lanes", last, x, count);
      expect(firstDifference(region.view(last, count), values.slice(0, count))).toBe(-1);
    }
  });

  it("fill sets whole vectors and nothing past them", () => {
    for (const value of [1, -0, 0.1, Number.NaN, largest]) {
      for (const vectors of [0, 1, 2, 5, 33]) {
        region.clear();
        const out = region.allocate((vectors + 1) * lanes);
        call("fill", out, value, vectors * lanes);
        const filled: number[] = Array(vectors * lanes).fill(value);
        expectTensor(out, floats(dtype, [...filled, ...Array(lanes).fill(guard)]));
      }
    }
  });

  it("firstLanes keeps the first lanes", () => {
    for (const count of [0, ...COUNTS, lanes + 1, 1000]) {
      region.clear();
      const values = floats(dtype, spread(lanes, 1, 2));
      const out = region.allocate(lanes);
      call("first_lanes", out, region.put(values), count);
      expectTensor(
        out,
        values.map((value, i) => (i < count ? value : 0)),
      );
    }
  });

  it("laneNumbers are 0, 1 …", () => {
    region.clear();
    const out = region.allocate(lanes);
    call("lane_numbers", out);
    expectTensor(
      out,
      floats(dtype, lanes).map((_, i) => i),
    );
  });

  it("clamp limits numbers to its bounds, and keeps NaN", () => {
    const [low, high] = [-0.25, 0.5];
    for (const x of [low, high, 0, -0, 0.1, -1, 1, tiny, -tiny, Infinity, -Infinity, Number.NaN]) {
      const expected = Number.isNaN(x) ? x : Math.min(Math.max(x, low), high);
      for (let lane = 0; lane < lanes; lane++) {
        const values = floats(dtype, lanes);
        values[lane] = x;
        region.clear();
        const out = region.allocate(lanes);
        call("clamp", out, region.put(values), low, high);
        values[lane] = expected;
        expectTensor(out, values);
      }
    }
  });

  const FINITE = [0, -0, tiny, -tiny, 1, -0.1, largest, -largest];
  const NOT_FINITE = [Number.NaN, Infinity, -Infinity];

  it("nonFiniteBits is 0 exactly in lanes of finite numbers", () => {
    for (const x of [...FINITE, ...NOT_FINITE]) {
      for (let lane = 0; lane < lanes; lane++) {
        region.clear();
        const values = floats(dtype, spread(lanes));
        values[lane] = x;
        expect(call("has_non_finite_bits", region.put(values)), `${x}`).toBe(Number(!Number.isFinite(x)));
      }
    }
  });

  describe("areFinite", () => {
    /** Elements of a cache line. */
    const line = 64 / size;
    const LENGTHS = [1, 2, 3, 4, 17].map((lines) => lines * line);

    /** The numbers are at the end of memory: reading past them traps. */
    function areFinite(values: FloatArray): boolean {
      const before = values.slice();
      const address = region.putLast(values);
      const answer = call("are_finite", address, values.byteLength);
      expect([0, 1]).toContain(answer);
      expect(firstDifference(region.view(address, values.length), before)).toBe(-1);
      return answer === 1;
    }

    it("is true for finite numbers of every size, also where their sum is not finite", () => {
      expect(areFinite(floats(dtype, 0))).toBe(true);
      for (const length of LENGTHS) {
        for (const value of FINITE) expect(areFinite(floats(dtype, length).fill(value))).toBe(true);
        expect(areFinite(floats(dtype, length).map((_, i) => FINITE[i % FINITE.length]!))).toBe(true);
        expect(areFinite(floats(dtype, length).map((_, i) => (i % 3 ? largest : -largest)))).toBe(true);
      }
    });

    it("is false if the number at any position is not finite", () => {
      for (const length of LENGTHS) {
        for (let at = 0; at < length; at++) {
          for (const value of NOT_FINITE) {
            const values = floats(dtype, spread(length));
            values[at] = value;
            expect(areFinite(values), `${value} at ${at} of ${length}`).toBe(false);
          }
        }
      }
    });

    it("is false for infinities of opposite signs, and if no number is finite", () => {
      for (const length of LENGTHS) {
        for (const value of NOT_FINITE) expect(areFinite(floats(dtype, length).fill(value))).toBe(false);
        for (const apart of [1, lanes, line]) {
          const values = floats(dtype, spread(length));
          values[0] = Infinity;
          values[apart % length] = -Infinity;
          expect(areFinite(values)).toBe(false);
        }
      }
    });

    it("does not use numbers before or after its own", () => {
      for (const length of LENGTHS) {
        const values = floats(dtype, length + 2 * line).fill(Infinity);
        values.fill(1, line, line + length);
        region.clear();
        const address = region.put(values);
        expect(call("are_finite", address + 64, length * size)).toBe(1);
      }
    });
  });
});
