// How long a step takes: medians of rounds in which the engines take turns, so that a machine that slows down slows
// both.

import type { EngineName } from "backprop-wasm";
import { Bench } from "tinybench";
import { requireAgreement } from "./agreement.js";
import { createPredictor } from "./predictor.js";
import type { Subject } from "./subject.js";
import { createTrainer, MOST_STEPS } from "./trainer.js";
import { flops, type Work } from "./works.js";

/** A line of `--json`. */
export interface Measurement {
  readonly work: string;
  readonly batch: number;
  readonly dtype: string;
  readonly engine: EngineName;
  readonly build: "strict";
  readonly threads: 1;
  readonly microsecondsPerStep: number;
  readonly gflops: number;
}

const ROUNDS = 5;

/** Far above the clock's resolution and the cost of asking it. */
const CALL_MILLISECONDS = 1;

/** Until V8 has brought in its optimised code, however short the measurement is. */
const WARM_UP_MILLISECONDS = 250;

/**
 * One measurement for each engine, each of about `milliseconds`, the Wasm one first.
 *
 * @throws Error if the engines do not agree.
 */
export async function measure(work: Work, milliseconds: number): Promise<Measurement[]> {
  const create = work.task === "train" ? createTrainer : createPredictor;
  const subjects = [await create(work, "wasm"), await create(work, "typescript")] as const;
  try {
    requireAgreement(work, subjects);
    const steps = subjects.map(warmUp);
    const rounds = Array.from({ length: ROUNDS }, () => round(subjects, steps, milliseconds / ROUNDS));
    return subjects.map(({ engine }, i) => describe(work, engine, median(rounds.map((times) => times[i]!))));
  } finally {
    for (const subject of subjects) subject.dispose();
  }
}

/** Runs in longer and longer calls; returns how many steps a call shall have. */
function warmUp(subject: Subject): number {
  const end = performance.now() + WARM_UP_MILLISECONDS;
  let steps = 1;
  for (;;) {
    subject.reset();
    const begun = performance.now();
    subject.step(steps);
    const now = performance.now();
    const isLong = now - begun >= CALL_MILLISECONDS || steps === MOST_STEPS;
    if (isLong && now >= end) return steps;
    if (!isLong) steps *= 2;
  }
}

/** The median time of a step of each subject, in milliseconds. */
function round(subjects: readonly Subject[], steps: readonly number[], time: number): number[] {
  const bench = new Bench({ time, iterations: 1, warmup: false, throws: true });
  subjects.forEach((subject, i) => {
    const beforeEach = () => subject.reset();
    bench.add(subject.engine, () => subject.step(steps[i]!), { beforeEach, async: false });
  });
  return bench.runSync().map(({ result }, i) => {
    if (result.state !== "completed") throw new Error(`${subjects[i]!.engine} was ${result.state}.`);
    return result.latency.p50 / steps[i]!;
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function describe(work: Work, engine: EngineName, milliseconds: number): Measurement {
  return {
    work: work.name,
    batch: work.batch,
    dtype: work.dtype,
    engine,
    build: "strict",
    threads: 1,
    microsecondsPerStep: round4(1e3 * milliseconds),
    gflops: round4(flops(work) / (1e6 * milliseconds)),
  };
}

/** No clock is good for more than four digits. */
function round4(value: number): number {
  return Number(value.toPrecision(4));
}
