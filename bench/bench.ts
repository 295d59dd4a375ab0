// Measures the Wasm core against the TypeScript baseline: `npm run bench`.

import { measureInIsolate } from "./isolate.js";
import type { Measurement } from "./measure.js";
import { readOptions } from "./options.js";
import { showProgress } from "./progress.js";
import { formatReport } from "./report.js";
import { label, WORKS } from "./works.js";

const { works, milliseconds, json } = readOptions({
  command: "npm run bench --",
  works: WORKS,
  label,
  contender: "engine",
  timed: "each measurement, after its warm-up,",
  milliseconds: 1000,
  note: 'The work "64-32-10 predict" is one call of predict with one row, not a training step.',
});
const measurements: Measurement[][] = [];
for (const [i, work] of works.entries()) {
  showProgress(`${i + 1}/${works.length} ${label(work)}`);
  const engines = await measureInIsolate(work, milliseconds).finally(() => showProgress());
  measurements.push(engines);
  if (json) for (const measurement of engines) console.log(JSON.stringify(measurement));
}
if (!json) console.log(formatReport(measurements));
