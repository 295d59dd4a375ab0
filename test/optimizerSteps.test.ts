import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import {
  HYPERPARAMETER_COUNT,
  NORM_BLOCK,
  OptimizerFeatureNumber,
  OptimizerKindNumber,
  OptimizerStruct,
  StatusNumber,
} from "../src/abi/structs.js";
import {
  adadelta,
  adagrad,
  adam,
  type DType,
  type FloatArray,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "../src/index.js";
import { encodeOptimizer } from "../src/optimizers.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { bitsOf, DTYPES, firstDifference, floats, lanesOf, spread } from "./support/floats.js";
import { OPTIMIZERS } from "./support/optimizers.js";
import { Region } from "./support/region.js";

// The steps of all optimizers in the core, without a network.

const NAMES = Object.keys(OPTIMIZERS);

let assembly: Assembly;

beforeAll(async () => {
  assembly = await compileAssembly("test/assembly/optimizers.ts");
});

/** An optimizer in linear memory with its own parameters and gradients. All arrays are live views. */
class CoreOptimizer {
  readonly parameters: FloatArray;
  readonly gradients: FloatArray;
  /** All slots, one after the other. */
  readonly state: FloatArray;
  readonly slots: number;
  readonly struct: StructView<typeof OptimizerStruct>;
  readonly #dtype: DType;
  readonly #addresses: readonly [optimizer: number, parameters: number, gradients: number];

  /** `count`: a multiple of the number of elements in a cache line. */
  constructor(region: Region, dtype: DType, optimizer: Optimizer, count: number) {
    this.#dtype = dtype;
    const size = dtype === "float32" ? 4 : 8;
    const { kind, features, hyperparameters, ...fields } = encodeOptimizer(optimizer);
    const { optimizer_layout: layout } = assembly.exports;
    const bytes = layout!(0, kind, features, count * size);
    const address = region.put(floats(dtype, bytes / size));
    const parameters = region.put(floats(dtype, count));
    const gradients = region.put(floats(dtype, count));
    layout!(address, kind, features, count * size);
    this.#addresses = [address, parameters, gradients];
    this.struct = new StructView(OptimizerStruct, assembly.memory, address);
    this.struct.set(fields);
    this.hyperparameters.set(hyperparameters);
    this.parameters = region.view(parameters, count);
    this.gradients = region.view(gradients, count);
    this.slots = this.struct.get("slots");
    this.state = region.view(this.struct.get("state"), this.slots * count);
    this.prepare();
  }

  /** The first slots, on whose magnitude the bound depends. */
  get measured(): FloatArray {
    const { optimizer_measured_slots: measuredSlots } = assembly.exports;
    return this.state.subarray(0, this.parameters.length * measuredSlots!(this.#addresses[0]));
  }

  /** Prepares a step. Sums the squares of the gradients in parts that begin at these blocks. */
  prepare(blocks: readonly number[] = [0]): void {
    const { set_norm: setNorm } = assembly.exports;
    const [optimizer, , gradients] = this.#addresses;
    if (this.struct.get("features") & OptimizerFeatureNumber.NormClipping) {
      for (const [i, block] of blocks.entries()) {
        const end = Math.min((blocks[i + 1] ?? Infinity) * NORM_BLOCK, this.gradients.byteLength);
        this.#call("sum_blocks", optimizer, gradients, block * NORM_BLOCK, end);
      }
      setNorm!(optimizer);
    }
    this.#call("optimizer_prepare", optimizer);
  }

  advance(): void {
    const { optimizer_advance: advance } = assembly.exports;
    advance!(this.#addresses[0]);
  }

  /** Updates the elements `begin` … `end` − 1. */
  apply(begin = 0, end = this.parameters.length): void {
    const size = this.parameters.BYTES_PER_ELEMENT;
    this.#call("optimizer_apply", ...this.#addresses, begin * size, end * size);
  }

  check(begin = 0, end = this.parameters.length): boolean {
    const size = this.parameters.BYTES_PER_ELEMENT;
    return this.#call("optimizer_check", ...this.#addresses, begin * size, end * size) === 1;
  }

  isBounded(gradient: number, parameter: number, state: number): boolean {
    return this.#call("optimizer_is_bounded", this.#addresses[0], gradient, parameter, state) === 1;
  }

  /** A whole step. */
  step(gradients: ArrayLike<number>): void {
    this.gradients.set(gradients);
    this.prepare();
    this.apply();
    this.advance();
  }

  /** The averages of the parameters, stored after the state. */
  get averages(): FloatArray {
    const { byteOffset, buffer, length } = this.state;
    const begin = byteOffset + length * this.parameters.BYTES_PER_ELEMENT;
    const Floats = this.#dtype === "float32" ? Float32Array : Float64Array;
    return new Floats(buffer as ArrayBuffer, begin, this.parameters.length);
  }

  /** All hyperparameters, including unused ones, as a live view. */
  get hyperparameters(): Float64Array {
    const begin = this.#addresses[0] + OptimizerStruct.size;
    return new Float64Array(assembly.memory.buffer, begin, HYPERPARAMETER_COUNT);
  }

  /** The status with which the core refuses the hyperparameters, or Ok. */
  objection(): number {
    const { check_hyperparameters: check } = assembly.exports;
    return check!(this.#addresses[0], this.parameters.BYTES_PER_ELEMENT);
  }

  get isFinite(): boolean {
    return this.parameters.every(Number.isFinite) && this.state.every(Number.isFinite);
  }

  #call(name: string, ...values: number[]): number {
    return assembly.exports[`${name}_${this.#dtype === "float32" ? "f32" : "f64"}`]!(...values);
  }
}

describe.each(DTYPES)("the step in %s", (dtype) => {
  const lanes = lanesOf(dtype);
  const count = 8 * lanes;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  let region: Region;

  beforeAll(() => {
    region = new Region(assembly, dtype);
  });

  function create(name: string, length = count): CoreOptimizer {
    const optimizer = new CoreOptimizer(region, dtype, OPTIMIZERS[name]!, length);
    optimizer.parameters.set(spread(length, -2, 2, 0.3));
    return optimizer;
  }

  const gradientsOf = (step: number, length = count) => spread(length, -1, 1, step / 7);

  it.each(NAMES)("of %s has the same bits if the parameters are updated in parts", (name) => {
    region.clear();
    const whole = create(name);
    const parts = create(name);
    for (let step = 0; step < 4; step++) {
      whole.step(gradientsOf(step));
      parts.gradients.set(gradientsOf(step));
      parts.prepare();
      const cuts = [0, lanes * (step + 1), lanes * 6, count];
      for (let i = cuts.length - 1; i > 0; i--) parts.apply(cuts[i - 1], cuts[i]);
      parts.advance();
      expect(bitsOf(parts.parameters)).toBe(bitsOf(whole.parameters));
      expect(bitsOf(parts.state)).toBe(bitsOf(whole.state));
    }
  });

  const ELEMENTWISE = NAMES.filter((name) => OPTIMIZERS[name]!.clipNorm === undefined);

  it.each(ELEMENTWISE)("of %s changes each parameter independently of the others", (name) => {
    region.clear();
    const whole = create(name);
    for (let step = 0; step < 4; step++) whole.step(gradientsOf(step));
    const expected = whole.parameters.slice();
    for (let at = 0; at < count; at++) {
      region.clear();
      const same = create(name);
      same.parameters.fill(same.parameters[at]!);
      for (let step = 0; step < 4; step++) same.step(floats(dtype, count).fill(gradientsOf(step)[at]!));
      expect(firstDifference(same.parameters, floats(dtype, count).fill(expected[at]!))).toBe(-1);
    }
  });

  it.each(NAMES)("of %s does not change the gradients or the zeros of the padding", (name) => {
    region.clear();
    const optimizer = create(name);
    optimizer.parameters.fill(0, count - lanes);
    for (let step = 0; step < 4; step++) {
      const gradients = floats(dtype, gradientsOf(step)).fill(0, count - lanes);
      optimizer.step(gradients);
      expect(bitsOf(optimizer.gradients)).toBe(bitsOf(gradients));
      expect([...optimizer.parameters.subarray(count - lanes)]).toEqual(Array(lanes).fill(0));
    }
  });

  it.each(NAMES)("of %s is refused exactly if a new number would not be finite", (name) => {
    const pool = [0, -0, tiny, -tiny, 1, -1, 0.3, largest, -largest, largest / 2, Math.sqrt(largest)];
    const bad = [Number.NaN, Infinity, -Infinity];
    let [finite, infinite] = [0, 0];
    for (let i = 0; i < 300; i++) {
      region.clear();
      const optimizer = create(name, lanes * 4);
      const pick = (salt: number, values: readonly number[]) =>
        values[Math.floor(((i * 0.6180339887498949 + salt * 0.7548776662466927) % 1) * values.length)]!;
      // One element is unusual; the others are ordinary numbers.
      const at = i % optimizer.parameters.length;
      optimizer.step(gradientsOf(0, optimizer.parameters.length));
      optimizer.gradients.set(gradientsOf(1, optimizer.parameters.length));
      optimizer.gradients[at] = pick(1, i % 3 ? pool : [...pool, ...bad]);
      if (i % 2) optimizer.parameters[at] = pick(2, i % 5 ? pool : [...pool, ...bad]);
      if (i % 4 === 1)
        for (let slot = 0; slot < optimizer.slots; slot++)
          optimizer.state[slot * optimizer.parameters.length + at] = Math.abs(pick(3 + slot, pool));
      optimizer.prepare();
      const before = [bitsOf(optimizer.parameters), bitsOf(optimizer.state), bitsOf(optimizer.gradients)];
      const answer = optimizer.check();
      expect([bitsOf(optimizer.parameters), bitsOf(optimizer.state), bitsOf(optimizer.gradients)]).toEqual(
        before,
      );
      optimizer.apply();
      if (answer !== optimizer.isFinite) expect.fail(`case ${i}: ${answer}`);
      if (answer) finite++;
      else infinite++;
    }
    expect(finite).toBeGreaterThan(10);
    expect(infinite).toBeGreaterThan(10);
  });

  it.each(NAMES)("of %s is finite if it is bounded", (name) => {
    const powers =
      dtype === "float32"
        ? [-140, -30, 0, 10, 45, 49, 60, 99, 120, 127]
        : [-1000, -90, 0, 99, 470, 500, 950, 970, 1023];
    const sizes = [0, ...powers.map((power) => 1.5 * 2 ** power)];
    let [bounded, unbounded] = [0, 0];
    for (const gradient of sizes) {
      for (const parameter of sizes) {
        for (const state of sizes) {
          region.clear();
          const optimizer = create(name, lanes * 4);
          optimizer.struct.set({ step: 1 });
          optimizer.parameters.set([parameter, -parameter]);
          if (!encodeOptimizer(OPTIMIZERS[name]!).weightDecay) optimizer.parameters.set([largest, -largest]);
          optimizer.gradients.fill(gradient).fill(-gradient, 1);
          optimizer.measured.fill(state);
          optimizer.prepare();
          if (!optimizer.isBounded(gradient, parameter, state)) {
            unbounded++;
            continue;
          }
          bounded++;
          if (!optimizer.check()) expect.fail(`gradient ${gradient}, parameter ${parameter}, state ${state}`);
        }
      }
    }
    expect(bounded).toBeGreaterThan(50);
    const { clipValue, clipNorm } = OPTIMIZERS[name]!;
    if (clipValue === undefined && clipNorm === undefined) expect(unbounded).toBeGreaterThan(50);
  });

  it.each(NAMES)("of %s is bounded for ordinary numbers, and not for NaN", (name) => {
    region.clear();
    const optimizer = create(name);
    for (const size of [2, 1e6]) {
      optimizer.gradients.fill(size);
      optimizer.prepare();
      expect(optimizer.isBounded(size, size, size)).toBe(true);
    }
    // clipValue also limits an infinite gradient.
    const takesInfinity = OPTIMIZERS[name]!.clipValue !== undefined;
    for (const [bad, isTaken] of [
      [Number.NaN, false],
      [Infinity, takesInfinity],
    ] as const) {
      optimizer.gradients[3] = bad;
      optimizer.prepare();
      expect(optimizer.isBounded(bad, 1, 1)).toBe(isTaken);
      expect(optimizer.check()).toBe(isTaken);
    }
    optimizer.gradients.fill(0);
    for (let step = 0; step < 100; step++) optimizer.step(gradientsOf(step));
    optimizer.prepare();
    expect(optimizer.isBounded(2, 2, Math.max(2, ...optimizer.measured.map(Math.abs)))).toBe(true);
  });
});

describe.each(DTYPES)("the norm of the gradients in %s", (dtype) => {
  const perBlock = NORM_BLOCK / (dtype === "float32" ? 4 : 8);
  const lanes = lanesOf(dtype);

  it("is the root of the sum of squares, with the same bits if blocks are summed in parts", () => {
    const region = new Region(assembly, dtype);
    for (const count of [lanes, 16, perBlock - lanes, perBlock, perBlock + lanes, 5 * perBlock + 3 * lanes]) {
      region.clear();
      const optimizer = new CoreOptimizer(region, dtype, sgd({ clipNorm: 1 }), count);
      optimizer.gradients.set(spread(count, -1, 1, 0.2));
      optimizer.prepare();
      const norm = optimizer.struct.get("norm");
      const sum = [...optimizer.gradients].reduce((sum, gradient) => sum + gradient * gradient, 0);
      expect(Math.abs(norm / Math.sqrt(sum) - 1)).toBeLessThan(1e-13);
      const last = Math.ceil(count / perBlock) - 1;
      for (const blocks of [
        [0, last],
        [0, 1, 2, 3, 4, 5],
        [0, 2, 4],
      ].map((each) => each.filter((i) => i <= last))) {
        optimizer.struct.set({ norm: 0 });
        optimizer.prepare(blocks);
        expect(optimizer.struct.get("norm")).toBe(norm);
      }
    }
  });

  it("includes every element, and is NaN if one is NaN", () => {
    const region = new Region(assembly, dtype);
    const count = 3 * 64;
    region.clear();
    const optimizer = new CoreOptimizer(region, dtype, sgd({ clipNorm: 1 }), count);
    for (let at = 0; at < count; at++) {
      optimizer.gradients.fill(0);
      optimizer.gradients[at] = -3;
      optimizer.prepare();
      expect(optimizer.struct.get("norm")).toBe(3);
      optimizer.gradients[at] = Number.NaN;
      optimizer.prepare();
      expect(optimizer.struct.get("norm")).toBeNaN();
    }
  });

  it("is computed after clipValue has limited the values", () => {
    const region = new Region(assembly, dtype);
    region.clear();
    const optimizer = new CoreOptimizer(
      region,
      dtype,
      sgd({ clipNorm: 1, clipValue: 0.5, learningRate: 1 }),
      16,
    );
    optimizer.step([3, -4, 0.5, ...Array(13).fill(0)]);
    expect(optimizer.struct.get("norm")).toBeCloseTo(Math.sqrt(3) / 2, 15);
    expect([...optimizer.parameters.subarray(0, 4)]).toEqual([-0.5, 0.5, -0.5, 0]);
  });

  it("does not overflow in float32, and the step is refused if it does in float64", () => {
    const region = new Region(assembly, dtype);
    region.clear();
    const optimizer = new CoreOptimizer(region, dtype, sgd({ clipNorm: 1, learningRate: 1 }), 16);
    const huge = dtype === "float32" ? 3e38 : 1e153;
    optimizer.step([huge, -huge, huge, huge, ...Array(12).fill(0)]);
    for (const value of optimizer.parameters.subarray(0, 4)) expect(Math.abs(value)).toBeCloseTo(0.5, 6);
    if (dtype === "float32") return;
    optimizer.gradients[0] = 1e155;
    optimizer.prepare();
    expect(optimizer.isBounded(1e155, 1, 1)).toBe(false);
    expect(optimizer.check()).toBe(false);
  });
});

describe.each(DTYPES)("the average of the parameters in %s", (dtype) => {
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;

  it("stays finite for the largest numbers", () => {
    const region = new Region(assembly, dtype);
    for (const sign of [1, -1]) {
      region.clear();
      const optimizer = new CoreOptimizer(region, dtype, sgd({ ema: 0.7 }), 16);
      optimizer.parameters.fill(sign * largest);
      for (let step = 0; step < 5; step++) optimizer.step(Array(16).fill(0));
      for (const average of optimizer.averages) expect(average / (sign * largest)).toBeCloseTo(1, 5);
    }
  });

  it("has the bits of its definition if it is computed in parts", () => {
    const region = new Region(assembly, dtype);
    region.clear();
    const round = dtype === "float32" ? Math.fround : (value: number) => value;
    const optimizer = new CoreOptimizer(region, dtype, sgd({ ema: 0.9, learningRate: 0.1 }), 64);
    optimizer.parameters.set(spread(64, -2, 2));
    let expected = floats(dtype, 64);
    for (let step = 0; step < 5; step++) {
      optimizer.gradients.set(spread(64, -1, 1, step / 7));
      optimizer.prepare();
      for (const begin of [32, 0, 48, 16]) optimizer.apply(begin, begin + 16);
      optimizer.advance();
      const { parameters } = optimizer;
      expected = expected.map((average, i) =>
        step === 0 ? parameters[i]! : round(round(0.9) * average) + round(round(1 - 0.9) * parameters[i]!),
      );
      expect(bitsOf(optimizer.averages)).toBe(bitsOf(expected));
    }
  });

  it("does not change when a step is checked", () => {
    const region = new Region(assembly, dtype);
    region.clear();
    const optimizer = new CoreOptimizer(region, dtype, sgd({ ema: 0.9 }), 16);
    optimizer.step(spread(16));
    const before = bitsOf(optimizer.averages);
    optimizer.prepare();
    optimizer.check();
    expect(bitsOf(optimizer.averages)).toBe(before);
  });
});

describe("the kinds of optimizers", () => {
  it("have room for their slots", () => {
    const { optimizer_slots: slotsOf, optimizer_layout: layoutOf } = assembly.exports;
    for (const optimizer of Object.values(OPTIMIZERS)) {
      const { kind, features } = encodeOptimizer(optimizer);
      const stateBytes = layoutOf!(0, kind, features, 640) - layoutOf!(0, kind, features, 0);
      const averages = features & OptimizerFeatureNumber.Average ? 1 : 0;
      // One cache line for the sum of one block.
      const sumsBytes = features & OptimizerFeatureNumber.NormClipping ? 64 : 0;
      expect(stateBytes).toBe(640 * (slotsOf!(kind, features) + averages) + sumsBytes);
    }
  });

  it("refuse unknown kinds, and features of other kinds", () => {
    const { check_kind: checkKind } = assembly.exports;
    const { Ok, UnknownOptimizer, InvalidFlag } = StatusNumber;
    const { Adam, Rprop, Sgd } = OptimizerKindNumber;
    const { Amsgrad, Momentum, WeightDecay } = OptimizerFeatureNumber;
    expect(checkKind!(Rprop, 0)).toBe(Ok);
    for (const kind of [Rprop + 1, 2 ** 32 - 1]) expect(checkKind!(kind, 0)).toBe(UnknownOptimizer);
    for (const [kind, features] of [
      [Sgd, Amsgrad],
      [Adam, Momentum],
      [Rprop, WeightDecay],
      [Adam, 2 ** 31],
    ] as const) {
      expect(checkKind!(kind, features)).toBe(InvalidFlag);
    }
  });
});

describe.each(DTYPES)("the hyperparameters in %s", (dtype) => {
  const infinite = dtype === "float32" ? 1e39 : Infinity;
  const zero = dtype === "float32" ? 1e-50 : 0;
  const BELOW_ONE = [-0.1, 1, Number.NaN];
  const NOT_NEGATIVE = [-0.1, infinite, Number.NaN];
  const POSITIVE = [zero, -1, infinite, Number.NaN];
  const COUNT = [-0.1, Infinity, Number.NaN];

  it.each<[Optimizer, readonly (readonly number[])[]]>([
    [sgd({ momentum: 0.9 }), [NOT_NEGATIVE, [infinite, -Infinity, Number.NaN]]],
    [rmsprop({ momentum: 0.9 }), [BELOW_ONE, POSITIVE, NOT_NEGATIVE]],
    [adagrad(), [COUNT, NOT_NEGATIVE, POSITIVE]],
    [adadelta(), [BELOW_ONE, POSITIVE]],
    [adam(), [BELOW_ONE, BELOW_ONE, POSITIVE]],
    [nadam(), [BELOW_ONE, BELOW_ONE, POSITIVE, COUNT]],
    [
      rprop(),
      [
        [0, 1, -0.5, zero],
        [1, 0.9, infinite, Number.NaN],
        [zero, 51, -1],
        [1e-7, infinite, Number.NaN],
      ],
    ],
  ])("of $name are refused outside their ranges", (optimizer, bad) => {
    const region = new Region(assembly, dtype);
    region.clear();
    const core = new CoreOptimizer(region, dtype, optimizer, 16);
    const valid = core.hyperparameters.slice();
    expect(core.objection()).toBe(StatusNumber.Ok);
    for (const [i, values] of bad.entries()) {
      for (const value of values) {
        core.hyperparameters[i] = value;
        if (core.objection() !== StatusNumber.InvalidHyperparameter)
          expect.fail(`hyperparameter ${i}: ${value}`);
        core.hyperparameters.set(valid);
      }
    }
    for (let i = bad.length; i < valid.length; i++) {
      core.hyperparameters[i] = 1;
      expect(core.objection()).toBe(StatusNumber.ReservedNotZero);
      core.hyperparameters.set(valid);
    }
  });

  it("must be 0 if their feature is missing", () => {
    const region = new Region(assembly, dtype);
    for (const [optimizer, index] of [
      [sgd(), 0],
      [sgd(), 1],
      [rmsprop(), 2],
    ] as const) {
      region.clear();
      const core = new CoreOptimizer(region, dtype, optimizer, 16);
      core.hyperparameters[index] = 0.5;
      expect(core.objection()).toBe(StatusNumber.ReservedNotZero);
    }
  });
});

describe("Rprop", () => {
  it("reads only the signs of the gradients", () => {
    const region = new Region(assembly, "float64");
    region.clear();
    const one = new CoreOptimizer(region, "float64", rprop(), 8);
    const other = new CoreOptimizer(region, "float64", rprop(), 8);
    for (let step = 0; step < 6; step++) {
      const gradients = spread(8, -1, 1, step / 7);
      one.step(gradients);
      other.step(gradients.map((gradient, i) => gradient * (i + 1) * 1e-3));
      expect(bitsOf(other.parameters)).toBe(bitsOf(one.parameters));
    }
  });
});

describe("Adadelta", () => {
  it("with a tiny epsilon is not bounded where its quotient overflows", () => {
    const region = new Region(assembly, "float32");
    region.clear();
    const optimizer = new CoreOptimizer(region, "float32", adadelta({ epsilon: 1e-44 }), 16);
    optimizer.measured.fill(3e38);
    optimizer.gradients.fill(1e-30);
    optimizer.prepare();
    expect(optimizer.check()).toBe(false);
    expect(optimizer.isBounded(1e-30, 1, 3e38)).toBe(false);
  });
});

describe("centered RMSprop", () => {
  it("stays finite if rounding makes v − m² negative", () => {
    for (const dtype of DTYPES) {
      const region = new Region(assembly, dtype);
      region.clear();
      const optimizer = new CoreOptimizer(region, dtype, rmsprop({ centered: true, alpha: 0.3 }), 256);
      // The variance of constant gradients comes near 0.
      for (let step = 0; step < 100; step++) optimizer.step(spread(256, 0.1, 1));
      expect(optimizer.isFinite).toBe(true);
    }
  });
});
