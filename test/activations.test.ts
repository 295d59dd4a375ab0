import { beforeAll, describe, expect, it } from "vitest";
import { erfc } from "../bench/baseline/erf.js";
import { ACTIVATIONS, type ActivationName, type FloatArray } from "../src/index.js";
import { compileAssembly } from "./support/compile.js";
import { activationNumber } from "./support/enumNumbers.js";
import {
  DTYPES,
  firstDifference,
  floats,
  lanesOf,
  spread,
  ulpDistance,
  wholeVectors,
} from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

const ALPHA = 0.25;
const ONE_OVER_SQRT_2_PI = 0.3989422804014327;
const SQRT_2_OVER_PI = 0.7978845608028654;

type Elementwise = Exclude<ActivationName, "softmax">;

interface Formula {
  forward(z: number): number;
  /** The derivative, as a function of the output or, with `needsLogits`, of the logit. */
  slope(saved: number): number;
  readonly needsLogits?: true;
  /** The magnitude that rounding errors are relative to where the formula cancels; default: the result. */
  forwardScale?(z: number): number;
  /** The same for the derivative; default 1. */
  slopeScale?(z: number): number;
}

const sigmoid = (z: number) => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));
const cdf = (z: number) => 0.5 * erfc(-z * Math.SQRT1_2);
const SELU_SCALE = 1.0507009873554805;
const SELU_LIMIT = SELU_SCALE * 1.6732632423543772;
/** tanh(log(1 + eᶻ)), and its derivative, without cancellation. */
const mishGate = (z: number) => {
  const u = Math.exp(Math.min(z, 30));
  return (u * (u + 2)) / (u * (u + 2) + 2);
};
const mishGateSlope = (z: number) => {
  const u = Math.exp(Math.min(z, 30));
  return (4 * u * (1 + u)) / (u * (u + 2) + 2) ** 2;
};
const limit = (z: number, low: number, high: number) => Math.min(Math.max(z, low), high);
const tanhArgument = (z: number) => SQRT_2_OVER_PI * (z + 0.044715 * z * z * z);

const FORMULAS: Record<Elementwise, Formula> = {
  linear: { forward: (z) => z, slope: () => 1 },
  sigmoid: { forward: sigmoid, slope: (a) => a * (1 - a) },
  tanh: { forward: Math.tanh, slope: (a) => 1 - a * a },
  relu: { forward: (z) => Math.max(z, 0), slope: (a) => (a > 0 ? 1 : 0) },
  leakyRelu: { forward: (z) => (z > 0 ? z : ALPHA * z), slope: (a) => (a > 0 ? 1 : ALPHA) },
  elu: { forward: (z) => (z > 0 ? z : ALPHA * Math.expm1(z)), slope: (a) => (a > 0 ? 1 : a + ALPHA) },
  gelu: {
    forward: (z) => z * cdf(z),
    slope: (z) => cdf(z) + z * ONE_OVER_SQRT_2_PI * Math.exp(-0.5 * z * z),
    needsLogits: true,
    // erfc magnifies the rounding of its argument by z².
    forwardScale: (z) => Math.abs(z * cdf(z)) * (1 + z * z),
  },
  geluTanh: {
    forward: (z) => 0.5 * z * (1 + Math.tanh(tanhArgument(z))),
    slope: (z) => {
      const t = Math.tanh(tanhArgument(z));
      return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * z * z);
    },
    needsLogits: true,
    forwardScale: Math.abs,
    slopeScale: (z) => 1 + Math.min(10, Math.abs(z)) ** 3,
  },
  silu: {
    forward: (z) => z * sigmoid(z),
    slope: (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z))),
    needsLogits: true,
    slopeScale: (z) => 1 + Math.min(40, Math.abs(z)),
  },
  softplus: {
    forward: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
    slope: sigmoid,
    needsLogits: true,
  },
  hardSigmoid: {
    forward: (z) => limit(z + 3, 0, 6) / 6,
    slope: (a) => (a > 0 && a < 1 ? 1 / 6 : 0),
    // z + 3 cancels.
    forwardScale: (z) => (Math.abs(z) < 3 ? 1 : 0),
  },
  hardTanh: { forward: (z) => limit(z, -1, 1), slope: (a) => (a > -1 && a < 1 ? 1 : 0) },
  selu: {
    forward: (z) => (z > 0 ? SELU_SCALE * z : SELU_LIMIT * Math.expm1(z)),
    slope: (a) => (a > 0 ? SELU_SCALE : a + SELU_LIMIT),
  },
  mish: {
    forward: (z) => z * mishGate(z),
    slope: (z) => mishGate(z) + limit(z, -800, 30) * mishGateSlope(z),
    needsLogits: true,
    slopeScale: (z) => 1 + Math.min(40, Math.abs(z)),
  },
  softsign: { forward: (z) => z / (1 + Math.abs(z)), slope: (a) => (1 - Math.abs(a)) ** 2 },
  exponential: {
    forward: Math.exp,
    slope: (a) => a,
    slopeScale: (z) => 1 + Math.exp(z),
  },
};

