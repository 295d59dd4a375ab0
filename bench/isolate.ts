// Measures each workload in a thread of its own. V8 compiles the baseline's loops for all dtypes that they have been called
// with, so in a shared thread one workload would slow the next by about 10 %.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** The message to the thread. It has the label of the workload, because a workload has functions, which cannot be sent. */
export interface Assignment {
  readonly label: string;
  readonly milliseconds: number;
}

/** Measures the workload with this label in a new thread, in which V8 has compiled nothing. */
export async function measureInIsolate<Measurement>(
  label: string,
  milliseconds: number,
): Promise<Measurement[]> {
  const workerData: Assignment = { label, milliseconds };
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  const [measurements] = await once(worker, "message");
  return measurements;
}
