// Why a call cannot use the regions that it is given, or cannot measure one.

import { MAX_THREADS } from "../abi/description";
import { Optimizer, OptimizerKind } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isFiniteIn } from "../math/range";
import { Network } from "../network/network";
import { Workspace, workspaceLayout } from "../network/workspace";
import { predictsWithAverage } from "../optimizers/average";
import {
  checkHyperparameters, checkKind, optimizerHead, optimizerLayout, optimizerSlots,
} from "../optimizers/optimizer";
import { checkSize, isInMemory } from "./memory";

/** Optimizer.step is an f64: above this, adding 1 may not change it. */
const MAX_STEP: f64 = 2.0 ** 53;

export function checkNetwork(network: Network, elementSize: usize): Status {
  if (!isInMemory(changetype<usize>(network), offsetof<Network>(), 64)) return Status.InvalidAddress;
  return network.elementSize == elementSize ? Status.Ok : Status.WrongElementType;
}

/** See network_set_trainable_f32(). */
export function checkTrainable(network: Network, index: usize, trainable: u32, elementSize: usize): Status {
  const status = checkNetwork(network, elementSize);
  if (status != Status.Ok) return status;
  if (index >= network.layerCount) return Status.UnknownLayer;
  return trainable > 1 ? Status.InvalidFlag : Status.Ok;
}

/** Checks the network and its workspace. */
export function checkWorkspace(network: Network, workspace: Workspace, elementSize: usize): Status {
  const status = checkNetwork(network, elementSize);
  if (status != Status.Ok) return status;
  if (!isInMemory(changetype<usize>(workspace), offsetof<Workspace>(), 64)) return Status.InvalidAddress;
  return workspace.network == changetype<usize>(network) ? Status.Ok : Status.WrongWorkspace;
}

/** Checks the rows, threads and size of a workspace. */
export function checkCapacity<T>(network: Network, rows: usize, threads: usize): Status {
  const status = checkNetwork(network, sizeof<T>());
  if (status != Status.Ok) return status;
  if (rows == 0) return Status.InvalidRows;
  if (threads == 0 || threads > MAX_THREADS) return Status.InvalidThreads;
  return checkSize(workspaceLayout<T>(0, network, rows, threads));
}

/** Checks the kind, features and size of an optimizer. */
export function checkOptimizerKind(network: Network, kind: OptimizerKind, features: u32, elementSize: usize): Status {
  const status = checkNetwork(network, elementSize) || checkKind(kind, features);
  return status || checkSize(optimizerLayout(0, kind, features, slotSizeOf(network)));
}

/** Checks the network's optimizer: the host may have changed it since the last call. */
export function checkOptimizer(network: Network): Status {
  const optimizer = network.optimizer;
  if (!changetype<usize>(optimizer)) return Status.NoOptimizer;
  return checkLaidOut(network, optimizer) || checkLearningRate(optimizer.learningRate, network.elementSize) ||
    checkHyperparameters(optimizer, network.elementSize);
}

@inline
export function checkLearningRate(learningRate: f64, elementSize: usize): Status {
  return isFiniteIn(learningRate, elementSize) ? Status.Ok : Status.InvalidLearningRate;
}

/** Checks the averages, if predictions use them. network_set_optimizer() has checked the address of the optimizer. */
export function checkAverages(network: Network): Status {
  const optimizer = network.optimizer;
  if (!changetype<usize>(optimizer) || !predictsWithAverage(optimizer)) return Status.Ok;
  return checkLaidOut(network, optimizer);
}

/** Bytes of one number for each parameter. */
@inline
export function slotSizeOf(network: Network): usize {
  return network.gradients - network.parameters;
}

function checkLaidOut(network: Network, optimizer: Optimizer): Status {
  const status = checkKind(optimizer.kind, optimizer.features);
  if (status != Status.Ok) return status;
  const slots = optimizerSlots(optimizer.kind, optimizer.features), step = optimizer.step;
  // A host that sets a feature needs a new layout: the region may have no room for it.
  const size = optimizerLayout(0, optimizer.kind, optimizer.features, optimizer.slotSize);
  if (optimizer.slots != slots || optimizer.size != size || optimizer.slotSize != slotSizeOf(network)) {
    return Status.WrongOptimizer;
  }
  if (optimizer.state != changetype<usize>(optimizer) + <usize>optimizerHead()) return Status.WrongOptimizer;
  return isCount(step) && isCount(optimizer.averagedSteps) ? Status.Ok : Status.WrongOptimizer;
}

function isCount(x: f64): bool {
  return x >= 0 && x <= MAX_STEP && floor(x) == x;
}
