// The loss of one row, stored as a plain vector of units (see forward.ts).

import { Loss } from "../abi/description";
import { maxOf, sumInOrder } from "../kernels/reduce";
import { Distribution, Label, negativeEntropy } from "../losses/crossentropy";
import { lossBackward } from "../losses/loss";
import { addTerms, product, total, applyWeights } from "../losses/terms";
import { Call } from "../math/notInlined";
import { exp } from "../math/exponential";
import { laneCount, splat, wholeVectors } from "../math/vector";

/**
 * lossBackward() of one row: tensors [units], or one label as `targets`, and one weight, or 0 for none. Writes whole
 * vectors.
 */
export function rowLossBackward<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  const sum = rowLoss<T>(loss, dOutputs, outputs, targets, units, scale, parameter, alpha);
  if (!weights) return sum;
  const weight = load<T>(weights), zero = splat<T>(0);
  applyWeights<T>(zero, v128.splat<T>(weight), dOutputs, wholeVectors<T>(units) / laneCount<T>(), 16);
  return weight == 0 ? 0 : sum * <f64>weight;
}

@inline
function rowLoss<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize,
  units: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  switch (loss) {
    case Loss.CategoricalCrossentropy:
      return lossRow<T, Distribution>(dOutputs, outputs, targets, units, scale);
    case Loss.SparseCategoricalCrossentropy:
      return lossRow<T, Label>(dOutputs, outputs, targets, units, scale);
    case Loss.KullbackLeibler:
      return lossRow<T, Distribution>(dOutputs, outputs, targets, units, scale) +
        negativeEntropy<T>(targets, 0, 1, units, 0);
    default:
      // The terms of the other losses are independent: n units of one row are computed as one unit of n rows.
      return lossBackward<T>(
        loss, dOutputs, outputs, targets, 0, 1, units, wholeVectors<T>(units), scale, parameter, alpha,
      );
  }
}

/** The categorical cross-entropies of one row: see lossRows(). */
function lossRow<T, L>(dLogits: usize, logits: usize, targets: usize, units: usize, scale: f64): f64 {
  const target = changetype<L>(0);
  const factor = splat<T>(scale);
  const bytes = units * sizeof<T>();
  const largest = maxOf<T>(logits, units);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(dLogits + at, exp<T>(v128.sub<T>(v128.load(logits + at), largest)));
  }
  const partition = sumInOrder<T>(dLogits, units);
  const logPartition = Call.log<T>(partition);
  const weight = target.sum<T>(targets, units);
  let sum = splat<f64>(0);
  for (let i: usize = 0; i < units; i += laneCount<T>()) {
    const at = i * sizeof<T>();
    const t = target.along<T>(targets, i);
    const surprisal = v128.sub<T>(logPartition, v128.sub<T>(v128.load(logits + at), largest));
    sum = addTerms<T>(sum, product<T>(t, surprisal), i, units);
    const a = v128.div<T>(v128.load(dLogits + at), partition);
    v128.store(dLogits + at, v128.mul<T>(v128.sub<T>(v128.mul<T>(a, weight), t), factor));
  }
  return total(sum);
}
