// Times steps in rounds. In each round every subject is timed once, so that a slow phase of the machine affects all of them.

import { Bench } from "tinybench";
import type { Steps } from "./subject.js";

/** The maximum number of steps in one call. */
export const MAX_STEPS = 2 ** 16;

/** The minimum time of a timed call: far above the resolution of the clock and the cost of reading it. */
const CALL_MILLISECONDS = 1;

/** After this time V8 has compiled optimised code, even if the measurement is short. */
const WARM_UP_MILLISECONDS = 250;

/** For each subject, the milliseconds of a step in each round. Each is timed for `milliseconds` in a round. */
export function measureRounds(subjects: readonly Steps[], rounds: number, milliseconds: number): number[][] {
  const round = prepareRounds(subjects);
  const times = Array.from({ length: rounds }, () => round(milliseconds));
  return subjects.map((_, i) => times.map((time) => time[i]!));
}

/**
 * Warms up all subjects. Returns a function that runs one round: it times each for `milliseconds`, and returns the
 * milliseconds of a step of each.
 */
export function prepareRounds(subjects: readonly Steps[]): (milliseconds: number) => number[] {
  const steps = subjects.map(warmUp);
  return (milliseconds) => runRound(subjects, steps, milliseconds);
}

/** Doubles the number of steps in a call until a call is long enough. Returns that number. */
function warmUp(subject: Steps): number {
  const end = performance.now() + WARM_UP_MILLISECONDS;
  let steps = 1;
  for (;;) {
    subject.reset();
    const begun = performance.now();
    subject.step(steps);
    const now = performance.now();
    const isLong = now - begun >= CALL_MILLISECONDS || steps === MAX_STEPS;
    if (isLong && now >= end) return steps;
    if (!isLong) steps *= 2;
  }
}

/** The median time of a step of each subject, in milliseconds. */
function runRound(subjects: readonly Steps[], steps: readonly number[], time: number): number[] {
  const bench = new Bench({ time, iterations: 1, warmup: false, throws: true });
  subjects.forEach((subject, i) => {
    const beforeEach = () => subject.reset();
    bench.add(String(i), () => subject.step(steps[i]!), { beforeEach, async: false });
  });
  return bench.runSync().map(({ result }, i) => {
    if (result.state !== "completed")
      throw new Error(`Benchmark ${i} of the round ended as ${result.state}.`);
    return result.latency.p50 / steps[i]!;
  });
}
