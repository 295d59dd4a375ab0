// Decides which microbatches take the row path. No other code does.

import { isPlain } from "../abi/optimizer";
import { RowPath } from "../layers/tensors";
import { Network } from "../network/network";

/**
 * A single row of a dense network takes the row path. Its update does too if the optimizer is plain SGD and no layer has a
 * penalty.
 */
export function rowPathOf(network: Network, rows: usize): RowPath {
  if (rows != 1 || !network.isDense) return RowPath.None;
  const optimizer = network.optimizer;
  return changetype<usize>(optimizer) && isPlain(optimizer) && !network.isPenalized ? RowPath.Step : RowPath.Loss;
}
