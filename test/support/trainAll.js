// Trains several networks with each build of the core, without shuffling. Writes JSON to file descriptor 3: losses, and
// digests of parameters and predictions. test/revectorize.test.ts runs it with and without a flag of V8.

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { createNetwork, dense, numpyRandom, sgd } from "../../dist/index.js";

/** More than two batches of 128. Every batch size but 1 leaves a remainder. */
const ROWS = 331;
const BATCH_SIZES = [1, 32, 128, 300];
const EPOCHS = 3;

/** Widths that fill whole tiles, and widths that leave a remainder. */
const NETWORKS = {
  "256-128-10": {
    inputs: 256,
    layers: [dense(128, "relu"), dense(10, "softmax")],
    loss: "categoricalCrossentropy",
  },
  "33-17-5": { inputs: 33, layers: [dense(17, "tanh"), dense(5)], loss: "meanSquaredError" },
  "20-48-48-3": {
    inputs: 20,
    layers: [dense(48, "gelu", { useBias: false }), dense(48, "sigmoid"), dense(3, "sigmoid")],
    loss: "sigmoidCrossentropy",
  },
};

function rowsOf(values, width) {
  return { data: values, shape: [values.length / width, width] };
}

/** Normal inputs, and one-hot targets: the class is the index of the largest of the first `outputs` inputs. */
function createData(inputs, outputs) {
  const x = numpyRandom(1).randn(ROWS, inputs);
  const targets = new Float64Array(ROWS * outputs);
  for (let row = 0; row < ROWS; row++) {
    const first = x.subarray(row * inputs, row * inputs + outputs);
    targets[row * outputs + first.indexOf(Math.max(...first))] = 1;
  }
  return { x: rowsOf(x, inputs), y: rowsOf(targets, outputs) };
}

function digest(...arrays) {
  const hash = createHash("sha256");
  for (const array of arrays) hash.update(array);
  return hash.digest("hex");
}

async function train({ inputs, layers, loss }, dtype, numerics, batchSize) {
  const optimizer = sgd({ learningRate: 0.01 });
  const network = await createNetwork({ inputs, layers, loss, optimizer, dtype, numerics, seed: 1 });
  const { x, y } = createData(inputs, layers.at(-1).units);
  const history = network.fitSync(x, y, { epochs: EPOCHS, batchSize, shuffle: false });
  const tensors = network.parameters.flatMap(({ kernel, bias }) => (bias ? [kernel, bias] : [kernel]));
  const result = {
    losses: history.loss,
    parameters: digest(...tensors.map(({ data }) => data)),
    predictions: digest(network.predict(x).data),
  };
  network.dispose();
  return result;
}

const results = {};
for (const numerics of ["strict", "relaxed"]) {
  for (const dtype of ["float32", "float64"]) {
    for (const [name, network] of Object.entries(NETWORKS)) {
      for (const batchSize of BATCH_SIZES) {
        const result = await train(network, dtype, numerics, batchSize);
        results[`${numerics} ${dtype} ${name} b${batchSize}`] = result;
      }
    }
  }
}
writeSync(3, JSON.stringify({ flags: process.execArgv, results }));
