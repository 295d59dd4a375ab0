// The flag with which V8 pairs 128-bit vector operations into 256-bit ones. V8 calls it experimental; it is off by default.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export const REVECTORIZE_FLAG = "--experimental-wasm-revectorize";

const PROCESSORS = "/proc/cpuinfo";

/**
 * One line that says why the flag has no effect here; undefined if it has an effect. On other systems than Linux, an x64
 * processor is assumed to have AVX2.
 */
export function whyNotRevectorized(): string | undefined {
  if (process.arch !== "x64") return `V8 revectorizes on x64 only, and this processor is ${process.arch}`;
  if (existsSync(PROCESSORS) && !/\bavx2\b/.test(readFileSync(PROCESSORS, "utf8"))) {
    return "this processor has no AVX2";
  }
  const { stdout } = spawnSync(process.execPath, ["--v8-options"], { encoding: "utf8", maxBuffer: 2 ** 24 });
  if (!stdout.includes(REVECTORIZE_FLAG)) return `Node ${process.version} has no ${REVECTORIZE_FLAG}`;
  return undefined;
}
