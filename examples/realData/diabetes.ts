import { adam, createNetwork, dense } from "backprop-wasm";
import { tableExample } from "./example.js";

export const diabetes = tableExample({
  table: "diabetes",
  title: "the progression of diabetes after a year from ten measurements",
  score: "R²",
  goal: 0.38,
  epochs: 40,
  batchSize: 32,
  createNetwork: () =>
    createNetwork({
      inputs: 10,
      layers: [dense(16, "tanh", { kernelL2: 0.01 }), dense(1)],
      loss: "meanSquaredError",
      optimizer: adam({ learningRate: 0.003 }),
    }),
});
