// What threads bring: `npm run bench:threads [-- N]`, the same training on one thread and on N (2 unless given).

import type { Network } from "backprop-wasm";
import { describeMachine } from "./machine.js";
import { createWorkNetwork } from "./model.js";
import { createSamples } from "./samples.js";
import { median } from "./statistics.js";
import type { Steps } from "./subject.js";
import { formatNumber, formatTable, left, right } from "./table.js";
import { takeTurns } from "./turns.js";
import { label, WORKS, type Work } from "./works.js";

const ROUNDS = 15;
const MILLISECONDS = 100;

/** Workers start with the first fit, and are not waited for. */
const START_MILLISECONDS = 1000;

const threads = Number(process.argv[2] ?? 2);
const works = WORKS.filter(
  ({ task, dtype, batch }) => task === "train" && dtype === "float32" && batch >= 32,
);
const rows: string[][] = [];
for (const work of works) rows.push(await measure(work));
console.log(`${describeMachine()} Strict build, fitSync; microseconds a step.\n`);
const columns = [
  left("work"),
  right("1 thread, µs"),
  right(`${threads} threads, µs`),
  right("ratio"),
  right("best"),
];
console.log(formatTable(columns, rows));

/** The median of each, the median ratio of the rounds, and the ratio of the best. */
async function measure(work: Work): Promise<string[]> {
  const networks = [await createTrained(work, 1), await createTrained(work, threads)];
  await new Promise((resolve) => setTimeout(resolve, START_MILLISECONDS));
  const [alone, together] = takeTurns(
    networks.map((network) => stepsOf(network, work)),
    ROUNDS,
    MILLISECONDS,
  ) as [number[], number[]];
  for (const network of networks) network.dispose();
  return [
    label(work),
    formatNumber(1e3 * median(alone)),
    formatNumber(1e3 * median(together)),
    formatNumber(median(alone.map((time, i) => time / together[i]!))),
    formatNumber(Math.min(...alone) / Math.min(...together)),
  ];
}

async function createTrained(work: Work, threads: number): Promise<Network> {
  const network = await createWorkNetwork(work, { threads });
  stepsOf(network, work).step(1);
  return network;
}

/** A step is an epoch of one batch. */
function stepsOf(network: Network, work: Work): Steps {
  const { sizes, batch } = work;
  const { rows, inputs, targets } = createSamples(work, batch);
  const x = { data: inputs, shape: [rows, sizes[0]!] };
  const y = { data: targets, shape: [rows, sizes.at(-1)!] };
  return {
    reset() {},
    step: (steps) => network.fitSync(x, y, { epochs: steps, batchSize: batch, shuffle: false }),
  };
}
