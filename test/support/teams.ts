// Reads the state of the core's teams in linear memory, for tests that check whether workers took part.

import { vi } from "vitest";
import type { Core } from "../../src/wasm/core.js";
import { replaceExports } from "./replaceExports.js";

/** The layout of a team: see assembly/threads/team.ts. */
const CALL = 0;
const JOINED = 128;
const THREADS_BITS = 8;

export class TeamInMemory {
  readonly address: number;
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory, address: number) {
    this.#memory = memory;
    this.address = address;
  }

  /** How many threads took part in the last shared phase, including the caller; 0 if no phase was shared. */
  get threads(): number {
    return this.#read(CALL) & (2 ** THREADS_BITS - 1);
  }

  /** The number of shared phases. */
  get calls(): number {
    return this.#read(CALL) >>> THREADS_BITS;
  }

  /** The number of workers that have joined. */
  get joined(): number {
    return this.#read(JOINED);
  }

  /** Waits until this many workers are ready. */
  async assemble(workers: number): Promise<void> {
    await vi.waitUntil(() => this.joined === workers, { timeout: 30_000 });
  }

  #read(offset: number): number {
    return Atomics.load(new Int32Array(this.#memory.buffer), (this.address + offset) / 4) >>> 0;
  }
}

/** The teams that networks get from now on until the test ends. */
export function watchTeams(core: Core): readonly TeamInMemory[] {
  const { memory } = core;
  const { network_set_team: setTeam } = core.exports;
  const teams: TeamInMemory[] = [];
  replaceExports(core, {
    network_set_team(network, team) {
      // A network that loses a worker gets no team.
      if (team) teams.push(new TeamInMemory(memory, team));
      return setTeam(network, team);
    },
  });
  return teams;
}
