// The backward pass of one microbatch: the loss's gradient → dLogits → gradients of kernel and bias → dInputs.

import { activationBackward } from "./activations";
import { isFused } from "./losses";
import { matmul } from "./matmul";
import { Layer, layerAt, Network } from "./network";
import { gatherTransposed } from "./transpose";
import { wholeVectors } from "./vector";

/**
 * The gradients of one microbatch become `network.gradients`, or are added to them if `accumulate`, given the gradient
 * of the outputs (of a fused loss, of the output layer's logits) in `network.dOutputs` [outputs, stride], and what
 * `forward` left.
 */
export function backward<T>(network: Network, accumulate: bool, rows: usize, stride: usize): void {
  let dOutputs = network.dOutputs;
  let dInputs = network.dInputs;
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const x = i == 0 ? network.x : layerAt(network, i - 1).outputs;
    const dLogits = dOutputs;
    if (i < network.layerCount - 1 || !isFused(network.loss)) {
      activationBackward<T>(layer.activation, dLogits, layer.outputs, layer.logits, layer.units, stride, layer.alpha);
    }
    parametersBackward<T>(network, layer, accumulate, dLogits, x, rows, stride);
    if (i == 0) return;
    inputsBackward<T>(network, layer, dInputs, dLogits, stride);
    dOutputs = dInputs;
    dInputs = dLogits;
  }
}

/** [dKernel; dBias] (+)= [x; 1] · dLogitsᵀ, summed over the rows of the microbatch in their order. */
function parametersBackward<T>(
  network: Network, layer: Layer, accumulate: bool, dLogits: usize, x: usize, rows: usize, stride: usize,
): void {
  const width = wholeVectors<T>(layer.units);
  gatherTransposed<T>(network.dLogitsRows, width, width, dLogits, stride, 0, layer.units, rows);
  matmul<T>(
    layer.dKernel, layer.units, accumulate,
    x, stride, 1,
    network.dLogitsRows, width,
    layer.inputs + layer.useBias, layer.units, rows,
    network.panel,
  );
}

/** dInputs [inputs, stride] = kernel · dLogits */
function inputsBackward<T>(network: Network, layer: Layer, dInputs: usize, dLogits: usize, stride: usize): void {
  matmul<T>(
    dInputs, stride, false,
    layer.kernel, layer.units, 1,
    dLogits, stride,
    layer.inputs, stride, layer.units,
    network.panel,
  );
}
