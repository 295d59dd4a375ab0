// The program of a worker: does its part of each phase that the calling thread announces, until the team is stopped.

import { builtinModule } from "./builtins.js";
import type { CoreExports } from "./core.js";
import type { Assignment } from "./workers.js";

// Without top-level await: bundlers may turn this into a classic worker, which does not have it.
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
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { team_work_f32, team_work_f64 } = exports as unknown as CoreExports;
  (dtype === "float32" ? team_work_f32 : team_work_f64)(network, team);
}
