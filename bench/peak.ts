// Measures the register peak: multiply-adds without memory accesses. No kernel can be faster.

import { readFile } from "node:fs/promises";
import type { DType } from "backprop-wasm";
import type { Steps } from "./subject.js";

/** `strict` rounds a multiply-add twice, as the strict core does. `fused` rounds once, in one instruction. */
export type PeakName = "strict" | "fused";

export interface Peak extends Steps {
  readonly name: PeakName;
  /** Floating-point operations of one step. */
  readonly flops: number;
}

type MultiplyAdd = (factor: number, term: number) => number;
type PeakExports = Record<`flops_${"f32" | "f64"}`, () => number> &
  Record<`multiply_add_${"f32" | "f64"}`, MultiplyAdd>;

/** Any numbers that keep the accumulators finite and normal. With these, s = s · ½ + 1 converges to 2. */
const FACTOR = 0.5;
const TERM = 1;

const NAMES: readonly PeakName[] = ["strict", "fused"];

/** The peaks of this engine, the highest last. Without relaxed SIMD there is no fused peak. */
export async function createPeaks(dtype: DType): Promise<Peak[]> {
  const modules = await Promise.all(NAMES.map(readModule));
  const supported = NAMES.filter((_, i) => WebAssembly.validate(modules[i]!));
  return Promise.all(supported.map((name, i) => createPeak(name, modules[i]!, dtype)));
}

function readModule(name: PeakName): Promise<BufferSource> {
  return readFile(new URL(`./peak.${name}.wasm`, import.meta.url));
}

async function createPeak(name: PeakName, module: BufferSource, dtype: DType): Promise<Peak> {
  const exports = (await WebAssembly.instantiate(module)).instance.exports as PeakExports;
  const type = dtype === "float32" ? "f32" : "f64";
  const multiplyAdd = exports[`multiply_add_${type}`];
  return {
    name,
    flops: exports[`flops_${type}`](),
    reset() {},
    step(steps) {
      for (let i = 0; i < steps; i++) multiplyAdd(FACTOR, TERM);
    },
  };
}
