// The outputs for samples, without targets.

import { Samples } from "../abi/run";
import { Status } from "../abi/status";
import { checkPredict } from "../checks/calls";
import { gatherTransposed } from "../kernels/transpose";
import { activationForward } from "../layers/activation";
import { RowPath } from "../layers/tensors";
import { Network, outputLayer } from "../network/network";
import { outputTensors, passOf, Workspace } from "../network/workspace";
import { rowActivationForward } from "../rowPath/activation";
import { beginPredictions, endPredictions } from "./predictionParameters";
import { beginMicrobatch, beginPasses } from "./gather";
import { forwardLayers } from "./layers";

/**
 * Writes the outputs for rows `begin` … `end` − 1, with predictionParameters(), to `predictions` [end − begin,
 * outputs], row-major. A large set may be predicted in slices of any size: the bits are the same.
 */
export function predict<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, predictions: usize,
): Status {
  const status = checkPredict<T>(network, workspace, samples, begin, end, predictions);
  if (status != Status.Ok) return status;
  const units = outputLayer(network).units;
  beginPasses(network, workspace, false, false);
  beginPredictions(network, workspace);
  for (let row = begin; row < end; row += workspace.capacity) {
    const rows = min(workspace.capacity, end - row);
    beginMicrobatch<T>(network, workspace, samples, row, 0, rows);
    forwardLayers<T>(network, workspace);
    writePredictions<T>(network, workspace, predictions + (row - begin) * units * sizeof<T>());
  }
  endPredictions(network, workspace);
  return Status.Ok;
}

/**
 * completeOutputs(), then writes the predictions of a pass to `out` [rows, outputs], row-major. Call it once for each
 * pass.
 */
export function writePredictions<T>(network: Network, workspace: Workspace, out: usize): void {
  completeOutputs<T>(network, workspace);
  const pass = passOf(workspace);
  const units = outputLayer(network).units;
  gatherTransposed<T>(out, units, units, outputTensors(network, workspace).outputs, pass.stride, 0, units, pass.rows);
}

/** Turns the outputs of a pass into predictions: applies softmax or sigmoid if the loss is fused. */
export function completeOutputs<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  const layer = outputLayer(network), outputs = outputTensors(network, workspace).outputs;
  const activation = network.outputActivation;
  if (pass.rowPath != RowPath.None) {
    rowActivationForward<T>(activation, outputs, outputs, layer.units, layer.parameter);
  } else {
    activationForward<T>(activation, outputs, outputs, layer.units, pass.columns, pass.stride, layer.parameter);
  }
}
