// Whole steps and runs of steps: batches of rows → forward → loss → backward → update → the history of losses.

import { backward } from "./backward";
import { forward } from "./forward";
import { isCategorical, lossBackward } from "./losses";
import { MICROBATCH, Network, outputLayer } from "./network";
import { sgdUpdate } from "./sgd";
import { gatherTransposed } from "./transpose";
import { madd, splat, wholeVectors } from "./vector";

/** Samples in linear memory: inputs [rows, inputs], targets [rows, targetWidth], both row-major. */
@unmanaged
export class Samples {
  inputs: usize;
  targets: usize;
  /** The order to take the rows in, u32 [rows]; 0: as they lie. */
  order: usize;
  rows: usize;
}

/** A training run and where it stands; written by the host, advanced by `train`. Little-endian, 56 bytes. */
@unmanaged
export class Run {
  samples: Samples;
  batchSize: usize;
  epochs: usize;
  /** f64 [epochs]. */
  losses: usize;
  learningRate: f64;
  /** The sum of the loss's terms in the epoch in progress. */
  lossSum: f64;
  /** What the gradients of the batch in progress are multiplied by: its reduction. */
  scale: f64;
  epoch: usize;
  /** The first row of the epoch in progress that is still to do. */
  row: usize;
  /** The end of the batch that `row` is in; where `row` is there, a batch begins. */
  batchEnd: usize;
  /** 1 once a loss was not finite; the run has stopped before that step's update. */
  diverged: usize;
}

/** Goes on with a run for at most `budget` microbatches, or to the end of an epoch with an order; returns how many. */
export function train<T>(network: Network, run: Run, budget: usize): usize {
  const samples = run.samples;
  // A microbatch that holds all rows, as they lie, is gathered once: the whole of a small training set.
  let gathered = false;
  let done: usize = 0;
  while (done < budget && run.epoch < run.epochs && !run.diverged) {
    const epoch = run.epoch;
    const begins = run.row == run.batchEnd;
    if (begins) beginBatch(network, run);
    const rows = min(MICROBATCH, run.batchEnd - run.row);
    if (!gathered) gather<T>(network, samples, run.row, rows);
    gathered = rows == samples.rows && !samples.order;
    run.lossSum += accumulateGradients<T>(network, !begins, rows, run.scale);
    finishMicrobatch<T>(network, run, rows);
    ++done;
    if (samples.order && run.epoch != epoch) break;
  }
  return done;
}

function beginBatch(network: Network, run: Run): void {
  const rows = min(run.batchSize, run.samples.rows - run.row);
  run.batchEnd = run.row + rows;
  run.scale = lossScale(network, rows);
}

function finishMicrobatch<T>(network: Network, run: Run, rows: usize): void {
  if (!isFinite(run.lossSum)) {
    recordLoss(network, run);
    run.diverged = 1;
    return;
  }
  run.row += rows;
  if (run.row < run.batchEnd) return;
  update<T>(network, run.learningRate);
  if (run.row < run.samples.rows) return;
  recordLoss(network, run);
  run.lossSum = 0;
  run.row = 0;
  run.batchEnd = 0;
  ++run.epoch;
}

function recordLoss(network: Network, run: Run): void {
  store<f64>(run.losses + run.epoch * sizeof<f64>(), run.lossSum * lossScale(network, run.samples.rows));
}

/** Writes the outputs for `inputs` [rows, inputs] to `predictions` [rows, outputs]. */
export function predict<T>(network: Network, inputs: usize, rows: usize, predictions: usize): void {
  const units = outputLayer(network).units;
  for (let row: usize = 0; row < rows; row += MICROBATCH) {
    const count = min(MICROBATCH, rows - row);
    const stride = wholeVectors<T>(count);
    gatherTransposed<T>(network.x, stride, stride, inputs + row * network.inputs * sizeof<T>(), network.inputs, 0, count, network.inputs);
    forward<T>(network, stride);
    gatherTransposed<T>(
      predictions + row * units * sizeof<T>(), units, units, outputLayer(network).outputs, stride, 0, units, count,
    );
  }
}

/** The loss of all samples taken as one batch. */
export function evaluate<T>(network: Network, samples: Samples): f64 {
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    const rows = min(MICROBATCH, samples.rows - row);
    gather<T>(network, samples, row, rows);
    forward<T>(network, wholeVectors<T>(rows));
    sum += outputLoss<T>(network, rows, 1);
  }
  return sum * lossScale(network, samples.rows);
}

/** The loss of all samples taken as one batch; its gradient replaces what `network.gradients` held. */
export function computeGradients<T>(network: Network, samples: Samples): f64 {
  const scale = lossScale(network, samples.rows);
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    const rows = min(MICROBATCH, samples.rows - row);
    gather<T>(network, samples, row, rows);
    sum += accumulateGradients<T>(network, row > 0, rows, scale);
  }
  return sum * scale;
}

/** parameters −= learningRate · gradients */
export function update<T>(network: Network, learningRate: f64): void {
  sgdUpdate<T>(network.parameters, network.gradients, parameterBytes<T>(network), learningRate);
}

/** Whether no parameter is NaN or infinite: x·0 is 0 for every other. */
export function isFiniteNetwork<T>(network: Network): bool {
  const zero = splat<T>(0);
  const end = network.parameters + parameterBytes<T>(network);
  let sum = zero;
  for (let at = network.parameters; at < end; at += 16) sum = madd<T>(v128.load(at), zero, sum);
  return v128.all_true<i32>(v128.eq<T>(sum, zero));
}

/**
 * Forward, loss and backward of the microbatch that was gathered; returns the sum of its loss terms. Its gradients become
 * the network's or, if `accumulate`, are added to them.
 */
function accumulateGradients<T>(network: Network, accumulate: bool, rows: usize, scale: f64): f64 {
  const stride = wholeVectors<T>(rows);
  forward<T>(network, stride);
  const sum = outputLoss<T>(network, rows, scale);
  backward<T>(network, accumulate, rows, stride);
  return sum;
}

function outputLoss<T>(network: Network, rows: usize, scale: f64): f64 {
  const layer = outputLayer(network);
  return lossBackward<T>(
    network.loss, network.delta, layer.outputs, layer.logits, network.targets,
    layer.units, rows, wholeVectors<T>(rows), scale, network.lossParameter,
  );
}

/** Rows `row` … `row + rows − 1` of the samples, in their order, into `network.x` and `network.targets`. */
function gather<T>(network: Network, samples: Samples, row: usize, rows: usize): void {
  gatherTensor<T>(network.x, samples.inputs, network.inputs, samples.order, row, rows);
  gatherTensor<T>(network.targets, samples.targets, network.targetWidth, samples.order, row, rows);
}

function gatherTensor<T>(out: usize, x: usize, width: usize, order: usize, row: usize, rows: usize): void {
  const stride = wholeVectors<T>(rows);
  if (order) {
    gatherTransposed<T>(out, stride, stride, x, width, order + row * sizeof<u32>(), rows, width);
  } else {
    gatherTransposed<T>(out, stride, stride, x + row * width * sizeof<T>(), width, 0, rows, width);
  }
}

/** What turns a sum of terms into the loss: 1, or one over the number of terms in a batch of `rows`. */
function lossScale(network: Network, rows: usize): f64 {
  if (!network.mean) return 1;
  const terms = isCategorical(network.loss) ? rows : rows * outputLayer(network).units;
  return 1 / <f64>terms;
}

function parameterBytes<T>(network: Network): usize {
  return wholeVectors<T>(network.parameterCount) * sizeof<T>();
}
