// What V8's revectorization brings: `npm run bench:revectorize`, the same training with the flag and without it.

import { describeMachine } from "../machine.js";
import { measureWorks } from "../measureWorks.js";
import { readOptions } from "../options.js";
import { formatNumber, formatTable, formatTime, left, right } from "../table.js";
import { label, WORKS } from "../works.js";
import { REVECTORIZE_FLAG, whyNotRevectorized } from "./flag.js";
import { type Measurement, measure, NUMERICS } from "./measure.js";

const options = readOptions({
  command: "npm run bench:revectorize --",
  works: WORKS.filter(({ task }) => task === "train"),
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
  const measurements = await measureWorks(options, label, measure);
  if (!options.json) console.log(formatReport(measurements));
}

function formatReport(works: readonly (readonly Measurement[])[]): string {
  const columns = NUMERICS.flatMap((build) => [
    right(`${build}, µs`),
    right("revectorized, µs"),
    right("ratio"),
  ]);
  return [
    `${describeMachine()} One thread. Microseconds a step: the median of the rounds (and the best).`,
    `Revectorized: with ${REVECTORIZE_FLAG}. Ratio: the time with it over the time without it, the median of the rounds.`,
    "",
    formatTable([left("work"), right("batch"), left("dtype"), ...columns], works.map(formatRow)),
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
