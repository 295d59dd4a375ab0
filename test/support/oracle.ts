// The TypeScript baseline, set up to check a network of the core.

import { type Baseline, createBaseline } from "../../bench/baseline/baseline.js";
import { type Network, type NetworkOptions, type NumpyRandom, numpyRandom } from "../../src/index.js";

/** A baseline with the layers, loss and dtype of `options`, and the present parameters of `network`. */
export function baselineOf(network: Network, options: NetworkOptions): Baseline {
  const baseline = createBaseline(options);
  baseline.parameters.set(parametersOf(network));
  return baseline;
}

/** Layer by layer: the kernel, then the bias. */
export function parametersOf(network: Network): number[] {
  return network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

/** The orders of the epochs of a shuffled fit, drawn as the fit of a network with the stream `random` draws them. */
export function shuffledOrders(random: NumpyRandom, rows: number): (epoch: number) => Uint32Array {
  const seed = Math.floor(random.uniform(0, 2 ** 32, 1)[0]!);
  return (epoch) => numpyRandom((seed + epoch) >>> 0).permutation(rows);
}
