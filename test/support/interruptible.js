// A fit that may be killed at any moment: `node interruptible.js path` goes on from the checkpoint at `path`, or begins.
// Writes the number of each finished epoch to the standard output. test/kill.test.ts runs it, and also imports it.

import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { adam, batchNorm, createNetwork, dense, dropout, reduceOnPlateau } from "../../dist/index.js";
import { fileCheckpoint, loadCheckpoint } from "../../dist/node.js";

const ROWS = Array.from({ length: 60 }, (_, i) => [Math.sin(7 * i), Math.cos(3 * i)]);
const CLASSES = ROWS.map(([x, y], i) => (i % 7 === 0 ? i % 2 : Number(x * y > 0)));

export function create() {
  return createNetwork({
    inputs: 2,
    layers: [dense(8, "relu"), batchNorm(), dropout(0.3), dense(2, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: reduceOnPlateau({ learningRate: 0.003, patience: 40, factor: 0.7 }) }),
    seed: 11,
  });
}

/** Early stopping ends the fit. */
export function train(network, options) {
  return network.fit(ROWS, CLASSES, {
    epochs: 10_000,
    batchSize: 16,
    validationSplit: 0.3,
    metrics: ["accuracy"],
    earlyStopping: { patience: 800 },
    ...options,
  });
}

async function resumeOrBegin(path) {
  const loaded = await loadCheckpoint(path).catch((error) => {
    if (error.code !== "fileNotFound") throw error;
  });
  await train(loaded ?? (await create()), {
    resume: loaded !== undefined,
    checkpoint: fileCheckpoint(path, { keep: 3 }),
    onEpoch: ({ epoch }) => {
      writeSync(1, `${epoch}\n`);
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await resumeOrBegin(process.argv[2]);
