// What the wrapper adds to the core: `npm run bench:overheads`. Least times of many, for a shared machine is slow at times.

import { spawnSync } from "node:child_process";
import { createNetwork, dense, numpyRandom, sgd } from "backprop-wasm";
import type { Model } from "../engine/engine.js";
import { createDataset, createModel, createWorkNetwork } from "./model.js";
import { createPredictor } from "./predictor.js";
import { createSamples } from "./samples.js";
import { label, WORKS, type Work } from "./works.js";

const ROUNDS = 9;
const XOR_EPOCHS = 10_000;

await printPrediction();
printLoading();
await printEpochs();
await printShuffling();

async function printPrediction(): Promise<void> {
  const predictor = await createPredictor(find("64-32-10 predict b1 float32"), "wasm");
  const calls = 20_000;
  const [milliseconds] = await leastTimes(() => predictor.step(calls));
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
  const work = find("2-2-1 b4 float64");
  const { inputs, targets } = createSamples(work);
  const rows = { data: inputs, shape: [work.batch, work.sizes[0]!] };
  const network = await createWorkNetwork(work);
  const model = await createModel(work);
  const options = { epochs: XOR_EPOCHS };
  const [core, fitSync, fit] = await leastTimes(
    trainBare(model, work),
    () => network.fitSync(rows, targets, options),
    () => network.fit(rows, targets, options),
  );
  network.dispose();
  model.dispose();
  const ratio = (milliseconds: number) => `${(milliseconds / core!).toFixed(2)} × the core alone`;
  console.log(
    `${XOR_EPOCHS} epochs of XOR: fitSync ${ratio(fitSync!)}, fit ${ratio(fit!)} (${core!.toFixed(1)} ms)`,
  );
}

/** Trains by the core alone: one call for all epochs. */
function trainBare(model: Model, work: Work): () => void {
  const { batch: batchSize, learningRate } = work;
  const dataset = createDataset(model, createSamples(work));
  return () => {
    const run = model.createRun({ dataset, epochs: XOR_EPOCHS, batchSize, learningRate, ordered: false });
    run.advance(XOR_EPOCHS);
    run.dispose();
  };
}

async function printShuffling(): Promise<void> {
  const rows = 100_000;
  const optimizer = sgd({ learningRate: 1e-4 });
  const layers = [dense(32, "relu"), dense(4)];
  const network = await createNetwork({ inputs: 16, layers, loss: "meanSquaredError", optimizer });
  const random = numpyRandom(1);
  const inputs = { data: Float32Array.from(random.randn(rows, 16)), shape: [rows, 16] };
  const targets = { data: Float32Array.from(random.randn(rows, 4)), shape: [rows, 4] };
  const order = () => numpyRandom(1).permutation(rows);
  const epoch = (shuffle: boolean) => network.fitSync(inputs, targets, { shuffle });
  const [shuffled, plain, permutation] = await leastTimes(
    () => epoch(true),
    () => epoch(false),
    order,
  );
  network.dispose();
  const percent = (milliseconds: number) => `${((100 * milliseconds) / plain!).toFixed(1)} %`;
  console.log(
    `shuffling ${rows} rows of 16, 16-32-4 b32: ${percent(shuffled! - plain!)} of an epoch (${plain!.toFixed(1)} ms), ` +
      `of which ${percent(permutation!)} make the order`,
  );
}

/** The least time of each task, in milliseconds, over rounds in which they take turns. */
async function leastTimes(...tasks: readonly (() => unknown)[]): Promise<number[]> {
  const least = tasks.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, task] of tasks.entries()) {
      const begun = performance.now();
      await task();
      least[i] = Math.min(least[i]!, performance.now() - begun);
    }
  }
  return least;
}

function find(name: string): Work {
  return WORKS.find((work) => label(work) === name)!;
}
