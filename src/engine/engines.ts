import { type Numerics, sharedCore } from "../core.js";
import { prepareWorkers } from "../workers.js";
import type { Engine } from "./engine.js";
import { wasmEngine } from "./wasm/engine.js";

/** What the Wasm engine alone can choose. */
export interface EngineOptions {
  readonly numerics?: Numerics;
  /** Whether its models may have several. */
  readonly threads?: boolean;
}

/** Where each engine comes from. */
export const ENGINES: Record<Engine["name"], (options?: EngineOptions) => Promise<Engine>> = {
  wasm: async (options = {}) => {
    const core = await sharedCore(undefined, options);
    if (options.threads) await prepareWorkers();
    return wasmEngine(core);
  },
  typescript: async () => (await import("./typescript/engine.js")).typescriptEngine,
};
