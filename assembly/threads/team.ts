// Runs a phase: in the calling thread alone or, in the builds with threads, divided between it and a team of workers.

import { passOf, scratchAt, Workspace } from "../network/workspace";
import { Network } from "../network/network";
import { doPart, doPhase, isDivisible, Phase } from "./phases";

/**
 * A team in linear memory. Each word that threads watch has a cache line of its own:
 *
 *     +0    call       upper 24 bits: number of the call; lower 8 bits: threads that take part, the caller included.
 *                      One load reads both: a worker that is not among these threads takes no part.
 *     +64   finished   workers that have finished their part
 *     +128  joined     workers that are ready; they are numbered from 1, the caller is thread 0
 *     +192  asleep     workers that must be woken
 *     +256  arguments of the call: the Phase, then the workspace
 */
export type Team = usize;

export const TEAM_SIZE: usize = 320;

const FINISHED: usize = 64;
const JOINED: usize = 128;
const ASLEEP: usize = 192;
const PHASE: usize = 256;
const WORKSPACE: usize = 260;

/** The call that stops the workers. All others have at least 2 threads, except the initial value 0. */
const STOP: u32 = 0xffffff00;

const THREADS_BITS: u32 = 8;
const THREADS_MASK: u32 = (1 << THREADS_BITS) - 1;

/** How many times a worker polls for a call before it sleeps: this takes about 50 µs, as long as waking it. */
const SPINS = 1 << 14;

/** With fewer multiply-adds in a pass (about 40 µs of work), the barrier costs more than the workers save. */
const MIN_WORK: u64 = 1 << 19;

/**
 * Runs a phase, with the network's team if the microbatch is large enough. Returns the number of threads that took
 * part.
 */
@inline
export function runPhase<T>(network: Network, workspace: Workspace, phase: Phase): usize {
  if (ASC_FEATURE_THREADS) {
    if (isDivisible<T>(workspace, phase) && isShared(network, workspace)) {
      return runTogether<T>(network, workspace, phase);
    }
  }
  doPhase<T>(network, workspace, phase);
  return 1;
}

/** Whether workers have joined and the microbatch is large enough to share. */
function isShared(network: Network, workspace: Workspace): bool {
  const team = network.team;
  if (!team || <u64>network.parameterCount * passOf(workspace).rows < MIN_WORK) return false;
  return atomic.load<u32>(team, JOINED) > 0;
}

/** Calls the workers to a phase, takes part, and waits until all have finished. */
function runTogether<T>(network: Network, workspace: Workspace, phase: Phase): usize {
  const team = network.team;
  // More workers may have joined than the workspace has scratch for.
  const threads = <u32>min<usize>(atomic.load<u32>(team, JOINED) + 1, workspace.threads);
  const calls = atomic.load<u32>(team) >> THREADS_BITS;
  store<u32>(team, phase, PHASE);
  store<usize>(team, changetype<usize>(workspace), WORKSPACE);
  atomic.store<u32>(team, 0, FINISHED);
  announce(team, ((calls + 1) << THREADS_BITS) | threads);
  doPart<T>(network, workspace, scratchAt(workspace, 0), phase, 0, threads);
  // Spins: a page's main thread may not sleep, and all parts take about the same time.
  while (atomic.load<u32>(team, FINISHED) != threads - 1) {}
  return threads;
}

/** The loop of a worker: runs its part of each call, and returns when the team is stopped. */
export function workerLoop<T>(network: Network, team: Team): void {
  let seen = atomic.load<u32>(team);
  const thread = atomic.add<u32>(team, 1, JOINED) + 1;
  while (seen != STOP) {
    const call = nextCall(team, seen);
    seen = call;
    const threads = call & THREADS_MASK;
    if (call == STOP || thread >= threads) continue;
    const workspace = changetype<Workspace>(load<usize>(team, WORKSPACE));
    doPart<T>(network, workspace, scratchAt(workspace, thread), load<u32>(team, PHASE), thread, threads);
    atomic.add<u32>(team, 1, FINISHED);
  }
}

export function stopTeam(team: Team): void {
  announce(team, STOP);
}

/** Waits for a call other than `seen`: spins first, then sleeps. */
function nextCall(team: Team, seen: u32): u32 {
  for (let i = 0; i < SPINS; ++i) {
    const call = atomic.load<u32>(team);
    if (call != seen) return call;
  }
  atomic.add<u32>(team, 1, ASLEEP);
  const call = sleep(team, seen);
  atomic.sub<u32>(team, 1, ASLEEP);
  return call;
}

/**
 * Sleeps until there is a call other than `seen`. Recursive, so that it is not inlined into workerLoop(): the baseline
 * compiler of V8 11.3 (Node 20) overwrites a register of the function that waits. In workerLoop() this register held
 * the worker's number.
 */
function sleep(team: Team, seen: u32): u32 {
  const call = atomic.load<u32>(team);
  if (call != seen) return call;
  atomic.wait<i32>(team, seen, -1);
  return sleep(team, seen);
}

/**
 * Stores a call and wakes sleeping workers. A worker that is about to sleep has either counted itself in ASLEEP by now,
 * or sees that the call has changed. So it does not miss the call.
 */
function announce(team: Team, call: u32): void {
  atomic.store<u32>(team, call);
  if (atomic.load<u32>(team, ASLEEP)) atomic.notify(team, -1);
}
