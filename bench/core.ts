// The core's own exports, for benches that measure it without the wrapper.

import type { CoreBuild } from "backprop-wasm";
import * as library from "../wasm/core.js";
import type { Host } from "../wasm/host.js";

/** What `src/wasm/core.ts` marks as internal, and so the library's declarations leave out. */
interface Internal {
  sharedCore(source: undefined, build?: CoreBuild): Promise<Host["core"]>;
}

/** The core of that build. */
export function loadBuild(build?: CoreBuild): Promise<Host["core"]> {
  return (library as unknown as Internal).sharedCore(undefined, build);
}
