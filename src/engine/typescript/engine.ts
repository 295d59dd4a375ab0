import type { Engine } from "../engine.js";
import { TypescriptModel } from "./model.js";

/**
 * The engine without WebAssembly: plain loops over typed arrays, row-major throughout.
 *
 * Arithmetic is in doubles, and float32 is a matter of storage: each stored value is rounded once. exp, log and tanh are
 * the host's `Math`, whose last bits differ between hosts and versions; so, unlike the core, this engine promises the
 * same bits only within one host.
 */
export const typescriptEngine: Engine = {
  name: "typescript",
  createModel: (description) => new TypescriptModel(description),
};
