import { adam, createNetwork, dense } from "backprop-wasm";
import { showEpoch, tableExample } from "./example.js";

export const breastCancer = tableExample({
  table: "breastCancer",
  title: "whether a tumour is benign from measurements of cell nuclei",
  metric: "accuracy",
  goal: 0.965,
  async train({ inputs, targets }) {
    const network = await createNetwork({
      inputs: 30,
      layers: [dense(16, "tanh", { kernelL2: 0.01 }), dense(1, "sigmoid", { kernelL2: 0.01 })],
      loss: "sigmoidCrossentropy",
      optimizer: adam({ learningRate: 0.005 }),
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
