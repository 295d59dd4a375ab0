// Compares training on one thread and on N threads (default 2): `npm run bench:threads [-- N]`.

import type { Network } from "backprop-wasm";
import { describeMachine } from "./machine.js";
import { createWorkloadNetwork } from "./model.js";
import { measureRounds } from "./rounds.js";
import { createSamples } from "./samples.js";
import { median } from "./statistics.js";
import type { Steps } from "./subject.js";
import { formatNumber, formatTable, left, right } from "./table.js";
import { label, WORKLOADS, type Workload } from "./workloads.js";

const ROUNDS = 15;
const MILLISECONDS = 100;

/** The time to wait for the workers, which start with the first fit. */
const START_MILLISECONDS = 1000;

const threads = Number(process.argv[2] ?? 2);
const workloads = WORKLOADS.filter(
  ({ task, dtype, batch }) => task === "train" && dtype === "float32" && batch >= 32,
);
const rows: string[][] = [];
for (const workload of workloads) rows.push(await measure(workload));
console.log(`${describeMachine()} Strict build, fitSync; microseconds a step.\n`);
const columns = [
  left("network"),
  right("1 thread, µs"),
  right(`${threads} threads, µs`),
  right("ratio"),
  right("ratio of the fastest"),
];
console.log(formatTable(columns, rows));

/** The cells of a row: the median of each, the median ratio of the rounds, and the ratio of the fastest rounds. */
async function measure(workload: Workload): Promise<string[]> {
  const networks = [await createTrained(workload, 1), await createTrained(workload, threads)];
  await new Promise((resolve) => setTimeout(resolve, START_MILLISECONDS));
  const [single, multi] = measureRounds(
    networks.map((network) => stepsOf(network, workload)),
    ROUNDS,
    MILLISECONDS,
  ) as [number[], number[]];
  for (const network of networks) network.dispose();
  return [
    label(workload),
    formatNumber(1e3 * median(single)),
    formatNumber(1e3 * median(multi)),
    formatNumber(median(single.map((time, i) => time / multi[i]!))),
    formatNumber(Math.min(...single) / Math.min(...multi)),
  ];
}

async function createTrained(workload: Workload, threads: number): Promise<Network> {
  const network = await createWorkloadNetwork(workload, { threads });
  stepsOf(network, workload).step(1);
  return network;
}

/** A step is an epoch of one batch. */
function stepsOf(network: Network, workload: Workload): Steps {
  const { sizes, batch } = workload;
  const { rows, inputs, targets } = createSamples(workload, batch);
  const x = { data: inputs, shape: [rows, sizes[0]!] };
  const y = { data: targets, shape: [rows, sizes.at(-1)!] };
  return {
    reset() {},
    step: (steps) => network.fitSync(x, y, { epochs: steps, batchSize: batch, shuffle: false }),
  };
}
