// The Wasm core behind the engine's interface: structs of assembly/ in linear memory, one call a run.

import type { Core } from "../../core.js";
import { Heap } from "../../memory.js";
import type { Engine } from "../engine.js";
import { ELEMENT_TYPES } from "./host.js";
import { WasmModel } from "./model.js";

const engines = new WeakMap<Core, Engine>();

/** The engine over a core: one, for its heap is the one owner of the core's memory. */
export function wasmEngine(core: Core): Engine {
  let engine = engines.get(core);
  if (!engine) {
    engine = createWasmEngine(core);
    engines.set(core, engine);
  }
  return engine;
}

function createWasmEngine(core: Core): Engine {
  const heap = new Heap(core);
  return {
    createModel(description, threads = 1) {
      const { dtype } = description;
      const type = ELEMENT_TYPES[dtype];
      const host = { core, heap, dtype, type, kernels: type.kernels(core.exports) };
      return new WasmModel(host, description, threads);
    },
  };
}
