// Loads the core for benchmarks that measure it without the wrapper.

import type { CoreBuild } from "backprop-wasm";
import * as library from "../wasm/core.js";
import type { Host } from "../wasm/host.js";

/** `src/wasm/core.ts` marks this function as internal, so the library's type declarations do not have it. */
interface Internal {
  sharedCore(source: undefined, build?: CoreBuild): Promise<Host["core"]>;
}

/** Loads a build of the core. */
export function loadBuild(build?: CoreBuild): Promise<Host["core"]> {
  return (library as unknown as Internal).sharedCore(undefined, build);
}
