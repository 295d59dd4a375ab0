// Whole steps and runs of steps: batches of rows → forward → loss → backward → update → the history of losses.

import {
  gatherTargets, lossScale, microbatchBackward, microbatchForward, microbatchLoss, readAhead, Samples, stepDownRow,
} from "./microbatch";
import { MICROBATCH, Network } from "./network";
import { areFinite, beginDescent, endDescent, sgdUpdate } from "./sgd";
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
  if (run.diverged || run.epoch >= run.epochs) return 0;
  const samples = run.samples;
  const epochScale = lossScale(network, samples.rows);
  // A microbatch that holds all rows, as they lie, is gathered once: the whole of a small training set.
  let gathered = false;
  // The host may have written any.
  network.isFinite = false;
  beginDescent<T>(network.descent, network.parameters, network.gradients, run.learningRate);
  let done: usize = 0;
  while (done < budget) {
    const row = run.row;
    const begins = row == run.batchEnd;
    if (begins) beginBatch(network, run, epochScale);
    const rows = min(MICROBATCH, run.batchEnd - row);
    const end = row + rows;
    if (samples.order) readAhead<T>(network, samples, row, rows);
    microbatchForward<T>(network, gathered ? 0 : samples.inputs, samples.order, row, rows);
    if (!gathered) gatherTargets<T>(network, samples, row, rows);
    gathered = rows == samples.rows && !samples.order;
    const lossSum = run.lossSum + microbatchLoss<T>(network, run.scale);
    run.lossSum = lossSum;
    ++done;
    if (!isFinite(lossSum) || !learn<T>(network, run, !begins, end == run.batchEnd)) {
      run.diverged = 1;
      recordLoss(run, epochScale);
      break;
    }
    run.row = end;
    if (end < samples.rows) continue;
    recordLoss(run, epochScale);
    beginEpoch(run);
    if (samples.order || run.epoch >= run.epochs) break;
  }
  return done;
}

function beginBatch(network: Network, run: Run, epochScale: f64): void {
  const rows = min(run.batchSize, run.samples.rows - run.row);
  run.batchEnd = run.row + rows;
  run.scale = rows == run.samples.rows ? epochScale : lossScale(network, rows);
}

/** The backward pass of a microbatch and, if it ends a batch, the update; false, and nothing learnt, if that cannot be. */
function learn<T>(network: Network, run: Run, accumulates: bool, descends: bool): bool {
  if (descends && !accumulates && network.microbatch.rows == 1) return learnRow<T>(network, run.learningRate);
  microbatchBackward<T>(network, accumulates, descends);
  return !descends || endDescent<T>(network.parameters, network.gradients, parameterBytes<T>(network));
}

/** The same for a batch of one row. */
function learnRow<T>(network: Network, learningRate: f64): bool {
  if (!network.isFinite) network.isFinite = areFinite<T>(network.parameters, parameterBytes<T>(network));
  return stepDownRow<T>(network, learningRate) || update<T>(network, learningRate);
}

function recordLoss(run: Run, epochScale: f64): void {
  store<f64>(run.losses + run.epoch * sizeof<f64>(), run.lossSum * epochScale);
}

function beginEpoch(run: Run): void {
  run.lossSum = 0;
  run.row = 0;
  run.batchEnd = 0;
  ++run.epoch;
}

/** parameters −= learningRate · gradients; false, and nothing changes, if a parameter would not be finite. */
export function update<T>(network: Network, learningRate: f64): bool {
  return sgdUpdate<T>(network.parameters, network.gradients, parameterBytes<T>(network), learningRate);
}

function parameterBytes<T>(network: Network): usize {
  return wholeVectors<T>(network.parameterCount) * sizeof<T>();
}
