import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackpropError } from "../src/errors.js";
import { cos, exp, log, power, sin } from "../src/random/elementary.js";
import { fusedMultiplyAdd, fusedMultiplyAddFloat32 } from "../src/random/fused.js";
import { MersenneTwister } from "../src/random/mersenneTwister.js";
import { type NumpyRandom, numpyRandom } from "../src/random/numpyRandom.js";
import type { RandomStream } from "../src/random/random.js";
import { TorchRandom, torchRandom } from "../src/random/torchRandom.js";
import { errorOf } from "./support/errorOf.js";

type DTypeName = "float32" | "float64";

interface NumpyCall {
  call: "rand" | "randn" | "uniform" | "normal" | "shuffle" | "permutation";
  arguments?: [number, number];
  values: string | number[];
}

interface TorchFill {
  call: "uniform_" | "normal_";
  dtype: DTypeName;
  arguments: [number, number];
  values: string;
}

interface TorchPermutation {
  call: "randperm";
  values: number[];
}

interface Streams {
  numpy: { seed: number; calls: NumpyCall[] }[];
  torch: { seed: number; calls: (TorchFill | TorchPermutation)[] }[];
  million: { seed: number; randn: string; normal_: string; uniform_: string };
}

const streams: Streams = readReference("streams.json");

function readReference<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`reference/${name}`, import.meta.url), "utf8"));
}

function emptyOf(dtype: DTypeName, length: number): Float32Array | Float64Array {
  return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
}

/** Big-endian, as in streams.json. */
function bytesOf(values: Float32Array | Float64Array): Buffer {
  const size = values.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(values.byteLength);
  values.forEach((value, i) => {
    if (size === 4) bytes.writeFloatBE(value, 4 * i);
    else bytes.writeDoubleBE(value, 8 * i);
  });
  return bytes;
}

function bitsOf(values: Float32Array | Float64Array): string {
  return bytesOf(values).toString("hex");
}

function digestOf(values: Float32Array | Float64Array): string {
  return createHash("sha256").update(bytesOf(values)).digest("hex");
}

function float64FromBits(bits: string): number {
  return Buffer.from(bits, "hex").readDoubleBE();
}

describe("MersenneTwister", () => {
  it("returns the 10 000th number that the C++ standard requires of mt19937, seeded with 5489", () => {
    const generator = new MersenneTwister(5489);
    for (let i = 1; i < 10_000; i++) generator.nextUint32();
    expect(generator.nextUint32()).toBe(4123659995);
  });

  it("returns the words that peek() showed, except those that skip() dropped", () => {
    const [shown, taken] = [new MersenneTwister(7), new MersenneTwister(7)];
    for (let i = 0; i < 200; i++) {
      const words = shown.peek().slice();
      expect(words.length).toBeGreaterThan(0);
      const skipped = Math.min(words.length, (i * 37) % 100);
      shown.skip(skipped);
      expect(Array.from(words.subarray(0, skipped))).toEqual(
        Array.from({ length: skipped }, () => taken.nextUint32()),
      );
      expect(shown.nextUint32()).toBe(taken.nextUint32());
    }
  });
});

