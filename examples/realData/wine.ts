import { adam, createNetwork, dense } from "backprop-wasm";
import { tableExample } from "./example.js";

export const wine = tableExample({
  table: "wine",
  title: "the cultivator of a wine from its chemical analysis",
  score: "accuracy",
  goal: 0.97,
  epochs: 40,
  batchSize: 16,
  createNetwork: () =>
    createNetwork({
      inputs: 13,
      layers: [dense(16, "tanh"), dense(3, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
    }),
});
