import { type Numerics, sharedCore } from "../core.js";
import { prepareWorkers } from "../workers.js";
import type { Engine } from "./engine.js";
import { wasmEngine } from "./wasm/engine.js";

export interface EngineOptions {
  readonly numerics?: Numerics;
  /** Whether its models may have several threads. */
  readonly threads?: boolean;
}

export async function loadEngine(options: EngineOptions = {}): Promise<Engine> {
  const core = await sharedCore(undefined, options);
  if (options.threads) await prepareWorkers();
  return wasmEngine(core);
}
