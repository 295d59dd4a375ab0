// Decides which microbatches take the row path. No other code does.

import { isPlain } from "../abi/optimizer";
import { RowPath } from "../layers/tensors";
import { Network } from "../network/network";

/**
 * A single row of a dense network takes the row path. Its update does too if the optimizer is plain SGD and no layer
 * has a penalty or is frozen.
 */
export function rowPathOf(network: Network, rows: usize): RowPath {
  if (rows != 1 || !network.isDense) return RowPath.None;
  const optimizer = network.optimizer;
  const stepsRows = changetype<usize>(optimizer) && isPlain(optimizer) && !network.isPenalized && !network.hasFrozen;
  return stepsRows ? RowPath.Step : RowPath.Loss;
}
