// The flow of one training step: forward → loss → backward → gradients → update.

import { hasFeature, isPlain, Optimizer, OptimizerFeature } from "../abi/optimizer";
import { Samples } from "../abi/run";
import { areFinite } from "../kernels/finite";
import { copy } from "../kernels/memory";
import { BLOCK_ROWS, RowPath } from "../layers/tensors";
import { lossBackward } from "../losses/loss";
import { clearFrozenGradients } from "../network/frozen";
import { arenaSize, Network, outputLayer } from "../network/network";
import { networkPenalty } from "../network/penalties";
import { outputTensors, passOf, scratchAt, Workspace } from "../network/workspace";
import { setNorm } from "../optimizers/adjustment";
import { isSafeState, isSafeStep } from "../optimizers/bound";
import { optimizerAdvance, optimizerIsBounded, optimizerPrepare } from "../optimizers/optimizer";
import { rowLossBackward } from "../rowPath/loss";
import { isBounded } from "../rowPath/step";
import { Phase } from "../threads/phases";
import { runPhase } from "../threads/team";
import { beginMicrobatch, gatherTargets, readTargetsAhead } from "./gather";
import { forwardLayers, runBackward, runForward } from "./layers";

/**
 * The forward pass of `rows` rows from position `row` of the order on. `batchRow`: the position of the first row in its
 * batch. `gathered`: the rows and their targets are in the workspace already.
 */
@inline
export function forwardStep<T>(
  network: Network, workspace: Workspace, samples: Samples, row: usize, batchRow: usize, rows: usize, gathered: bool,
): void {
  if (gathered) beginGathered(network, workspace);
  else beginForward<T>(network, workspace, samples, row, batchRow, rows);
  runForward<T>(network, workspace);
  if (!gathered) gatherTargets<T>(network, workspace, samples, row, rows);
}

/**
 * forwardStep() of rows that are not gathered, without inlined code: for callers that need less speed than train(). An
 * inlined copy takes 1.3 KB of code.
 */
export function forwardMicrobatch<T>(
  network: Network, workspace: Workspace, samples: Samples, row: usize, batchRow: usize, rows: usize,
): void {
  beginForward<T>(network, workspace, samples, row, batchRow, rows);
  forwardLayers<T>(network, workspace);
  gatherTargets<T>(network, workspace, samples, row, rows);
}

@inline
function beginForward<T>(
  network: Network, workspace: Workspace, samples: Samples, row: usize, batchRow: usize, rows: usize,
): void {
  passOf(workspace).step = <u32>network.step;
  beginMicrobatch<T>(network, workspace, samples, row, batchRow, rows);
  readTargetsAhead<T>(network, samples, row, rows);
}

@inline
function beginGathered(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  pass.step = <u32>network.step;
  pass.inputs = 0;
  pass.byteScale = 0;
}

/**
 * Returns the sum of the loss's terms over at most BLOCK_ROWS rows of the microbatch, from column `block` on. Writes
 * `scale` times its gradient to dOutputs of the output layer (on the row path, to dLogitsRows).
 */
@inline
export function lossStep<T>(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  const pass = passOf(workspace);
  const layer = outputLayer(network), tensors = outputTensors(network, workspace);
  if (pass.rowPath != RowPath.None) {
    return rowLossBackward<T>(
      network.computedLoss, tensors.dLogitsRows, tensors.outputs, workspace.targets, pass.weights,
      layer.units, scale, network.lossParameter, network.lossAlpha,
    );
  }
  const first = block * sizeof<T>();
  const weights = pass.weights ? pass.weights + first : 0;
  return lossBackward<T>(
    network.computedLoss, tensors.dOutputs + first, tensors.outputs + first, workspace.targets + first, weights,
    layer.units, min(BLOCK_ROWS, pass.rows - block), pass.stride, scale, network.lossParameter, network.lossAlpha,
  );
}

/** The gradient of the outputs → the gradients of all parameters, added to network.gradients if `accumulates`. */
@inline
export function backwardStep<T>(network: Network, workspace: Workspace, accumulates: bool): void {
  passOf(workspace).accumulates = accumulates;
  runBackward<T>(network, workspace);
  runPhase<T>(network, workspace, Phase.Gradients);
}

/** backwardStep() without inlined code, see forwardMicrobatch(). */
export function backwardMicrobatch<T>(network: Network, workspace: Workspace, accumulates: bool): void {
  passOf(workspace).accumulates = accumulates;
  runBackward<T>(network, workspace);
  computeGradients<T>(network, workspace);
}

/** The gradients of the logits → the gradients of all parameters: see Pass.accumulates. */
function computeGradients<T>(network: Network, workspace: Workspace): void {
  runPhase<T>(network, workspace, Phase.Gradients);
}

/** Adds the gradients of the penalties. Call it once for each batch, after backwardStep() of its microbatches. */
@inline
export function penaltyStep<T>(network: Network, workspace: Workspace): void {
  if (network.isPenalized) runPhase<T>(network, workspace, Phase.Penalty);
}

/** The penalty as terms of a loss: `scale` times the result is the penalty. */
export function penaltyTerms<T>(network: Network, scale: f64): f64 {
  return network.isPenalized ? networkPenalty<T>(network) / scale : 0;
}

/** Whether rowStep() can replace backwardStep() and updateStep(). */
export function usesRowStep(workspace: Workspace): bool {
  return passOf(workspace).rowPath == RowPath.Step;
}

