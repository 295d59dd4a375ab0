import { onTestFinished } from "vitest";
import type { Core, CoreExports } from "../../src/wasm/core.js";

/**
 * Replaces functions of a core until the test ends. Sets a new exports object, because that of an instance is frozen.
 */
export function replaceExports(core: Core, replacements: Partial<CoreExports>): void {
  const { exports } = core;
  const setExports = (value: CoreExports) => Object.assign(core, { exports: value });
  setExports({ ...exports, ...replacements });
  onTestFinished(() => {
    setExports(exports);
  });
}
