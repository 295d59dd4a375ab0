// Updates of a range of trainable parameters next to frozen ones. Optimizers update whole vectors. The vectors at both
// ends of the range may contain frozen parameters. So these are saved before the update and restored after it.

import { hasFeature, Optimizer, OptimizerFeature, slotAt } from "../abi/optimizer";
import { firstLanes } from "../math/vector";
import { averageStep } from "./average";
import { optimizerCheck, optimizerStep } from "./optimizer";

const VECTOR: usize = 16;

/**
 * If the coming step begins the average, copies the parameters in bytes `begin` … `end` − 1 to it, so that the average
 * has the frozen ones, too. Call it before stepRange().
 */
export function beginAverage<T>(optimizer: Optimizer, parameters: usize, begin: usize, end: usize): void {
  if (hasFeature(optimizer, OptimizerFeature.Average) && optimizer.averagedSteps == 0) {
    averageStep<T>(optimizer, parameters, begin, end);
  }
}

/** optimizerStep() of bytes `begin` … `end` − 1: at least one element, not necessarily whole vectors. */
export function stepRange<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): void {
  const arrays = optimizer.slots + <u32>hasFeature(optimizer, OptimizerFeature.Average);
  stepAndRestore<T>(optimizer, parameters, gradients, begin, end, arrays);
}

/**
 * Saves the vectors at both ends of the range in array number `array`, calls itself for array `array` − 1, and restores
 * the frozen elements. Array 0 is the parameters; the slots of the state and the averages follow. For array 0, it takes
 * the step instead of calling itself.
 */
function stepAndRestore<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize, array: u32,
): void {
  const base = array == 0 ? parameters : slotAt(optimizer, array - 1);
  const first = begin & ~(VECTOR - 1), last = (end - 1) & ~(VECTOR - 1);
  const head = v128.load(base + first), tail = v128.load(base + last);
  if (array > 0) stepAndRestore<T>(optimizer, parameters, gradients, begin, end, array - 1);
  else optimizerStep<T>(optimizer, parameters, gradients, first, last + VECTOR);
  const isBefore = firstLanes<T>((begin - first) / sizeof<T>()), isInside = firstLanes<T>((end - last) / sizeof<T>());
  v128.store(base + first, v128.bitselect(head, v128.load(base + first), isBefore));
  v128.store(base + last, v128.bitselect(v128.load(base + last), tail, isInside));
}

/** optimizerCheck() of the vectors that contain bytes `begin` … `end` − 1. */
export function checkRange<T>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  return optimizerCheck<T>(optimizer, parameters, gradients, begin & ~(VECTOR - 1), (end + VECTOR - 1) & ~(VECTOR - 1));
}
