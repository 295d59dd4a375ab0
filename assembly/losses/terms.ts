// Sums over the terms of a loss. They are f64 also for float32 networks, so that the sum over a large batch stays
// accurate.

import { firstLanes, laneCount, splat } from "../math/vector";

/**
 * lossBackward() of a loss with one term for each output: returns Σ L.term, and writes scale · L.gradient to
 * `dOutputs`, both times the weights. Writes whole vectors: columns from `rows` on get values that are not used.
 */
export function lossEach<T, L>(
  dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  const loss = changetype<L>(0);
  const factor = splat<T>(scale);
  const p = splat<T>(parameter), q = splat<T>(alpha);
  // Without weights, only the last vector of rows is special.
  const plainRows: usize = weights ? 0 : rows;
  let sum = splat<f64>(0);
  let i: usize = 0;
  do {
    let row: usize = 0;
    do {
      const at = (i * stride + row) * sizeof<T>();
      const target = v128.load(targets + at);
      const output = v128.load(outputs + at);
      let term = loss.term<T>(output, target, p, q);
      v128.store(dOutputs + at, v128.mul<T>(loss.gradient<T>(output, target, p, q), factor));
      if (row + laneCount<T>() > plainRows) {
        if (weights) term = weigh<T>(term, v128.load(weights + row * sizeof<T>()), dOutputs + at, 1, 0);
        term = existing<T>(term, row, rows);
      }
      sum = addTo<T>(sum, term);
      row += laneCount<T>();
    } while (row < rows);
  } while (++i < units);
  return total(sum);
}

/**
 * `terms` times `weights`. Multiplies `count` vectors of the gradient, `step` bytes apart, by the weights too. The
 * product with a weight of 0 is 0, also for numbers that are not finite.
 */
@inline
export function weigh<T>(terms: v128, weights: v128, gradient: usize, count: usize, step: usize): v128 {
  return weighCall<T>(terms, weights, gradient, count, step);
}

/** Not inlined: losses without weights do not run it. */
function weighCall<T>(terms: v128, weights: v128, gradient: usize, count: usize, step: usize): v128 {
  const counts = v128.ne<T>(weights, splat<T>(0));
  for (let i: usize = 0; i < count; ++i, gradient += step) {
    v128.store(gradient, v128.and(v128.mul<T>(v128.load(gradient), weights), counts));
  }
  return v128.and(v128.mul<T>(terms, weights), counts);
}

/** The lanes of `terms`, which belong to rows row, row + 1 …, with 0 for rows from `rows` on. */
@inline
export function existing<T>(terms: v128, row: usize, rows: usize): v128 {
  return row + laneCount<T>() > rows ? v128.and(terms, firstLanes<T>(rows - row)) : terms;
}

/** Adds the lanes of `terms` of rows before `rows` to `sum`. */
@inline
export function addTerms<T>(sum: v128, terms: v128, row: usize, rows: usize): v128 {
  return addTo<T>(sum, existing<T>(terms, row, rows));
}

@inline
export function addTo<T>(sum: v128, terms: v128): v128 {
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
