// One network for each activation and each kind of layer, with parameters and statistics as after training.

import {
  ACTIVATIONS,
  batchNorm,
  createNetwork,
  type DType,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  type Layer,
  layerNorm,
  type Network,
  prelu,
} from "../../src/index.js";
import { spread } from "./floats.js";

export const INPUTS = 3;

/** The layers of each network. Column 1 of the rows is a category from 0 to 3. */
export const LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  ...Object.fromEntries(ACTIVATIONS.map((name) => [name, [dense(5, name), dense(4, name)]])),
  exponential: [dense(5, "exponential"), dense(4)],
  "leakyRelu with alpha": [dense(5, "leakyRelu", { alpha: 0.3 }), dense(2)],
  "elu with alpha": [dense(5, "elu", { alpha: 0.3 }), dense(2)],
  "no bias": [dense(5, "tanh", { useBias: false }), dense(2, "linear", { useBias: false })],
  prelu: [dense(5), prelu(), dense(2)],
  "batch norm": [batchNorm(), dense(5, "tanh"), batchNorm({ epsilon: 1e-3, momentum: 0.3 })],
  "layer norm": [layerNorm(), dense(5, "tanh"), layerNorm({ epsilon: 1e-3 })],
  "an embedding of one column": [embedding([{ column: 1, categories: 4, units: 3 }]), dense(2)],
  "embeddings of all columns": [
    embedding([
      { column: 1, categories: 4, units: 3 },
      { column: 0, categories: 5, units: 1 },
      { column: 2, categories: 5, units: 2 },
    ]),
    dense(2),
  ],
  "dropout and noise": [dropout(0.5), dense(5, "relu"), gaussianNoise(1), dense(2)],
  "dropout alone": [dropout(0.5)],
  "layers of all kinds": [
    embedding([{ column: 1, categories: 4, units: 2 }]),
    dense(6, "gelu"),
    batchNorm(),
    dropout(0.2),
    dense(5),
    prelu(),
    layerNorm(),
    gaussianNoise(0.1),
    dense(3, "softmax"),
  ],
};

/** Rows with integers in all columns if an embedding has all of them. */
export function rowsFor(name: string): number[][] {
  const values = spread(20 * INPUTS, -3, 3);
  return Array.from({ length: 20 }, (_, row) => {
    if (name === "embeddings of all columns") return [row % 5, row % 4, (row + 2) % 5];
    return [values[row * INPUTS]!, row % 4, values[row * INPUTS + 2]!];
  });
}

export async function createTrained(name: string, dtype: DType): Promise<Network<readonly Layer[]>> {
  const network = await createNetwork<readonly Layer[]>({
    inputs: INPUTS,
    layers: LAYERS[name]!,
    loss: "meanSquaredError",
    dtype,
  });
  let seed = 0;
  for (const tensors of network.parameters) {
    for (const [name, tensor] of Object.entries(tensors)) {
      const low = name === "gamma" ? 0.5 : -0.8;
      seed += 0.1;
      tensor?.data.set(spread(tensor.data.length, low, 1, seed));
    }
  }
  for (const { runningMean, runningVariance } of network.buffers) {
    runningMean?.data.set(spread(runningMean.data.length, -0.5, 0.5, 0.3));
    runningVariance?.data.set(spread(runningVariance.data.length, 0.5, 2, 0.4));
  }
  return network;
}

/** The largest difference, relative to the largest expected number. */
export function errorOfOutputs(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  const largest = Math.max(...Array.from(expected, Math.abs));
  const differences = Array.from(actual, (value, i) => Math.abs(value - expected[i]!));
  // Math.max ignores the order, and is NaN if a difference is.
  return Math.max(...differences) / largest;
}
