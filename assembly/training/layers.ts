// The phases of the forward and of the backward pass. Without batch norm, each pass is one phase, divided by columns. A
// batch norm needs all columns of the layer before it. So it is a phase of its own, divided by units.

import { needsWholeBatch, Network } from "../network/network";
import { beginAfterBatchNorm, endAtBatchNorm, passOf, Workspace } from "../network/workspace";
import { Phase } from "../threads/phases";
import { runPhase } from "../threads/team";

/** Computes the outputs of all layers. */
@inline
export function runForward<T>(network: Network, workspace: Workspace): void {
  do runPhase<T>(network, workspace, Phase.Forward);
  while (needsWholeBatch(network) && batchForward<T>(network, workspace));
}

/** runForward() as a call: an inlined copy takes 0.9 KB of code. */
export function forwardLayers<T>(network: Network, workspace: Workspace): void {
  runForward<T>(network, workspace);
}

/** Computes the gradients of all logits, and of the parameters of batch norm. */
@inline
export function runBackward<T>(network: Network, workspace: Workspace): void {
  do runPhase<T>(network, workspace, Phase.Backward);
  while (needsWholeBatch(network) && batchBackward<T>(network, workspace));
}

/** Computes the next batch norm. False if there is none: the pass then begins again with layer 0. */
function batchForward<T>(network: Network, workspace: Workspace): bool {
  const pass = passOf(workspace);
  const next = pass.forwardEnd, exists = next < network.layerCount;
  if (exists) {
    pass.forwardFirst = next;
    runPhase<T>(network, workspace, Phase.BatchForward);
  }
  endAtBatchNorm(network, pass, exists ? next + 1 : 0);
  return exists;
}

/** As batchForward(), from the last layer to the first one that is trained. */
function batchBackward<T>(network: Network, workspace: Workspace): bool {
  const pass = passOf(workspace);
  const end = pass.backwardFirst, exists = end > network.firstTrained;
  if (exists) {
    pass.backwardFirst = end - 1;
    runPhase<T>(network, workspace, Phase.BatchBackward);
  }
  beginAfterBatchNorm(network, pass, exists ? end - 1 : network.layerCount);
  return exists;
}
