// The type of `import core from "backprop-wasm/core.wasm"`, and of the other builds. Bundlers and hosts make different
// things of such an import: a WebAssembly.Module, its bytes, an address. `loadCore` takes the module and the bytes.

import type { CoreSource } from "backprop-wasm";

declare const core: CoreSource;
export default core;
