// What the module exports in the builds with threads: all of index.ts, and teams of workers.

import { Network } from "./network";
import { layTeam, stopTeam, Team, teamSize, work } from "./team";

export * from "./index";

/** Bytes for a team of `workers` (at most 254, not counting the caller) for the network. */
export function team_size_f32(network: Network, workers: u32): f64 {
  return <f64>teamSize<f32>(network, workers);
}

/** Bytes for a team of `workers` (at most 254, not counting the caller) for the network. */
export function team_size_f64(network: Network, workers: u32): f64 {
  return <f64>teamSize<f64>(network, workers);
}

/** Lays a team in a zeroed region of that size at a multiple of 64; from then on its workers share the network's phases. */
export function team_lay_f32(network: Network, team: Team, workers: u32): void {
  layTeam<f32>(network, team, workers);
}

/** Lays a team in a zeroed region of that size at a multiple of 64; from then on its workers share the network's phases. */
export function team_lay_f64(network: Network, team: Team, workers: u32): void {
  layTeam<f64>(network, team, workers);
}

/** To be called in each worker's own instance over the same memory; it returns when the team is stopped. */
export function team_work_f32(network: Network, team: Team): void {
  work<f32>(network, team);
}

/** To be called in each worker's own instance over the same memory; it returns when the team is stopped. */
export function team_work_f64(network: Network, team: Team): void {
  work<f64>(network, team);
}

/** Ends the team, whatever its workers are doing; those that come later leave at once. Its memory stays theirs till then. */
export function team_stop(team: Team): void {
  stopTeam(team);
}
