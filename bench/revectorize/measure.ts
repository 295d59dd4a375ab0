// Measures the core in two processes, with the flag and without it, alternately.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Numerics } from "backprop-wasm";
import { median, round4 } from "../statistics.js";
import { label, type Workload } from "../workloads.js";
import { REVECTORIZE_FLAG } from "./flag.js";

/** The builds in the order in which each process times them. */
export const NUMERICS = ["strict", "relaxed"] as const;

/** The first message of a process. */
export interface Ready {
  /** Digests of the losses and the changed parameters after some steps, for each of `NUMERICS`. */
  readonly digests: readonly string[];
}

/** A line of `--json`. */
export interface Measurement extends Pick<Workload, "batch" | "dtype"> {
  readonly work: string;
  readonly build: Numerics;
  readonly revectorized: boolean;
  readonly threads: 1;
  /** The median of the rounds. */
  readonly microsecondsPerStep: number;
  /** The fastest round. */
  readonly best: number;
  /** The time divided by that of the same build without the flag in the same round: the median of the rounds. */
  readonly ratio: number;
}

const PROGRAM = new URL("./child.js", import.meta.url);

/** Many short rounds, because a shared machine changes its speed within seconds. */
const ROUNDS = 11;

const FLAGS = [[], [REVECTORIZE_FLAG]] as const;

/**
 * Measures the strict build without and with the flag, then the relaxed build. The two processes alternate.
 *
 * @throws Error if results with the flag have other bits.
 */
export async function measure(workload: Workload, milliseconds: number): Promise<Measurement[]> {
  const processes = FLAGS.map((flags) => fork(PROGRAM, [label(workload)], { execArgv: [...flags] }));
  try {
    const [plain, flagged] = await Promise.all(processes.map((process) => receive<Ready>(process)));
    requireSameBits(workload, plain!, flagged!);
    const rounds: number[][][] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const times: number[][] = [];
      for (const process of processes) {
        process.send(milliseconds / ROUNDS);
        times.push(await receive<number[]>(process));
      }
      rounds.push(times);
    }
    return NUMERICS.flatMap((build, j) =>
      FLAGS.map((_, i) => {
        const times = rounds.map((round) => round[i]![j]!);
        const ratios = rounds.map((round) => round[i]![j]! / round[0]![j]!);
        return describe(workload, build, i > 0, times, ratios);
      }),
    );
  } finally {
    for (const process of processes) process.kill();
  }
}

async function receive<T>(process: ChildProcess): Promise<T> {
  const exited = new AbortController();
  const fail = () => exited.abort();
  process.once("exit", fail);
  try {
    const [message] = await once(process, "message", { signal: exited.signal });
    return message as T;
  } catch (cause) {
    throw new Error("A process of the benchmark ended unexpectedly.", { cause });
  } finally {
    process.off("exit", fail);
  }
}

function requireSameBits(workload: Workload, plain: Ready, flagged: Ready): void {
  const different = NUMERICS.filter((_, i) => plain.digests[i] !== flagged.digests[i]);
  if (different.length === 0) return;
  throw new Error(
    `${label(workload)}: the ${different.join(" and the ")} build computes other bits with ${REVECTORIZE_FLAG}. Nothing was timed.`,
  );
}

function describe(
  { name, batch, dtype }: Workload,
  build: Numerics,
  revectorized: boolean,
  milliseconds: readonly number[],
  ratios: readonly number[],
): Measurement {
  return {
    work: name,
    batch,
    dtype,
    build,
    revectorized,
    threads: 1,
    microsecondsPerStep: round4(1e3 * median(milliseconds)),
    best: round4(1e3 * Math.min(...milliseconds)),
    ratio: round4(median(ratios)),
  };
}
