// Training runs: an epoch is a sequence of batches, a batch is a sequence of microbatches and ends with an update.

import { Loss } from "../abi/description";
import { Pause, Run } from "../abi/run";
import { Status } from "../abi/status";
import { checkRun, isRun } from "../checks/calls";
import { checkLearningRate } from "../checks/regions";
import { checkMicrobatch, hasRowsToCheck, weightOf } from "../checks/samples";
import { sumOfWeights } from "../kernels/reduce";
import { BLOCK_ROWS } from "../layers/tensors";
import { lossScale, Network } from "../network/network";
import { passOf, Workspace } from "../network/workspace";
import { permute } from "../random/permutation";
import { beginPasses } from "./gather";
import {
  acceptWrites, backwardStep, forwardStep, lossStep, penaltyStep, penaltyTerms, rowStep, updateBatch, updateStep,
  usesRowStep,
} from "./step";

/** The maximum number of rows that one unit of work shuffles. */
const SHUFFLED_ROWS: usize = 65536;

/**
 * Advances a run until a pause, its end, or until `budget` units of work are done. A unit is one microbatch, or the
 * shuffling of SHUFFLED_ROWS rows. Returns the units done. `run.status` says why it returned. If the address of the run
 * is not valid, it returns 0 and changes nothing, not even the status.
 */
export function train<T>(network: Network, run: Run, budget: usize): usize {
  if (!isRun(run)) return 0;
  const samples = run.samples;
  const workspace = changetype<Workspace>(run.workspace);
  run.status = checkRun(network, run, sizeof<T>());
  if (run.status != Status.Ok) return 0;
  run.status = run.epoch < run.until ? Status.Running : Status.Finished;
  if (run.status == Status.Finished) return 0;
  beginPasses(network, workspace, true, true);
  acceptWrites<T>(network);
  // Weights are summed once in an epoch, not in each call.
  if (!samples.weights || run.row == 0 || run.epochScale == 0) {
    run.epochScale = lossScale(network, weightOf(samples, sizeof<T>()));
  }
  // The host may have added or removed weights since the last call.
  run.batchScaleRows = 0;
  const done = advance<T>(network, workspace, run, budget);
  // If the host calls update() next, no running statistics are due.
  passOf(workspace).updatesStatistics = false;
  return done;
}

/** train() after its checks. Returns the units of work done. */
function advance<T>(network: Network, workspace: Workspace, run: Run, budget: usize): usize {
  const samples = run.samples;
  let checksRows = hasRowsToCheck(network, samples), beganEpoch = false;
  // If one microbatch has all rows in their stored order, it is gathered only once.
  let gathered = false;
  let done: usize = 0;
  if (run.updateIsDue && !endBatch(run, updateBatch<T>(network, workspace))) return 0;
  while (done < budget) {
    if (run.shuffles && run.ordered < samples.rows && !run.isInBatch) {
      shuffle(network, run);
      ++done;
      continue;
    }
    const batchEnd = run.isInBatch ? run.batchEnd : run.row + min(run.batchSize, samples.rows - run.row);
    const rows = min(workspace.capacity, batchEnd - run.row);
    // If the host has computed a custom loss, the forward pass of the batch is already in the workspace.
    if (!run.lossIsDue) {
      if (checksRows) {
        // Checks rows up to the end of the first epoch that the call begins. After it, the rows have been checked, and
        // only the core has written to the order.
        if (run.row == 0) {
          checksRows = !beganEpoch;
          beganEpoch = true;
        }
        // The weights of a batch are summed before its first microbatch.
        if (checksRows && !acceptsRows<T>(network, run, samples.weights ? batchEnd : run.row + rows)) break;
      }
      if (!run.isInBatch) {
        if (batchEnd - run.row != run.batchScaleRows && !scaleBatch<T>(network, run, batchEnd)) {
          ++done;
          if (!skipBatch(run, batchEnd)) break;
          continue;
        }
        if (!beginBatch<T>(network, run, batchEnd)) break;
      }
      forwardStep<T>(network, workspace, samples, run.row, run.row - run.batchBegin, rows, gathered);
      gathered = rows == samples.rows && !samples.order;
    }
    ++done;
    const accumulates = run.row != run.batchBegin;
    if (!addLoss<T>(network, workspace, run)) break;
    run.row += rows;
    const completes = run.row == run.batchEnd;
    if (completes && !accumulates && usesRowStep(workspace) && !(run.pauses & Pause.Batch)) {
      if (!endBatch(run, rowStep<T>(network, workspace))) break;
      continue;
    }
    backwardStep<T>(network, workspace, accumulates);
    if (!completes) continue;
    penaltyStep<T>(network, workspace);
    if (pauses(run, Pause.Batch, Status.BatchEnded)) {
      run.updateIsDue = 1;
      break;
    }
    if (!endBatch(run, updateStep<T>(network, workspace))) break;
  }
  return done;
}

/** Whether the host asked for one of these pauses. If so, sets `run.status` to `status`. */
@inline
function pauses(run: Run, pause: u32, status: Status): bool {
  if (!(run.pauses & pause)) return false;
  run.status = status;
  return true;
}

/** Shuffles the next SHUFFLED_ROWS elements of the order. */
function shuffle(network: Network, run: Run): void {
  const samples = run.samples;
  const end = min(run.ordered + SHUFFLED_ROWS, samples.rows);
  permute(samples.order, <u32>run.ordered, <u32>end, network.seed, <u32>(run.firstEpoch + run.epoch));
  run.ordered = end;
}

