// The phases of a training step. Each can be divided into parts for several threads: no part writes what another part
// reads or writes. No sum is divided between parts, so the bits do not depend on the number of threads.

import { partBegin } from "../kernels/parts";
import { TILE_ROWS } from "../kernels/gemm";
import { isPlain, NORM_BLOCK, Optimizer, slotAt } from "../abi/optimizer";
import { magnitudeBound } from "../kernels/reduce";
import { batchNormBackward, batchNormForward } from "../layers/batchNorm";
import { RowPath, Scratch } from "../layers/tensors";
import { laneCount, wholeVectors } from "../math/vector";
import { backward, gradients } from "../network/backward";
import { forward } from "../network/forward";
import { layerAt, Network } from "../network/network";
import { penaltyGradients } from "../network/penalties";
import { passOf, scratchAt, tensorsAt, Workspace } from "../network/workspace";
import { measuresGradients, measuresParameters, sumBlocks } from "../optimizers/adjustment";
import { beginAverage, checkRange, stepRange } from "../optimizers/trainableRange";
import { optimizerCheck, optimizerMeasuredSlots, optimizerStep } from "../optimizers/optimizer";
import { rowBackward } from "../rowPath/backward";
import { rowForward } from "../rowPath/forward";
import { rowStep } from "../rowPath/step";

export const enum Phase {
  /** Computes the outputs of the layers of the pass from rows of the samples, or from the layer before. */
  Forward,
  /** Computes the gradients of the logits of the layers of the pass from the gradient of the outputs. */
  Backward,
  /** Computes the gradients of all parameters from the gradients of the logits. */
  Gradients,
  /** Adds the gradients of the penalties to the gradients of all parameters: once for each batch. */
  Penalty,
  /** Writes the sums of squares of the gradients to the optimizer, with OptimizerFeature.NormClipping. */
  Norm,
  /** Writes bounds of the numbers that the update reads to the scratch of each part. */
  Measure,
  /** Writes to scratch.isFinite of each part whether the update would give finite numbers. */
  Check,
  /** Updates all parameters. */
  Update,
  /** Updates all parameters for a batch of one row, without storing the gradients. */
  RowStep,
  /** Computes the outputs of batch norm, layer Pass.forwardFirst, for all columns: divided by units. */
  BatchForward,
  /** The backward pass of batch norm, layer Pass.backwardFirst, and the gradients of its parameters. */
  BatchBackward,
}

/** Whether a phase has more than one part. */
export function isDivisible<T>(workspace: Workspace, phase: Phase): bool {
  return phase >= Phase.Gradients || passOf(workspace).columns > tileColumns<T>();
}

/** Each part of a phase has a multiple of this many columns. */
@inline
function tileColumns<T>(): usize {
  return 2 * laneCount<T>();
}

/** Each part of the parameters is a multiple of this many bytes. */
const CACHE_LINE: usize = 64;

/** Runs a whole phase in the calling thread. */
@inline
export function doPhase<T>(network: Network, workspace: Workspace, phase: Phase): void {
  partOfPhase<T>(network, workspace, scratchAt(workspace, 0), phase, 0, 1);
}

/**
 * Runs part `index` of the `count` parts of a phase. `scratch` belongs to the calling thread. Not inlined: if it is
 * inlined into a worker's loop, asc 0.28.20 drops one of its arguments.
 */
export function doPart<T>(
  network: Network, workspace: Workspace, scratch: Scratch, phase: Phase, index: usize, count: usize,
): void {
  partOfPhase<T>(network, workspace, scratch, phase, index, count);
}

/** Inlined: dispatching costs about 10 % of a step on tiny networks. */
@inline
function partOfPhase<T>(
  network: Network, workspace: Workspace, scratch: Scratch, phase: Phase, index: usize, count: usize,
): void {
  if (phase <= Phase.Backward) columnsPart<T>(network, workspace, scratch, phase, index, count);
  else if (phase == Phase.Gradients) gradients<T>(network, workspace, scratch, index, count);
  else if (phase == Phase.Penalty) penaltyGradients<T>(network, index, count);
  else if (phase == Phase.RowStep) rowStepPart<T>(network, workspace, index, count);
  else if (phase >= Phase.BatchForward) batchPart<T>(network, workspace, phase, index, count);
  else parametersPart<T>(network, scratch, phase, index, count);
}

