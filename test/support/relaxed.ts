// Relaxed SIMD in this version of Node.

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

const isRelaxedModuleValid = () =>
  WebAssembly.validate(readFileSync(new URL("../../build/core.relaxed.wasm", import.meta.url)));

/** Whether this engine accepts the relaxed core. Node 20 only does with --experimental-wasm-relaxed-simd. */
export const isRelaxedSupported = isRelaxedModuleValid();

/** Enables relaxed SIMD in this process, for modules compiled from now on. */
export function enableRelaxedSimd(): void {
  if (!isRelaxedModuleValid()) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
