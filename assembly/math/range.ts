// Tests of the numbers that hosts give. NaN passes none of them.

/** `value` rounded to a float of `size` bytes, 4 or 8. */
export function rounded(value: f64, size: usize): f64 {
  return size == 4 ? <f64><f32>value : value;
}

/** Whether `value` is finite in floats of `size` bytes. */
export function isFiniteIn(value: f64, size: usize): bool {
  return isFinite(rounded(value, size));
}

/** Whether `value` is finite and at least 0, in floats of `size` bytes. */
export function isNotNegative(value: f64, size: usize): bool {
  const x = rounded(value, size);
  return x >= 0 && x < Infinity;
}

/** Whether `value` is finite and above 0, in floats of `size` bytes. */
export function isPositive(value: f64, size: usize): bool {
  const x = rounded(value, size);
  return x > 0 && x < Infinity;
}

/** Whether `value` is from 0 to below 1. */
export function isBelowOne(value: f64): bool {
  return value >= 0 && value < 1;
}
