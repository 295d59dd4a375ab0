// The TypeScript baseline as a reference for networks of the core.

import { type Baseline, createBaseline } from "../../bench/baseline/baseline.js";
import type { Loss, Network, NetworkOptions } from "../../src/index.js";
import { permutation } from "./permutation.js";

/** A baseline with the layers, loss and dtype of `options`, and the current parameters of `network`. */
export function baselineOf(network: Network, options: NetworkOptions): Baseline {
  // The baseline has no losses in JavaScript.
  const baseline = createBaseline({ ...options, loss: options.loss as Loss });
  baseline.parameters.set(parametersOf(network));
  return baseline;
}

/** Layer by layer: the kernel, then the bias. */
export function parametersOf(network: Network): number[] {
  return network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

/** The order of each epoch of shuffled fits of a network with the key `seed`. Epochs are counted over all its fits. */
export function shuffledOrders(rows: number, seed: number): (epoch: number) => Uint32Array {
  return (epoch) => permutation(rows, seed, epoch);
}
