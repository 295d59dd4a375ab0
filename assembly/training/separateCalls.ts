// The parts of a step as separate calls, so that the host can compute a loss or a gradient between them.

import { Samples } from "../abi/run";
import { Status } from "../abi/status";
import { checkForward, checkPass, checkUpdate } from "../checks/calls";
import { checkArray } from "../checks/memory";
import { checkNetwork } from "../checks/regions";
import { sumOfMagnitudes } from "../kernels/reduce";
import { BLOCK_ROWS } from "../layers/tensors";
import { layerAt, Network, outputLayer } from "../network/network";
import { networkPenalty } from "../network/penalties";
import { passOf, tensorsAt, Workspace } from "../network/workspace";
import { beginPasses } from "./gather";
import { completeOutputs, writePredictions } from "./predict";
import {
  acceptWrites, backwardMicrobatch, forwardMicrobatch, lossStep, penaltyStep, updateBatch,
} from "./step";

/** The forward pass of rows `begin` … `end` − 1, at most as many as the workspace's capacity. */
export function forwardRows<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  const status = checkForward<T>(network, workspace, samples, begin, end, training);
  if (status != Status.Ok) return status;
  beginPasses(network, workspace, training, training);
  forwardMicrobatch<T>(network, workspace, samples, begin, begin, end - begin);
  return Status.Ok;
}

/** See completeOutputs(). */
export function completePass<T>(network: Network, workspace: Workspace): Status {
  const status = checkPass(network, workspace, sizeof<T>());
  if (status == Status.Ok) completeOutputs<T>(network, workspace);
  return status;
}

/** See writePredictions(). */
export function passPredictions<T>(network: Network, workspace: Workspace, predictions: usize): Status {
  let status = checkPass(network, workspace, sizeof<T>());
  if (status == Status.Ok) {
    status = checkArray(predictions, passOf(workspace).rows, outputLayer(network).units, sizeof<T>());
  }
  if (status == Status.Ok) writePredictions<T>(network, workspace, predictions);
  return status;
}

/**
 * Σ|x| over the outputs x of a layer in the pass: 0 if all are 0, not finite if one is not. NaN if there is no such
 * layer or no pass.
 */
export function outputMagnitude<T>(network: Network, workspace: Workspace, layer: usize): f64 {
  if (checkPass(network, workspace, sizeof<T>()) != Status.Ok || layer >= network.layerCount) return NaN;
  const pass = passOf(workspace), outputs = tensorsAt(workspace, layer).outputs;
  let sum: f64 = 0;
  for (let unit: usize = 0; unit < layerAt(network, layer).units; ++unit) {
    sum += sumOfMagnitudes<T>(outputs + unit * pass.stride * sizeof<T>(), pass.rows);
  }
  return sum;
}

/** lossStep(); NaN if the pass has no columns from `block` on, or `block` is not a multiple of BLOCK_ROWS. */
export function lossOfBlock<T>(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  if (checkPass(network, workspace, sizeof<T>()) != Status.Ok) return NaN;
  if (block >= passOf(workspace).rows || block % BLOCK_ROWS != 0) return NaN;
  return lossStep<T>(network, workspace, block, scale);
}

/** networkPenalty(); NaN if the network has another dtype. */
export function penalty<T>(network: Network): f64 {
  return checkNetwork(network, sizeof<T>()) == Status.Ok ? networkPenalty<T>(network) : NaN;
}

/** penaltyStep(): the host calls it once for each batch, after its last backwardPass(). */
export function addPenaltyGradients<T>(network: Network, workspace: Workspace): Status {
  const status = checkPass(network, workspace, sizeof<T>());
  if (status == Status.Ok) penaltyStep<T>(network, workspace);
  return status;
}

/** backwardStep(), with the gradient of the outputs that lossOfBlock() or the host wrote. */
export function backwardPass<T>(network: Network, workspace: Workspace, accumulates: bool): Status {
  const status = checkPass(network, workspace, sizeof<T>());
  if (status == Status.Ok) backwardMicrobatch<T>(network, workspace, accumulates);
  return status;
}

/** updateStep() with the network's gradients, which the host may have written. */
export function update<T>(network: Network, workspace: Workspace): Status {
  const status = checkUpdate(network, workspace, sizeof<T>());
  if (status != Status.Ok) return status;
  acceptWrites<T>(network);
  return updateBatch<T>(network, workspace) ? Status.StepTaken : Status.StepNotFinite;
}
