// Compares backprop-wasm with other trainers: `npm start`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureWorkloads } from "../../build/bench/measureWorkloads.js";
import { readOptions } from "../../build/bench/options.js";
import { measure } from "./measure.js";
import { formatTables } from "./table.js";
import { ADAM_WORKLOADS, label, WORKLOADS } from "./workloads.js";

const options = readOptions({
  command: "npm start --",
  workloads: [...WORKLOADS, ...ADAM_WORKLOADS],
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
  // Other peers are measured with Adam, so these workloads have a table of their own.
  const tables = [WORKLOADS, ADAM_WORKLOADS].map((group) =>
    measurements.filter((_, i) => group.includes(options.workloads[i])),
  );
  if (!options.json) {
    const texts = tables.filter((table) => table.length > 0).map(formatTables);
    console.log(texts.join("\n\n"));
  }
  if (measurements.flat().some(({ failed }) => failed)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
