// Measures backprop-wasm against other trainers: `npm start`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure } from "./measure.js";
import { parseOptions, USAGE } from "./options.js";
import { formatTables } from "./table.js";
import { label } from "./works.js";

const options = readOptions();
if (options) await run(options);

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ works, milliseconds, json }) {
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
}
