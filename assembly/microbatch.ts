// What is done with the rows that pass through the layers together: forward → loss → backward.

import { activationForward } from "./activations";
import { isCategorical, lossBackward } from "./losses";
import { Network, outputLayer, prepareGradients, shapeMicrobatch } from "./network";
import { Phase } from "./phases";
import { gatherRow, rowLoss, rowOutputs } from "./singleRow";
import { isBounded } from "./singleRowStep";
import { runPhase } from "./team";
import { gatherRows } from "./transpose";

/** Samples in linear memory: inputs [rows, inputs], targets [rows, targetWidth], both row-major. */
@unmanaged
export class Samples {
  inputs: usize;
  targets: usize;
  /** The order to take the rows in, u32 [rows]; 0: as they lie. */
  order: usize;
  rows: usize;
}

/**
 * The forward pass of `rows` rows of `inputs`, from row number `row` of their order on; where `inputs` is 0, of the rows
 * that went forward last.
 */
export function microbatchForward<T>(network: Network, inputs: usize, order: usize, row: usize, rows: usize): void {
  const microbatch = network.microbatch;
  if (rows != microbatch.rows) shapeMicrobatch<T>(network, rows);
  microbatch.inputs = inputs;
  microbatch.order = order;
  microbatch.row = row;
  runPhase<T>(network, Phase.Forward);
}

/** Makes the outputs of what went forward complete: a fused loss would take the last activation along. */
export function microbatchOutputs<T>(network: Network): void {
  const microbatch = network.microbatch;
  if (microbatch.rows == 1) {
    rowOutputs<T>(network);
    return;
  }
  const layer = outputLayer(network);
  const stride = microbatch.stride;
  activationForward<T>(
    network.outputActivation, layer.outputs, layer.outputs, layer.units, stride, stride, layer.alpha,
  );
}

/** The sum of the loss's terms over the rows that went forward; `scale` times its gradient goes to the last `dLogits`. */
export function microbatchLoss<T>(network: Network, scale: f64): f64 {
  const layer = outputLayer(network);
  const microbatch = network.microbatch;
  if (microbatch.rows == 1) return rowLoss<T>(network, scale);
  return lossBackward<T>(
    network.loss, layer.dLogits, layer.outputs, network.targets,
    layer.units, microbatch.rows, microbatch.stride, scale, network.lossParameter,
  );
}

const CACHE_LINE: usize = 64;

/** Bytes of a row that are read ahead: those of longer rows a processor foresees. */
const MOST_AHEAD: usize = 4 * CACHE_LINE;

/**
 * Reads a byte of each cache line that `rows` rows begin with, from row number `row` of an order on, so that all are on their
 * way to the cache at once when they are gathered; a gather alone transposes those at hand before it asks for the next.
 */
export function readAhead<T>(network: Network, samples: Samples, row: usize, rows: usize): void {
  const inputs = samples.inputs, inputsStep = network.inputs * sizeof<T>();
  const targets = samples.targets, targetsStep = network.targetWidth * sizeof<T>();
  const order = samples.order + row * sizeof<u32>();
  const ahead = min(inputsStep, MOST_AHEAD);
  for (let at = order; at < order + rows * sizeof<u32>(); at += sizeof<u32>()) {
    const index = <usize>load<u32>(at);
    const begin = inputs + index * inputsStep;
    load<u8>(begin);
    for (let line = CACHE_LINE; line < ahead; line += CACHE_LINE) load<u8>(begin + line);
    load<u8>(targets + index * targetsStep);
  }
}

export function gatherTargets<T>(network: Network, samples: Samples, row: usize, rows: usize): void {
  if (rows == 1) {
    gatherRow<T>(network.targets, samples.targets, network.targetWidth, samples.order, row);
  } else {
    const stride = network.microbatch.stride;
    gatherRows<T>(network.targets, stride, stride, samples.targets, network.targetWidth, samples.order, row, rows);
  }
}

/**
 * The backward pass of the rows whose loss was taken. Their gradients become the network's or, if `accumulates`, are added
 * to them; if `descends`, the parameters step down the sum.
 */
export function microbatchBackward<T>(network: Network, accumulates: bool, descends: bool): void {
  const microbatch = network.microbatch;
  if (accumulates != microbatch.accumulates || descends != microbatch.descends) {
    prepareGradients(network, accumulates, descends);
  }
  runPhase<T>(network, Phase.LogitsBackward);
  runPhase<T>(network, Phase.ParametersBackward);
}

/**
 * The backward pass of a batch of one row and, if that surely leaves the parameters finite, its step. If not, its gradients
 * become the network's, and the parameters stay; returns which.
 */
export function stepDownRow<T>(network: Network, learningRate: f64): bool {
  runPhase<T>(network, Phase.LogitsBackward);
  if (network.isFinite && isBounded<T>(network, learningRate)) {
    runPhase<T>(network, Phase.RowStep);
    return true;
  }
  prepareGradients(network, false, false);
  runPhase<T>(network, Phase.ParametersBackward);
  return false;
}

/** What turns a sum of terms into the loss: 1, or one over the number of terms in a batch of `rows`. */
export function lossScale(network: Network, rows: usize): f64 {
  if (!network.mean) return 1;
  const terms = isCategorical(network.loss) ? rows : rows * outputLayer(network).units;
  return 1 / <f64>terms;
}
