// Compares backprop-wasm with other trainers: `npm start`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureWorkloads } from "../../build/bench/measureWorkloads.js";
import { readOptions } from "../../build/bench/options.js";
import { measure } from "./measure.js";
import { formatTables } from "./table.js";
import { label, WORKLOADS } from "./workloads.js";

const options = readOptions({
  command: "npm start --",
  workloads: WORKLOADS,
  label,
  contender: "peer",
  timed: "each round of each peer",
  milliseconds: 100,
});
const folder = mkdtempSync(join(tmpdir(), "peers-"));
try {
  const measurements = await measureWorkloads(options, label, (workload, milliseconds) =>
    measure(workload, milliseconds, folder),
  );
  if (!options.json) console.log(formatTables(measurements));
  if (measurements.flat().some(({ failed }) => failed)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
