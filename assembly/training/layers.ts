// The phases of the forward and of the backward pass. Without batch norm, each is one phase, divided by columns. A batch
// norm needs all columns of the layer before it, so it is a phase of its own, divided by units.

import { LayerKind } from "../abi/description";
import { Pass } from "../layers/tensors";
import { layerAt, needsWholeBatch, Network } from "../network/network";
import { passOf, Workspace } from "../network/workspace";
import { Phase } from "../threads/phases";
import { runPhase } from "../threads/team";

/** Computes the outputs of all layers. */
@inline
export function runForward<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  if (needsWholeBatch(network)) endAtBatchNorm(network, pass, 0);
  for (;;) {
    runPhase<T>(network, workspace, Phase.Forward);
    if (pass.endLayer == network.layerCount) break;
    batchForward<T>(network, workspace);
  }
}

/** Computes the gradients of all logits, and of the parameters of batch norm. */
@inline
export function runBackward<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  if (needsWholeBatch(network)) beginAfterBatchNorm(network, pass, network.layerCount);
  for (;;) {
    runPhase<T>(network, workspace, Phase.Backward);
    if (pass.firstLayer <= network.firstTrained) break;
    batchBackward<T>(network, workspace);
  }
}

function batchForward<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  pass.firstLayer = pass.endLayer;
  runPhase<T>(network, workspace, Phase.BatchForward);
  endAtBatchNorm(network, pass, pass.firstLayer + 1);
}

function batchBackward<T>(network: Network, workspace: Workspace): void {
  const pass = passOf(workspace);
  --pass.firstLayer;
  runPhase<T>(network, workspace, Phase.BatchBackward);
  beginAfterBatchNorm(network, pass, pass.firstLayer);
}

/** The next phase computes the layers from `first` to the next batch norm. */
function endAtBatchNorm(network: Network, pass: Pass, first: usize): void {
  let end = first;
  while (end < network.layerCount && layerAt(network, end).kind != LayerKind.BatchNorm) ++end;
  pass.firstLayer = first;
  pass.endLayer = end;
}

/** The next phase computes the layers between the last batch norm and layer `end`. */
function beginAfterBatchNorm(network: Network, pass: Pass, end: usize): void {
  let first = end;
  while (first > 0 && layerAt(network, first - 1).kind != LayerKind.BatchNorm) --first;
  pass.firstLayer = first;
  pass.endLayer = end;
}
