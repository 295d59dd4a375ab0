// A small regression network with a layer that is random in training, and rows for it.

import {
  adam,
  createNetwork,
  dense,
  dropout,
  type Layer,
  type Network,
  type NetworkOptions,
} from "../../src/index.js";
import { spread } from "./floats.js";

export type AnyNetwork = Network<readonly Layer[]>;

export function createRegressor(
  options: Partial<NetworkOptions<readonly Layer[]>> = {},
): Promise<AnyNetwork> {
  return createNetwork({
    inputs: 3,
    layers: [dense(8, "tanh"), dropout(0.2), dense(2)],
    loss: "meanSquaredError",
    optimizer: adam(),
    ...options,
  });
}

/** So many rows, the same each time. */
export function regressionRows(count: number) {
  return {
    inputs: rowsOf(spread(count * 3), 3),
    targets: rowsOf(spread(count * 2, -1, 1, 0.3), 2),
  };
}

function rowsOf(data: readonly number[], width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}
