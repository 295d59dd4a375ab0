// Measures what the wrapper adds to the core: `npm run bench:overheads`. Each time is the fastest of many, because a shared
// machine is slow at times.

import { spawnSync } from "node:child_process";
import { Block } from "../wasm/block.js";
import { heapOf } from "../wasm/host.js";
import { loadBuild } from "./core.js";
import { createEpochs } from "./epochs.js";
import { createWorkloadNetwork } from "./model.js";
import { createPredictor } from "./predictor.js";
import { createSamples } from "./samples.js";
import { classification, findWorkload, label } from "./workloads.js";

const ROUNDS = 9;
const XOR_EPOCHS = 10_000;

await printPrediction();
printLoading();
await printEpochs();
await printShuffling();

async function printPrediction(): Promise<void> {
  const predictor = await createPredictor(findWorkload("64-32-10 predict b1 float32"), "wasm");
  const calls = 20_000;
  const [milliseconds] = await fastestTimes(() => predictor.step(calls));
  predictor.dispose();
  console.log(`predict of one row, 64-32-10: ${((1e3 * milliseconds!) / calls).toFixed(2)} µs`);
}

function printLoading(): void {
  const times = Array.from({ length: 2 * ROUNDS }, loadInFreshProcess);
  console.log(`import to network, in a fresh process: ${Math.min(...times).toFixed(1)} ms`);
}

function loadInFreshProcess(): number {
  const program = `
    const begun = performance.now();
    const { createNetwork, dense } = await import("${import.meta.resolve("backprop-wasm")}");
    await createNetwork({ inputs: 2, layers: [dense(4, "tanh"), dense(1)], loss: "huber" });
    console.log(performance.now() - begun);`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);
  return Number(stdout);
}

async function printEpochs(): Promise<void> {
  const workload = findWorkload("2-2-1 b4 float64");
  const { inputs, targets } = createSamples(workload);
  const rows = { data: inputs, shape: [workload.batch, workload.sizes[0]!] };
  const network = await createWorkloadNetwork(workload);
  const bare = await createEpochs(workload);
  const options = { epochs: XOR_EPOCHS };
  const [core, fitSync, fit] = await fastestTimes(
    () => bare.step(XOR_EPOCHS),
    () => network.fitSync(rows, targets, options),
    () => network.fit(rows, targets, options),
  );
  network.dispose();
  bare.dispose();
  const ratio = (milliseconds: number) => `${(milliseconds / core!).toFixed(2)} × the core alone`;
  console.log(
    `${XOR_EPOCHS} epochs of XOR: fitSync ${ratio(fitSync!)}, fit ${ratio(fit!)} (${core!.toFixed(1)} ms)`,
  );
}

/** The cost of shuffling in the core: making the order, and gathering rows in that order. */
async function printShuffling(): Promise<void> {
  const rows = 100_000;
  const workload = classification([16, 32, 4], 32);
  const shuffled = await createEpochs(workload, rows);
  const plain = await createEpochs(workload, rows, false);
  const core = await loadBuild();
  const order = new Block(heapOf(core), 4 * rows);
  const [shuffledTime, plainTime, permutationTime] = await fastestTimes(
    () => shuffled.step(1),
    () => plain.step(1),
    () => core.exports.permutation(order.address, 0, rows, 0, 0),
  );
  for (const { dispose } of [shuffled, plain]) dispose();
  order.dispose();
  const percent = (milliseconds: number) => `${((100 * milliseconds) / plainTime!).toFixed(1)} %`;
  console.log(
    `shuffling ${rows} rows of 16, ${label(workload)}: ${percent(shuffledTime! - plainTime!)} of an epoch of the core ` +
      `(${plainTime!.toFixed(1)} ms); the permutation alone takes ${percent(permutationTime!)}`,
  );
}

/** The fastest time of each task, in milliseconds. In each round every task runs once. */
async function fastestTimes(...tasks: readonly (() => unknown)[]): Promise<number[]> {
  const fastest = tasks.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, task] of tasks.entries()) {
      const begun = performance.now();
      await task();
      fastest[i] = Math.min(fastest[i]!, performance.now() - begun);
    }
  }
  return fastest;
}
