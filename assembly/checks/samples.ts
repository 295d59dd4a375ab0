// Why a call cannot take samples, or some rows of them.

import { ElementType, Samples } from "../abi/run";
import { Status } from "../abi/status";
import { maxWord, sumOfWeights } from "../kernels/reduce";
import { hasCategories } from "../layers/embedding";
import { checkTargets, takesLabels } from "../losses/loss";
import { isFiniteIn, isPositive } from "../math/range";
import { layerAt, Network, outputLayer } from "../network/network";
import { checkArray, isInMemory } from "./memory";

/** Checks all but the targets. Does not read the order. */
export function checkInputs(network: Network, samples: Samples): Status {
  if (!isInMemory(changetype<usize>(samples), offsetof<Samples>(), 8)) return Status.InvalidAddress;
  const isByte = samples.elementType == ElementType.Byte;
  if (!isByte && samples.elementType != ElementType.Own) return Status.Unsupported;
  if (isByte ? !takesBytes(network, samples.scale) : samples.scale != 1) return Status.Unsupported;
  if (samples.rows == 0) return Status.InvalidRows;
  const status = checkArray(samples.inputs, samples.rows, network.inputs, isByte ? 1 : network.elementSize);
  return status || (samples.order ? checkArray(samples.order, samples.rows, 1, sizeof<u32>()) : Status.Ok);
}

/** An embedding takes no bytes: checkRows() reads its categories as they are stored. */
function takesBytes(network: Network, scale: f64): bool {
  const size = network.elementSize;
  return layerAt(network, 0).columnCount == 0 && isPositive(scale, size) && isFiniteIn(255 * scale, size);
}

/**
 * Checks the arrays of targets and weights. Reads only the weights, and only if `row` is 0: an epoch or an evaluation
 * may take many calls. `isPart`: the samples are a part of an epoch, whose weights may all be 0.
 */
export function checkTargetsAndWeights(network: Network, samples: Samples, row: usize, isPart: bool): Status {
  const size = network.elementSize;
  return checkArray(samples.targets, samples.rows, network.targetWidth, size) ||
    checkWeights(samples, size, row, isPart);
}

function checkWeights(samples: Samples, elementSize: usize, row: usize, isPart: bool): Status {
  if (!samples.weights) return Status.Ok;
  const status = checkArray(samples.weights, samples.rows, 1, elementSize);
  if (status != Status.Ok || row > 0) return status;
  const weight = weightOf(samples, elementSize);
  return (isPart ? weight >= 0 : weight > 0) && weight < Infinity ? Status.Ok : Status.InvalidWeight;
}

/** The sum of the weights of all rows; without weights, the number of rows. */
export function weightOf(samples: Samples, elementSize: usize): f64 {
  const weights = samples.weights, rows = samples.rows;
  if (!weights) return <f64>rows;
  return elementSize == 4 ? sumOfWeights<f32>(weights, 0, 0, rows) : sumOfWeights<f64>(weights, 0, 0, rows);
}

/** Checks that rows `begin` … `end` − 1 exist. */
export function checkRange(samples: Samples, begin: usize, end: usize): Status {
  return begin < end && end <= samples.rows ? Status.Ok : Status.InvalidRows;
}

/** Whether checkMicrobatch() has anything to check. */
export function hasRowsToCheck(network: Network, samples: Samples): bool {
  return samples.order != 0 || takesLabels(network.loss) || layerAt(network, 0).columnCount > 0;
}

/** Checks the order, the categories and the targets of rows `begin` … `end` − 1. */
export function checkMicrobatch<T>(network: Network, samples: Samples, begin: usize, end: usize): Status {
  return checkRows<T>(network, samples, begin, end) || checkTargets<T>(
    network.loss, samples.targets, samples.order, begin, end, outputLayer(network).units,
  );
}

/** Checks the order and the categories of rows `begin` … `end` − 1. */
export function checkRows<T>(network: Network, samples: Samples, begin: usize, end: usize): Status {
  const status = checkOrder(samples, begin, end);
  if (status != Status.Ok || layerAt(network, 0).columnCount == 0) return status;
  for (let i = begin; i < end; ++i) {
    const row = samples.order ? <usize>load<u32>(samples.order + i * sizeof<u32>()) : i;
    const address = samples.inputs + row * network.inputs * sizeof<T>();
    if (!hasCategories<T>(layerAt(network, 0), address)) return Status.CategoryOutOfRange;
  }
  return Status.Ok;
}

/** Checks the order of rows `begin` … `end` − 1. */
@inline
export function checkOrder(samples: Samples, begin: usize, end: usize): Status {
  if (!samples.order) return Status.Ok;
  const largest = <usize>maxWord(samples.order + begin * sizeof<u32>(), end - begin);
  return largest < samples.rows ? Status.Ok : Status.OrderOutOfRange;
}
