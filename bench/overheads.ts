// What the wrapper adds to the core: `npm run bench:overheads`. Least times of many, for a shared machine is slow at times.

import { spawnSync } from "node:child_process";
import { createNetwork, dense, type Network, numpyRandom, sgd } from "backprop-wasm";
import type { Model } from "../engine/engine.js";
import { ENGINES } from "../engine/engines.js";
import { describeLoss } from "../losses.js";

const ROUNDS = 9;

const XOR = { inputs: new Float64Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Float64Array([0, 1, 1, 0]) };
const XOR_EPOCHS = 10_000;

await printPrediction();
printLoading();
await printEpochs();
await printShuffling();

async function printPrediction(): Promise<void> {
  const layers = [dense(32, "relu"), dense(10, "softmax")];
  const network = await createNetwork({ inputs: 64, layers, loss: "categoricalCrossentropy" });
  const row = [numpyRandom(1).randn(64)];
  const calls = 20_000;
  const [milliseconds] = leastTimes(() => {
    for (let i = 0; i < calls; i++) network.predict(row);
  });
  network.dispose();
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
  const network = await createXorNetwork();
  const model = await createXorModel();
  const rows = { data: XOR.inputs, shape: [4, 2] };
  const options = { epochs: XOR_EPOCHS };
  const train = trainBare(model);
  const bare = () => train(XOR_EPOCHS);
  const [core, fitSync] = leastTimes(bare, () => network.fitSync(rows, XOR.targets, options));
  const fit = await leastTime(() => network.fit(rows, XOR.targets, options));
  network.dispose();
  model.dispose();
  const ratio = (milliseconds: number) => `${(milliseconds / core!).toFixed(2)} × the core alone`;
  console.log(
    `${XOR_EPOCHS} epochs of XOR: fitSync ${ratio(fitSync!)}, fit ${ratio(fit)} (${core!.toFixed(1)} ms)`,
  );
}

function createXorNetwork(): Promise<Network> {
  const layers = [dense(2, "sigmoid"), dense(1, "sigmoid")];
  return createNetwork({ inputs: 2, layers, loss: "meanSquaredError", dtype: "float64" });
}

async function createXorModel(): Promise<Model> {
  const layers = [dense(2, "sigmoid"), dense(1, "sigmoid")];
  const loss = describeLoss("meanSquaredError", "sigmoid", "float64");
  const engine = await ENGINES.wasm();
  const model = engine.createModel({ dtype: "float64", inputs: 2, layers, loss });
  const network = await createXorNetwork();
  model.parameters().set(network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...bias!.data]));
  network.dispose();
  return model;
}

/** Trains by the core alone: one call for all epochs. */
function trainBare(model: Model): (epochs: number) => void {
  const dataset = model.createDataset(4);
  dataset.inputs().set(XOR.inputs);
  dataset.targets().set(XOR.targets);
  return (epochs) => {
    const run = model.createRun({ dataset, epochs, batchSize: 4, learningRate: 0.01, ordered: false });
    run.advance(epochs);
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
  const [shuffled, plain, permutation] = leastTimes(
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
function leastTimes(...tasks: readonly (() => void)[]): number[] {
  const least = tasks.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    tasks.forEach((task, i) => {
      const begun = performance.now();
      task();
      least[i] = Math.min(least[i]!, performance.now() - begun);
    });
  }
  return least;
}

async function leastTime(task: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await task();
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}
