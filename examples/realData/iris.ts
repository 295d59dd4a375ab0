import { adam, createNetwork, dense } from "backprop-wasm";
import { tableExample } from "./example.js";

export const iris = tableExample({
  table: "iris",
  title: "the species of an iris from the sizes of its sepals and petals",
  score: "accuracy",
  goal: 0.95,
  epochs: 150,
  batchSize: 16,
  createNetwork: () =>
    createNetwork({
      inputs: 4,
      layers: [dense(8, "tanh", { kernelL2: 1e-3 }), dense(3, "softmax", { kernelL2: 1e-3 })],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
    }),
});
