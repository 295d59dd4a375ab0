// Bounds that prove that the results of a step are finite, without computing the step. See optimizerIsBounded().

import { absoluteSum } from "../kernels/reduce";

/**
 * Adding a number below this cannot make a finite number infinite: it is less than half a unit in the last place of the
 * largest number of T.
 */
@inline
export function largestStep<T>(): f64 {
  return sizeof<T>() == 4 ? 2.0 ** 100 : 2.0 ** 960;
}

/**
 * The limit for gradients and state in these proofs. Numbers below it can be squared, and some squares averaged or
 * added, without overflow in T.
 */
@inline
export function squareLimit<T>(): f64 {
  return sizeof<T>() == 4 ? 2.0 ** 50 : 2.0 ** 480;
}

/** Whether parameter − learningRate · x is certain to be finite, for every finite parameter and all |x| ≤ `largest`. */
@inline
export function isSafeStep<T>(learningRate: f64, largest: f64): bool {
  // The rate in T: it may be infinite in f32.
  return largest < largestStep<T>() && abs(<f64><T>learningRate) * largest < largestStep<T>();
}

/**
 * Whether parameter − x / y is certain to be finite, for every finite parameter, all |x| ≤ `dividend` and all
 * |y| ≥ `divisor`.
 */
@inline
export function isSafeQuotient<T>(dividend: f64, divisor: f64): bool {
  return dividend < largestStep<T>() && dividend / divisor < largestStep<T>();
}

/**
 * Whether an optimizer's state is small enough for optimizerIsBounded(): the sum of its magnitudes is below
 * squareLimit(). True if there is no state.
 */
export function isSafeState<T>(state: usize, bytes: usize): bool {
  return absoluteSum<T>(state, bytes / sizeof<T>()) < squareLimit<T>();
}
