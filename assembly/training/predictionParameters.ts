// The parameters that predict and evaluate use: the average, if the optimizer computes one, else the network's own.

import { averagesOf } from "../abi/optimizer";
import { layerShiftParameters } from "../layers/layer";
import { layerAt, Network } from "../network/network";
import { tensorsAt, Workspace } from "../network/workspace";
import { predictsWithAverage } from "../optimizers/average";

/** Address of the parameters that predict and evaluate use. */
export function predictionParameters(network: Network): usize {
  const optimizer = network.optimizer;
  if (!changetype<usize>(optimizer) || !predictsWithAverage(optimizer)) return network.parameters;
  return averagesOf(optimizer);
}

/** Forward passes use predictionParameters() from this call until endPredictions(). */
export function beginPredictions(network: Network, workspace: Workspace): void {
  shift(network, workspace, predictionParameters(network) - network.parameters);
}

/** Ends the effect of beginPredictions(). */
export function endPredictions(network: Network, workspace: Workspace): void {
  shift(network, workspace, network.parameters - predictionParameters(network));
}

/** Makes forward passes read the parameters `bytes` bytes after their present address. */
function shift(network: Network, workspace: Workspace, bytes: usize): void {
  if (bytes == 0) return;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    layerShiftParameters(layerAt(network, i), tensorsAt(workspace, i), bytes);
  }
}
