import { adam, createNetwork, dense } from "backprop-wasm";
import { tableExample } from "./example.js";

export const breastCancer = tableExample({
  table: "breastCancer",
  title: "whether a tumour is benign from measurements of cell nuclei",
  score: "accuracy",
  goal: 0.965,
  epochs: 30,
  batchSize: 32,
  createNetwork: () =>
    createNetwork({
      inputs: 30,
      layers: [dense(16, "relu", { kernelL2: 1e-3 }), dense(1, "sigmoid")],
      loss: "sigmoidCrossentropy",
      optimizer: adam({ learningRate: 0.005 }),
    }),
});
