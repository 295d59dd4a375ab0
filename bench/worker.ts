// The thread that isolate.ts starts.

import { parentPort, workerData } from "node:worker_threads";
import type { Assignment } from "./isolate.js";
import { measure } from "./measure.js";
import { findWork } from "./works.js";

const { label, milliseconds } = workerData as Assignment;
parentPort!.postMessage(await measure(findWork(label), milliseconds));
