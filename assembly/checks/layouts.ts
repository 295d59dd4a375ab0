// The sizes and layouts of regions, after their checks. If a check is not Ok, a size is 0 and a layout writes nothing.

import { Description } from "../abi/description";
import { OptimizerKind } from "../abi/optimizer";
import { Status } from "../abi/status";
import { Network } from "../network/network";
import { workspaceLayout } from "../network/workspace";
import { optimizerLayout } from "../optimizers/optimizer";
import { checkDescription, describedLayout } from "./description";
import { checkRegion } from "./memory";
import { checkCapacity, checkOptimizerKind, slotSizeOf } from "./regions";

export function networkSize(description: Description): f64 {
  return checkDescription(description) == Status.Ok ? <f64>describedLayout(0, description) : 0;
}

export function layOutNetwork(region: usize, description: Description): Status {
  const status = checkDescription(description) || checkRegion(region, describedLayout(0, description));
  if (status == Status.Ok) describedLayout(region, description);
  return status;
}

export function workspaceSize<T>(network: Network, rows: usize, threads: usize): f64 {
  return checkCapacity<T>(network, rows, threads) == Status.Ok ? <f64>workspaceLayout<T>(0, network, rows, threads) : 0;
}

export function layOutWorkspace<T>(network: Network, region: usize, rows: usize, threads: usize): Status {
  const status = checkCapacity<T>(network, rows, threads) ||
    checkRegion(region, workspaceLayout<T>(0, network, rows, threads));
  if (status == Status.Ok) workspaceLayout<T>(region, network, rows, threads);
  return status;
}

export function optimizerSize(network: Network, kind: OptimizerKind, features: u32, elementSize: usize): f64 {
  const status = checkOptimizerKind(network, kind, features, elementSize);
  return status == Status.Ok ? <f64>optimizerLayout(0, kind, features, slotSizeOf(network)) : 0;
}

export function layOutOptimizer(
  network: Network, region: usize, kind: OptimizerKind, features: u32, elementSize: usize,
): Status {
  const status = checkOptimizerKind(network, kind, features, elementSize) ||
    checkRegion(region, optimizerLayout(0, kind, features, slotSizeOf(network)));
  if (status == Status.Ok) optimizerLayout(region, kind, features, slotSizeOf(network));
  return status;
}
