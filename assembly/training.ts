// Whole steps and runs of steps: batches of rows → forward → loss → backward → update → the history of losses.

import { gatherTargets, lossScale, microbatchBackward, microbatchForward, microbatchLoss, Samples } from "./microbatch";
import { MICROBATCH, Network } from "./network";
import { beginDescent, endDescent, sgdUpdate } from "./sgd";
import { wholeVectors } from "./vector";

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
  /** 1 once a loss was not finite, or a parameter would not have been: the run has stopped before that update. */
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
    microbatchForward<T>(network, gathered ? 0 : samples.inputs, samples.order, run.row, rows);
    if (!gathered) gatherTargets<T>(network, samples, run.row, rows);
    gathered = rows == samples.rows && !samples.order;
    run.lossSum += microbatchLoss<T>(network, run.scale);
    run.diverged = !learn<T>(network, run, !begins, run.row + rows == run.batchEnd);
    finishMicrobatch(network, run, rows);
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

/** The backward pass of a microbatch and, if it ends a batch, the update; false, and nothing learnt, if either cannot be. */
function learn<T>(network: Network, run: Run, accumulates: bool, descends: bool): bool {
  if (!isFinite(run.lossSum)) return false;
  if (descends) beginDescent<T>(network.descent, network.parameters, network.gradients, run.learningRate);
  microbatchBackward<T>(network, accumulates, descends);
  return !descends || endDescent<T>(network.parameters, network.gradients, parameterBytes<T>(network));
}

function finishMicrobatch(network: Network, run: Run, rows: usize): void {
  const isEpochEnd = run.row + rows == run.samples.rows;
  if (isEpochEnd || run.diverged) recordLoss(network, run);
  if (run.diverged) return;
  run.row += rows;
  if (!isEpochEnd) return;
  run.lossSum = 0;
  run.row = 0;
  run.batchEnd = 0;
  ++run.epoch;
}

function recordLoss(network: Network, run: Run): void {
  store<f64>(run.losses + run.epoch * sizeof<f64>(), run.lossSum * lossScale(network, run.samples.rows));
}

/** parameters −= learningRate · gradients; false, and nothing changes, if a parameter would not be finite. */
export function update<T>(network: Network, learningRate: f64): bool {
  return sgdUpdate<T>(network.parameters, network.gradients, parameterBytes<T>(network), learningRate);
}

function parameterBytes<T>(network: Network): usize {
  return wholeVectors<T>(network.parameterCount) * sizeof<T>();
}
