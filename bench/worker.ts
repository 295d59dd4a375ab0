// The program of the thread that isolate.ts starts.

import { parentPort, workerData } from "node:worker_threads";
import type { Assignment } from "./isolate.js";
import { measure } from "./measure.js";
import { findWorkload } from "./workloads.js";

const { label, milliseconds } = workerData as Assignment;
parentPort!.postMessage(await measure(findWorkload(label), milliseconds));
