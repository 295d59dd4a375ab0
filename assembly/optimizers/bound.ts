// Bounds that prove a step finite without computing it.

import { absoluteSum } from "../kernels/reduce";

/**
 * A step below this cannot make a finite number infinite: it is less than half a unit in the last place of the largest
 * number of T.
 */
@inline
export function largestStep<T>(): f64 {
  return sizeof<T>() == 4 ? 2.0 ** 100 : 2.0 ** 960;
}

/** A number that is, like its square, far below the largest number of T. */
@inline
export function moderate<T>(): f64 {
  return sizeof<T>() == 4 ? 2.0 ** 50 : 2.0 ** 480;
}

/** Whether subtracting learningRate · x is certain to leave a finite parameter finite, for all |x| ≤ `largest`. */
@inline
export function isModerateStep<T>(learningRate: f64, largest: f64): bool {
  // The rate in T: it may be infinite in f32.
  return largest < largestStep<T>() && abs(<f64><T>learningRate) * largest < largestStep<T>();
}

/** Whether all numbers of an optimizer's state are below moderate(); also true if it has no state. */
export function isModerateState<T>(state: usize, bytes: usize): bool {
  return absoluteSum<T>(state, bytes / sizeof<T>()) < moderate<T>();
}
