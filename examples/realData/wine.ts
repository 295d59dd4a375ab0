import { adam, createNetwork, dense } from "backprop-wasm";
import { showEpoch, tableExample } from "./example.js";

export const wine = tableExample({
  table: "wine",
  title: "the cultivator of a wine from its chemical analysis",
  metric: "accuracy",
  goal: 0.97,
  async train({ inputs, targets }) {
    const network = await createNetwork({
      inputs: 13,
      layers: [dense(16, "tanh", { kernelL2: 0.03 }), dense(3, "softmax", { kernelL2: 0.03 })],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
    });
    await network.fit(inputs, targets, {
      epochs: 200,
      batchSize: 16,
      validationSplit: 0.2,
      metrics: ["accuracy"],
      earlyStopping: { patience: 20, restoreBest: true },
      onEpoch: showEpoch,
    });
    return network;
  },
});