describe("fused multiply-add", () => {
  /** 0 and ±m·2ᵖ with 1 ≤ m ≤ 2 and |p| ≤ `exponent`. */
  function numbers(exponent: number): fc.Arbitrary<number> {
    const mantissa = fc.double({ min: 1, max: 2, noNaN: true });
    return fc
      .tuple(mantissa, fc.integer({ min: -exponent, max: exponent }), fc.constantFrom(-1, 0, 1))
      .map(([size, power, sign]) => sign * size * 2 ** power);
  }

  const moderate = numbers(60);

  it("is the exact a·b + c rounded once to float64", () => {
    fc.assert(
      fc.property(moderate, moderate, moderate, (a, b, c) => {
        expect(fusedMultiplyAdd(a, b, c)).toBe(exactMultiplyAdd(a, b, c, 53));
      }),
      { numRuns: 5000 },
    );
  });

  it("is the exact a·b + c rounded once to float64 where a·b and c nearly cancel", () => {
    fc.assert(
      fc.property(moderate, moderate, fc.integer({ min: -4, max: 4 }), (a, b, ulps) => {
        const c = -(a * b) * (1 + ulps * 2 ** -52);
        expect(fusedMultiplyAdd(a, b, c)).toBe(exactMultiplyAdd(a, b, c, 53));
      }),
      { numRuns: 2000 },
    );
  });

  it("rounds once if rounding the product first would produce a tie", () => {
    // (1 + x)(1 − x + x²) = 1 + x³, here 1 + 2⁻⁶⁰.
    const [a, b] = [1 + 2 ** -20, 2 ** -53 * (1 - 2 ** -20 + 2 ** -40)];
    expect(a * b + 1).toBe(1);
    expect(fusedMultiplyAdd(a, b, 1)).toBe(1 + 2 ** -52);
  });

  it("is the exact a·b + c rounded once to float32", () => {
    const float32 = numbers(30).map(Math.fround);
    fc.assert(
      fc.property(float32, float32, float32, (a, b, c) => {
        expect(fusedMultiplyAddFloat32(a, b, c)).toBe(exactMultiplyAdd(a, b, c, 24));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([1, -1])(
    "rounds once to float32 if rounding to float64 first would produce a tie (sign %d)",
    (sign) => {
      // (1 + x)(1 − x + x²) = 1 + x³, here 1 + 2⁻³⁶.
      const [a, b] = [1 + 2 ** -12, 2 ** -24 * (1 - 2 ** -12 + 2 ** -24)];
      expect(Math.fround(a * b + 1)).toBe(1);
      expect(fusedMultiplyAddFloat32(sign * a, b, sign)).toBe(sign * (1 + 2 ** -23));
    },
  );

  it.each([1, -1])("rounds a sum just above a tie up (sign %d)", (sign) => {
    // a·b + 1 is 0.99 units of float64's last place above the midpoint of 1 and 1 + 2⁻²³.
    const [a, b] = [8390592 * 2 ** -23, 16773249 * 2 ** -48];
    expect(a * b + 1).toBe(1 + 2 ** -24 + 2 ** -52);
    expect(fusedMultiplyAddFloat32(sign * a, b, sign)).toBe(sign * (1 + 2 ** -23));
  });
});

/** a·b + c in exact integers, then rounded to `precision` bits, ties to even. */
function exactMultiplyAdd(a: number, b: number, c: number, precision: number): number {
  const [aInteger, aExponent] = integerAndExponent(a);
  const [bInteger, bExponent] = integerAndExponent(b);
  const [cInteger, cExponent] = integerAndExponent(c);
  const productExponent = aExponent + bExponent;
  const exponent = Math.min(productExponent, cExponent);
  const product = (aInteger * bInteger) << BigInt(productExponent - exponent);
  return roundInteger(product + (cInteger << BigInt(cExponent - exponent)), precision) * 2 ** exponent;
}

function integerAndExponent(x: number): [integer: bigint, exponent: number] {
  if (x === 0) return [0n, 0];
  let scaled = x;
  let exponent = 0;
  for (; !Number.isInteger(scaled); exponent--) scaled *= 2;
  return [BigInt(scaled), exponent];
}

function roundInteger(integer: bigint, precision: number): number {
  const magnitude = integer < 0n ? -integer : integer;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - precision));
  const half = excess > 0n ? 1n << (excess - 1n) : 0n;
  const isOdd = ((magnitude >> excess) & 1n) === 1n;
  const roundUp = half > 0n && !isOdd ? half - 1n : half;
  const rounded = ((magnitude + roundUp) >> excess) << excess;
  return Number(integer < 0n ? -rounded : rounded);
}

describe("elementary functions", () => {
  const reference: Record<"log" | "sin" | "cos" | "exp" | "power", string[][]> =
    readReference("random_elementary.json");
  const rows = (name: keyof typeof reference) => reference[name].map((row) => row.map(float64FromBits));

  it("log has the bits of glibc's log", () => {
    for (const [x, , , glibc] of rows("log")) expect([x, log(x!)]).toEqual([x, glibc]);
  });

  it("log is within 0.52 ULP of the exact value", () => {
    for (const [x, rounded, rest] of rows("log")) {
      const error = Math.abs(log(x!) - rounded! - rest!);
      expect(error / unitInLastPlace(rounded!), `log(${x})`).toBeLessThan(0.52);
    }
  });

  it.each([
    ["sin", sin],
    ["cos", cos],
  ] as const)("%s is correctly rounded", (name, compute) => {
    for (const [x, rounded] of rows(name)) expect([x, compute(x!)]).toEqual([x, rounded]);
  });

  it("exp has a relative error of at most 2e-16, and beyond 1 of 2e-16 times its argument", () => {
    for (const [x, rounded, rest] of rows("exp")) {
      const error = Math.abs((exp(x!) - rounded! - rest!) / rounded!);
      expect(error, `exp(${x})`).toBeLessThanOrEqual(2e-16 * Math.max(1, Math.abs(x!)));
    }
    expect([exp(709), exp(-709), exp(Number.NaN)]).toEqual([Number.POSITIVE_INFINITY, 0, Number.NaN]);
  });

  it("power has the relative error that it states", () => {
    for (const [x, y, exact] of rows("power")) {
      const error = Math.abs((power(x!, y!) - exact!) / exact!);
      const isInteger = Number.isInteger(y) && y! >= 0;
      const bound = isInteger ? 1.2e-16 * y! : 2.5e-16 * Math.max(1, Math.abs(y! * Math.log(x!)));
      expect(error, `power(${x}, ${y})`).toBeLessThanOrEqual(bound);
    }
    expect([power(0, 0), power(0, 3), power(0, 0.5), power(0.5, 2 ** 32 - 1)]).toEqual([1, 0, 0, 0]);
  });
});

/** The distance between neighbouring float64 values near a normal x. At 0, the smallest normal number. */
function unitInLastPlace(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.max(Math.abs(x), 2 ** -1022));
  const exponent = (view.getUint32(0) >>> 20) - 1023;
  return Math.max(2 ** (exponent - 52), 2 ** -1022);
}

describe("numpyRandom", () => {
  function draw(random: NumpyRandom, { call, arguments: bounds, values }: NumpyCall): string | number[] {
    const count = typeof values === "string" ? values.length / 16 : values.length;
    switch (call) {
      case "rand":
        return bitsOf(random.rand(count));
      case "randn":
        return bitsOf(random.randn(count));
      case "uniform":
        return bitsOf(random.uniform(...bounds!, count));
      case "normal": {
        const normals = new Float64Array(count);
        random.fillNormal(normals, ...bounds!);
        return bitsOf(normals);
      }
      case "shuffle": {
        const list = Array.from({ length: count }, (_, i) => i);
        random.shuffle(list);
        return list;
      }
      case "permutation":
        return Array.from(random.permutation(count));
    }
  }

  it.each(streams.numpy)("draws NumPy's bits from seed $seed", ({ seed, calls }) => {
    const random = numpyRandom(seed);
    calls.forEach((call, i) => {
      expect(draw(random, call), `call ${i}: ${call.call}`).toEqual(call.values);
    });
  });

  it("draws a million normals with NumPy's bits", () => {
    const { seed, randn } = streams.million;
    expect(digestOf(numpyRandom(seed).randn(1_000_000))).toBe(randn);
  });

  it("draws what the notebook of seed 002 printed after its weights", () => {
    const { printed }: { printed: { "002": { seed: number; random: string[] } } } =
      readReference("seeds.json");
    const { seed, random } = printed["002"];
    const draws = numpyRandom(seed)
      .rand(6 + random.length)
      .slice(6);
    random.forEach((text, i) => {
      expect(draws[i]!.toFixed(text.length - 2)).toBe(text);
    });
  });

  it("accepts shapes as NumPy does, and returns flat arrays", () => {
    expect(numpyRandom(3).rand(2, 3)).toEqual(numpyRandom(3).rand(6));
    expect(numpyRandom(3).randn(2, 3)).toEqual(numpyRandom(3).randn(6));
    expect(numpyRandom(3).rand()).toHaveLength(1);
    expect(numpyRandom(3).rand(2, 0)).toHaveLength(0);
  });

  it("shuffles typed arrays and arrays of rows in the same order", () => {
    const rows = [["a"], ["b"], ["c"], ["d"], ["e"]];
    const numbers = Uint8Array.of(0, 1, 2, 3, 4);
    const shuffledRows = [...rows];
    numpyRandom(8).shuffle(shuffledRows);
    numpyRandom(8).shuffle(numbers);
    expect(shuffledRows).toEqual(Array.from(numbers, (i) => rows[i]));
  });

  /** The definition of a shuffle of 0 … count − 1: element i is swapped with the first draw that is at most i. */
  function shuffledByDefinition(generator: MersenneTwister, count: number): Uint32Array {
    const list = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const bits = 2 ** (32 - Math.clz32(i));
      let j = generator.nextUint32() % bits;
      while (j > i) j = generator.nextUint32() % bits;
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }

  // Counts near powers of two, where a piece of the shuffle ends, and near the generator's 624 words.
  it.each([
    ["0 to 139", Array.from({ length: 140 }, (_, count) => count)],
    ["hundreds", [1247, 623, 624, 625, 626, 1024, 1025]],
    ["thousands", [65535, 65536, 65537, 65538, 131073, 131072]],
  ])("redraws values that are too large, and no others, in lists of %s", (_, counts) => {
    const random = numpyRandom(11);
    const generator = new MersenneTwister(11);
    for (const count of counts) {
      const permutation = random.permutation(count);
      const expected = shuffledByDefinition(generator, count);
      expect(
        permutation.every((value, i) => value === expected[i]),
        `of ${count}`,
      ).toBe(true);
    }
  });

  it("rounds its float64 draws for a Float32Array", () => {
    const values = new Float32Array(9);
    numpyRandom(5).fillUniform(values, -1, 1);
    expect(values).toEqual(Float32Array.from(numpyRandom(5).uniform(-1, 1, 9)));
  });

  it.each([-1, 2 ** 32, 0.5, Number.NaN, "7" as unknown as number])("refuses the seed %s", (seed) => {
    const error = errorOf(() => numpyRandom(seed));
    expect(error.code).toBe("invalidOption");
    const given = typeof seed === "string" ? '"7"' : String(seed);
    expect(error.message).toBe(`seed is ${given}; expected an integer from 0 to 4294967295.`);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "abc"],
    ["a number", 5],
    ["a frozen array", Object.freeze([1, 2, 3])],
    ["an array with a hole", Object.assign([1], { 2: 3 })],
    ["2^32 − 1 holes", new Array(2 ** 32 - 1)],
    ["holes and one element", Object.assign([1], { length: 2 ** 32 - 1 })],
    ["only a length", { length: 2 ** 53 }],
    [
      "a typed array with a false length",
      new (class extends Uint8Array {
        override get length() {
          return 1e9;
        }
      })(4),
    ],
    ["an array that throws", new Proxy([1, 2, 3], { set: () => expect.fail("from within") })],
  ])("refuses to shuffle %s, at once", (_, values) => {
    expect(errorOf(() => numpyRandom(0).shuffle(values as number[]))).toBeInstanceOf(BackpropError);
  });

  it.each([[[2 ** 32 - 1]], [[2 ** 16, 2 ** 16]], [Array(40).fill(2 ** 32 - 1)]])(
    "refuses more numbers than a network can use (%#)",
    (shape) => {
      for (const draw of ["rand", "randn"] as const) {
        expect(errorOf(() => numpyRandom(0)[draw](...shape))).toMatchObject({ code: "outOfMemory" });
      }
      expect(errorOf(() => numpyRandom(0).uniform(0, 1, ...shape))).toMatchObject({ code: "outOfMemory" });
      expect(errorOf(() => numpyRandom(0).permutation(2 ** 32 - 1))).toMatchObject({ code: "outOfMemory" });
      expect(numpyRandom(0).rand(...shape, 0)).toEqual(new Float64Array(0));
    },
  );

  it("refuses a negative dimension", () => {
    expect(errorOf(() => numpyRandom(0).rand(2, -1)).message).toBe(
      "dimension is -1; expected an integer from 0 to 4294967295.",
    );
  });
});

describe("torchRandom", () => {
  function expectFill(random: TorchRandom, expected: TorchFill): void {
    const { call, dtype, arguments: bounds, values: bits } = expected;
    const values = emptyOf(dtype, bits.length / (dtype === "float32" ? 8 : 16));
    random[call](values, ...bounds);
    if (call === "normal_" && dtype === "float64") expectAlmostSameNormals(values, expected);
    else expect(bitsOf(values)).toBe(bits);
  }

  /** PyTorch's float64 sin and cos are not always correctly rounded. Then a standard normal differs by 1 ULP. */
  function expectAlmostSameNormals(
    values: Float32Array | Float64Array,
    { arguments: [, std], values: bits }: TorchFill,
  ) {
    const differing = Array.from(values).filter((value, i) => {
      const expected = float64FromBits(bits.slice(16 * i, 16 * i + 16));
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(std * 8 * 2 ** -52);
      return value !== expected;
    });
    expect(differing.length).toBeLessThanOrEqual(1);
  }

  it.each(streams.torch)("draws PyTorch's bits from seed $seed", ({ seed, calls }) => {
    const random = torchRandom(seed);
    for (const call of calls) {
      if (call.call === "randperm")
        expect(Array.from(random.randperm(call.values.length))).toEqual(call.values);
      else expectFill(random, call);
    }
  });

  it("draws PyTorch's bits a million times", () => {
    const { seed, normal_, uniform_ } = streams.million;
    const values = new Float32Array(1_000_000);
    torchRandom(seed).normal_(values, 0, 1);
    expect(digestOf(values)).toBe(normal_);
    torchRandom(seed).uniform_(values, -0.1, 0.3);
    expect(digestOf(values)).toBe(uniform_);
  });

  it("uses the lowest 32 bits of the seed", () => {
    expect(torchRandom(2 ** 32 + 9).randperm(20)).toEqual(torchRandom(9).randperm(20));
    expect(torchRandom(-1).randperm(20)).toEqual(torchRandom(2 ** 32 - 1).randperm(20));
  });

  it.each([0.5, 2 ** 53, Number.NaN])("refuses the seed %d", (seed) => {
    const error = errorOf(() => torchRandom(seed));
    expect(error.code).toBe("invalidOption");
    expect(error.message).toBe(
      `seed is ${seed}; expected an integer from -9007199254740991 to 9007199254740991.`,
    );
  });

  it("refuses magnitudes that would overflow", () => {
    const values = new Float64Array(20);
    expect(errorOf(() => torchRandom(0).uniform_(values, 0, 1e300)).message).toBe(
      "to is 1e+300; expected a magnitude of up to 2^900.",
    );
    expect(errorOf(() => torchRandom(0).normal_(values, -1e300, 1)).message).toMatch(/^mean is -1e\+300/);
  });

  it("refuses a length for which PyTorch uses another algorithm", () => {
    expect(errorOf(() => torchRandom(0).randperm(214748364)).message).toBe(
      "n is 214748364; expected an integer from 0 to 214748363.",
    );
  });
});

describe.each<[string, (seed: number) => RandomStream]>([
  ["numpyRandom", numpyRandom],
  ["torchRandom", torchRandom],
])("%s as a RandomStream", (_, createStream) => {
  const seeds = fc.nat();

  it("draws uniforms within [low, high]", () => {
    fc.assert(
      fc.property(seeds, fc.nat(40), (seed, length) => {
        const values = new Float64Array(length);
        createStream(seed).fillUniform(values, -0.25, 0.5);
        expect(values.every((value) => value >= -0.25 && value <= 0.5)).toBe(true);
      }),
    );
  });

  it("draws permutations", () => {
    fc.assert(
      fc.property(seeds, fc.nat(200), (seed, n) => {
        const sorted = permute(createStream(seed), n).sort();
        expect(sorted).toEqual(Uint32Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it.each(["float32", "float64"] as const)(
    "draws %s normals with the given mean and standard deviation",
    (dtype) => {
      const drawn = emptyOf(dtype, 20_000);
      createStream(11).fillNormal(drawn, 3, 0.5);
      const values = Array.from(drawn);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(mean).toBeCloseTo(3, 1);
      expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
    },
  );

  it("draws the same values from the same seed, and others from another seed", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, length) => {
        const [once, again, other] = [seed, seed, seed + 1].map((each) => {
          const values = new Float32Array(length);
          createStream(each).fillNormal(values, 0, 1);
          return values;
        });
        expect(again).toEqual(once);
        expect(other).not.toEqual(once);
      }),
    );
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "1234"],
    ["a plain array", [1, 2, 3]],
    ["a frozen array", Object.freeze([1, 2, 3])],
    ["an Int32Array", new Int32Array(4)],
    [
      "a subclass with a false length",
      new (class extends Float64Array {
        override get length() {
          return 1e9;
        }
      })(4),
    ],
  ])("refuses to fill %s", (_, values) => {
    const stream = createStream(0);
    for (const fill of [stream.fillUniform, stream.fillNormal]) {
      expect(errorOf(() => fill.call(stream, values as Float64Array, 0, 1))).toMatchObject({
        code: "invalidOption",
        message: expect.stringMatching(/^values is .+; expected a Float32Array or a Float64Array\.$/),
      });
    }
  });

  it("fills arrays of another realm", () => {
    const values: Float32Array = runInNewContext("new Float32Array(20)");
    const expected = new Float32Array(20);
    createStream(3).fillUniform(values, 0, 1);
    createStream(3).fillUniform(expected, 0, 1);
    expect(Array.from(values)).toEqual(Array.from(expected));
  });

  it("refuses bounds outside the range of float32", () => {
    const stream = createStream(0);
    for (const fill of [
      () => stream.fillUniform(new Float32Array(20), 0, 1e300),
      () => stream.fillUniform(new Float32Array(20), -3e38, 3e38),
      () => stream.fillNormal(new Float32Array(20), 1e300, 1),
      () => stream.fillNormal(new Float32Array(20), 0, 1e300),
      () => stream.fillNormal(new Float32Array(20), 0, 1e-50),
    ]) {
      expect(errorOf(fill)).toMatchObject({ code: "invalidOption" });
    }
    const values = new Float64Array(20);
    stream.fillUniform(values, -1e250, 1e250);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it("refuses invalid ranges and standard deviations", () => {
    const values = new Float64Array(2);
    const stream = createStream(0);
    const codes = [
      () => stream.fillUniform(values, 1, 0),
      () => stream.fillUniform(values, Number.NaN, 0),
      () => stream.fillUniform(values, 0, Number.POSITIVE_INFINITY),
      () => stream.fillUniform(values, -1.7e308, 1.7e308),
      () => stream.fillNormal(values, 0, -1),
      () => stream.fillNormal(values, Number.NaN, 1),
      () => permute(stream, -1),
      () => permute(stream, 1.5),
    ].map((action) => errorOf(action).code);
    expect(codes).toEqual(codes.map(() => "invalidOption"));
    expect(errorOf(() => stream.fillUniform(values, 1, 0)).message).toMatch(
      /^(low|from) is 1; expected a number not above (high|to), which is 0\.$/,
    );
  });
});

/** randperm() of PyTorch, permutation() of NumPy. */
function permute(stream: RandomStream, n: number): Uint32Array {
  return stream instanceof TorchRandom ? stream.randperm(n) : (stream as NumpyRandom).permutation(n);
}
