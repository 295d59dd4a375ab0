// What the module exports in the builds with threads: all of index.ts, and teams of workers.

import { Status } from "./abi/status";
import { isInMemory } from "./checks/memory";
import { Network } from "./network/network";
import { stopTeam, Team, TEAM_SIZE, work } from "./threads/team";

export * from "./index";

/** Bytes of a team, zeroed, at a multiple of 64. */
export function team_size(): f64 {
  return <f64>TEAM_SIZE;
}

/** Sets the team whose workers share the network's phases; 0: none. */
export function network_set_team(network: Network, team: Team): Status {
  if (team && !isInMemory(team, TEAM_SIZE, 64)) return Status.InvalidAddress;
  network.team = team;
  return Status.Ok;
}

/** To be called in each worker, in its own instance with the same memory. Returns when the team is stopped. */
export function team_work_f32(network: Network, team: Team): void {
  work<f32>(network, team);
}

/** To be called in each worker, in its own instance with the same memory. Returns when the team is stopped. */
export function team_work_f64(network: Network, team: Team): void {
  work<f64>(network, team);
}

/**
 * Stops the team. Each worker leaves when it sees this, also one that starts later; until then it reads the team's
 * memory.
 */
export function team_stop(team: Team): void {
  stopTeam(team);
}
