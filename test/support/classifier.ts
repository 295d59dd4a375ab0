// A small network that learns in which quadrants points are, for tests of the training loop.

import {
  adam,
  createNetwork,
  type DenseLayer,
  dense,
  type Network,
  type NetworkOptions,
} from "../../src/index.js";
import { spread } from "./floats.js";

/** Samples for the classifier. */
export interface Points {
  readonly inputs: number[][];
  readonly targets: number[];
}

/** Points in the square from −1 to 1, with target 1 where x · y > 0, else 0. */
export function points(rows: number, seed = 0.5): Points {
  const x = spread(rows, -1, 1, seed);
  const y = spread(rows, -1, 1, seed / 3).map((value, i) => (i % 2 ? value : -value));
  return {
    inputs: x.map((value, i) => [value, y[i]!]),
    targets: x.map((value, i) => (value * y[i]! > 0 ? 1 : 0)),
  };
}

/** A network 2-8-1 in float64. `changes` replace its options. */
export function createClassifier(
  changes: Partial<NetworkOptions<readonly DenseLayer[]>> = {},
): Promise<Network<readonly DenseLayer[]>> {
  return createNetwork({
    inputs: 2,
    layers: [dense(8, "tanh"), dense(1, "sigmoid")],
    loss: "sigmoidCrossentropy",
    optimizer: adam({ learningRate: 0.05 }),
    dtype: "float64",
    seed: 3,
    ...changes,
  });
}
