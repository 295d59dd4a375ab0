// Everything that a call checks before it changes anything. Each check returns the first reason that it finds, or Ok,
// which is 0: `a() || b()` is the first reason of both.

import { Loss } from "../abi/description";
import { Pause, Run, Samples } from "../abi/run";
import { Status } from "../abi/status";
import { needsWholeBatch, Network, outputLayer } from "../network/network";
import { passOf, Workspace } from "../network/workspace";
import { checkArray, isInMemory } from "./memory";
import { checkAverages, checkNetwork, checkOptimizer, checkWorkspace } from "./regions";
import { checkInputs, checkMicrobatch, checkRange, checkRows, checkTargetsAndWeights } from "./samples";

/** See predict(). */
export function checkPredict<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, predictions: usize,
): Status {
  return checkWorkspace(network, workspace, sizeof<T>()) || checkAverages(network) || checkInputs(network, samples) ||
    checkRange(samples, begin, end) || checkRows<T>(network, samples, begin, end) ||
    checkArray(predictions, end - begin, outputLayer(network).units, sizeof<T>());
}

/** See evaluate() and computeGradients(). */
export function checkEvaluate<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  if (checkNetwork(network, sizeof<T>()) == Status.Ok && network.loss == Loss.Custom) return Status.NoLoss;
  const status = checkPassRows<T>(network, workspace, samples, begin, end, false);
  return status || (training ? checkWholeBatch(network, workspace, samples.rows, end - begin) : Status.Ok);
}

/** What forward passes and evaluations check. `isPart`: see checkTargetsAndWeights(). */
function checkPassRows<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, isPart: bool,
): Status {
  const status = checkSamples(network, workspace, samples, begin, end, sizeof<T>(), isPart);
  return status || checkMicrobatch<T>(network, samples, begin, end);
}

/** What checkEvaluate() checks without reading order and targets. */
function checkSamples(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, elementSize: usize, isPart: bool,
): Status {
  return checkWorkspace(network, workspace, elementSize) || checkAverages(network) || checkInputs(network, samples) ||
    checkTargetsAndWeights(network, samples, begin, isPart) || checkRange(samples, begin, end);
}

/** Batch norm in training takes a batch of at least two rows at once. `rows`: those of the microbatch in progress. */
function checkWholeBatch(network: Network, workspace: Workspace, batchRows: usize, rows: usize): Status {
  const isWhole = rows == batchRows && rows > 1 && rows <= workspace.capacity;
  return isWhole || !needsWholeBatch(network) ? Status.Ok : Status.InvalidRows;
}

/** See forwardRows(): as checkEvaluate(), and all rows must fit into the workspace. */
export function checkForward<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  const rows = end - begin;
  const status = checkPassRows<T>(network, workspace, samples, begin, end, true) ||
    (training ? checkWholeBatch(network, workspace, rows, rows) : Status.Ok);
  return status || (rows <= workspace.capacity ? Status.Ok : Status.InvalidRows);
}

/** See training/separateCalls.ts: for calls that continue the pass in a workspace. */
export function checkPass(network: Network, workspace: Workspace, elementSize: usize): Status {
  const status = checkWorkspace(network, workspace, elementSize);
  return status || (passOf(workspace).rows > 0 ? Status.Ok : Status.InvalidRows);
}

/** See updateStep(). */
export function checkUpdate(network: Network, workspace: Workspace, elementSize: usize): Status {
  return checkWorkspace(network, workspace, elementSize) || checkOptimizer(network);
}

/** See train(). checkMicrobatch() follows for each microbatch. */
export function checkRun(network: Network, run: Run, elementSize: usize): Status {
  const samples = run.samples;
  return checkUpdate(network, changetype<Workspace>(run.workspace), elementSize) || checkInputs(network, samples) ||
    checkTargetsAndWeights(network, samples, run.row, (run.pauses & Pause.Samples) != 0) || checkPlan(run) ||
    checkBatches(network, run) || checkProgress(run) || checkCustom(network, run);
}

/** Whether this is a valid address of a run. */
export function isRun(run: Run): bool {
  return isInMemory(changetype<usize>(run), offsetof<Run>(), 8);
}

/** Checks the fields that the host writes. */
function checkPlan(run: Run): Status {
  if (run.batchSize == 0) return Status.InvalidBatchSize;
  const pauses = Pause.Batch | Pause.Step | Pause.Epoch | Pause.Samples;
  if (run.pauses > <u32>pauses || run.shuffles > 1) return Status.InvalidFlag;
  if (run.shuffles && !run.samples.order) return Status.InvalidAddress;
  const rateCount = run.learningRates ? run.learningRateCount : 0;
  return checkArray(run.losses, run.until, 1, sizeof<f64>()) ||
    checkArray(run.learningRates, rateCount, 1, sizeof<f64>());
}

/** With batch norm, every batch has at least two rows and fits into the workspace. */
function checkBatches(network: Network, run: Run): Status {
  if (!needsWholeBatch(network)) return Status.Ok;
  const rows = run.samples.rows, batch = min(run.batchSize, rows);
  const areWhole = batch > 1 && rows % batch != 1 && batch <= changetype<Workspace>(run.workspace).capacity;
  return areWhole ? Status.Ok : Status.InvalidBatchSize;
}

/** A custom loss needs the whole batch in the workspace, and gets no weights. */
function checkCustom(network: Network, run: Run): Status {
  if (network.loss != Loss.Custom) return run.lossIsDue ? Status.InvalidProgress : Status.Ok;
  if (run.samples.weights) return Status.NoLoss;
  const workspace = changetype<Workspace>(run.workspace);
  if (min(run.batchSize, run.samples.rows) > workspace.capacity) return Status.InvalidRows;
  if (!run.lossIsDue) return run.isInBatch && !run.updateIsDue ? Status.InvalidProgress : Status.Ok;
  // The pass in the workspace must be that of the batch.
  const isWithin = run.lossIsDue == 1 && run.isInBatch && !run.updateIsDue && run.row == run.batchBegin;
  return isWithin && passOf(workspace).rows == run.batchEnd - run.row ? Status.Ok : Status.InvalidProgress;
}

/** Checks the fields that the core writes and computes addresses from. */
function checkProgress(run: Run): Status {
  const rows = run.samples.rows;
  const isWithin = run.ordered <= rows && (!run.learningRates || run.learningRateIndex <= run.learningRateCount);
  return isWithin && (run.isInBatch ? isWithinBatch(run, rows) : isBetweenBatches(run, rows))
    ? Status.Ok : Status.InvalidProgress;
}

function isWithinBatch(run: Run, rows: usize): bool {
  const isComplete = run.row == run.batchEnd;
  return run.isInBatch == 1 && run.updateIsDue == <u32>isComplete &&
    run.batchBegin <= run.row && run.row <= run.batchEnd && run.batchBegin < run.batchEnd && run.batchEnd <= rows;
}

function isBetweenBatches(run: Run, rows: usize): bool {
  return !run.updateIsDue && run.row < rows;
}
