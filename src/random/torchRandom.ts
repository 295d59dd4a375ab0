import { allocate, dtypeOf, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import {
  requireFinite,
  requireFloats,
  requireInteger,
  requireNotNegative,
  requireRange,
} from "../validation.js";
import { logFloat32, sinCosFloat32 } from "./cephes.js";
import { cos, log, sin } from "./elementary.js";
import { fusedMultiplyAdd, fusedMultiplyAddFloat32 } from "./fused.js";
import { MersenneTwister } from "./mersenneTwister.js";
import type { RandomStream } from "./random.js";

const TWO_PI = 2 * Math.PI;
const TWO_PI_FLOAT32 = Math.fround(TWO_PI);
/** For this many elements or more, `normal_` draws all uniform numbers first, then transforms them in blocks of 16. */
const BLOCK = 16;
/** Above this n, `torch.randperm` uses another algorithm. */
const MAX_PERMUTATION = 214748363;
const MAX_MAGNITUDE = 2 ** 900;

/**
 * The stream of PyTorch's `torch.manual_seed(seed)` on the CPU, with the bits of a build for processors with AVX2 and
 * FMA (measured against PyTorch 2.15).
 *
 * @param seed an integer from −(2⁵³ − 1) to 2⁵³ − 1; only its lowest 32 bits are used, as in PyTorch.
 *   Anything else throws `invalidOption`.
 */
export function torchRandom(seed: number): TorchRandom {
  return new TorchRandom(seed);
}

/** The functions of a `torch.Generator` on the CPU, under PyTorch's names. Created by `torchRandom`. */
export class TorchRandom implements RandomStream {
  readonly #generator: MersenneTwister;
  #nextNormal: number | undefined;

  constructor(seed: number) {
    requireInteger("seed", seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.#generator = new MersenneTwister(seed);
  }

  /**
   * `tensor.uniform_(from, to)`: u·(to − from) + from, rounded once. u has 24 random bits in float32 and 53 in float64.
   * The rounding can give `to` itself, as in PyTorch. Magnitudes up to 2⁹⁰⁰.
   */
  uniform_(values: FloatArray, from: number, to: number): void {
    const dtype = requireFloats("values", values);
    requireRange("from", from, "to", to, dtype);
    requireMagnitudes({ from, to });
    if (isFloat32(values)) this.#uniformFloat32(values, Math.fround(from), Math.fround(to));
    else this.#uniformFloat64(values, from, to);
  }

  /**
   * `tensor.normal_(mean, std)`, by the method of G. E. P. Box and M. E. Muller (Ann. Math. Stat. 29 (1958) 610–611).
   *
   * float32: PyTorch's bits. float64: PyTorch's bits except for 0.1 % of the standard normals, which differ by up to 2
   * ULP: PyTorch uses sin and cos of the C library; ours are correctly rounded. For fewer than 16 elements PyTorch also
   * uses log1p(−u) where we use log(1 − u): then 3 % differ, by up to 3 ULP (PyTorch 2.15 with glibc 2.36).
   */
  normal_(values: FloatArray, mean: number, std: number): void {
    const dtype = requireFloats("values", values);
    requireFinite("mean", mean, dtype);
    requireNotNegative("std", std, dtype);
    requireMagnitudes({ mean, std });
    if (values.length < BLOCK) this.#normalOneByOne(values, mean, std);
    else this.#normalInBlocks(values, mean, std);
  }

  /** `torch.randperm(n)`: the integers 0 … n−1 in random order, n from 0 to 214 748 363. */
  randperm(n: number): Uint32Array {
    requireInteger("n", n, 0, MAX_PERMUTATION);
    const values = allocate("uint32", n);
    for (let i = 0; i < n; i++) values[i] = i;
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.#generator.nextUint32() % (n - i));
      const swapped = values[i]!;
      values[i] = values[j]!;
      values[j] = swapped;
    }
    return values;
  }

  /** As `uniform_`. */
  fillUniform(values: FloatArray, low: number, high: number): void {
    this.uniform_(values, low, high);
  }

  /** As `normal_`. */
  fillNormal(values: FloatArray, mean: number, standardDeviation: number): void {
    this.normal_(values, mean, standardDeviation);
  }

  #uniformFloat32(values: Float32Array, from: number, to: number): void {
    const range = Math.fround(to - from);
    for (let i = 0; i < values.length; i++) {
      values[i] = fusedMultiplyAddFloat32(this.#random24(), range, from);
    }
  }

  #uniformFloat64(values: Float64Array, from: number, to: number): void {
    const range = to - from;
    for (let i = 0; i < values.length; i++) values[i] = fusedMultiplyAdd(this.#random53(), range, from);
  }

  #normalOneByOne(values: FloatArray, mean: number, std: number): void {
    for (let i = 0; i < values.length; i++) values[i] = fusedMultiplyAdd(this.#standardNormal(), std, mean);
  }

  /** Draws are made in pairs. The second one is kept for the next call. */
  #standardNormal(): number {
    const cached = this.#nextNormal;
    if (cached !== undefined) {
      this.#nextNormal = undefined;
      return cached;
    }
    const angle = TWO_PI * this.#random53();
    const radius = Math.sqrt(-2 * log(1 - this.#random53()));
    this.#nextNormal = radius * sin(angle);
    return radius * cos(angle);
  }

  #normalInBlocks(values: FloatArray, mean: number, std: number): void {
    this.uniform_(values, 0, 1);
    const wholeBlocks = Math.floor(values.length / BLOCK);
    for (let block = 0; block < wholeBlocks; block++) {
      transformBlock(values.subarray(block * BLOCK, (block + 1) * BLOCK), mean, std);
    }
    if (values.length % BLOCK !== 0) {
      const last = values.subarray(values.length - BLOCK);
      this.uniform_(last, 0, 1);
      transformBlock(last, mean, std);
    }
  }

  /** A number in [0, 1) with 24 random bits. */
  #random24(): number {
    return (this.#generator.nextUint32() & 0xffffff) / 2 ** 24;
  }

  /** A number in [0, 1) with 53 random bits. */
  #random53(): number {
    const upper = this.#generator.nextUint32() & 0x1fffff;
    const lower = this.#generator.nextUint32();
    return (upper * 2 ** 32 + lower) / 2 ** 53;
  }
}

