import { join } from "node:path";
import { adam, cosineDecay, createNetwork, dense, dropout } from "backprop-wasm";
import { type Example, type Samples, showEpoch, testScore } from "./example.js";
import { readIdx } from "./idx.js";

/** Where Debian's package dataset-fashion-mnist puts its files. */
export const FASHION_MNIST = "/usr/share/datasets/fashion-mnist";

const EPOCHS = 20;

/** `folder`: has the files of Fashion-MNIST. Its own test rows are the only split. */
export function fashionMnist(folder: string): Example {
  const metric = "accuracy";
  return {
    name: "fashionMnist",
    title: "the kind of a garment from its 28 × 28 pixels",
    metric,
    goal: 0.885,
    async run() {
      const { inputs, targets } = await readSamples(folder, "train");
      const network = await createNetwork({
        inputs: 784,
        layers: [dense(256, "relu"), dropout(0.25), dense(10, "softmax")],
        loss: "sparseCategoricalCrossentropy",
        optimizer: adam({ learningRate: cosineDecay({ learningRate: 0.001, epochs: EPOCHS }) }),
      });
      await network.fit(inputs, targets, {
        epochs: EPOCHS,
        batchSize: 128,
        validationSplit: 1 / 12,
        metrics: [metric],
        earlyStopping: { patience: 3, restoreBest: true },
        onEpoch: showEpoch,
      });
      return [testScore(network, metric, await readSamples(folder, "t10k"))];
    },
  };
}

/** Pixels from 0 to 1, and labels from 0 to 9. */
async function readSamples(folder: string, name: "train" | "t10k"): Promise<Samples> {
  const images = await readIdx(join(folder, `${name}-images-idx3-ubyte.gz`));
  const labels = await readIdx(join(folder, `${name}-labels-idx1-ubyte.gz`));
  const [rows = 0, height = 0, width = 0] = images.shape;
  return {
    inputs: { data: images.data, shape: [rows, height * width], scale: 1 / 255 },
    targets: Array.from(labels.data),
  };
}
