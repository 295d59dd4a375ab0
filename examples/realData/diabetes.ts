import { adam, createNetwork, dense } from "backprop-wasm";
import { showEpoch, tableExample } from "./example.js";

export const diabetes = tableExample({
  table: "diabetes",
  title: "the progression of diabetes after a year from ten measurements",
  metric: "r2",
  goal: 0.38,
  async train({ inputs, targets }) {
    const network = await createNetwork({
      inputs: 10,
      layers: [dense(16, "tanh", { kernelL2: 0.01 }), dense(1)],
      loss: "meanSquaredError",
      optimizer: adam({ learningRate: 0.003 }),
    });
    await network.fit(inputs, targets, {
      epochs: 200,
      batchSize: 32,
      validationSplit: 0.2,
      metrics: ["r2"],
      earlyStopping: { patience: 20, restoreBest: true },
      onEpoch: showEpoch,
    });
    return network;
  },
});
