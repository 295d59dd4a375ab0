// Checks that the engine and the processor have the features that the core needs.

import { BackpropError } from "../errors.js";
import type { Build } from "./builds.js";

interface Requirement {
  readonly isMet: (build: Build) => boolean;
  readonly message: string;
}

/** Modules with f32x4.add and f32x4.relaxed_madd: the bytes that follow the prefix of vector instructions. */
const simdModule = () => vectorModule(2, 0xe4, 0x01);
const relaxedSimdModule = () => vectorModule(3, 0x85, 0x02);

/** In order: each is tested only if those before it are met. */
const REQUIREMENTS: readonly Requirement[] = [
  {
    isMet: () => typeof WebAssembly === "object",
    message: "This engine has no WebAssembly, or it is switched off. Use another engine, or switch it on.",
  },
  {
    // WebAssembly's memory is little-endian. Typed arrays over it have the processor's byte order.
    isMet: () => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1,
    message:
      "This processor is big-endian, so numbers in WebAssembly's memory would be misread. Use a little-endian one.",
  },
  {
    isMet: ({ isRelaxed }) => !isRelaxed || WebAssembly.validate(relaxedSimdModule()),
    message:
      'This engine has no relaxed SIMD, which numerics: "relaxed" needs. Use a newer engine (Node 20 has it only with ' +
      '--experimental-wasm-relaxed-simd), or numerics: "strict".',
  },
  {
    isMet: ({ isShared }) => !isShared || isMemoryShareable(),
    message:
      "Threads need SharedArrayBuffer, which is not available here. Serve the page with the headers " +
      '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp", or do not set threads.',
  },
];

/** @throws BackpropError `unsupported` if this engine lacks what the build needs. */
export function requireEngine(build: Build): void {
  const missing = REQUIREMENTS.find(({ isMet }) => !isMet(build));
  if (missing) throw new BackpropError("unsupported", missing.message);
}

/** Whether the engine has the SIMD that all builds need. Called only if a build does not compile: it takes about 50 µs. */
export function isSimdSupported(): boolean {
  return WebAssembly.validate(simdModule());
}

/**
 * Requires that vectors keep subnormal numbers. The NEON unit of 32-bit ARM flushes them to 0 in float32.
 *
 * @throws BackpropError `unsupported`.
 */
export function requireSubnormals(addInVector: (a: number, b: number) => number): void {
  const smallest = 2 ** -149;
  if (addInVector(smallest, smallest) === 2 * smallest) return;
  throw new BackpropError(
    "unsupported",
    "This processor flushes float32 numbers below 2^-126 to 0 in vectors (32-bit ARM does), so results would have other " +
      "bits than elsewhere. Use a 64-bit system and engine.",
  );
}

function isMemoryShareable(): boolean {
  // Only browsers define crossOriginIsolated. If it is false, memory cannot be shared with workers.
  const { crossOriginIsolated = true } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === "function" && crossOriginIsolated;
}

/** The bytes of a module whose one function applies a vector instruction to `operands` copies of a local variable. */
function vectorModule(operands: number, ...instruction: number[]): Uint8Array<ArrayBuffer> {
  const operand = [0x20, 0x00];
  const body = [0x01, 0x01, 0x7b, ...Array(operands).fill(operand).flat(), 0xfd, ...instruction, 0x0b];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
    ...[0x0a, body.length + 2, 0x01, body.length, ...body],
  );
}
