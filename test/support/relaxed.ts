import { readFileSync } from "node:fs";

/** Whether this engine takes the relaxed core; Node 20 does only with --experimental-wasm-relaxed-simd. */
export const isRelaxedSupported = WebAssembly.validate(
  readFileSync(new URL("../../build/core.relaxed.wasm", import.meta.url)),
);
