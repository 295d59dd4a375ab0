import { adam, createNetwork, dense } from "backprop-wasm";
import { showEpoch, tableExample } from "./example.js";

export const iris = tableExample({
  table: "iris",
  title: "the species of an iris from the sizes of its sepals and petals",
  metric: "accuracy",
  goal: 0.95,
  async train({ inputs, targets }) {
    const network = await createNetwork({
      inputs: 4,
      layers: [dense(16, "tanh", { kernelL2: 0.003 }), dense(3, "softmax", { kernelL2: 0.003 })],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
    });
    await network.fit(inputs, targets, {
      epochs: 200,
      batchSize: 16,
      validationSplit: 0.2,
      metrics: ["accuracy"],
      earlyStopping: { patience: 30, restoreBest: true },
      onEpoch: showEpoch,
    });
    return network;
  },
});
