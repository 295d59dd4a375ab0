// How long steps take, in rounds in which all take turns, so that a machine that slows down slows all.

import { Bench } from "tinybench";
import type { Steps } from "./subject.js";

/** The maximum number of steps in one call. */
export const MAX_STEPS = 2 ** 16;

/** Far above the clock's resolution and the cost of asking it. */
const CALL_MILLISECONDS = 1;

/** Until V8 has brought in its optimised code, however short the measurement is. */
const WARM_UP_MILLISECONDS = 250;

/** The milliseconds of a step in each round, for each of `all`; each has `milliseconds` in a round. */
export function takeTurns(all: readonly Steps[], rounds: number, milliseconds: number): number[][] {
  const round = prepareRounds(all);
  const times = Array.from({ length: rounds }, () => round(milliseconds));
  return all.map((_, i) => times.map((time) => time[i]!));
}

/** Warms up. Returns a function that runs one round, with `milliseconds` for each, and returns the milliseconds of a step of each. */
export function prepareRounds(all: readonly Steps[]): (milliseconds: number) => number[] {
  const steps = all.map(warmUp);
  return (milliseconds) => runRound(all, steps, milliseconds);
}

/** Runs in longer and longer calls; returns how many steps a timed call has. */
function warmUp(one: Steps): number {
  const end = performance.now() + WARM_UP_MILLISECONDS;
  let steps = 1;
  for (;;) {
    one.reset();
    const begun = performance.now();
    one.step(steps);
    const now = performance.now();
    const isLong = now - begun >= CALL_MILLISECONDS || steps === MAX_STEPS;
    if (isLong && now >= end) return steps;
    if (!isLong) steps *= 2;
  }
}

/** The median time of a step of each, in milliseconds. */
function runRound(all: readonly Steps[], steps: readonly number[], time: number): number[] {
  const bench = new Bench({ time, iterations: 1, warmup: false, throws: true });
  all.forEach((one, i) => {
    const beforeEach = () => one.reset();
    bench.add(String(i), () => one.step(steps[i]!), { beforeEach, async: false });
  });
  return bench.runSync().map(({ result }, i) => {
    if (result.state !== "completed") throw new Error(`Number ${i} of the round was ${result.state}.`);
    return result.latency.p50 / steps[i]!;
  });
}
