// Sums over the terms of a loss. They are f64 also for float32 networks, so that the sum over a large batch stays
// accurate.

import { firstLanes, laneCount, splat } from "../math/vector";

/**
 * lossBackward() of a loss with one term for each output: returns Σ L.term, and writes scale · L.gradient to
 * `dOutputs`. Writes whole vectors: columns from `rows` on get values that are not used.
 */
export function lossEach<T, L>(
  dOutputs: usize, outputs: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  const loss = changetype<L>(0);
  const factor = splat<T>(scale);
  const p = splat<T>(parameter), q = splat<T>(alpha);
  let sum = splat<f64>(0);
  let i: usize = 0;
  do {
    let row: usize = 0;
    do {
      const at = (i * stride + row) * sizeof<T>();
      const target = v128.load(targets + at);
      const output = v128.load(outputs + at);
      const term = loss.term<T>(output, target, p, q);
      v128.store(dOutputs + at, v128.mul<T>(loss.gradient<T>(output, target, p, q), factor));
      sum = addTerms<T>(sum, term, row, rows);
      row += laneCount<T>();
    } while (row < rows);
  } while (++i < units);
  return total(sum);
}

/** Adds the lanes of `terms`, which belong to rows row, row + 1 …, to `sum`, except those from row `rows` on. */
@inline
export function addTerms<T>(sum: v128, terms: v128, row: usize, rows: usize): v128 {
  if (row + laneCount<T>() > rows) terms = v128.and(terms, firstLanes<T>(rows - row));
  if (sizeof<T>() == 8) return v128.add<f64>(sum, terms);
  const high = v128.shuffle<i64>(terms, terms, 1, 1);
  return v128.add<f64>(sum, v128.add<f64>(f64x2.promote_low_f32x4(terms), f64x2.promote_low_f32x4(high)));
}

/** The sum of the two lanes. */
@inline
export function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** t·x with 0·∞ = 0; NaN propagates. */
@inline
export function product<T>(t: v128, x: v128): v128 {
  const counts = v128.or(v128.ne<T>(t, splat<T>(0)), v128.ne<T>(x, x));
  return v128.and(v128.mul<T>(t, x), counts);
}
