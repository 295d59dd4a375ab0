// Measures the Wasm core against the TypeScript baseline: `npm run bench`.

import { measureInIsolate } from "./isolate.js";
import { measureWorkloads } from "./measureWorkloads.js";
import { readOptions } from "./options.js";
import { formatReport } from "./report.js";
import { label, WORKLOADS } from "./workloads.js";

const options = readOptions({
  command: "npm run bench --",
  workloads: WORKLOADS,
  label,
  contender: "engine",
  timed: "each measurement, after its warm-up,",
  milliseconds: 1000,
  note: 'The workload "64-32-10 predict" is one call of predict with one row. All others are training steps.',
});
const measurements = await measureWorkloads(options, label, measureInIsolate);
if (!options.json) console.log(formatReport(measurements));
