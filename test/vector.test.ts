import { beforeAll, describe, expect, it } from "vitest";
import type { FloatArray } from "../src/engine/engine.js";
import { compileAssembly } from "./support/compile.js";
import { DTYPES, floats, lanesOf, spread } from "./support/floats.js";
import { Region } from "./support/region.js";

/** Around one vector, a cache line, and several of both. */
const COUNTS = Array.from({ length: 70 }, (_, i) => i + 1);

describe.each(DTYPES)("of a vector of numbers in %s", (dtype) => {
  const suffix = dtype === "float32" ? "f32" : "f64";
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;

  let exports: Record<string, (...values: number[]) => number>;
  let region: Region;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/vector.ts");
    exports = assembly.exports;
    region = new Region(assembly, dtype);
  });

  /** At the end of memory, so that reading past them traps. */
  function absoluteSum(values: FloatArray): number {
    return exports[`absolute_sum_${suffix}`]!(region.putLast(values), values.length);
  }

  /** Asserts that all lanes are the same. */
  function everyLane(name: string, values: FloatArray): number {
    region.clear();
    const out = region.take(lanesOf(dtype));
    exports[`${name}_${suffix}`]!(out, region.putLast(values), values.length);
    const [first, ...rest] = region.view(out, lanesOf(dtype));
    for (const lane of rest) expect(lane).toBe(first);
    return first!;
  }

  it("the sum of magnitudes is that, to rounding, and never less than the largest", () => {
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

  it("the sum in order has the bits of one addition after the other", () => {
    for (const count of COUNTS) {
      const values = floats(dtype, spread(count, -1, 1, count / 71));
      expect(everyLane("sum_in_order", values)).toBe(
        [...values].reduce((sum, value) => round(sum + value), 0),
      );
    }
  });

  it("the maximum is the largest, wherever it is", () => {
    for (const count of COUNTS) {
      for (let at = 0; at < count; at++) {
        const values = floats(dtype, spread(count, -3, -2, count / 71));
        values[at] = -1;
        expect(everyLane("maximum", values)).toBe(-1);
      }
    }
  });
});
