// Layer norm: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", 2016, with PyTorch's nn.LayerNorm as the
// definition. See normalization.ts. Each row has a mean and a variance over its units:
//
//     mean = Σ x / units, variance = Σ (x − mean)² / units
//     a = Σ gamma · dOutputs / units, b = Σ gamma · dOutputs · x̂ / units
//
// Each lane computes one row, so a row's bits do not depend on the other rows.

import { partBegin } from "../kernels/parts";
import { place, strideOf, tensorSize } from "../kernels/place";
import { madd, splat } from "../math/vector";
import {
  normalize, normalizeBackward, normalized, OfRows, splatParameter, Statistic, statisticsOf, STATISTIC_COUNT, sumUnit,
} from "./normalization";
import { Layer, Pass, Tensors } from "./tensors";

/** Places the tensors that only layer norm has in a workspace for `rows` rows; see place(). */
export function layerNormLayout<T>(layer: Layer, region: usize, tensors: Tensors, at: u64, rows: u64): u64 {
  const stride = strideOf<T>(rows);
  if (region) tensors.statisticsStep = <usize>stride * sizeof<T>();
  const fields = changetype<usize>(tensors);
  at = place(region, fields + offsetof<Tensors>("statistics"), at, tensorSize<T>(STATISTIC_COUNT, stride));
  return place(region, fields + offsetof<Tensors>("dOutputsCopy"), at, tensorSize<T>(layer.units, stride));
}

/** x → outputs, for columns `begin` … `end` − 1 (whole vectors). */
export function layerNormForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  const units = splat<T>(<f64>layer.units), one = splat<T>(1), epsilon = splat<T>(layer.parameter);
  const step = pass.stride * sizeof<T>();
  for (let at = begin * sizeof<T>(); at < end * sizeof<T>(); at += 16) {
    const first = tensors.x + at, last = first + layer.units * step;
    let sum = splat<T>(0), squares = sum;
    for (let x = first; x < last; x += step) sum = v128.add<T>(sum, v128.load(x));
    const mean = v128.div<T>(sum, units);
    for (let x = first; x < last; x += step) {
      const deviation = v128.sub<T>(v128.load(x), mean);
      squares = madd<T>(deviation, deviation, squares);
    }
    const variance = v128.div<T>(squares, units);
    const scale = v128.div<T>(one, v128.sqrt<T>(v128.add<T>(variance, epsilon)));
    // A variance that overflows makes the row NaN, which reaches the loss. A scale of 0 would hide it.
    const check = v128.sub<T>(variance, variance);
    v128.store(statisticsOf(tensors, Statistic.Mean) + at, mean);
    v128.store(statisticsOf(tensors, Statistic.Scale) + at, v128.add<T>(scale, check));
  }
  normalize<T, OfRows>(layer, tensors, pass, 0, layer.units, begin, end);
}

/**
 * dOutputs → dInputs if `needsInputs`, for the same columns. Copies dOutputs for layerNormGradients(), because the
 * layer before it overwrites them.
 */
export function layerNormBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize, needsInputs: bool,
): void {
  const step = pass.stride * sizeof<T>();
  const units = splat<T>(<f64>layer.units);
  for (let at = begin * sizeof<T>(); at < end * sizeof<T>(); at += 16) {
    let sum = splat<T>(0), products = sum;
    for (let unit: usize = 0; unit < layer.units; ++unit) {
      const row = unit * step;
      const d = v128.load(tensors.dOutputs + row + at);
      v128.store(tensors.dOutputsCopy + row + at, d);
      const scaled = v128.mul<T>(splatParameter<T>(layer, unit), d);
      sum = v128.add<T>(sum, scaled);
      products = madd<T>(scaled, normalized<T, OfRows>(tensors, tensors.x + row, unit, at), products);
    }
    v128.store(statisticsOf(tensors, Statistic.A) + at, v128.div<T>(sum, units));
    v128.store(statisticsOf(tensors, Statistic.B) + at, v128.div<T>(products, units));
  }
  if (needsInputs) normalizeBackward<T, OfRows>(layer, tensors, pass, 0, layer.units, begin, end);
}

/** Part `index` of `count` of the gradients of gamma and beta: the elements of some units. */
export function layerNormGradients<T>(layer: Layer, tensors: Tensors, pass: Pass, index: usize, count: usize): void {
  const step = pass.stride * sizeof<T>();
  const end = partBegin(layer.units, 1, index + 1, count);
  for (let unit = partBegin(layer.units, 1, index, count); unit < end; ++unit) {
    const dGamma = layer.gradients + unit * sizeof<T>(), dBeta = dGamma + layer.units * sizeof<T>();
    sumUnit<T, OfRows>(dGamma, dBeta, tensors, pass, tensors.dOutputsCopy + unit * step, unit, pass.accumulates);
  }
}
