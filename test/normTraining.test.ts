// Batch norm together with the training loop: metrics, early stopping and copies of the network.

import { expect, it } from "vitest";
import { adam, batchNorm, createNetwork, dense, type Layer, type Network } from "../src/index.js";
import { bitsOf, spread } from "./support/floats.js";
import { statisticsOf, valuesOf } from "./support/parameters.js";

const ROWS = 300;
const inputs = { data: spread(ROWS * 3), shape: [ROWS, 3] };
const labels = Array.from({ length: ROWS }, (_, row) => Number(inputs.data[3 * row]! > 0));

async function createClassifier(): Promise<Network<readonly Layer[]>> {
  return createNetwork<readonly Layer[]>({
    inputs: 3,
    layers: [dense(6), batchNorm(), dense(2, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: 0.05 }),
    seed: 3,
  });
}

function stateOf(network: Network<readonly Layer[]>): string {
  return bitsOf([...valuesOf(network.parameters), ...statisticsOf(network.buffers)]);
}

it("measures training metrics of batches that are larger than a microbatch", async () => {
  const network = await createClassifier();
  // With a learning rate of 0 the steps' own forward passes are those of the whole rows in training.
  network.setLearningRate(0);
  const { loss, accuracy, logLoss } = network.fitSync(inputs, labels, {
    batchSize: ROWS,
    metrics: ["accuracy", "logLoss"],
  });
  expect(logLoss[0]).toBeCloseTo(loss[0]!, 6);
  expect(loss[0]).toBeCloseTo(network.evaluate(inputs, labels, { training: true }).loss, 6);
  expect(accuracy[0]).toBeGreaterThan(0);
  network.dispose();
});

it("evaluates rows in training as one batch, and computes no metrics from them", async () => {
  const network = await createClassifier();
  const whole = network.evaluate(inputs, labels, { training: true }).loss;
  expect(network.gradients(inputs, labels, { training: true }).loss).toBe(whole);
  expect(() => network.evaluate(inputs, labels, { training: true, metrics: ["accuracy"] })).toThrow(
    expect.objectContaining({ code: "unsupported", message: expect.stringContaining("Leave out training") }),
  );
  network.dispose();
});

it("restores the statistics of the best epoch with its parameters", async () => {
  const best = await createClassifier();
  best.fitSync(inputs, labels, { epochs: 2 });
  const network = await createClassifier();
  let epoch = 0;
  network.fitSync(inputs, labels, {
    epochs: 6,
    metrics: [
      { name: "peak", direction: "max", create: () => ({ add() {}, result: () => -Math.abs(epoch++ - 1) }) },
    ],
    earlyStopping: { monitor: "peak", patience: 3 },
  });
  expect(stateOf(network)).toBe(stateOf(best));
  for (const each of [best, network]) each.dispose();
});

it("gives a clone its statistics and its frozen layers", async () => {
  const network = await createClassifier();
  network.fitSync(inputs, labels, { epochs: 2 });
  network.setTrainable(0, false);
  const clone = network.clone();
  expect(stateOf(clone)).toBe(stateOf(network));
  for (const each of [network, clone]) each.fitSync(inputs, labels, { epochs: 3 });
  expect(stateOf(clone)).toBe(stateOf(network));
  for (const each of [network, clone]) each.dispose();
});
