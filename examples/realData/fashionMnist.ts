import { join } from "node:path";
import { adam, createNetwork, dense, dropout } from "backprop-wasm";
import type { Example } from "./example.js";
import { readIdx } from "./idx.js";
import { accuracy } from "./scores.js";

/** Where Debian's package dataset-fashion-mnist puts its files. */
export const FASHION_MNIST = "/usr/share/datasets/fashion-mnist";

/** The epochs with each learning rate. */
const PHASES = [
  { epochs: 12, learningRate: 1e-3 },
  { epochs: 4, learningRate: 2e-4 },
];

/** `folder`: has the files of Fashion-MNIST. Its own test rows are the only split. */
export function fashionMnist(folder: string): Example {
  return {
    name: "fashionMnist",
    title: "the kind of a garment from its 28 × 28 pixels",
    score: "accuracy",
    goal: 0.885,
    epochs: PHASES.reduce((sum, { epochs }) => sum + epochs, 0),
    async run(onEpoch) {
      const train = await readSamples(folder, "train");
      const network = await createNetwork({
        inputs: 784,
        layers: [dense(256, "relu"), dropout(0.25), dense(10, "softmax")],
        loss: "sparseCategoricalCrossentropy",
        optimizer: adam(),
      });
      for (const { epochs, learningRate } of PHASES) {
        const before = network.epoch;
        network.setLearningRate(learningRate);
        await network.fit(train.inputs, train.targets, {
          epochs,
          batchSize: 128,
          onProgress: ({ epoch }) => onEpoch(before + epoch),
        });
      }
      const test = await readSamples(folder, "t10k");
      return [accuracy(network.predict(test.inputs), test.targets)];
    },
  };
}

/** Pixels from 0 to 1, and labels from 0 to 9. */
async function readSamples(folder: string, name: "train" | "t10k") {
  const images = await readIdx(join(folder, `${name}-images-idx3-ubyte.gz`));
  const labels = await readIdx(join(folder, `${name}-labels-idx1-ubyte.gz`));
  const [rows = 0, height = 0, width = 0] = images.shape;
  return {
    inputs: { data: Float32Array.from(images.data, (pixel) => pixel / 255), shape: [rows, height * width] },
    targets: Float32Array.from(labels.data),
  };
}
