// Measures the Wasm core against the TypeScript baseline: `npm run bench`.

import { measureInIsolate } from "./isolate.js";
import { measureWorks } from "./measureWorks.js";
import { readOptions } from "./options.js";
import { formatReport } from "./report.js";
import { label, WORKS } from "./works.js";

const options = readOptions({
  command: "npm run bench --",
  works: WORKS,
  label,
  contender: "engine",
  timed: "each measurement, after its warm-up,",
  milliseconds: 1000,
  note: 'The work "64-32-10 predict" is one call of predict with one row, not a training step.',
});
const measurements = await measureWorks(options, label, measureInIsolate);
if (!options.json) console.log(formatReport(measurements));
