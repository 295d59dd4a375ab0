// Who does a phase: the caller alone or, in the builds whose memory is shared, together with workers, each its part.

import { Workspace } from "./matmul";
import { layWorkspace, Network, workspaceSize } from "./network";
import { doPart, doPhase, isDivisible, Phase } from "./phases";

/**
 * A team in linear memory. Each word that threads watch has a cache line of its own:
 *
 *     +0    call        how many calls there were, in the upper 24 bits, and how many members take part in this one, in
 *                       the lower 8; both come in one load, so that a worker that joins meanwhile takes no part of it
 *     +64   finished    workers that are done with the call
 *     +128  joined      workers that are there; numbered from 1, for the caller is member 0
 *     +192  asleep      workers that have to be woken
 *     +256  the Phase that is called, then the size of a workspace
 *     +320  workspaces  of the workers
 */
export type Team = usize;

const FINISHED: usize = 64;
const JOINED: usize = 128;
const ASLEEP: usize = 192;
const PHASE: usize = 256;
const WORKSPACE_SIZE: usize = 260;
const WORKSPACES: usize = 320;

/** The call that ends a team: in every other, but the first, members take part. */
const STOP: u32 = 0xffffff00;

const MEMBERS_BITS: u32 = 8;
const MOST_MEMBERS: u32 = (1 << MEMBERS_BITS) - 1;

/** How often a worker looks for a call before it sleeps: some 50 µs, which is what it costs to be woken. */
const SPINS = 1 << 14;

/** Multiply-adds a pass below which a barrier, or a neighbour on a core, costs more than a worker brings: some 40 µs. */
const LEAST_WORK: u64 = 1 << 19;

/** Bytes for a team of `workers` for the network. */
export function teamSize<T>(network: Network, workers: u32): u64 {
  return WORKSPACES + <u64>workers * workspaceSize<T>(network.longestProduct);
}

/** Lays a team in a zeroed region of that size, and gives it to the network. */
export function layTeam<T>(network: Network, team: Team, workers: u32): void {
  const size = <usize>workspaceSize<T>(network.longestProduct);
  store<usize>(team + WORKSPACE_SIZE, size);
  for (let i: u32 = 0; i < workers; ++i) layWorkspace(changetype<Workspace>(team + WORKSPACES + <usize>i * size));
  network.team = team;
}

/** Does a phase of the microbatch in progress, together with the network's team if it has one. */
@inline
export function runPhase<T>(network: Network, phase: Phase): void {
  if (ASC_FEATURE_THREADS) {
    if (isDivisible<T>(network, phase) && isShared(network)) {
      runTogether<T>(network, phase);
      return;
    }
  }
  doPhase<T>(network, phase);
}

/** Whether there are others for a phase of the microbatch in progress, and it is worth calling them. */
function isShared(network: Network): bool {
  const team = network.team;
  if (!team || <u64>network.parameterCount * network.microbatch.rows < LEAST_WORK) return false;
  return atomic.load<u32>(team, JOINED) > 0;
}

/** Calls the workers to a phase, takes part, and waits until all have finished. */
function runTogether<T>(network: Network, phase: Phase): void {
  const team = network.team;
  const members = min(atomic.load<u32>(team, JOINED) + 1, MOST_MEMBERS);
  const calls = atomic.load<u32>(team) >> MEMBERS_BITS;
  store<u32>(team, phase, PHASE);
  atomic.store<u32>(team, 0, FINISHED);
  announce(team, ((calls + 1) << MEMBERS_BITS) | members);
  doPart<T>(network, network.workspace, phase, 0, members);
  // A page's own thread may not sleep; and the parts take about as long as one another.
  while (atomic.load<u32>(team, FINISHED) != members - 1) {}
}

/** What a worker does all its life: returns when the team is stopped. */
export function work<T>(network: Network, team: Team): void {
  let seen = atomic.load<u32>(team);
  const member = atomic.add<u32>(team, 1, JOINED) + 1;
  while (seen != STOP) {
    const call = nextCall(team, seen);
    seen = call;
    const members = call & MOST_MEMBERS;
    if (call == STOP || member >= members) continue;
    doPart<T>(network, workspaceOf(team, member), load<u32>(team, PHASE), member, members);
    atomic.add<u32>(team, 1, FINISHED);
  }
}

export function stopTeam(team: Team): void {
  announce(team, STOP);
}

/** The first call that is not the one that was `seen`: looked for some time, then slept for. */
function nextCall(team: Team, seen: u32): u32 {
  for (let i = 0; i < SPINS; ++i) {
    const call = atomic.load<u32>(team);
    if (call != seen) return call;
  }
  atomic.add<u32>(team, 1, ASLEEP);
  while (atomic.load<u32>(team) == seen) atomic.wait<i32>(team, seen, -1);
  atomic.sub<u32>(team, 1, ASLEEP);
  return atomic.load<u32>(team);
}

/** A worker that falls asleep meanwhile has either counted itself by then, or finds that the call is another. */
function announce(team: Team, call: u32): void {
  atomic.store<u32>(team, call);
  if (atomic.load<u32>(team, ASLEEP)) atomic.notify(team, -1);
}

function workspaceOf(team: Team, member: u32): Workspace {
  return changetype<Workspace>(team + WORKSPACES + <usize>(member - 1) * load<usize>(team, WORKSPACE_SIZE));
}
