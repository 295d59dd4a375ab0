import { onTestFinished } from "vitest";
import type { Core, CoreExports } from "../../src/wasm/core.js";

/** Replaces functions of a core to the end of the test. The exports of a Wasm instance cannot be replaced one by one. */
export function replaceExports(core: Core, replacements: Partial<CoreExports>): void {
  const { exports } = core;
  const setExports = (value: CoreExports) => Object.assign(core, { exports: value });
  setExports({ ...exports, ...replacements });
  onTestFinished(() => {
    setExports(exports);
  });
}
