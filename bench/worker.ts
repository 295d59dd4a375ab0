// The thread that isolate.ts starts.

import { parentPort, workerData } from "node:worker_threads";
import type { Assignment } from "./isolate.js";
import { measure } from "./measure.js";
import { WORKS } from "./works.js";

const { index, milliseconds } = workerData as Assignment;
parentPort!.postMessage(await measure(WORKS[index]!, milliseconds));
