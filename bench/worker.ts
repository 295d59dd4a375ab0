// The program of the thread that isolate.ts starts.

import { parentPort, workerData } from "node:worker_threads";
import type { Assignment } from "./isolate.js";
import { measure } from "./measure.js";
import { measureOptimizers, OPTIMIZER_WORKLOADS, optimizersLabel } from "./optimizers.js";
import { findWorkload } from "./workloads.js";

const { label, milliseconds } = workerData as Assignment;
const workload = OPTIMIZER_WORKLOADS.find((workload) => optimizersLabel(workload) === label);
parentPort!.postMessage(
  await (workload ? measureOptimizers(workload, milliseconds) : measure(findWorkload(label), milliseconds)),
);
