// Measures backprop-wasm against other trainers: `npm start`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../../build/bench/options.js";
import { measure } from "./measure.js";
import { formatTables } from "./table.js";
import { label, WORKS } from "./works.js";

const { works, milliseconds, json } = readOptions({
  command: "npm start --",
  works: WORKS,
  label,
  contender: "peer",
  timed: "each round of each peer",
  milliseconds: 100,
});
const folder = mkdtempSync(join(tmpdir(), "peers-"));
const measurements = [];
try {
  for (const [i, work] of works.entries()) {
    console.error(`${i + 1}/${works.length} ${label(work)}`);
    const peers = await measure(work, milliseconds, folder);
    measurements.push(peers);
    if (json) for (const measurement of peers) console.log(JSON.stringify(measurement));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (!json) console.log(formatTables(measurements));
if (measurements.flat().some(({ failed }) => failed)) process.exitCode = 1;
