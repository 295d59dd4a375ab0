import { sharedCore } from "../core.js";
import type { Engine } from "./engine.js";
import { wasmEngine } from "./wasm/engine.js";

/** Where each engine comes from. */
export const ENGINES: Record<Engine["name"], () => Promise<Engine>> = {
  wasm: async () => wasmEngine(await sharedCore()),
  typescript: async () => (await import("./typescript/engine.js")).typescriptEngine,
};
