import { beforeAll, describe, expect, it } from "vitest";
import type { FloatArray } from "../src/engine/engine.js";
import { compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

describe.each(DTYPES)("gradient descent in %s", (dtype) => {
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const lanes = lanesOf(dtype);
  const LENGTHS = Array.from({ length: 9 }, (_, i) => (i + 1) * lanes);

  let region: Region;
  let kernel: (...values: number[]) => number;
  let endDescent: (...values: number[]) => number;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/sgd.ts");
    region = new Region(assembly, dtype);
    const suffix = dtype === "float32" ? "f32" : "f64";
    kernel = assembly.exports[`sgd_update_${suffix}`]!;
    endDescent = assembly.exports[`end_descent_${suffix}`]!;
  });

  /** Also asserts that the guards around the parameters and the gradients, and these themselves, are as they were. */
  function update(
    parameters: FloatArray,
    gradients: FloatArray,
    rate: number,
  ): { isDone: boolean; updated: FloatArray } {
    const { guard, guards } = guardOf(dtype);
    region.clear();
    const parameter = region.put(parameters);
    const gradient = region.put(gradients);
    const answer = kernel(parameter, gradient, parameters.byteLength, rate);
    expect([0, 1]).toContain(answer);
    const band: number[] = Array(guards).fill(guard);
    const updated = region.guarded(parameter, parameters.length);
    const before = floats(dtype, [...band, ...gradients, ...band]);
    expect(firstDifference(region.guarded(gradient, gradients.length), before)).toBe(-1);
    expect([...updated.subarray(0, guards), ...updated.subarray(-guards)]).toEqual([...band, ...band]);
    return { isDone: answer === 1, updated: updated.slice(guards, -guards) };
  }

  /** The definition, rounded to the dtype after each operation. */
  function updatePlainly(parameters: FloatArray, gradients: FloatArray, learningRate: number): FloatArray {
    const round = dtype === "float32" ? Math.fround : (value: number) => value;
    const rate = round(learningRate);
    return parameters.map((parameter, i) => round(parameter - round(rate * gradients[i]!)));
  }

  function expectUpdate(parameters: FloatArray, gradients: FloatArray, rate: number): void {
    const { isDone, updated } = update(parameters, gradients, rate);
    const expected = updatePlainly(parameters, gradients, rate);
    const at = firstDifference(updated, expected);
    if (!isDone) expect.fail(`${parameters} − ${rate}·${gradients} is refused`);
    if (at >= 0) expect.fail(`${parameters[at]} − ${rate}·${gradients[at]}: ${updated[at]} at ${at}`);
  }

  function expectRefusal(parameters: FloatArray, gradients: FloatArray, rate: number): void {
    const { isDone, updated } = update(parameters, gradients, rate);
    if (isDone) expect.fail(`${parameters} − ${rate}·${gradients} is not refused`);
    if (firstDifference(updated, parameters) >= 0) expect.fail(`${parameters} became ${updated}`);
  }

  it("has the bits of its definition for 1 to 9 vectors", () => {
    for (const length of LENGTHS) {
      for (const [i, rate] of [1, 0.1, 1e-3, 0.7, -0.3, 12345.678].entries()) {
        const parameters = floats(dtype, spread(length, -3, 3, i / 7));
        const gradients = floats(dtype, spread(length, -2, 2, i / 5));
        expectUpdate(parameters, gradients, rate);
      }
    }
  });

  it("takes no parameters at all for an update", () => {
    expect(update(floats(dtype, 0), floats(dtype, 0), 0.1).isDone).toBe(true);
  });

  it("changes nothing if any one parameter would not be finite", () => {
    // [parameter, gradient] that come out NaN or infinite for a rate of 2.
    const bad = [
      [0.5, Number.NaN],
      [0.5, Infinity],
      [0.5, -Infinity],
      [0.5, largest],
      [0.5, -largest],
      [-largest, largest / 2],
      [largest, -largest / 4],
      [Number.NaN, 0.5],
      [Infinity, 0.5],
      [Infinity, Infinity],
    ] as const;
    for (const length of LENGTHS) {
      for (let at = 0; at < length; at++) {
        for (const [parameter, gradient] of bad) {
          const parameters = floats(dtype, spread(length));
          const gradients = floats(dtype, spread(length, -1, 1, 0.1));
          parameters[at] = parameter;
          gradients[at] = gradient;
          expectRefusal(parameters, gradients, 2);
        }
      }
    }
  });

  it("changes nothing if parameters would be infinite with opposite signs", () => {
    for (const length of LENGTHS) {
      for (let at = 0; at < length; at++) {
        const parameters = floats(dtype, spread(length));
        const gradients = floats(dtype, length);
        gradients[at] = Infinity;
        gradients[(at + lanes) % length] = -Infinity;
        expectRefusal(parameters, gradients, 0.5);
      }
    }
  });

  it("takes the largest finite numbers for finite, in every position", () => {
    for (const length of LENGTHS) {
      for (let at = 0; at < length; at++) {
        for (const sign of [1, -1]) {
          const parameters = floats(dtype, spread(length)).fill(-largest);
          const gradients = floats(dtype, spread(length));
          parameters[at] = (sign * largest) / 2;
          gradients[at] = (-sign * largest) / 2;
          expectUpdate(parameters, gradients, 1);
        }
      }
    }
    // Half a unit in the last place more is rounded up, to infinity.
    const halfUnit = dtype === "float32" ? 2 ** 103 : 2 ** 970;
    const all = floats(dtype, lanes).fill(largest);
    expectUpdate(all, floats(dtype, lanes).fill(-halfUnit * (1 - 2 ** -20)), 1);
    expectRefusal(all, floats(dtype, lanes).fill(-halfUnit), 1);
  });

  it("keeps subnormals and negative zeros", () => {
    const pool = [0, -0, tiny, -tiny, 3 * tiny, -5 * tiny, 1000 * tiny, 2 ** 30 * tiny, 0.5, -1];
    const pairs = pool.flatMap((parameter) => pool.map((gradient) => [parameter, gradient] as const));
    const parameters = floats(
      dtype,
      pairs.map(([parameter]) => parameter),
    );
    const gradients = floats(
      dtype,
      pairs.map(([, gradient]) => gradient),
    );
    for (const rate of [1, 0.5, 0.25, 1e-3, tiny, 2]) expectUpdate(parameters, gradients, rate);
    const { updated } = update(
      floats(dtype, lanes).fill(3 * tiny),
      floats(dtype, lanes).fill(4 * tiny),
      0.25,
    );
    expect([...updated]).toEqual(Array(lanes).fill(2 * tiny));
  });

  it("changes no parameter at a rate of 0, and refuses all the same what would be NaN", () => {
    const parameters = floats(dtype, [...spread(4 * lanes), ...Array(lanes).fill(largest)]);
    const gradients = floats(dtype, spread(5 * lanes, -largest / 2, largest / 2, 0.2));
    const { isDone, updated } = update(parameters, gradients, 0);
    expect(isDone).toBe(true);
    expect(firstDifference(updated, parameters)).toBe(-1);
    // 0 · ∞
    for (const gradient of [Infinity, -Infinity, Number.NaN]) {
      gradients[lanes + 1] = gradient;
      expectRefusal(parameters, gradients, 0);
    }
  });

  it("rounds the rate to the dtype, and refuses one that is infinite there", () => {
    const parameters = floats(dtype, spread(4 * lanes, 0.5, 1));
    const gradients = floats(dtype, spread(4 * lanes, 0.5, 1, 0.2));
    // Halfway between two float32 but for its last bit: rounded late, it gives other products.
    for (const rate of [1 + 2 ** -24 + 2 ** -52, 0.1, 1 / 3]) expectUpdate(parameters, gradients, rate);
    expectRefusal(parameters, gradients, dtype === "float32" ? 1e39 : Infinity);
    expectRefusal(parameters, floats(dtype, 4 * lanes), Infinity);
  });

  it("reads and writes nothing past the vectors", () => {
    for (const length of LENGTHS) {
      const values = floats(dtype, spread(length));
      region.clear();
      expect(kernel(region.putLast(values), region.put(values), values.byteLength, 0.5)).toBe(1);
      expect(kernel(region.put(values), region.putLast(values), values.byteLength, 0.5)).toBe(1);
    }
  });

  describe("that was taken by parts", () => {
    /** Four vectors: what arenas are aligned to, and the check of parameters goes by. */
    const line = 4 * lanes;

    /** The end of a step from `before` to `parameters`, which are padded with zeros as in their arena. */
    function end(
      parameters: FloatArray,
      before: FloatArray,
    ): { isDone: boolean; parameters: FloatArray; padding: FloatArray } {
      const { guard, guards } = guardOf(dtype);
      const { length } = parameters;
      const arena = floats(dtype, Math.ceil(length / line) * line);
      arena.set(parameters);
      region.clear();
      const address = region.put(arena);
      const saved = region.put(before);
      const answer = endDescent(address, saved, parameters.byteLength);
      expect([0, 1]).toContain(answer);
      const band: number[] = Array(guards).fill(guard);
      const untouched = floats(dtype, [...band, ...before, ...band]);
      expect(firstDifference(region.guarded(saved, length), untouched)).toBe(-1);
      const after = region.guarded(address, arena.length);
      expect([...after.subarray(0, guards), ...after.subarray(-guards)]).toEqual([...band, ...band]);
      const whole = after.slice(guards, -guards);
      return { isDone: answer === 1, parameters: whole.slice(0, length), padding: whole.slice(length) };
    }

    function expectKept(parameters: FloatArray): void {
      const before = floats(dtype, spread(parameters.length, -3, 3, 0.9));
      const after = end(parameters, before);
      if (!after.isDone) expect.fail(`${parameters} are refused`);
      expect(firstDifference(after.parameters, parameters)).toBe(-1);
    }

    function expectTakenBack(parameters: FloatArray, before: FloatArray): void {
      const after = end(parameters, before);
      if (after.isDone) expect.fail(`${parameters} are not refused`);
      expect(firstDifference(after.parameters, before)).toBe(-1);
      expect(after.padding.every((value) => Object.is(value, 0))).toBe(true);
    }

    const ALL_LENGTHS = [...LENGTHS, 3 * line, 4 * line, 17 * line];

    it("stays where all parameters are finite", () => {
      for (const length of ALL_LENGTHS) {
        expectKept(floats(dtype, spread(length, -3, 3)));
        expectKept(floats(dtype, length));
        expectKept(floats(dtype, length).fill(-0));
        expectKept(floats(dtype, length).fill(-tiny));
      }
      expectKept(floats(dtype, 0));
    });

    it("stays where their sum would not be finite", () => {
      for (const length of ALL_LENGTHS) {
        for (const sign of [1, -1]) expectKept(floats(dtype, length).fill(sign * largest));
        expectKept(floats(dtype, length).map((_, i) => (i % 3 ? largest : -largest)));
      }
    });

    it("is taken back where any one parameter is not finite", () => {
      for (const length of ALL_LENGTHS) {
        const before = floats(dtype, spread(length, -2, 2, 0.2));
        before[0] = -0;
        before[length - 1] = tiny;
        for (let at = 0; at < length; at++) {
          for (const value of [Number.NaN, Infinity, -Infinity]) {
            const parameters = floats(dtype, spread(length, -2, 2));
            parameters[at] = value;
            expectTakenBack(parameters, before);
          }
        }
      }
    });

    it("is taken back where infinities have opposite signs, or none is finite", () => {
      for (const length of ALL_LENGTHS) {
        const before = floats(dtype, spread(length));
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          expectTakenBack(floats(dtype, length).fill(value), before);
        }
        for (const apart of [1, lanes, 4 * lanes]) {
          const parameters = floats(dtype, spread(length));
          parameters[0] = Infinity;
          parameters[apart % length] = -Infinity;
          expectTakenBack(parameters, before);
        }
      }
    });

    it("reads and writes nothing past the lines", () => {
      for (const lines of [1, 2, 5]) {
        const values = floats(dtype, spread(lines * line));
        const bad = values.slice().fill(Infinity);
        region.clear();
        expect(endDescent(region.putLast(values), region.put(values), values.byteLength)).toBe(1);
        expect(endDescent(region.putLast(bad), region.put(values), values.byteLength)).toBe(0);
        expect(endDescent(region.put(bad), region.putLast(values), values.byteLength)).toBe(0);
      }
    });
  });
});
