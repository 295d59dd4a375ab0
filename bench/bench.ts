// Measures the Wasm core against the TypeScript baseline, then the optimizers: `npm run bench`.

import { measureInIsolate } from "./isolate.js";
import type { Measurement } from "./measure.js";
import { measureWorkloads } from "./measureWorkloads.js";
import { OPTIMIZER_WORKLOADS, type OptimizerMeasurement, optimizersLabel } from "./optimizers.js";
import { readOptions } from "./options.js";
import { formatOptimizers, formatReport } from "./report.js";
import { label, WORKLOADS, type Workload } from "./workloads.js";

const options = readOptions({
  command: "npm run bench --",
  workloads: [...WORKLOADS, ...OPTIMIZER_WORKLOADS],
  label: anyLabel,
  contender: "engine or optimizer",
  timed: "each measurement, after its warm-up,",
  milliseconds: 1000,
  note: 'The workload "64-32-10 predict" is one call of predict with one row. All others are training steps.',
});
const engines = await measureAll<Measurement>(WORKLOADS);
const optimizers = await measureAll<OptimizerMeasurement>(OPTIMIZER_WORKLOADS);
if (!options.json) {
  const reports = [
    ...(engines.length > 0 ? [formatReport(engines)] : []),
    ...(optimizers.length > 0 ? [formatOptimizers(optimizers)] : []),
  ];
  console.log(reports.join("\n\n"));
}

/** Measures those of `all` that the command line selects. */
function measureAll<M>(all: readonly Workload[]): Promise<M[][]> {
  const workloads = options.workloads.filter((workload) => all.includes(workload));
  return measureWorkloads({ ...options, workloads }, anyLabel, (workload, milliseconds) =>
    measureInIsolate<M>(anyLabel(workload), milliseconds),
  );
}

function anyLabel(workload: Workload): string {
  return OPTIMIZER_WORKLOADS.includes(workload) ? optimizersLabel(workload) : label(workload);
}
