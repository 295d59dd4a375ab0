// Trains on Fashion-MNIST with backprop-wasm and PyTorch, in turns: `npm run bench:fashionMnist` in the repository's root.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "../../build/bench/machine.js";
import { showProgress } from "../../build/bench/progress.js";
import { median } from "../../build/bench/statistics.js";
import { formatTable, left, right } from "../../build/bench/table.js";
import { FASHION_MNIST } from "../../build/examples/realData/fashionMnist.js";
import { FASHION_MNIST_PEERS, Refusal } from "./peers.js";
import { PeerProcess } from "./process.js";

/** 60 000 rows have labels: 55 000 are trained on. */
const TASK = { task: "fashionMnist", validationRows: 5000, epochs: 5, batch: 32, learningRate: 0.001 };
const ROUNDS = 5;

const { data: folder } = parseArgs({
  options: { data: { type: "string", default: FASHION_MNIST } },
}).values;
if (existsSync(folder)) console.log(await compare());
else console.log(`Nothing was measured: there is no ${folder} (Debian's package dataset-fashion-mnist).`);

/** In each round, every peer trains a new network. Returns a table. */
async function compare() {
  const contenders = [];
  try {
    for (const peer of FASHION_MNIST_PEERS) contenders.push(await start(peer));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { name, process, description, runs } of contenders) {
        if (description.refusal) continue;
        showProgress(`${round}/${ROUNDS} ${name}`);
        runs.push(await process.run(1));
      }
    }
    showProgress();
    return format(contenders);
  } finally {
    for (const { process } of contenders) process.stop();
  }
}

/** When it resolves, the peer has read the rows. */
async function start(peer) {
  const process = new PeerProcess(peer.prepare({ ...TASK, folder }));
  const description = await process.describe().catch(refusalOf);
  return { name: peer.name, process, description, runs: [] };
}

function refusalOf(error) {
  if (error instanceof Refusal) return { refusal: error.message };
  throw error;
}

function format(contenders) {
  const [ours] = contenders;
  const columns = [
    left(""),
    left("version"),
    right("seconds"),
    right("÷ ours"),
    right("loss"),
    right("accuracy"),
  ];
  const rows = contenders.map(({ name, description, runs }) => {
    if (description.refusal) return [name, description.refusal, "–", "–", "–", "–"];
    const seconds = runs.map(({ milliseconds }) => milliseconds / 1000);
    const ratios = runs.map(({ milliseconds }, i) => milliseconds / ours.runs[i].milliseconds);
    const figures = runs.at(-1).outputs.map((figure) => figure.toFixed(4));
    const time = `${median(seconds).toFixed(2)} (${Math.min(...seconds).toFixed(2)})`;
    return [name, description.version, time, median(ratios).toFixed(2), ...figures];
  });
  return [
    `${describeMachine()} One thread, ${TASK.epochs} epochs of 55 000 rows, each followed by 5 000 validation rows.`,
    "Seconds: the median of the rounds (and the fastest). Loss and accuracy: of the validation rows after the last epoch.",
    "",
    formatTable(columns, rows),
  ].join("\n");
}
