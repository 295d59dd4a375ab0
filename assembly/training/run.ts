// Training runs: epochs → batches → microbatches.

import { Pause, Run, Status } from "../abi/run";
import { lossScale, Network } from "../network/network";
import { BLOCK_ROWS, passOf, Workspace } from "../network/workspace";
import { permute } from "../random/permutation";
import { areSupported, beginPasses } from "./gather";
import { backwardStep, forwardStep, lossStep, rowStep, takesRowStep, updateStep } from "./step";

/** Rows that are shuffled as one unit of work. */
const SHUFFLED_ROWS: usize = 65536;

/**
 * Advances a run until a pause, its end, or until `budget` units of work are done. A unit is one microbatch, or the
 * shuffling of SHUFFLED_ROWS rows. `run.status` says why it returned. Returns the units done.
 */
export function train<T>(network: Network, run: Run, budget: usize): usize {
  const samples = run.samples;
  const workspace = changetype<Workspace>(run.workspace);
  run.status = Status.Running;
  if (!areSupported(samples)) run.status = Status.Unsupported;
  else if (run.epoch >= run.until) run.status = Status.Finished;
  if (run.status != Status.Running) return 0;
  beginPasses(network, workspace, true);
  // The host may have written to the parameters or the state.
  network.isSettled = false;
  run.epochScale = lossScale(network, samples.rows);
  // If one microbatch has all rows in their stored order, it is gathered only once.
  let gathered = false;
  let done: usize = 0;
  if (run.updateIsDue && !endBatch(run, updateStep<T>(network, workspace))) return 0;
  while (done < budget) {
    if (!run.isInBatch) {
      if (run.shuffles && run.ordered < samples.rows) {
        shuffle(network, run);
        ++done;
        continue;
      }
      if (!beginBatch(network, run)) break;
    }
    const rows = min(workspace.capacity, run.batchEnd - run.row);
    const accumulates = run.row != run.batchBegin;
    forwardStep<T>(network, workspace, samples, run.row, run.row - run.batchBegin, rows, gathered);
    ++done;
    gathered = rows == samples.rows && !samples.order;
    if (!addLoss<T>(network, workspace, run)) break;
    run.row += rows;
    const completes = run.row == run.batchEnd;
    if (completes && !accumulates && takesRowStep(workspace) && !(run.pauses & Pause.Batch)) {
      if (!endBatch(run, rowStep<T>(network, workspace))) break;
      continue;
    }
    backwardStep<T>(network, workspace, accumulates);
    if (!completes) continue;
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

function shuffle(network: Network, run: Run): void {
  const samples = run.samples;
  const end = min(run.ordered + SHUFFLED_ROWS, samples.rows);
  permute(samples.order, <u32>run.ordered, <u32>end, network.seed, <u32>(run.firstEpoch + run.epoch));
  run.ordered = end;
}

/** False if there is no learning rate for the batch. */
@inline
function beginBatch(network: Network, run: Run): bool {
  if (run.learningRates && !takeLearningRate(network, run)) return false;
  const rows = min(run.batchSize, run.samples.rows - run.row);
  run.batchBegin = run.row;
  run.batchEnd = run.row + rows;
  run.batchLossSum = 0;
  run.isInBatch = 1;
  if (rows == run.batchScaleRows) return true;
  run.batchScaleRows = rows;
  run.batchScale = lossScale(network, rows);
  return true;
}

function takeLearningRate(network: Network, run: Run): bool {
  if (run.learningRateIndex == run.learningRateCount) {
    run.status = Status.LearningRatesUsed;
    return false;
  }
  network.optimizer.learningRate = load<f64>(run.learningRates + run.learningRateIndex++ * sizeof<f64>());
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
  run.lossSum = lossSum;
  run.batchLossSum = batchLossSum;
  if (isFinite(lossSum)) return true;
  recordLoss(run);
  run.status = Status.LossNotFinite;
  return false;
}

/** Ends a batch after its update. False if the run stops here. */
@inline
function endBatch(run: Run, isUpdated: bool): bool {
  run.updateIsDue = 0;
  run.isInBatch = 0;
  if (!isUpdated) {
    recordLoss(run);
    run.status = Status.StepNotFinite;
    return false;
  }
  if (run.row < run.samples.rows) return !pauses(run, Pause.Step, Status.StepTaken);
  return endEpoch(run);
}

@inline
function endEpoch(run: Run): bool {
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

@inline
function recordLoss(run: Run): f64 {
  const loss = run.lossSum * run.epochScale;
  store<f64>(run.losses + run.epoch * sizeof<f64>(), loss);
  return loss;
}