function isFloat32(values: FloatArray): values is Float32Array {
  return dtypeOf(values) === "float32";
}

/** Larger numbers overflow in fusedMultiplyAdd(). */
function requireMagnitudes(bounds: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(bounds)) {
    if (Math.abs(value) <= MAX_MAGNITUDE) continue;
    throw new BackpropError("invalidOption", `${name} is ${value}; expected a magnitude of up to 2^900.`);
  }
}

/** Turns 16 uniform draws into normal draws, in place. values[j] and values[j + 8] are a pair. */
function transformBlock(values: FloatArray, mean: number, std: number): void {
  if (isFloat32(values)) transformFloat32(values, Math.fround(mean), Math.fround(std));
  else transformFloat64(values, mean, std);
}

function transformFloat32(values: Float32Array, mean: number, std: number): void {
  for (let j = 0; j < BLOCK / 2; j++) {
    const logarithm = logFloat32(1 - values[j]!);
    const radius = Math.fround(Math.sqrt(-2 * logarithm));
    const [sine, cosine] = sinCosFloat32(Math.fround(TWO_PI_FLOAT32 * values[j + 8]!));
    values[j] = fusedMultiplyAddFloat32(Math.fround(radius * cosine), std, mean);
    values[j + 8] = fusedMultiplyAddFloat32(Math.fround(radius * sine), std, mean);
  }
}

function transformFloat64(values: Float64Array, mean: number, std: number): void {
  for (let j = 0; j < BLOCK / 2; j++) {
    const radius = Math.sqrt(-2 * log(1 - values[j]!));
    const angle = TWO_PI * values[j + 8]!;
    values[j] = fusedMultiplyAdd(radius * cos(angle), std, mean);
    values[j + 8] = fusedMultiplyAdd(radius * sin(angle), std, mean);
  }
}
