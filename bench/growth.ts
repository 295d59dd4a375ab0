// Measures the cost of a multiply-add as workloads grow: `npm run bench:growth`.

import { createEpochs } from "./epochs.js";
import { describeMachine } from "./machine.js";
import { showProgress } from "./progress.js";
import { measureRounds } from "./rounds.js";
import { type Line, SERIES } from "./series.js";
import { formatNumber, formatTable, left, right } from "./table.js";
import { flops } from "./workloads.js";

const ROUNDS = 9;
const ROUND_MILLISECONDS = 50;

const COLUMNS = [
  left("series"),
  left("network"),
  right("batch"),
  right("rows"),
  right("µs"),
  right("GFLOP/s"),
  right("ps a multiply-add"),
  right("of the lowest above"),
];

const names = process.argv.slice(2);
if (names.every((name) => name in SERIES)) await run(names.length > 0 ? names : Object.keys(SERIES));
else fail(`Usage: npm run bench:growth -- [SERIES ...], each one of ${Object.keys(SERIES).join(", ")}`);

async function run(names: readonly string[]): Promise<void> {
  const rows: string[][] = [];
  for (const name of names) {
    showProgress(name);
    const times = await timeEpochs(SERIES[name]!).finally(() => showProgress());
    rows.push(...formatSeries(name, SERIES[name]!, times));
  }
  console.log(`${describeMachine()} One thread, strict build, float32; the fastest of ${ROUNDS} rounds.\n`);
  console.log(formatTable(COLUMNS, rows));
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 2;
}

/** The milliseconds of an epoch, for each line. */
async function timeEpochs(lines: readonly Line[]): Promise<number[]> {
  const all = await Promise.all(lines.map(({ workload, rows }) => createEpochs(workload, rows)));
  try {
    return measureRounds(all, ROUNDS, ROUND_MILLISECONDS).map((rounds) => Math.min(...rounds));
  } finally {
    for (const epochs of all) epochs.dispose();
  }
}

/** The last column is the cost of a multiply-add, divided by the lowest cost of the lines up to this one. */
function formatSeries(name: string, lines: readonly Line[], times: readonly number[]): string[][] {
  const costs = lines.map(({ workload, rows }, i) => (2e9 * times[i]!) / flops({ ...workload, batch: rows }));
  return lines.map(({ workload, rows }, i) => [
    name,
    workload.name,
    String(workload.batch),
    String(rows),
    formatNumber(1e3 * times[i]!),
    formatNumber(2e3 / costs[i]!),
    formatNumber(costs[i]!),
    formatNumber(costs[i]! / Math.min(...costs.slice(0, i + 1))),
  ]);
}
