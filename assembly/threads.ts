// What the module exports in the builds with threads: all of index.ts, and teams of workers.

import { Status } from "./abi/status";
import { isInMemory } from "./checks/memory";
import { Network } from "./network/network";
import { stopTeam, Team, TEAM_SIZE, workerLoop } from "./threads/team";

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
  workerLoop<f32>(network, team);
}

/** To be called in each worker, in its own instance with the same memory. Returns when the team is stopped. */
export function team_work_f64(network: Network, team: Team): void {
  workerLoop<f64>(network, team);
}

/**
 * Tells the workers to stop, also those that start later. Each reads the team's memory until its team_work function
 * returns.
 */
export function team_stop(team: Team): void {
  stopTeam(team);
}
