// The functions of the page that use networkInWorker.

import { BackpropError, dense } from "backprop-wasm";
import { networkInWorker } from "backprop-wasm/worker";
import { watchEventLoop } from "./eventLoop.js";
import { trainAll, trainTogether } from "./train.js";

/** A network whose epoch of 20,000 rows takes longer than a frame. */
const LARGE = { inputs: 64, layers: [dense(128, "relu"), dense(10)], loss: "meanSquaredError" };
const ROWS = 20_000;

const dataOf = () => [
  { data: new Float32Array(ROWS * 64).fill(0.5), shape: [ROWS, 64] },
  { data: new Float32Array(ROWS * 10), shape: [ROWS, 10] },
];

const describe = (error) => ({
  isBackpropError: error instanceof BackpropError,
  code: error.code,
  message: error.message,
});

export function trainAllByHelper() {
  return trainAll("fit", networkInWorker);
}

export function trainTogetherByHelper() {
  return trainTogether(2, undefined, undefined, networkInWorker);
}

/** "created", or a description of the error. */
export async function createByHelper() {
  try {
    (await networkInWorker(LARGE)).dispose();
    return "created";
  } catch (error) {
    return describe(error);
  }
}

/** Starts a fit of many seconds in a worker. A timer aborts it after the page's event loop has run for a second. */
export async function fitByHelperWhileWatching() {
  const network = await networkInWorker(LARGE);
  const controller = new AbortController();
  const [inputs, targets] = dataOf();
  const transfer = [inputs.data.buffer, targets.data.buffer];
  const epochs = [];
  const loop = watchEventLoop({ milliseconds: 1000, turns: 10, onDone: () => controller.abort("enough") });
  const error = await network
    .fit(inputs, targets, {
      epochs: 4000,
      signal: controller.signal,
      transfer,
      onEpoch: ({ epoch }) => {
        epochs.push(epoch);
      },
    })
    .catch((error) => error);
  const { longestGap, turns } = loop.stop();
  const { loss } = await network.fit(...dataOf());
  network.dispose();
  const { history, cause } = error;
  const finished = history.loss.length;
  return {
    ...describe(error),
    cause,
    longestGap,
    turns,
    epochs,
    finished,
    isKept: loss[0] < history.loss[0],
  };
}

/** Disposes a network during a fit. Returns the errors of the fit and of a later call. */
export async function disposeByHelper() {
  const network = await networkInWorker(LARGE);
  const fit = network
    .fit(...dataOf(), { epochs: 4000, onEpoch: () => network.dispose() })
    .catch((error) => error);
  return [describe(await fit), describe(await network.summary().catch((error) => error))];
}
