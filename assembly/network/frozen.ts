// Frozen layers: their gradients stay 0. Updates change neither their parameters nor the optimizer's state for them.

import { layerAt, Network } from "./network";

/** Freezes a layer, or makes it trainable again. */
export function setTrainable<T>(network: Network, index: usize, trainable: bool): void {
  layerAt(network, index).isFrozen = !trainable;
  network.hasFrozen = false;
  network.firstTrained = network.layerCount;
  for (let i = network.layerCount; i > 0; --i) {
    const layer = layerAt(network, i - 1);
    if (layer.isFrozen) network.hasFrozen = true;
    else if (layer.parameterCount) network.firstTrained = i - 1;
  }
  clearFrozenGradients<T>(network);
}

/** Sets the gradients of frozen layers to 0. Call it whenever the host may have written gradients. */
export function clearFrozenGradients<T>(network: Network): void {
  if (!network.hasFrozen) return;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    if (!layer.isFrozen) continue;
    const end = layer.gradients + layer.parameterCount * sizeof<T>();
    for (let at = layer.gradients; at < end; at += sizeof<T>()) store<T>(at, 0);
  }
}
