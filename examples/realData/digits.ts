import { adam, createNetwork, dense, dropout } from "backprop-wasm";
import { tableExample } from "./example.js";

export const digits = tableExample({
  table: "digits",
  title: "a handwritten digit from its 8 × 8 pixels",
  score: "accuracy",
  goal: 0.965,
  epochs: 40,
  batchSize: 32,
  createNetwork: () =>
    createNetwork({
      inputs: 64,
      layers: [dense(128, "relu"), dropout(0.3), dense(10, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.002 }),
    }),
});
