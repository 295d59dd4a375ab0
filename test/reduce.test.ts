import { beforeAll, describe, expect, it } from "vitest";
import type { FloatArray } from "../src/index.js";
import { compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

/** Every remainder modulo the elements of a vector and of a cache line. */
const COUNTS = Array.from({ length: 70 }, (_, i) => i + 1);

describe.each(DTYPES)("reductions in %s", (dtype) => {
  const suffix = dtype === "float32" ? "f32" : "f64";
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;

  let exports: Record<string, (...values: number[]) => number>;
  let region: Region;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/reduce.ts");
    exports = assembly.exports;
    region = new Region(assembly, dtype);
  });

  /** The values are at the end of memory: reading past them traps. */
  function absoluteSum(values: FloatArray): number {
    return exports[`absolute_sum_${suffix}`]!(region.putLast(values), values.length);
  }

  /** The value that the kernel gives every lane. Asserts that all lanes are equal. */
  function everyLane(name: string, values: FloatArray): number {
    region.clear();
    const out = region.allocate(lanesOf(dtype));
    exports[`${name}_${suffix}`]!(out, region.putLast(values), values.length);
    const [first, ...rest] = region.view(out, lanesOf(dtype));
    for (const lane of rest) expect(lane).toBe(first);
    return first!;
  }

  it("absoluteSum is Σ|x| up to rounding, at least max |x|, and not finite if an element is not", () => {
    for (const count of COUNTS) {
      const values = floats(dtype, spread(count, -1, 1, count / 71));
      const expected = [...values].reduce((sum, value) => sum + Math.abs(value), 0);
      expect(Math.abs(absoluteSum(values) / expected - 1)).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-14);
      for (let at = 0; at < count; at++) {
        for (const value of [1e30, -1e30, Infinity, -Infinity]) {
          const one = values.slice();
          one[at] = value;
          expect(absoluteSum(one)).toBeGreaterThanOrEqual(Math.abs(round(value)));
        }
        const one = values.slice();
        one[at] = Number.NaN;
        expect(absoluteSum(one)).toBeNaN();
      }
    }
    expect(absoluteSum(floats(dtype, 9).fill(-largest))).toBe(Infinity);
  });

  it("magnitudeBound is 2 below 2, else at least max |x|, and not finite if an element is not", () => {
    const lanes = lanesOf(dtype);
    const bytes = (values: FloatArray) => values.length * (16 / lanes);
    const bound = (values: FloatArray) =>
      exports[`magnitude_bound_${suffix}`]!(region.putLast(values), bytes(values));
    const below2 = dtype === "float32" ? 2 - 2 ** -23 : 2 - 2 ** -52;
    for (let count = lanes; count <= 10 * lanes; count += lanes) {
      const values = floats(dtype, spread(count, -1, 1, count / 71));
      expect(bound(values)).toBe(2);
      for (let at = 0; at < count; at++) {
        const withValue = (value: number) => {
          const one = values.slice();
          one[at] = value;
          return bound(one);
        };
        for (const value of [below2, -below2, 0, -0, 1e-40]) expect(withValue(value)).toBe(2);
        for (const value of [2, -2, 3.5, 1e30, -1e30]) {
          expect(withValue(value)).toBeGreaterThanOrEqual(Math.abs(round(value)));
        }
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          expect(Number.isFinite(withValue(value))).toBe(false);
        }
      }
    }
  });

  it("sumInOrder adds the elements one after the other", () => {
    for (const count of COUNTS) {
      const values = floats(dtype, spread(count, -1, 1, count / 71));
      expect(everyLane("sum_in_order", values)).toBe(
        [...values].reduce((sum, value) => round(sum + value), 0),
      );
    }
  });

  it("maxOf finds the largest element at every position", () => {
    for (const count of COUNTS) {
      for (let at = 0; at < count; at++) {
        const values = floats(dtype, spread(count, -3, -2, count / 71));
        values[at] = -1;
        expect(everyLane("max_of", values)).toBe(-1);
      }
    }
  });

  it("absoluteSum, sumInOrder and maxOf read nothing before the array", () => {
    for (const count of COUNTS) {
      region.clear();
      const values = floats(dtype, count).fill(-1);
      // Reading a guard around the tensor would change the result.
      const address = region.put(values);
      expect(exports[`absolute_sum_${suffix}`]!(address, count)).toBe(count);
      const out = region.allocate(lanesOf(dtype));
      for (const [name, expected] of [
        ["sum_in_order", -count],
        ["max_of", -1],
      ] as const) {
        exports[`${name}_${suffix}`]!(out, address, count);
        expect([...region.view(out, lanesOf(dtype))]).toEqual(Array(lanesOf(dtype)).fill(expected));
      }
    }
  });

  it("absoluteSum and sumInOrder of no elements are 0", () => {
    expect(absoluteSum(floats(dtype, 0))).toBe(0);
    expect(everyLane("sum_in_order", floats(dtype, 0))).toBe(0);
  });

  it("columnMax finds the largest element of each lane in every row", () => {
    const lanes = lanesOf(dtype);
    const size = dtype === "float32" ? 4 : 8;
    for (const count of [1, 2, 3, 7]) {
      for (const stride of [lanes, lanes + 3, 3 * lanes]) {
        for (let at = 0; at < count; at++) {
          for (let lane = 0; lane < lanes; lane++) {
            const values = floats(dtype, spread((count - 1) * stride + lanes, -3, -2, at / 8));
            values[at * stride + lane] = -1;
            const expected = floats(dtype, lanes).map((_, j) =>
              Math.max(...Array.from({ length: count }, (_, i) => values[i * stride + j]!)),
            );
            region.clear();
            const out = region.allocate(lanes);
            exports[`column_max_${suffix}`]!(out, region.putLast(values), count, stride * size);
            const { guard, guards } = guardOf(dtype);
            const band: number[] = Array(guards).fill(guard);
            const whole = floats(dtype, [...band, ...expected, ...band]);
            expect(firstDifference(region.guarded(out, lanes), whole)).toBe(-1);
          }
        }
      }
    }
  });
});
