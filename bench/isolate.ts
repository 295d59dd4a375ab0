// Works in threads of their own: V8 compiles the baseline's loops for every dtype that they have met, and one work would
// slow the next by some 10 %.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Measurement } from "./measure.js";
import { WORKS, type Work } from "./works.js";

/** What the thread is told: functions, which a work has, cannot be sent. */
export interface Assignment {
  /** Of the work in `WORKS`. */
  readonly index: number;
  readonly milliseconds: number;
}

/** `measure`, with nothing compiled beforehand. */
export async function measureInIsolate(work: Work, milliseconds: number): Promise<Measurement[]> {
  const workerData: Assignment = { index: WORKS.indexOf(work), milliseconds };
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  const [measurements] = await once(worker, "message");
  return measurements;
}
