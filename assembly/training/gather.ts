// Copies rows of samples into the workspace.

import { ElementType, Samples } from "../abi/run";
import { gatherRows } from "../kernels/transpose";
import { Pass, RowPath } from "../layers/tensors";
import { isCategorical, takesLabels } from "../losses/loss";
import { smoothTargets } from "../losses/smoothing";
import { Network, outputLayer } from "../network/network";
import { passOf, shapePass, Workspace } from "../network/workspace";
import { gatherRow } from "../rowPath/forward";
import { rowPathOf } from "../rowPath/rowPath";

/**
 * Prepares a pass over `rows` rows, from position `row` of the order on. `batchRow`: the position of the first row in
 * its batch.
 */
export function beginMicrobatch<T>(
  network: Network, workspace: Workspace, samples: Samples, row: usize, batchRow: usize, rows: usize,
): void {
  const pass = passOf(workspace);
  const rowPath = rowPathOf(network, rows);
  if (rows != pass.rows || rowPath != pass.rowPath) shapePass<T>(network, workspace, rows, rowPath);
  const isByte = samples.elementType == ElementType.Byte;
  pass.inputs = samples.inputs;
  pass.byteScale = isByte ? samples.scale : 0;
  pass.order = samples.order;
  pass.row = row;
  pass.batchRow = batchRow;
  if (samples.order) {
    const rowBytes = isByte ? network.inputs : network.inputs * sizeof<T>();
    readAhead(samples.inputs, rowBytes, samples.order + row * sizeof<u32>(), rows);
  }
}

/**
 * Reads the targets of a microbatch into the cache. Call it before the forward pass, which hides the latency of the
 * cache misses. Labels are in the cache already, because their check read them.
 */
@inline
export function readTargetsAhead<T>(network: Network, samples: Samples, row: usize, rows: usize): void {
  if (!samples.order || takesLabels(network.loss)) return;
  readAhead(samples.targets, network.targetWidth * sizeof<T>(), samples.order + row * sizeof<u32>(), rows);
}

/** Prepares the passes of a call of the host. `training`, `updatesStatistics`: see Pass. */
export function beginPasses(network: Network, workspace: Workspace, training: bool, updatesStatistics: bool): void {
  const pass = passOf(workspace);
  pass.training = training;
  pass.updatesStatistics = updatesStatistics && network.bufferCount > 0;
  pass.seed = network.seed;
}

/** Gathers the targets and the weights of the microbatch, and smooths the targets. */
export function gatherTargets<T>(
  network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize,
): void {
  const pass = passOf(workspace);
  const targets = workspace.targets;
  gather<T>(pass, targets, samples.targets, network.targetWidth, row, rows);
  pass.weights = samples.weights ? workspace.weights : 0;
  if (samples.weights) gather<T>(pass, workspace.weights, samples.weights, 1, row, rows);
  if (network.labelSmoothing == 0) return;
  const units = outputLayer(network).units, loss = network.loss;
  // A binary target has two classes.
  const classes = isCategorical(loss) ? units : 2;
  smoothTargets<T>(targets, units, rows, pass.stride, network.labelSmoothing, classes, takesLabels(loss));
}

/** out = rows order[row] … of x [*, width], as a tensor [width, stride], or on the row path as a vector [width]. */
function gather<T>(pass: Pass, out: usize, x: usize, width: usize, row: usize, rows: usize): void {
  if (pass.rowPath != RowPath.None) gatherRow<T>(out, x, width, pass.order, row);
  else gatherRows<T>(out, pass.stride, pass.columns, x, width, pass.order, row, rows);
}

const CACHE_LINE: usize = 64;

/**
 * The maximum number of bytes of a row that are read ahead. The processor prefetches the rest of longer rows itself.
 */
const AHEAD: usize = 4 * CACHE_LINE;

/**
 * Reads one byte of each of the first cache lines of the rows order[0] … order[rows − 1] of x [*, step bytes]. Their
 * cache misses overlap. The gather alone would wait for the misses of four rows at a time.
 */
function readAhead(x: usize, step: usize, order: usize, rows: usize): void {
  const ahead = min(step, AHEAD);
  for (const end = order + rows * sizeof<u32>(); order < end; order += sizeof<u32>()) {
    const begin = x + <usize>load<u32>(order) * step;
    load<u8>(begin);
    for (let line = CACHE_LINE; line < ahead; line += CACHE_LINE) load<u8>(begin + line);
  }
}
