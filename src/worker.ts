// What a worker runs: its part of each phase that the caller of a network announces, until the team is stopped.

import { builtinModule } from "./builtins.js";
import type { CoreExports } from "./core.js";
import { ELEMENT_TYPES } from "./engine/wasm/host.js";
import type { Assignment } from "./workers.js";

// No top-level await, which bundlers' classic workers do not have.
if (import.meta.url.startsWith("file:")) {
  builtinModule<{ workerData: Assignment }>("worker_threads").then(({ workerData }) => work(workerData));
} else {
  addEventListener("message", (event: MessageEvent<Assignment>) => {
    work(event.data);
    postMessage("left");
    close();
  });
}

function work({ module, memory, network, team, dtype }: Assignment): void {
  // Not by the loader, which is ten times as long as all of this file.
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  ELEMENT_TYPES[dtype].kernels(exports as unknown as CoreExports).work(network, team);
}
