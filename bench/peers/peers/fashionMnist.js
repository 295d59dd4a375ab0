// 784-128-10 on Fashion-MNIST with this package. The rows are float32 numbers in the core's memory before the time begins.

import { join } from "node:path";
import { adam, createNetwork, dense } from "backprop-wasm";
import { readIdx } from "../../../build/examples/realData/idx.js";

export { describe } from "./backprop-wasm.js";

export async function create({ folder, validationRows, epochs, batch, learningRate }, numerics) {
  const createModel = () =>
    createNetwork({
      inputs: 784,
      layers: [dense(128, "relu"), dense(10, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate }),
      numerics,
    });
  const images = await readIdx(join(folder, "train-images-idx3-ubyte.gz"));
  const labels = await readIdx(join(folder, "train-labels-idx1-ubyte.gz"));
  const inputs = Float32Array.from(images.data, (pixel) => pixel / 255);
  const owner = await createModel();
  const createDataset = (begin, end) =>
    owner.createDataset(
      { data: inputs.subarray(784 * begin, 784 * end), shape: [end - begin, 784] },
      labels.data.subarray(begin, end),
    );
  const rows = labels.data.length;
  const training = await createDataset(0, rows - validationRows);
  const validationData = await createDataset(rows - validationRows, rows);

  /** The loss and the accuracy of the validation rows after the last epoch. */
  async function fit() {
    const network = await createModel();
    const options = { epochs, batchSize: batch, validationData, metrics: ["accuracy"] };
    const { validationLoss, validationAccuracy } = await network.fit(training, options);
    network.dispose();
    return [validationLoss.at(-1), validationAccuracy.at(-1)];
  }

  return async (times) => {
    let figures;
    for (let i = 0; i < times; i++) figures = await fit();
    return figures;
  };
}
