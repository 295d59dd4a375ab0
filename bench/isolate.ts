// Each work in a thread of its own: V8 compiles the baseline's loops for every dtype that they have met, so one work would slow
// the next by about 10 %.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Measurement } from "./measure.js";
import { label, type Work } from "./works.js";

/** What the thread is told: the work's label, because a work has functions, which cannot be sent. */
export interface Assignment {
  readonly label: string;
  readonly milliseconds: number;
}

/** `measure`, with nothing compiled beforehand. */
export async function measureInIsolate(work: Work, milliseconds: number): Promise<Measurement[]> {
  const workerData: Assignment = { label: label(work), milliseconds };
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  const [measurements] = await once(worker, "message");
  return measurements;
}
