// Compares training with V8's revectorization and without it: `npm run bench:revectorize`.

import { describeMachine } from "../machine.js";
import { measureWorkloads } from "../measureWorkloads.js";
import { readOptions } from "../options.js";
import { formatNumber, formatTable, formatTime, left, right } from "../table.js";
import { label, WORKLOADS } from "../workloads.js";
import { REVECTORIZE_FLAG, whyNotRevectorized } from "./flag.js";
import { type Measurement, measure, NUMERICS } from "./measure.js";

const options = readOptions({
  command: "npm run bench:revectorize --",
  workloads: WORKLOADS.filter(({ task }) => task === "train"),
  label,
  contender: "build, with the flag and without it,",
  timed: "each measurement, after its warm-up,",
  milliseconds: 1000,
  note: `Needs a Node that has ${REVECTORIZE_FLAG}, and a processor with AVX2.`,
});
const reason = whyNotRevectorized();
if (reason) console.error(`Nothing was measured: ${reason}.`);
else await run();

async function run(): Promise<void> {
  const measurements = await measureWorkloads(options, label, measure);
  if (!options.json) console.log(formatReport(measurements));
}

function formatReport(workloads: readonly (readonly Measurement[])[]): string {
  const columns = NUMERICS.flatMap((build) => [
    right(`${build}, µs`),
    right("revectorized, µs"),
    right("ratio"),
  ]);
  return [
    `${describeMachine()} One thread. Microseconds of a step: the median of the rounds (and the fastest).`,
    `Revectorized: with ${REVECTORIZE_FLAG}. Ratio: the time with it over the time without it, the median of the rounds.`,
    "",
    formatTable([left("network"), right("batch"), left("dtype"), ...columns], workloads.map(formatRow)),
  ].join("\n");
}

function formatRow(builds: readonly Measurement[]): string[] {
  const { work, batch, dtype } = builds[0]!;
  const cells = builds.flatMap((measurement) => [
    formatTime(measurement),
    ...(measurement.revectorized ? [formatNumber(measurement.ratio)] : []),
  ]);
  return [work, String(batch), dtype, ...cells];
}
