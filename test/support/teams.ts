// What the core's teams of threads say in linear memory, for tests that have to know whether threads took part.

import { onTestFinished, vi } from "vitest";
import type { Core } from "../../src/core.js";

/** The words of assembly/team.ts's Team. */
const CALL = 0;
const JOINED = 128;
const MEMBERS_BITS = 8;

export class TeamInMemory {
  readonly address: number;
  readonly workers: number;
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory, address: number, workers: number) {
    this.#memory = memory;
    this.address = address;
    this.workers = workers;
  }

  /** How many threads took part in the last phase that was shared, the caller among them; 0 if none was. */
  get members(): number {
    return this.#read(CALL) & (2 ** MEMBERS_BITS - 1);
  }

  /** How many phases were shared. */
  get calls(): number {
    return this.#read(CALL) >>> MEMBERS_BITS;
  }

  get joined(): number {
    return this.#read(JOINED);
  }

  async assemble(): Promise<void> {
    await vi.waitUntil(() => this.joined === this.workers, { timeout: 30_000 });
  }

  #read(offset: number): number {
    return Atomics.load(new Int32Array(this.#memory.buffer), (this.address + offset) / 4) >>> 0;
  }
}

/** The teams that are laid from now on to the end of the test, for networks that are created from now on. */
export function watchTeams({ exports, memory }: Core): readonly TeamInMemory[] {
  const teams: TeamInMemory[] = [];
  for (const name of ["team_lay_f32", "team_lay_f64"] as const) {
    const lay = exports[name];
    exports[name] = (network, team, workers) => {
      lay(network, team, workers);
      teams.push(new TeamInMemory(memory, team, workers));
    };
    onTestFinished(() => {
      exports[name] = lay;
    });
  }
  return teams;
}
