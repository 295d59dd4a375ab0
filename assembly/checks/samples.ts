// Why a call cannot take samples, or some rows of them.

import { ElementType, Samples } from "../abi/run";
import { Status } from "../abi/status";
import { maxWord } from "../kernels/reduce";
import { checkTargets, takesLabels } from "../losses/loss";
import { Network, outputLayer } from "../network/network";
import { checkArray, isInMemory } from "./memory";

/** Checks all but the targets. Does not read the order. */
export function checkInputs(network: Network, samples: Samples): Status {
  if (!isInMemory(changetype<usize>(samples), offsetof<Samples>(), 8)) return Status.InvalidAddress;
  if (samples.elementType != ElementType.Own || samples.weights || samples.scale != 1) return Status.Unsupported;
  if (samples.rows == 0) return Status.InvalidRows;
  const status = checkArray(samples.inputs, samples.rows, network.inputs, network.elementSize);
  return status || (samples.order ? checkArray(samples.order, samples.rows, 1, sizeof<u32>()) : Status.Ok);
}

/** Checks the array of targets. Does not read it. */
export function checkTargetArray(network: Network, samples: Samples): Status {
  return checkArray(samples.targets, samples.rows, network.targetWidth, network.elementSize);
}

/** Checks that rows `begin` … `end` − 1 exist. */
export function checkRange(samples: Samples, begin: usize, end: usize): Status {
  return begin < end && end <= samples.rows ? Status.Ok : Status.InvalidRows;
}

/** Whether checkMicrobatch() has anything to check. */
export function hasOrderOrLabels(network: Network, samples: Samples): bool {
  return samples.order != 0 || takesLabels(network.loss);
}

/** Checks the order and the targets of rows `begin` … `end` − 1. */
export function checkMicrobatch<T>(network: Network, samples: Samples, begin: usize, end: usize): Status {
  return checkOrder(samples, begin, end) || checkTargets<T>(
    network.loss, samples.targets, samples.order, begin, end, outputLayer(network).units,
  );
}

/** Checks the order of rows `begin` … `end` − 1. */
@inline
export function checkOrder(samples: Samples, begin: usize, end: usize): Status {
  if (!samples.order) return Status.Ok;
  const largest = <usize>maxWord(samples.order + begin * sizeof<u32>(), end - begin);
  return largest < samples.rows ? Status.Ok : Status.OrderOutOfRange;
}
