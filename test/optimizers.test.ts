import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import { OptimizerKindNumber, OptimizerStruct } from "../src/abi/structs.js";
import type { FloatArray } from "../src/index.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { optimizerHeadSize } from "./support/optimizers.js";
import { guardOf, Region } from "./support/region.js";

describe.each(DTYPES)("plain SGD in %s", (dtype) => {
  const size = dtype === "float32" ? 4 : 8;
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const lanes = lanesOf(dtype);
  const LENGTHS = Array.from({ length: 9 }, (_, i) => (i + 1) * lanes);
  const { guard, guards } = guardOf(dtype);
  const band: number[] = Array(guards).fill(guard);

  let assembly: Assembly;
  let region: Region;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/optimizers.ts");
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return assembly.exports[`${name}_${dtype === "float32" ? "f32" : "f64"}`]!(...values);
  }

  /** Creates an optimizer for parameters of `arenaBytes` bytes. Returns its address. */
  function createOptimizer(learningRate: number, arenaBytes: number): number {
    const { optimizer_layout: layoutOf } = assembly.exports;
    const layout = (region: number) => layoutOf!(region, OptimizerKindNumber.Sgd, 0, arenaBytes);
    const optimizer = region.put(floats(dtype, layout(0) / size));
    layout(optimizer);
    new StructView(OptimizerStruct, assembly.memory, optimizer).set({ learningRate });
    return optimizer;
  }

  function withGuards(values: FloatArray): FloatArray {
    return floats(dtype, [...band, ...values, ...band]);
  }

  interface Step {
    readonly isFinite: boolean;
    readonly parameters: FloatArray;
  }

  /**
   * Takes a step for the elements `begin` … `end` − 1. Asserts that the guards, the gradients, the optimizer, and the
   * parameters outside the range do not change.
   */
  function step(
    mode: "apply" | "check",
    parameters: FloatArray,
    gradients: FloatArray,
    rate: number,
    begin = 0,
    end = parameters.length,
  ): Step {
    region.clear();
    const parameter = region.put(parameters);
    const gradient = region.put(gradients);
    const optimizer = createOptimizer(rate, parameters.byteLength);
    const state = () => region.guarded(optimizer, 256 / size);
    const before = state();
    const answer = call(`optimizer_${mode}`, optimizer, parameter, gradient, begin * size, end * size);
    expect([0, 1]).toContain(answer);
    expect(firstDifference(state(), before)).toBe(-1);
    expect(firstDifference(region.guarded(gradient, gradients.length), withGuards(gradients))).toBe(-1);
    const after = region.guarded(parameter, parameters.length).slice(guards, -guards);
    const outside = after.map((value, i) => (i >= begin && i < end ? parameters[i]! : value));
    expect(firstDifference(outside, parameters)).toBe(-1);
    expect(firstDifference(region.guarded(parameter, parameters.length), withGuards(after))).toBe(-1);
    if (mode === "check") expect(firstDifference(after, parameters)).toBe(-1);
    return { isFinite: answer === 1, parameters: after };
  }

  /** The definition, rounded to the dtype after each operation. */
  function define(parameters: FloatArray, gradients: FloatArray, learningRate: number): FloatArray {
    const round = dtype === "float32" ? Math.fround : (value: number) => value;
    const rate = round(learningRate);
    return parameters.map((parameter, i) => round(parameter - round(rate * gradients[i]!)));
  }

  function expectStep(parameters: FloatArray, gradients: FloatArray, rate: number): void {
    const expected = define(parameters, gradients, rate);
    const applied = step("apply", parameters, gradients, rate);
    const at = firstDifference(applied.parameters, expected);
    if (at >= 0)
      expect.fail(`${parameters[at]} − ${rate}·${gradients[at]}: ${applied.parameters[at]} at ${at}`);
    expect(applied.isFinite).toBe(true);
    if (!step("check", parameters, gradients, rate).isFinite) {
      expect.fail(`${parameters} − ${rate}·${gradients} is reported as not finite`);
    }
  }

  function expectNotFinite(parameters: FloatArray, gradients: FloatArray, rate: number): void {
    expect(define(parameters, gradients, rate).every(Number.isFinite)).toBe(false);
    if (step("check", parameters, gradients, rate).isFinite) {
      expect.fail(`${parameters} − ${rate}·${gradients} is reported as finite`);
    }
  }

  it("updates parameters by learningRate × gradient, bit for bit, for 1 to 9 vectors", () => {
    for (const length of LENGTHS) {
      for (const [i, rate] of [1, 0.1, 1e-3, 0.7, -0.3, 12345.678].entries()) {
        const parameters = floats(dtype, spread(length, -3, 3, i / 7));
        const gradients = floats(dtype, spread(length, -2, 2, i / 5));
        expectStep(parameters, gradients, rate);
      }
    }
  });

  it("accepts an empty range", () => {
    for (const mode of ["apply", "check"] as const) {
      expect(step(mode, floats(dtype, 0), floats(dtype, 0), 0.1).isFinite).toBe(true);
      const bad = floats(dtype, 4 * lanes).fill(Number.NaN);
      expect(step(mode, bad, bad, 0.1, lanes, lanes).isFinite).toBe(true);
    }
  });

  it("updates and checks only the vectors of its range", () => {
    const length = 20 * lanes;
    const parameters = floats(dtype, spread(length, -3, 3));
    const gradients = floats(dtype, spread(length, -2, 2, 0.2));
    const whole = define(parameters, gradients, 0.1);
    for (let begin = 0; begin < length; begin += lanes) {
      for (let end = begin + lanes; end <= length; end += lanes) {
        const expected = whole.map((value, i) => (i >= begin && i < end ? value : parameters[i]!));
        const applied = step("apply", parameters, gradients, 0.1, begin, end);
        if (firstDifference(applied.parameters, expected) >= 0) expect.fail(`${begin} … ${end - 1}`);
        const bad = gradients.map((value, i) => (i >= begin && i < end ? value : Number.NaN));
        if (!step("check", parameters, bad, 0.1, begin, end).isFinite) expect.fail(`${begin} … ${end - 1}`);
        for (const at of [begin, end - 1]) {
          const one = gradients.slice();
          one[at] = Infinity;
          if (step("check", parameters, one, 0.1, begin, end).isFinite) expect.fail(`${at}`);
        }
      }
    }
  });

  it("finds a parameter at any position that would not be finite", () => {
    // Pairs [parameter, gradient] for which a step with the rate 2 is NaN or infinite.
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
          expectNotFinite(parameters, gradients, 2);
        }
      }
    }
  });

  it("finds parameters that would be infinite with opposite signs", () => {
    for (const length of LENGTHS) {
      for (let at = 0; at < length; at++) {
        const parameters = floats(dtype, spread(length));
        const gradients = floats(dtype, length);
        gradients[at] = Infinity;
        gradients[(at + lanes) % length] = -Infinity;
        expectNotFinite(parameters, gradients, 0.5);
      }
    }
  });

  it("accepts the largest finite numbers at every position", () => {
    for (const length of LENGTHS) {
      for (let at = 0; at < length; at++) {
        for (const sign of [1, -1]) {
          const parameters = floats(dtype, spread(length)).fill(-largest);
          const gradients = floats(dtype, spread(length));
          parameters[at] = (sign * largest) / 2;
          gradients[at] = (-sign * largest) / 2;
          expectStep(parameters, gradients, 1);
        }
      }
    }
    // The largest number plus half a unit in the last place rounds to infinity.
    const halfUnit = dtype === "float32" ? 2 ** 103 : 2 ** 970;
    const all = floats(dtype, lanes).fill(largest);
    expectStep(all, floats(dtype, lanes).fill(-halfUnit * (1 - 2 ** -20)), 1);
    expectNotFinite(all, floats(dtype, lanes).fill(-halfUnit), 1);
  });

  it("computes subnormals and −0 bit for bit", () => {
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
    for (const rate of [1, 0.5, 0.25, 1e-3, tiny, 2]) expectStep(parameters, gradients, rate);
    const [three, four] = [3, 4].map((count) => floats(dtype, lanes).fill(count * tiny));
    expect([...step("apply", three!, four!, 0.25).parameters]).toEqual(Array(lanes).fill(2 * tiny));
  });

  it("changes no parameter at a rate of 0, and refuses 0 · ∞", () => {
    const parameters = floats(dtype, [...spread(4 * lanes), ...Array(lanes).fill(largest)]);
    const gradients = floats(dtype, spread(5 * lanes, -largest / 2, largest / 2, 0.2));
    expectStep(parameters, gradients, 0);
    expect(firstDifference(step("apply", parameters, gradients, 0).parameters, parameters)).toBe(-1);
    for (const gradient of [Infinity, -Infinity, Number.NaN]) {
      gradients[lanes + 1] = gradient;
      expectNotFinite(parameters, gradients, 0);
    }
  });

  it("rounds the rate to the dtype, and refuses a rate that becomes infinite", () => {
    const parameters = floats(dtype, spread(4 * lanes, 0.5, 1));
    const gradients = floats(dtype, spread(4 * lanes, 0.5, 1, 0.2));
    // The first rate is just above the middle of two float32 numbers: rounding only the product would give other bits.
    for (const rate of [1 + 2 ** -24 + 2 ** -52, 0.1, 1 / 3]) expectStep(parameters, gradients, rate);
    expectNotFinite(parameters, gradients, dtype === "float32" ? 1e39 : Infinity);
    expectNotFinite(parameters, floats(dtype, 4 * lanes), Infinity);
  });

  it("does not read past the end of its range", () => {
    for (const length of LENGTHS) {
      const values = floats(dtype, spread(length));
      region.clear();
      const optimizer = createOptimizer(0.5, values.byteLength);
      for (const mode of ["apply", "check"]) {
        const run = (parameters: number, gradients: number) =>
          call(`optimizer_${mode}`, optimizer, parameters, gradients, 0, values.byteLength);
        expect(run(region.putLast(values), region.put(values))).toBe(1);
        expect(run(region.put(values), region.putLast(values))).toBe(1);
      }
    }
  });

  it("has no state", () => {
    const { optimizer_slots: slots, optimizer_layout: layout } = assembly.exports;
    expect(slots!(OptimizerKindNumber.Sgd, 0)).toBe(0);
    expect(layout!(0, OptimizerKindNumber.Sgd, 0, 6400)).toBe(optimizerHeadSize());
  });

  describe("isBounded", () => {
    const round = dtype === "float32" ? Math.fround : (value: number) => value;
    const exponents =
      dtype === "float32"
        ? [-149, -126, -60, -24, -1, 0, 1, 27, 49, 50, 51, 73, 98, 99, 100, 101, 102, 103, 104, 126, 127]
        : [
            -1074, -1022, -500, -53, -1, 0, 1, 60, 480, 900, 958, 959, 960, 961, 962, 969, 970, 971, 1022,
            1023,
          ];
    const mantissas = [1, 1.25, 2 - 2 ** -20, dtype === "float32" ? 2 - 2 ** -23 : 2 - 2 ** -52];
    const numbers = exponents.flatMap((exponent) =>
      mantissas.map((mantissa) => round(mantissa * 2 ** exponent)),
    );

    it("is true only if the step of every finite parameter is finite", () => {
      let bounded = 0;
      region.clear();
      const optimizer = createOptimizer(0, 0);
      const struct = new StructView(OptimizerStruct, assembly.memory, optimizer);
      const parameters = region.put(floats(dtype, lanes));
      const gradients = region.put(floats(dtype, lanes));
      for (const rate of numbers) {
        for (const gradient of numbers) {
          for (const learningRate of [rate, -rate]) {
            struct.set({ learningRate });
            if (!call("optimizer_is_bounded", optimizer, gradient, 0, 0)) continue;
            bounded++;
            region
              .view(parameters, lanes)
              .fill(largest)
              .fill(-largest, lanes / 2);
            for (const sign of [1, -1]) {
              region.view(gradients, lanes).fill(sign * gradient);
              const answer = call("optimizer_check", optimizer, parameters, gradients, 0, 16);
              if (!answer) expect.fail(`rate ${learningRate}, gradient ${gradient}`);
            }
          }
        }
      }
      expect(bounded).toBeGreaterThan(numbers.length ** 2 / 2);
      expect(bounded).toBeLessThan(2 * numbers.length ** 2);
    });

    function isBounded(learningRate: number, largestGradient: number): boolean {
      region.clear();
      return call("optimizer_is_bounded", createOptimizer(learningRate, 0), largestGradient, 0, 0) === 1;
    }

    /** Smaller gradients and steps are bounded. */
    const limit = dtype === "float32" ? 2 ** 100 : 2 ** 960;

    it("is true for gradients and steps below the limit, and false from the limit on", () => {
      for (const rate of [1e-30, 0.01, 1, -1, 8]) {
        const factor = Math.max(1, Math.abs(rate));
        expect(isBounded(rate, (limit * (1 - 2 ** -30)) / factor), `${rate}`).toBe(true);
        expect(isBounded(rate, limit / factor), `${rate}`).toBe(false);
      }
      expect(isBounded(0, 0)).toBe(true);
      expect(isBounded(largest, 0)).toBe(true);
      expect(isBounded(0, 1e30)).toBe(true);
    });

    it("is false for NaN and infinities, and for a rate that is infinite in the dtype", () => {
      for (const bad of [Number.NaN, Infinity]) {
        for (const good of [0, 1e-30, 1]) {
          expect(isBounded(good, bad)).toBe(false);
          for (const gradient of [0, good]) {
            expect(isBounded(bad, gradient)).toBe(false);
            expect(isBounded(-bad, gradient)).toBe(false);
          }
        }
      }
      if (dtype === "float32") expect([isBounded(1e39, 0), isBounded(-1e39, 1e-30)]).toEqual([false, false]);
    });

    it("is monotonic: a larger bound of the gradients never makes it true", () => {
      // The core passes Σ|gradient| instead of the largest |gradient|.
      for (const rate of [0.01, 1, 2 ** 40]) {
        const answers = numbers.toSorted((a, b) => a - b).map((gradient) => isBounded(rate, gradient));
        expect(answers).toEqual(answers.toSorted((a, b) => Number(b) - Number(a)));
      }
    });

    describe("isSafeState", () => {
      const limit = dtype === "float32" ? 2 ** 50 : 2 ** 480;
      const isSafe = (state: FloatArray) => call("is_safe_state", region.putLast(state), state.byteLength);

      it("is true without state and for numbers whose magnitudes sum to less than the limit", () => {
        expect(isSafe(floats(dtype, 0))).toBe(1);
        for (const length of [lanes, 4 * lanes, 16 * lanes]) {
          expect(isSafe(floats(dtype, spread(length, -1e3, 1e3)))).toBe(1);
          expect(isSafe(floats(dtype, length).fill(-limit / length / 2))).toBe(1);
        }
      });

      it("is false if the number at any position is NaN, infinite or at least the limit", () => {
        for (const length of [lanes, 4 * lanes, 16 * lanes]) {
          for (let at = 0; at < length; at++) {
            for (const value of [Number.NaN, Infinity, -Infinity, limit, -limit, largest]) {
              const state = floats(dtype, spread(length));
              state[at] = value;
              if (isSafe(state)) expect.fail(`${value} at ${at} of ${length}`);
            }
          }
        }
      });
    });
  });
});
