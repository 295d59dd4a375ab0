// The functions that the tests call in the page.

import { createNetwork, dense } from "backprop-wasm";
import { hashTrained } from "./datasets.js";
import { watchEventLoop } from "./eventLoop.js";
import { files } from "./files.js";
import * as inWorker from "./inWorker.js";
import { trainOnFile } from "./table.js";
import { watchTeam } from "./team.js";
import { learnXor, trainAll, trainTogether } from "./train.js";

globalThis.site = {
  createAnyNetwork,
  fitWhileWatching,
  fitUntilWorkerFails,
  hashTrained,
  learnXor,
  learnXorInPlainWorker,
  trainAll,
  trainOnFile,
  trainWithTwoThreads,
  trainInWorker,
  ...inWorker,
  ...files,
  callFilesInWorker,
};

/** Trains with two threads. Returns the bits and the number of threads in the last call, after the worker has ended. */
async function trainWithTwoThreads() {
  try {
    const team = watchTeam();
    let threads;
    const bits = await trainTogether(2, team.assemble, () => {
      threads = team.threads();
    });
    await team.ended;
    return { bits, threads };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

/**
 * The error of the first fit that notices that the worker has failed. The first fit of all does not wait for the
 * worker.
 */
async function fitUntilWorkerFails() {
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(1)],
    loss: "meanSquaredError",
    threads: 2,
  });
  await network.fit([[0, 0]], [0]);
  try {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await network.fit([[0, 0]], [0]);
    }
  } catch ({ name, code, message }) {
    return { name, code, message };
  } finally {
    network.dispose();
  }
}

/** "created", or a description of the error. */
async function createAnyNetwork() {
  try {
    await createNetwork({ inputs: 2, layers: [dense(1)], loss: "meanSquaredError" });
    return "created";
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

function trainInWorker() {
  return answerOf(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
}

function learnXorInPlainWorker() {
  return answerOf(new Worker("plainWorker.js", { type: "module" }));
}

/** Calls a function of files.js in a worker. */
function callFilesInWorker(name, ...values) {
  const worker = new Worker(new URL("./filesWorker.js", import.meta.url), { type: "module" });
  worker.postMessage({ name, values });
  return answerOf(worker);
}

/** The first message of the worker. */
function answerOf(worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`The worker failed: ${message}`));
  }).finally(() => worker.terminate());
}

/** Starts a fit of many seconds. A timer aborts it after the event loop has run for a second. */
async function fitWhileWatching() {
  const network = await createNetwork({
    inputs: 64,
    layers: [dense(128, "relu"), dense(10)],
    loss: "meanSquaredError",
  });
  const inputs = { data: new Float32Array(2000 * 64).fill(0.5), shape: [2000, 64] };
  const targets = { data: new Float32Array(2000 * 10), shape: [2000, 10] };
  const controller = new AbortController();
  const loop = watchEventLoop({ milliseconds: 1000, turns: 10, onDone: () => controller.abort() });
  const { code } = await network
    .fit(inputs, targets, { epochs: 4000, signal: controller.signal })
    .catch((error) => error);
  return { code, ...loop.stop() };
}
