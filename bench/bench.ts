// Measures the Wasm core against the TypeScript baseline: `npm run bench`.

import { measureInIsolate } from "./isolate.js";
import type { Measurement } from "./measure.js";
import { type Options, parseOptions, USAGE } from "./options.js";
import { showProgress } from "./progress.js";
import { formatReport } from "./report.js";
import { label } from "./works.js";

const options = readOptions();
if (options) await run(options);

function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ works, milliseconds, json }: Options): Promise<void> {
  const measurements: Measurement[][] = [];
  for (const [i, work] of works.entries()) {
    showProgress(`${i + 1}/${works.length} ${label(work)}`);
    const engines = await measureInIsolate(work, milliseconds).finally(() => showProgress());
    measurements.push(engines);
    if (json) for (const measurement of engines) console.log(JSON.stringify(measurement));
  }
  if (!json) console.log(formatReport(measurements));
}