@inline
function columnsPart<T>(
  network: Network, workspace: Workspace, scratch: Scratch, phase: Phase, index: usize, count: usize,
): void {
  const pass = passOf(workspace);
  const begin = partBegin(pass.columns, tileColumns<T>(), index, count);
  const end = partBegin(pass.columns, tileColumns<T>(), index + 1, count);
  if (begin == end) return;
  // On the row path there is one column, so one part is the whole phase.
  const isRow = pass.rowPath != RowPath.None;
  if (phase == Phase.Forward) {
    if (isRow) rowForward<T>(network, workspace);
    else forward<T>(network, workspace, scratch, begin, end);
  } else {
    if (isRow) rowBackward<T>(network, workspace);
    else backward<T>(network, workspace, scratch, begin, end);
  }
}

@inline
function parametersPart<T>(network: Network, scratch: Scratch, phase: Phase, index: usize, count: usize): void {
  const bytes = wholeVectors<T>(network.parameterCount) * sizeof<T>();
  const unit = phase == Phase.Norm ? NORM_BLOCK : CACHE_LINE;
  const begin = partBegin(bytes, unit, index, count);
  const end = partBegin(bytes, unit, index + 1, count);
  const parameters = network.parameters, gradients = network.gradients, optimizer = network.optimizer;
  if (phase == Phase.Measure) {
    if (isPlain(optimizer)) scratch.bound = magnitudeBound<T>(gradients + begin, end - begin);
    else measure<T>(optimizer, parameters, gradients, scratch, begin, end);
  } else if (phase != Phase.Norm && network.hasFrozen) {
    scratch.isFinite = trainablePart<T>(network, phase, begin, end);
  } else if (phase == Phase.Update) {
    optimizerStep<T>(optimizer, parameters, gradients, begin, end);
  } else if (phase == Phase.Norm) {
    sumBlocks<T>(optimizer, gradients, begin, end);
  } else {
    scratch.isFinite = optimizerCheck<T>(optimizer, parameters, gradients, begin, end);
  }
}

/**
 * Measures only the gradients, parameters and state slots that optimizerIsBounded() reads: each pass takes 1 to 2 % of
 * a step.
 */
function measure<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, scratch: Scratch, begin: usize, end: usize,
): void {
  if (measuresGradients(optimizer)) scratch.bound = magnitudeBound<T>(gradients + begin, end - begin);
  if (measuresParameters(optimizer)) scratch.parameterBound = magnitudeBound<T>(parameters + begin, end - begin);
  const slots = optimizerMeasuredSlots(optimizer);
  let bound: f64 = 0;
  for (let i: u32 = 0; i < slots; ++i) bound += magnitudeBound<T>(slotAt(optimizer, i) + begin, end - begin);
  scratch.stateBound = bound;
}

function batchPart<T>(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  const pass = passOf(workspace);
  const number = phase == Phase.BatchForward ? pass.forwardFirst : pass.backwardFirst;
  const layer = layerAt(network, number), tensors = tensorsAt(workspace, number);
  const begin = partBegin(layer.units, 1, index, count), end = partBegin(layer.units, 1, index + 1, count);
  if (phase == Phase.BatchForward) batchNormForward<T>(layer, tensors, pass, begin, end);
  else batchNormBackward<T>(layer, tensors, pass, begin, end, layer.index > network.firstTrained);
}

/**
 * Phase.Update, or Phase.Check, whose result it returns, of the parameters in bytes `begin` … `end` − 1 that are not
 * frozen.
 */
function trainablePart<T>(network: Network, phase: Phase, begin: usize, end: usize): bool {
  const parameters = network.parameters, gradients = network.gradients, optimizer = network.optimizer;
  let isFinite = true;
  if (phase == Phase.Update) beginAverage<T>(optimizer, parameters, begin, end);
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const offset = layer.parameters - parameters;
    const first = max(begin, offset), last = min(end, offset + layer.parameterCount * sizeof<T>());
    if (layer.isFrozen || first >= last) continue;
    if (phase == Phase.Update) stepRange<T>(optimizer, parameters, gradients, first, last);
    else if (!checkRange<T>(optimizer, parameters, gradients, first, last)) isFinite = false;
  }
  return isFinite;
}

function rowStepPart<T>(network: Network, workspace: Workspace, index: usize, count: usize): void {
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const rows = layer.inputs + layer.useBias;
    const begin = partBegin(rows, TILE_ROWS, index, count);
    const end = partBegin(rows, TILE_ROWS, index + 1, count);
    if (begin != end) rowStep<T>(layer, tensorsAt(workspace, i), network.optimizer, begin, end);
  }
}
