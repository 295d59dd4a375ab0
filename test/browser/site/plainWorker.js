// Import maps do not apply to workers. Without a bundler, a worker imports the package by its URL.

import { createNetwork, dense, sgd } from "./node_modules/backprop-wasm/dist/index.js";

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const network = await createNetwork({
  inputs: 2,
  layers: [dense(4, "sigmoid"), dense(1, "sigmoid")],
  loss: { name: "meanSquaredError", reduction: "sum" },
  optimizer: sgd({ learningRate: 1 }),
  dtype: "float64",
  seed: 42,
});
network.fitSync(inputs, [0, 1, 1, 0], { epochs: 5000 });
postMessage(Array.from(network.predict(inputs).data));
