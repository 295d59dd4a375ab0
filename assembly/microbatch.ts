// What is done with the rows that pass through the layers together: gather → forward → loss → backward.

import { backward } from "./backward";
import { forward } from "./forward";
import { isCategorical, lossBackward } from "./losses";
import { Network, outputLayer } from "./network";
import { gatherTransposed } from "./transpose";
import { wholeVectors } from "./vector";

/** Samples in linear memory: inputs [rows, inputs], targets [rows, targetWidth], both row-major. */
@unmanaged
export class Samples {
  inputs: usize;
  targets: usize;
  /** The order to take the rows in, u32 [rows]; 0: as they lie. */
  order: usize;
  rows: usize;
}

/** Rows `row` … `row + rows − 1` of the samples, in their order, into `network.x` and `network.targets`. */
export function gather<T>(network: Network, samples: Samples, row: usize, rows: usize): void {
  gatherTensor<T>(network.x, samples.inputs, network.inputs, samples.order, row, rows);
  gatherTensor<T>(network.targets, samples.targets, network.targetWidth, samples.order, row, rows);
}

/** The same for one tensor: rows of `width` elements in `x`, to `out` feature by feature. */
export function gatherTensor<T>(out: usize, x: usize, width: usize, order: usize, row: usize, rows: usize): void {
  const stride = wholeVectors<T>(rows);
  if (order) {
    gatherTransposed<T>(out, stride, stride, x, width, order + row * sizeof<u32>(), rows, width);
  } else {
    gatherTransposed<T>(out, stride, stride, x + row * width * sizeof<T>(), width, 0, rows, width);
  }
}

/**
 * Forward, loss and backward of the microbatch that was gathered; returns the sum of its loss terms. Its gradients become
 * the network's or, if `accumulate`, are added to them.
 */
export function accumulateGradients<T>(network: Network, accumulate: bool, rows: usize, scale: f64): f64 {
  const stride = wholeVectors<T>(rows);
  forward<T>(network, stride);
  const sum = microbatchLoss<T>(network, rows, scale);
  backward<T>(network, accumulate, rows, stride);
  return sum;
}

export function microbatchLoss<T>(network: Network, rows: usize, scale: f64): f64 {
  const layer = outputLayer(network);
  return lossBackward<T>(
    network.loss, network.dOutputs, layer.outputs, layer.logits, network.targets,
    layer.units, rows, wholeVectors<T>(rows), scale, network.lossParameter,
  );
}

/** What turns a sum of terms into the loss: 1, or one over the number of terms in a batch of `rows`. */
export function lossScale(network: Network, rows: usize): f64 {
  if (!network.mean) return 1;
  const terms = isCategorical(network.loss) ? rows : rows * outputLayer(network).units;
  return 1 / <f64>terms;
}
