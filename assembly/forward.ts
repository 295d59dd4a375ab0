// The forward pass of one microbatch: x → logits → outputs → the next layer's x.

import { activationForward } from "./activations";
import { matmul } from "./matmul";
import { Layer, layerAt, Network } from "./network";
import { fill } from "./vector";

/** Takes `network.x` [inputs, stride] through the layers; what it computes stays in their `logits` and `outputs`. */
export function forward<T>(network: Network, stride: usize): void {
  if (network.stride != stride) setStride<T>(network, stride);
  let x = network.x;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    layerForward<T>(layer, x, stride, network.panel);
    x = layer.outputs;
  }
}

/** logits [units, stride] = [kernel; bias]ᵀ · [x; 1], outputs = activation(logits) */
function layerForward<T>(layer: Layer, x: usize, stride: usize, panel: usize): void {
  matmul<T>(
    layer.logits, stride, false,
    layer.kernel, 1, layer.units,
    x, stride,
    layer.units, stride, layer.inputs + layer.useBias,
    panel,
  );
  activationForward<T>(layer.activation, layer.outputs, layer.logits, layer.units, stride, layer.alpha);
}

/** Writes the row of ones behind the features of every layer's input, where the stride now puts it. */
function setStride<T>(network: Network, stride: usize): void {
  let x = network.x;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    fill<T>(x + layer.inputs * stride * sizeof<T>(), 1, stride);
    x = layer.outputs;
  }
  network.stride = stride;
}
