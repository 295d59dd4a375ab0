import { adam, createNetwork, dense, dropout } from "backprop-wasm";
import { showEpoch, tableExample } from "./example.js";

export const digits = tableExample({
  table: "digits",
  title: "a handwritten digit from its 8 × 8 pixels",
  metric: "accuracy",
  goal: 0.965,
  async train({ inputs, targets }) {
    const network = await createNetwork({
      inputs: 64,
      layers: [dense(256, "relu"), dropout(0.4), dense(10, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
    });
    await network.fit(inputs, targets, {
      epochs: 100,
      batchSize: 32,
      validationSplit: 0.2,
      metrics: ["accuracy"],
      earlyStopping: { patience: 10, restoreBest: true },
      onEpoch: showEpoch,
    });
    return network;
  },
});
