// Sums over the terms of a loss. The sums are f64, also for float32 networks, so that the sum of a large batch stays
// accurate.

import { firstLanes, laneCount, splat } from "../math/vector";

/**
 * lossBackward() of a loss with one term for each output: returns Σ weight · L.term, and writes
 * scale · weight · L.gradient to `dOutputs`. Writes whole vectors: columns from `rows` on get values that are not used.
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
        if (weights) term = applyWeights<T>(term, v128.load(weights + row * sizeof<T>()), dOutputs + at, 1, 0);
        term = maskRows<T>(term, row, rows);
      }
      sum = addLanes<T>(sum, term);
      row += laneCount<T>();
    } while (row < rows);
  } while (++i < units);
  return total(sum);
}

/**
 * Returns terms · weights, lane by lane. Multiplies `count` vectors of the gradient, `step` bytes apart, by the weights
 * too. A weight of 0 gives 0, also times ∞ and NaN.
 */
@inline
export function applyWeights<T>(terms: v128, weights: v128, gradient: usize, count: usize, step: usize): v128 {
  return multiplyByWeights<T>(terms, weights, gradient, count, step);
}

/**
 * A call, because losses without weights do not run it. Not exported: asc warns of exported functions that take vectors
 * and are not inlined.
 */
function multiplyByWeights<T>(terms: v128, weights: v128, gradient: usize, count: usize, step: usize): v128 {
  const isUsed = v128.ne<T>(weights, splat<T>(0));
  for (let i: usize = 0; i < count; ++i, gradient += step) {
    v128.store(gradient, v128.and(v128.mul<T>(v128.load(gradient), weights), isUsed));
  }
  return v128.and(v128.mul<T>(terms, weights), isUsed);
}

/**
 * Sets the lanes of `terms` that are past the last row to 0. The lanes belong to rows `row`, `row` + 1, … of `rows`.
 */
@inline
export function maskRows<T>(terms: v128, row: usize, rows: usize): v128 {
  return row + laneCount<T>() > rows ? v128.and(terms, firstLanes<T>(rows - row)) : terms;
}

/** addLanes() after maskRows(). */
@inline
export function addTerms<T>(sum: v128, terms: v128, row: usize, rows: usize): v128 {
  return addLanes<T>(sum, maskRows<T>(terms, row, rows));
}

/** Adds the lanes of `terms` to `sum`, two f64. */
@inline
export function addLanes<T>(sum: v128, terms: v128): v128 {
  if (sizeof<T>() == 8) return v128.add<f64>(sum, terms);
  const high = v128.shuffle<i64>(terms, terms, 1, 1);
  return v128.add<f64>(sum, v128.add<f64>(f64x2.promote_low_f32x4(terms), f64x2.promote_low_f32x4(high)));
}

/** The sum of the two lanes of addLanes(). */
@inline
export function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** t·x with 0·∞ = 0; NaN propagates. */
@inline
export function product<T>(t: v128, x: v128): v128 {
  const isUsed = v128.or(v128.ne<T>(t, splat<T>(0)), v128.ne<T>(x, x));
  return v128.and(v128.mul<T>(t, x), isUsed);
}
