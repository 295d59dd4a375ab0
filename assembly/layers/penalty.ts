// The penalties of a dense layer's parameters, a part of the loss:
//
//     kernelL1 · Σ|w| + kernelL2 · Σw² + biasL1 · Σ|b| + biasL2 · Σb²
//
// As in Keras, L2 has no factor ½. As in PyTorch, the gradient of |w| at 0 is 0. L1: R. Tibshirani, "Regression
// Shrinkage and Selection via the Lasso", JRSS B 58 (1996). L2: A. E. Hoerl and R. W. Kennard, "Ridge Regression",
// 1970.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { loadLanes, storeLanes } from "../kernels/memory";
import { partBegin } from "../kernels/parts";
import { sumOfMagnitudes, sumOfSquares } from "../kernels/reduce";
import { sign } from "../math/constants";
import { isNotNegative } from "../math/range";
import { laneCount, splat } from "../math/vector";
import { Layer } from "./tensors";

/** Why the core refuses a dense layer's factors; Ok if it accepts them. */
export function checkPenalties(description: LayerDescription, elementSize: usize): Status {
  const areValid =
    isNotNegative(description.kernelL1, elementSize) && isNotNegative(description.kernelL2, elementSize) &&
    isNotNegative(description.biasL1, elementSize) && isNotNegative(description.biasL2, elementSize);
  if (!areValid) return Status.InvalidLayerParameter;
  return description.useBias || (description.biasL1 == 0 && description.biasL2 == 0)
    ? Status.Ok : Status.ReservedNotZero;
}

/** ReservedNotZero if a layer that cannot have penalties has factors, else Ok. */
export function checkNoPenalties(description: LayerDescription): Status {
  const areZero = description.kernelL1 == 0 && description.kernelL2 == 0 &&
    description.biasL1 == 0 && description.biasL2 == 0;
  return areZero ? Status.Ok : Status.ReservedNotZero;
}

/** Copies the factors to the network's region. */
export function setPenalties(layer: Layer, description: LayerDescription): void {
  layer.kernelL1 = description.kernelL1;
  layer.kernelL2 = description.kernelL2;
  layer.biasL1 = description.biasL1;
  layer.biasL2 = description.biasL2;
}

/** Whether a factor is not 0. */
export function hasPenalty(layer: Layer): bool {
  return layer.kernelL1 != 0 || layer.kernelL2 != 0 || layer.biasL1 != 0 || layer.biasL2 != 0;
}

/** Elements of the kernel. The bias follows it. */
@inline
function kernelCount(layer: Layer): usize {
  return layer.inputs * layer.units;
}

/** The penalty of the layer's parameters, computed in f64. The order of the additions is fixed. */
export function layerPenalty<T>(layer: Layer): f64 {
  if (!hasPenalty(layer)) return 0;
  const kernel = layer.parameters, count = kernelCount(layer);
  return penaltyOf<T>(kernel, count, layer.kernelL1, layer.kernelL2) +
    penaltyOf<T>(kernel + count * sizeof<T>(), layer.parameterCount - count, layer.biasL1, layer.biasL2);
}

/** l1 · Σ|xᵢ| + l2 · Σxᵢ² over `count` elements. */
function penaltyOf<T>(x: usize, count: usize, l1: f64, l2: f64): f64 {
  let penalty: f64 = 0;
  if (l1 != 0) penalty += l1 * sumOfMagnitudes<T>(x, count);
  if (l2 != 0) penalty += l2 * sumOfSquares<T>(x, count, Infinity);
  return penalty;
}

/** Each thread's part of a layer's parameters has a multiple of this many elements. */
const PART_UNIT: usize = 64;

/** Adds part `index` of `count` of the gradient of the penalty to the gradients of the layer's parameters. */
export function addPenaltyGradients<T>(layer: Layer, index: usize, count: usize): void {
  if (!hasPenalty(layer)) return;
  const elements = kernelCount(layer), bytes = elements * sizeof<T>();
  addPart<T>(layer.gradients, layer.parameters, elements, layer.kernelL1, layer.kernelL2, index, count);
  addPart<T>(
    layer.gradients + bytes, layer.parameters + bytes, layer.parameterCount - elements,
    layer.biasL1, layer.biasL2, index, count,
  );
}

/**
 * gradients += l1 · sign(parameters) + 2 · l2 · parameters, for part `index` of `count` of `elements` elements. Both
 * addresses may be unaligned.
 */
function addPart<T>(
  gradients: usize, parameters: usize, elements: usize, l1: f64, l2: f64, index: usize, count: usize,
): void {
  if (l1 == 0 && l2 == 0) return;
  const begin = partBegin(elements, PART_UNIT, index, count) * sizeof<T>();
  const end = partBegin(elements, PART_UNIT, index + 1, count) * sizeof<T>();
  const magnitude = splat<T>(l1), factor = splat<T>(2 * l2);
  let at = begin;
  for (; at + 16 <= end; at += 16) {
    v128.store(gradients + at, penalized<T>(v128.load(gradients + at), v128.load(parameters + at), magnitude, factor));
  }
  if (at == end) return;
  const rest = (end - at) / sizeof<T>();
  const gradient = loadLanes<T>(gradients + at, rest), parameter = loadLanes<T>(parameters + at, rest);
  storeLanes<T>(gradients + at, penalized<T>(gradient, parameter, magnitude, factor), rest);
}

/** gradient + l1 · sign(parameter) + factor · parameter. `magnitude`: l1 in all lanes. */
@inline
function penalized<T>(gradient: v128, parameter: v128, magnitude: v128, factor: v128): v128 {
  const sloped = v128.bitselect(parameter, magnitude, sign<T>());
  const slope = v128.and(sloped, v128.ne<T>(parameter, splat<T>(0)));
  return v128.add<T>(gradient, v128.add<T>(slope, v128.mul<T>(factor, parameter)));
}