const ELEMENTWISE = ACTIVATIONS.filter((name): name is Elementwise => name !== "softmax");

describe.each(DTYPES)("the activations in %s", (dtype) => {
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const UNITS = 3;

  let region: Region;
  let forwardKernel: (...values: number[]) => number;
  let backwardKernel: (...values: number[]) => number;
  let rowForwardKernel: (...values: number[]) => number;
  let rowBackwardKernel: (...values: number[]) => number;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/activations.ts");
    region = new Region(assembly, dtype);
    const suffix = dtype === "float32" ? "f32" : "f64";
    forwardKernel = assembly.exports[`activation_forward_${suffix}`]!;
    backwardKernel = assembly.exports[`activation_backward_${suffix}`]!;
    rowForwardKernel = assembly.exports[`row_activation_forward_${suffix}`]!;
    rowBackwardKernel = assembly.exports[`row_activation_backward_${suffix}`]!;
  });

  /** Also asserts that the guards around the outputs and the logits did not change. */
  function forward(name: ActivationName, logits: FloatArray, units = UNITS): FloatArray {
    const { guard, guards } = guardOf(dtype);
    region.clear();
    const input = region.put(logits);
    const output = region.allocate(logits.length);
    forwardKernel(
      activationNumber(name),
      output,
      input,
      units,
      logits.length / units,
      logits.length / units,
      ALPHA,
    );
    const guarded = region.guarded(output, logits.length);
    const outputs = guarded.slice(guards, -guards);
    expect([...guarded.slice(0, guards), ...guarded.slice(-guards)]).toEqual(Array(2 * guards).fill(guard));
    expect(firstDifference(region.view(input, logits.length), logits)).toBe(-1);
    return outputs;
  }

  function backward(
    name: ActivationName,
    delta: FloatArray,
    outputs: FloatArray,
    logits: FloatArray,
    units = UNITS,
  ): FloatArray {
    const { guard, guards } = guardOf(dtype);
    region.clear();
    const output = region.put(outputs);
    const input = region.put(logits);
    const gradient = region.put(delta);
    backwardKernel(
      activationNumber(name),
      gradient,
      output,
      input,
      units,
      delta.length / units,
      delta.length / units,
      ALPHA,
    );
    const guarded = region.guarded(gradient, delta.length);
    expect([...guarded.slice(0, guards), ...guarded.slice(-guards)]).toEqual(Array(2 * guards).fill(guard));
    expect(firstDifference(region.view(output, outputs.length), outputs)).toBe(-1);
    return guarded.slice(guards, -guards);
  }

  const edges = [
    ...[0, tiny, 5 * tiny, 1e-30, 1e-8, 0.5, 1, 8, 17, 50, 88, 104, 1e4, 1e30, largest].flatMap((z) => [
      z,
      -z,
    ]),
  ];
  const logits = floats(dtype, [
    ...edges,
    ...spread(900, -9, 9),
    ...spread(240, -1e-3, 1e-3),
    ...spread(270, -100, 100),
  ]);
  const delta = floats(dtype, spread(logits.length, -2, 2, 0.3));

  describe.each(ELEMENTWISE)("%s", (name) => {
    const formula = FORMULAS[name];

    it("has the values of its formula within 4 ULP, or 4 ε where the formula cancels", () => {
      expect(logits.length % (4 * UNITS)).toBe(0);
      const outputs = forward(name, logits);
      for (const [i, output] of outputs.entries()) {
        const z = logits[i]!;
        const expected = floats(dtype, [formula.forward(z)])[0]!;
        const isNear =
          ulpDistance(dtype, output, expected) <= 4 ||
          // The rounding of a subnormal factor is multiplied by z.
          Math.abs(output - expected) <= tiny * Math.abs(z) ||
          Math.abs(output - expected) <= 4 * epsilon * (formula.forwardScale?.(z) ?? 0);
        if (!isNear) expect.fail(`${name}(${z}) is ${output}, expected ${expected}`);
      }
    });

    it("has the derivative of its formula, up to rounding", () => {
      const outputs = floats(dtype, [...logits].map(formula.forward));
      const gradients = backward(name, delta, outputs, logits);
      for (const [i, gradient] of gradients.entries()) {
        const z = logits[i]!;
        const expected = delta[i]! * formula.slope(formula.needsLogits ? z : outputs[i]!);
        // Above 1e10, z² or z³ overflows in the formula.
        if (formula.needsLogits && Math.abs(z) > 1e10) continue;
        // The derivative of `exponential` overflows.
        if (gradient === floats(dtype, [expected])[0]) continue;
        const tolerance = 16 * epsilon * Math.abs(delta[i]!) * (formula.slopeScale?.(z) ?? 1) + tiny;
        if (!(Math.abs(gradient - expected) <= tolerance)) {
          expect.fail(`the gradient of ${name} at ${z} is ${gradient}, expected ${expected}`);
        }
      }
    });

    it("gives NaN for NaN, and for no other element", () => {
      const some = floats(dtype, spread(24, -3, 3));
      some[7] = Number.NaN;
      some[22] = Number.NaN;
      const isNaNs = [...some].map(Number.isNaN);
      expect([...forward(name, some)].map(Number.isNaN)).toEqual(isNaNs);
      // At 0.5 no derivative is 0.
      const positive = floats(dtype, 24).fill(0.5);
      expect([...backward(name, some, positive, positive)].map(Number.isNaN)).toEqual(isNaNs);
    });

    it("has the limits of its formula at ±∞", () => {
      const outputs = forward(name, floats(dtype, Array(12).fill([Infinity, -Infinity]).flat()));
      const limits: Record<Elementwise, [number, number]> = {
        linear: [Infinity, -Infinity],
        sigmoid: [1, 0],
        tanh: [1, -1],
        relu: [Infinity, 0],
        leakyRelu: [Infinity, -Infinity],
        elu: [Infinity, -ALPHA],
        // −∞ · 0.
        gelu: [Infinity, Number.NaN],
        geluTanh: [Infinity, Number.NaN],
        silu: [Infinity, Number.NaN],
        softplus: [Infinity, 0],
        hardSigmoid: [1, 0],
        hardTanh: [1, -1],
        selu: [Infinity, floats(dtype, [-SELU_LIMIT])[0]!],
        mish: [Infinity, Number.NaN],
        // ∞ / ∞, as in PyTorch.
        softsign: [Number.NaN, Number.NaN],
        exponential: [Infinity, 0],
      };
      expect([...outputs.subarray(0, 2)]).toEqual(limits[name]);
    });

    it("gives the same bits in place", () => {
      const expected = forward(name, logits);
      region.clear();
      const place = region.put(logits);
      forwardKernel(
        activationNumber(name),
        place,
        place,
        UNITS,
        logits.length / UNITS,
        logits.length / UNITS,
        ALPHA,
      );
      expect(firstDifference(region.view(place, logits.length), expected)).toBe(-1);
    });
  });

  describe.each(ACTIVATIONS)("%s of a block of columns", (name) => {
    const lanes = lanesOf(dtype);
    const stride = 8 * lanes;

    /** The columns `begin` … `end` − 1 of `inner`, and the other columns of `outer`. */
    function mix(inner: FloatArray, outer: FloatArray, begin: number, end: number): FloatArray {
      return outer.map((value, at) => (at % stride >= begin && at % stride < end ? inner[at]! : value));
    }

    /** Calls `check` for the first, last, middle and all vectors of columns, of 1, 2 and 5 units. */
    function forColumns(check: (units: number, begin: number, end: number) => void): void {
      for (const units of [1, 2, 5]) {
        for (const [begin, end] of [
          [0, 1],
          [7, 8],
          [2, 5],
          [0, 7],
          [1, 8],
          [0, 8],
        ] as const) {
          check(units, begin * lanes, end * lanes);
        }
      }
    }

    const size = floats(dtype, 1).BYTES_PER_ELEMENT;
    const call = (
      kernel: typeof forwardKernel,
      tensors: number[],
      units: number,
      begin: number,
      end: number,
    ) =>
      kernel(
        activationNumber(name),
        ...tensors.map((address) => address + begin * size),
        units,
        end - begin,
        stride,
        ALPHA,
      );

    function expectTensor(address: number, expected: FloatArray): void {
      const { guard, guards } = guardOf(dtype);
      const band: number[] = Array(guards).fill(guard);
      const whole = floats(dtype, [...band, ...expected, ...band]);
      expect(firstDifference(region.guarded(address, expected.length), whole)).toBe(-1);
    }

    it("computes the same bits as with all columns, and changes no other column", () => {
      forColumns((units, begin, end) => {
        const z = floats(dtype, spread(units * stride, -4, 4, 0.6));
        const all = forward(name, z, units);
        const before = floats(dtype, spread(units * stride, 5, 6));
        region.clear();
        const input = region.put(z);
        const output = region.put(before);
        call(forwardKernel, [output, input], units, begin, end);
        expectTensor(output, mix(all, before, begin, end));
        expectTensor(input, z);
        // In place.
        call(forwardKernel, [input, input], units, begin, end);
        expectTensor(input, mix(all, z, begin, end));
      });
    });

    it("computes the same gradients as with all columns, and changes no other column", () => {
      forColumns((units, begin, end) => {
        const z = floats(dtype, spread(units * stride, -4, 4, 0.6));
        const d = floats(dtype, spread(units * stride, -2, 2, 0.1));
        const outputs = forward(name, z, units);
        const all = backward(name, d, outputs, z, units);
        region.clear();
        const gradient = region.put(d);
        const output = region.put(outputs);
        const input = region.put(z);
        call(backwardKernel, [gradient, output, input], units, begin, end);
        expectTensor(gradient, mix(all, d, begin, end));
        expectTensor(output, outputs);
        expectTensor(input, z);
      });
    });
  });

  describe.each(ACTIVATIONS)("%s of one row", (name) => {
    const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 33];
    const EDGES = [Infinity, -Infinity, Number.NaN, largest, -largest, tiny, 0, -0];
    const [lanes, index] = [lanesOf(dtype), activationNumber(name)];

    /** Row `row` of [units, lanes], as a vector of units. The padding is NaN, which shows if it is used. */
    function rowOf(tensor: FloatArray, row: number): FloatArray {
      const units = tensor.length / lanes;
      const padding = Array(wholeVectors(dtype, units) - units).fill(Number.NaN);
      return floats(dtype, [...tensor.filter((_, at) => at % lanes === row), ...padding]);
    }

    /** The tensor [units] at `address`. Also asserts that the guards around it did not change. */
    function read(address: number, units: number): FloatArray {
      const { guard, guards } = guardOf(dtype);
      const guarded = region.guarded(address, wholeVectors(dtype, units));
      const bands = [...guarded.slice(0, guards), ...guarded.slice(-guards)];
      expect(bands).toEqual(Array(2 * guards).fill(guard));
      return guarded.slice(guards, guards + units);
    }

    it.each([
      ["ordinary logits", false],
      ["one special value (±∞, NaN, an extreme, ±0) among the logits", true],
    ])("computes the same bits as in a batch: %s", (_, hasEdge) => {
      for (const units of WIDTHS) {
        for (const [i, edge] of EDGES.entries()) {
          const z = floats(dtype, spread(units * lanes, -4, 4, 0.6));
          if (hasEdge) z[(i * 5) % z.length] = edge;
          const d = floats(dtype, spread(units * lanes, -2, 2, 0.1));
          const outputs = forward(name, z, units);
          const gradients = backward(name, d, outputs, z, units);
          for (let row = 0; row < lanes; row++) {
            region.clear();
            const logit = region.put(rowOf(z, row));
            const output = region.allocate(wholeVectors(dtype, units));
            rowForwardKernel(index, output, logit, units, ALPHA);
            expect(firstDifference(read(output, units), rowOf(outputs, row).slice(0, units))).toBe(-1);
            const gradient = region.put(rowOf(d, row));
            rowBackwardKernel(index, gradient, output, logit, units, ALPHA);
            expect(firstDifference(read(gradient, units), rowOf(gradients, row).slice(0, units))).toBe(-1);
            // In place.
            rowForwardKernel(index, logit, logit, units, ALPHA);
            expect(firstDifference(read(logit, units), read(output, units))).toBe(-1);
          }
        }
      }
    });
  });

  it.each([
    "linear",
    "tanh",
    "leakyRelu",
    "elu",
    "gelu",
    "geluTanh",
    "silu",
    "hardTanh",
    "selu",
    "mish",
    "softsign",
  ] as const)("%s maps −0 to −0", (name) => {
    const outputs = forward(name, floats(dtype, Array(12).fill(-0)));
    expect([...outputs]).toEqual(Array(12).fill(-0));
  });

  it("relu, leakyRelu, elu and the hard functions have their documented derivatives at their kinks", () => {
    const ones = floats(dtype, 12).fill(1);
    for (const [name, output, slope] of [
      ["relu", 0, 0],
      ["leakyRelu", 0, ALPHA],
      ["elu", 0, ALPHA],
      ["hardSigmoid", 0, 0],
      ["hardSigmoid", 1, 0],
      ["hardTanh", -1, 0],
      ["hardTanh", 1, 0],
    ] as const) {
      const outputs = floats(dtype, 12).fill(output);
      expect([...backward(name, ones, outputs, outputs)], name).toEqual(Array(12).fill(slope));
    }
  });

  describe("softmax", () => {
    /** [units, stride] logits to the [units, stride] outputs of the formula, in float64. */
    function referenceSoftmax(z: FloatArray, units: number): Float64Array {
      const stride = z.length / units;
      const outputs = new Float64Array(z.length);
      for (let column = 0; column < stride; column++) {
        const at = Array.from({ length: units }, (_, i) => i * stride + column);
        const max = Math.max(...at.map((i) => z[i]!));
        const sum = at.reduce((partial, i) => partial + Math.exp(z[i]! - max), 0);
        for (const i of at) outputs[i] = Math.exp(z[i]! - max) / sum;
      }
      return outputs;
    }

    it.each([1, 2, 3, 5, 10, 33])("of %i units has the values of its formula", (units) => {
      const z = floats(dtype, spread(units * 12, -6, 6));
      const outputs = forward("softmax", z, units);
      for (const [i, expected] of referenceSoftmax(z, units).entries()) {
        // z − max is rounded before the exponential.
        expect(Math.abs(outputs[i]! - expected)).toBeLessThanOrEqual((16 + units) * epsilon * expected);
      }
    });

    it("gives columns that sum to 1 for logits of every size", () => {
      for (const size of [1e-3, 1, 30, 1e4, 1e30]) {
        const z = floats(dtype, spread(7 * 16, -size, size));
        const outputs = forward("softmax", z, 7);
        for (let column = 0; column < 16; column++) {
          let sum = 0;
          for (let i = 0; i < 7; i++) {
            expect(outputs[i * 16 + column]).toBeGreaterThanOrEqual(0);
            sum += outputs[i * 16 + column]!;
          }
          expect(Math.abs(sum - 1)).toBeLessThanOrEqual(7 * epsilon);
        }
      }
    });

    it("gives NaN in the column of a NaN, and in no other", () => {
      const z = floats(dtype, spread(5 * 8));
      z[0 * 8 + 2] = Number.NaN;
      z[4 * 8 + 5] = Number.NaN;
      const outputs = forward("softmax", z, 5);
      for (const [i, output] of outputs.entries()) expect(Number.isNaN(output)).toBe([2, 5].includes(i % 8));
    });

    it("gives a logit of −∞ the probability 0", () => {
      const outputs = forward(
        "softmax",
        floats(dtype, [...Array(4).fill(0), ...Array(4).fill(-Infinity)]),
        2,
      );
      expect([...outputs]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    });

    it("has the gradient of its formula", () => {
      const units = 5;
      const stride = 12;
      const outputs = floats(dtype, referenceSoftmax(floats(dtype, spread(units * stride, -4, 4)), units));
      const d = delta.slice(0, units * stride);
      const gradients = backward("softmax", d, outputs, outputs, units);
      for (let column = 0; column < stride; column++) {
        let dot = 0;
        for (let i = 0; i < units; i++) dot += d[i * stride + column]! * outputs[i * stride + column]!;
        for (let i = 0; i < units; i++) {
          const at = i * stride + column;
          expect(Math.abs(gradients[at]! - outputs[at]! * (d[at]! - dot))).toBeLessThanOrEqual(16 * epsilon);
        }
      }
    });
  });
});
