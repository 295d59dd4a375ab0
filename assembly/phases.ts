// The phases of a microbatch. Each is a set of parts that touch nothing in common, so that threads can share them; no sum
// is split between two parts, so the bits do not depend on how many there are.

import { logitsBackward, parametersBackward } from "./backward";
import { forward } from "./forward";
import { TILE_ROWS } from "./matmul";
import { layerAt, Network, Workspace } from "./network";
import { isShared, runTogether } from "./team";
import { laneCount } from "./vector";

export const enum Phase {
  Forward,
  LogitsBackward,
  ParametersBackward,
}

/** Does a phase of the microbatch in progress, together with the network's team if it has one. */
export function runPhase<T>(network: Network, phase: Phase): void {
  if (ASC_FEATURE_THREADS) {
    if (isShared(network)) {
      runTogether<T>(network, phase);
      return;
    }
  }
  doPart<T>(network, network.workspace, phase, 0, 1);
}

/** Does part `index` of the `count` parts that a phase is cut into. */
export function doPart<T>(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  if (phase == Phase.ParametersBackward) {
    parametersPart<T>(network, workspace, index, count);
    return;
  }
  // Columns of whole tiles.
  const stride = network.microbatch.stride;
  const begin = partBegin(stride, 2 * laneCount<T>(), index, count);
  const end = partBegin(stride, 2 * laneCount<T>(), index + 1, count);
  if (begin == end) return;
  if (phase == Phase.Forward) {
    forward<T>(network, workspace, begin, end);
  } else {
    logitsBackward<T>(network, workspace, begin, end);
  }
}

/** Some rows of each layer's kernel. */
@inline
function parametersPart<T>(network: Network, workspace: Workspace, index: usize, count: usize): void {
  let x = network.x;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const rows = layer.inputs + layer.useBias;
    const begin = partBegin(rows, TILE_ROWS, index, count);
    const end = partBegin(rows, TILE_ROWS, index + 1, count);
    if (begin < end) parametersBackward<T>(network, layer, x, workspace, begin, end);
    x = layer.outputs;
  }
}

/** Where part `index` begins, if `length` is cut into `count` parts at multiples of `unit`. */
@inline
function partBegin(length: usize, unit: usize, index: usize, count: usize): usize {
  // A division takes as long as a whole phase of the smallest networks.
  if (index == 0) return 0;
  if (index == count) return length;
  const units = (length + unit - 1) / unit;
  return min(length, ((units * index) / count) * unit);
}
