// The penalties of all layers.

import { addPenaltyGradients, layerPenalty } from "../layers/penalty";
import { layerAt, Network } from "./network";

/** The sum of the penalties of all layers, a part of the loss. */
export function networkPenalty<T>(network: Network): f64 {
  let penalty: f64 = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) penalty += layerPenalty<T>(layerAt(network, i));
  return penalty;
}

/**
 * Adds part `index` of `count` of the gradients of the penalties to the gradients of all layers that are not frozen.
 */
export function penaltyGradients<T>(network: Network, index: usize, count: usize): void {
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    if (!layer.isFrozen) addPenaltyGradients<T>(layer, index, count);
  }
}
