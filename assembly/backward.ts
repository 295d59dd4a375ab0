// The backward pass of one microbatch: the loss's gradient → deltas → gradients of kernels and biases.

import { activationBackward } from "./activations";
import { isFused } from "./losses";
import { matmul } from "./matmul";
import { Layer, layerAt, Network } from "./network";
import { gatherTransposed } from "./transpose";
import { wholeVectors } from "./vector";

/**
 * The gradients of one microbatch become `network.gradients`, or are added to them if `accumulate`, given the gradient
 * of the outputs (of a fused loss, of the output layer's logits) in `network.delta` [outputs, stride], and what
 * `forward` left.
 */
export function backward<T>(network: Network, accumulate: bool, rows: usize, stride: usize): void {
  let delta = network.delta;
  let dx = network.nextDelta;
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const isOutput = i == network.layerCount - 1;
    if (!(isOutput && isFused(network.loss))) {
      activationBackward<T>(layer.activation, delta, layer.outputs, layer.logits, layer.units, stride, layer.alpha);
    }
    const x = i == 0 ? network.x : layerAt(network, i - 1).outputs;
    parametersBackward<T>(network, layer, accumulate, delta, x, rows, stride);
    if (i == 0) return;
    inputsBackward<T>(network, layer, dx, delta, stride);
    const used = delta;
    delta = dx;
    dx = used;
  }
}

/** [dKernel; dBias] (+)= [x; 1] · deltaᵀ, summed over the rows of the microbatch in their order. */
function parametersBackward<T>(
  network: Network, layer: Layer, accumulate: bool, delta: usize, x: usize, rows: usize, stride: usize,
): void {
  const width = wholeVectors<T>(layer.units);
  gatherTransposed<T>(network.deltaRows, width, width, delta, stride, 0, layer.units, rows);
  matmul<T>(
    layer.dKernel, layer.units, accumulate,
    x, stride, 1,
    network.deltaRows, width,
    layer.inputs + layer.useBias, layer.units, rows,
    network.panel,
  );
}

/** dx [inputs, stride] = kernel · delta */
function inputsBackward<T>(network: Network, layer: Layer, dx: usize, delta: usize, stride: usize): void {
  matmul<T>(
    dx, stride, false,
    layer.kernel, layer.units, 1,
    delta, stride,
    layer.inputs, stride, layer.units,
    network.panel,
  );
}