/**
 * backwardStep() and updateStep() of a batch of one row. If a parameter would not be finite, changes none and returns
 * false.
 */
export function rowStep<T>(network: Network, workspace: Workspace): bool {
  runPhase<T>(network, workspace, Phase.Backward);
  if (isKnownBounded<T>(network) && isBounded<T>(network, workspace)) {
    runPhase<T>(network, workspace, Phase.RowStep);
    countStep(network);
    return true;
  }
  passOf(workspace).accumulates = false;
  computeGradients<T>(network, workspace);
  return updateBatch<T>(network, workspace);
}

/**
 * The optimizer's step, with the network's gradients. If a parameter, a value of the optimizer's state or a running
 * statistic would not be finite, it changes none of them and returns false. Inlined: a call costs about 1 % of a step
 * of the XOR network.
 */
@inline
export function updateStep<T>(network: Network, workspace: Workspace): bool {
  if (passOf(workspace).updatesStatistics) return updateBatch<T>(network, workspace);
  return updateParameters<T>(network, workspace);
}

/** updateStep() as a call, see forwardMicrobatch(). */
export function updateBatch<T>(network: Network, workspace: Workspace): bool {
  const updatesStatistics = passOf(workspace).updatesStatistics;
  if (updatesStatistics && !areStatisticsFinite<T>(network)) return false;
  if (!updateParameters<T>(network, workspace)) return false;
  if (updatesStatistics) storeStatistics<T>(network);
  return true;
}

/** updateStep() without running statistics. */
@inline
function updateParameters<T>(network: Network, workspace: Workspace): bool {
  if (!isPlain(network.optimizer)) prepareUpdate<T>(network, workspace);
  if (!isKnownBounded<T>(network) || !isBoundedStep<T>(network, workspace)) {
    if (!isFiniteStep<T>(network, workspace)) return false;
    network.isKnownBounded = false;
  }
  runPhase<T>(network, workspace, Phase.Update);
  countStep(network);
  return true;
}

/** Whether the running statistics after the step are finite. */
function areStatisticsFinite<T>(network: Network): bool {
  return areFinite<T>(network.nextBuffers, <usize>arenaSize<T>(network.bufferCount));
}

/** Replaces the running statistics by those after the step. */
function storeStatistics<T>(network: Network): void {
  copy(network.buffers, network.nextBuffers, <usize>arenaSize<T>(network.bufferCount));
}

/** Computes what the coming step shares between all parameters. Plain SGD needs nothing. */
function prepareUpdate<T>(network: Network, workspace: Workspace): void {
  const optimizer = network.optimizer;
  if (hasFeature(optimizer, OptimizerFeature.NormClipping)) {
    runPhase<T>(network, workspace, Phase.Norm);
    setNorm(optimizer);
  }
  optimizerPrepare<T>(optimizer);
}

/** Counts a step that was taken. */
function countStep(network: Network): void {
  ++network.step;
  optimizerAdvance(network.optimizer);
}

/**
 * Whether bounds prove that the step leaves all numbers finite. Reads the gradients and, for some optimizers, a part of
 * what the update reads. Almost every step passes this test.
 */
@inline
function isBoundedStep<T>(network: Network, workspace: Workspace): bool {
  const threads = runPhase<T>(network, workspace, Phase.Measure);
  let largest: f64 = 0;
  for (let i: usize = 0; i < threads; ++i) largest += scratchAt(workspace, i).bound;
  const optimizer = network.optimizer;
  if (isPlain(optimizer)) return isSafeStep<T>(optimizer.learningRate, largest);
  return isBoundedWithState<T>(optimizer, workspace, threads, largest);
}

/** isBoundedStep() of an optimizer that is not plain. `gradient`: the bound of the gradients. */
function isBoundedWithState<T>(optimizer: Optimizer, workspace: Workspace, threads: usize, gradient: f64): bool {
  let parameter: f64 = 0, state: f64 = 0;
  for (let i: usize = 0; i < threads; ++i) {
    parameter += scratchAt(workspace, i).parameterBound;
    state += scratchAt(workspace, i).stateBound;
  }
  return optimizerIsBounded<T>(optimizer, gradient, parameter, state);
}

/** Whether the step leaves all numbers finite. Exact, but computes the whole step. */
function isFiniteStep<T>(network: Network, workspace: Workspace): bool {
  const threads = runPhase<T>(network, workspace, Phase.Check);
  for (let i: usize = 0; i < threads; ++i) {
    if (!scratchAt(workspace, i).isFinite) return false;
  }
  return true;
}

/**
 * The host may have written to parameters, gradients and state since the last call. So the steps of this call must test
 * them again, and the gradients of frozen layers must be cleared.
 */
export function acceptWrites<T>(network: Network): void {
  network.isKnownBounded = false;
  clearFrozenGradients<T>(network);
}

/**
 * Whether parameters and state are as optimizerIsBounded() assumes. Tested only once, because it still holds after a
 * step that passes isBoundedStep().
 */
@inline
function isKnownBounded<T>(network: Network): bool {
  if (!network.isKnownBounded) network.isKnownBounded = testIsBounded<T>(network);
  return network.isKnownBounded;
}

function testIsBounded<T>(network: Network): bool {
  const optimizer = network.optimizer;
  return areFinite<T>(network.parameters, <usize>arenaSize<T>(network.parameterCount)) &&
    isSafeState<T>(optimizer.state, <usize>optimizer.slots * optimizer.slotSize);
}
