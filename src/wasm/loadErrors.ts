// The errors of loading the core: what went wrong, and what to do about it.

import { BackpropError } from "../errors.js";
import { reasonOf } from "../show.js";
import { type Build, loadCall } from "./builds.js";
import { isSimdSupported } from "./requirements.js";

/** What to do about each kind of error. */
export const ADVICE = {
  /** The library's file is not where the library looks for it. */
  copyFile: (build: Build) =>
    `Copy build/${build.file} of the library there, unchanged (bundlers such as esbuild and rollup do not), or call ` +
    `${loadCall(build, "bytes")} with the file's bytes before the first network.`,
  /** The library has no URL or file to load the core from. */
  importModule: (build: Build) =>
    `Import the file, as in \`import core from "backprop-wasm/${build.file}"\`, and call ${loadCall(build, "core")} ` +
    "with its module or bytes before the first network.",
  /** The user gave another module. */
  giveFile: (build: Build) =>
    `Give build/${build.file} of this version of the library to ${loadCall(build, "source")}.`,
  /** The page forbids WebAssembly. */
  allowWasm: () => "Add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy.",
} as const;

/** The messages of engines that refuse every module here, and what to do. */
const REFUSALS = [
  { pattern: /Content Security Policy|blocked by CSP|unsafe-eval/i, advice: ADVICE.allowWasm },
  // Edge workers take only modules that were compiled at deployment.
  { pattern: /disallowed by embedder/, advice: ADVICE.importModule },
] as const;

export function unavailable(reason: string, advice: string, cause?: unknown): BackpropError {
  const details = cause === undefined ? {} : { cause };
  return new BackpropError(
    "coreUnavailable",
    `The WebAssembly core could not be loaded: ${reason}. ${advice}`,
    details,
  );
}

/** The error when the engine does not compile or instantiate the module. */
export function refused(cause: unknown, build: Build): BackpropError {
  if (!isSimdSupported()) return withoutSimd(cause);
  const reason = reasonOf(cause);
  const { advice } = REFUSALS.find(({ pattern }) => pattern.test(reason)) ?? { advice: ADVICE.giveFile };
  return unavailable(reason, advice(build), cause);
}

function withoutSimd(cause: unknown): BackpropError {
  return new BackpropError(
    "unsupported",
    "This engine has no WebAssembly SIMD. Use a newer engine, on a processor with SSE 4.1 or NEON.",
    { cause },
  );
}