/** Checks the rows from the next one to `end` − 1. False, with the reason in `run.status`, if one is refused. */
@inline
function acceptsRows<T>(network: Network, run: Run, end: usize): bool {
  const status = checkMicrobatch<T>(network, run.samples, run.row, end);
  if (status == Status.Ok) return true;
  run.status = status;
  return false;
}

/**
 * Sets the scale of the batch that ends before row `end`. False if its weights are all 0. With weights, batchScaleRows
 * stays 0, because each batch has another scale.
 */
function scaleBatch<T>(network: Network, run: Run, end: usize): bool {
  const samples = run.samples;
  const rows = end - run.row;
  let weight = <f64>rows;
  if (samples.weights) weight = sumOfWeights<T>(samples.weights, samples.order, run.row, end);
  else run.batchScaleRows = rows;
  run.batchScale = lossScale(network, weight);
  return weight != 0;
}

/** Skips a batch whose weights are all 0. False if the run stops here. */
function skipBatch(run: Run, end: usize): bool {
  run.row = end;
  run.batchBegin = end;
  run.batchEnd = end;
  return end < run.samples.rows || endEpoch(run);
}

/** Begins a batch. False, with the reason in `run.status`, if there is no valid learning rate for it. */
@inline
function beginBatch<T>(network: Network, run: Run, end: usize): bool {
  if (run.learningRates && !setLearningRate(network, run)) return false;
  run.batchBegin = run.row;
  run.batchEnd = end;
  run.batchLossSum = 0;
  run.isInBatch = 1;
  if (network.isPenalized) addPenalty<T>(network, run);
  return true;
}

/** Adds the penalty to the loss of the batch. */
function addPenalty<T>(network: Network, run: Run): void {
  run.batchLossSum = penaltyTerms<T>(network, run.batchScale);
  run.lossSum += run.batchLossSum;
}

/**
 * Sets the optimizer's learning rate to the run's next one. False, with the reason in `run.status`, if there is none.
 */
function setLearningRate(network: Network, run: Run): bool {
  if (run.learningRateIndex == run.learningRateCount) {
    run.status = Status.LearningRatesUsed;
    return false;
  }
  const learningRate = load<f64>(run.learningRates + run.learningRateIndex * sizeof<f64>());
  const status = checkLearningRate(learningRate, network.elementSize);
  if (status != Status.Ok) {
    run.status = status;
    return false;
  }
  network.optimizer.learningRate = learningRate;
  ++run.learningRateIndex;
  return true;
}

/** Adds the loss of the microbatch and computes its gradient. False if the sum of the epoch is not finite. */
@inline
function addLoss<T>(network: Network, workspace: Workspace, run: Run): bool {
  let lossSum = run.lossSum, batchLossSum = run.batchLossSum;
  const rows = passOf(workspace).rows;
  let block: usize = 0;
  do {
    const sum = lossStep<T>(network, workspace, block, run.batchScale);
    lossSum += sum;
    batchLossSum += sum;
    block += BLOCK_ROWS;
  } while (block < rows);
  // lossStep() of a custom loss returns NaN.
  if (!isFinite(lossSum) && network.loss == Loss.Custom) return addHostLoss(run);
  run.lossSum = lossSum;
  run.batchLossSum = batchLossSum;
  return isFinite(lossSum) || refuseLoss(run);
}

/**
 * Adds the loss of the batch if the host has computed it and the gradient of the outputs. Else asks the host for both.
 * False if the run stops here.
 */
function addHostLoss(run: Run): bool {
  run.lossIsDue = <u32>!run.lossIsDue;
  if (run.lossIsDue) return false;
  const sum = run.hostLoss / run.batchScale;
  run.lossSum += sum;
  run.batchLossSum += sum;
  return isFinite(run.lossSum) || refuseLoss(run);
}

/** Stops the run because of a loss that is not finite. */
function refuseLoss(run: Run): bool {
  recordLoss(run);
  run.status = Status.LossNotFinite;
  return false;
}

/**
 * Ends a batch after its update. False if the run stops here. If the update was refused, the next call tries it again:
 * the host may have lowered the learning rate.
 */
@inline
function endBatch(run: Run, isUpdated: bool): bool {
  run.updateIsDue = <u32>!isUpdated;
  run.isInBatch = <u32>!isUpdated;
  if (!isUpdated) {
    recordLoss(run);
    run.status = Status.StepNotFinite;
    return false;
  }
  if (run.row < run.samples.rows) return !pauses(run, Pause.Step, Status.StepTaken);
  return endEpoch(run);
}

/** Ends an epoch after its last batch. False if the run stops here. */
@inline
function endEpoch(run: Run): bool {
  if (pauses(run, Pause.Samples, Status.StepTaken)) return false;
  const loss = recordLoss(run);
  run.lossSum = 0;
  run.row = 0;
  run.ordered = 0;
  ++run.epoch;
  if (loss <= run.targetLoss) run.status = Status.TargetReached;
  else if (run.epoch == run.until) run.status = Status.Finished;
  else return !pauses(run, Pause.Step | Pause.Epoch, Status.EpochEnded);
  return false;
}

/** Stores the loss of the epoch and returns it. */
@inline
function recordLoss(run: Run): f64 {
  const loss = run.lossSum * run.epochScale;
  store<f64>(run.losses + run.epoch * sizeof<f64>(), loss);
  return loss;
}
