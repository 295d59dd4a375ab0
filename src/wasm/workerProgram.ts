// The program of a worker. The script of web workers imports it. Node's workers are started from the source text of
// `work`.

import type { DType } from "../dtype.js";
import type { Address, CoreExports } from "./core.js";

/** The data that a worker is started with. */
export interface Assignment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly network: Address;
  readonly team: Address;
  readonly dtype: DType;
}

/**
 * Does a worker's part of each phase that the calling thread announces, until the team is stopped. Must not use
 * anything from outside this function: Node's workers get only its source text.
 */
export function work({ module, memory, network, team, dtype }: Assignment): void {
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as CoreExports;
  if (dtype === "float32") exports.team_work_f32(network, team);
  else exports.team_work_f64(network, team);
}
