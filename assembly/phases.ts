// The phases of a microbatch. Each is a set of parts that write nothing that another uses, so that threads can share them
// (a whole vector may be read past the end of a part, and what lies there is dropped); no sum is split between two parts,
// so the bits do not depend on how many there are.

import { logitsBackward } from "./backward";
import { forward } from "./forward";
import { matmulRows, TILE_ROWS, Workspace } from "./matmul";
import { layerAt, Network } from "./network";
import { rowForward, rowLogitsBackward } from "./singleRow";
import { rowStep } from "./singleRowStep";
import { laneCount } from "./vector";

export const enum Phase {
  Forward,
  LogitsBackward,
  ParametersBackward,
  /** In place of ParametersBackward, of a batch of one row. */
  RowStep,
}

/** Whether a phase has more than one part: columns are cut at whole tiles. */
export function isDivisible<T>(network: Network, phase: Phase): bool {
  return phase == Phase.ParametersBackward || phase == Phase.RowStep || network.microbatch.stride > tileColumns<T>();
}

@inline
function tileColumns<T>(): usize {
  return 2 * laneCount<T>();
}

/** Does a phase whole. */
@inline
export function doPhase<T>(network: Network, phase: Phase): void {
  partOfPhase<T>(network, network.workspace, phase, 0, 1);
}

/**
 * Does part `index` of the `count` parts that a phase is cut into, in the thread's own `workspace`. Not inlined: in the loop
 * of a worker, asc 0.28.20 loses one of its arguments then.
 */
export function doPart<T>(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  partOfPhase<T>(network, workspace, phase, index, count);
}

/** Inlined, for to decide which phase and which part of it takes a tenth of the smallest networks' time. */
@inline
function partOfPhase<T>(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  if (phase == Phase.ParametersBackward || phase == Phase.RowStep) {
    parametersPart<T>(network, workspace, phase, index, count);
    return;
  }
  const microbatch = network.microbatch;
  const begin = partBegin(microbatch.stride, tileColumns<T>(), index, count);
  const end = partBegin(microbatch.stride, tileColumns<T>(), index + 1, count);
  if (begin == end) return;
  // It falls to one part, whole: its stride is 1.
  const isRow = microbatch.rows == 1;
  if (phase == Phase.Forward) {
    if (isRow) rowForward<T>(network);
    else forward<T>(network, workspace, begin, end);
  } else {
    if (isRow) rowLogitsBackward<T>(network);
    else logitsBackward<T>(network, workspace, begin, end);
  }
}

/** The gradients of some rows of each layer's kernel and bias or, where the microbatch ends a batch, a step down them. */
@inline
function parametersPart<T>(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const rows = layer.inputs + layer.useBias;
    const begin = partBegin(rows, TILE_ROWS, index, count);
    const end = partBegin(rows, TILE_ROWS, index + 1, count);
    if (begin == end) continue;
    if (phase == Phase.RowStep) {
      rowStep<T>(layer, network.descent, begin, end);
    } else {
      matmulRows<T>(layer.kernelBackward, workspace, begin, end);
    }
  }
}

/** Where part `index` begins, if `length` is cut into `count` parts at multiples of `unit`. */
@inline
function partBegin(length: usize, unit: usize, index: usize, count: usize): usize {
  // A division takes as long as a whole phase of the smallest networks.
  if (index == 0) return 0;
  if (index == count) return length;
  const units = (length + unit - 1) / unit;
  return ((units * index) / count) * unit;
}
