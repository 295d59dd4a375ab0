// Batch norm: S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
// Covariate Shift", ICML 2015, with PyTorch's nn.BatchNorm1d as the definition. See normalization.ts. In training, each
// unit has a mean and a variance over its n rows:
//
//     mean = Σ x / n, variance = Σ (x − mean)² / n
//     a = gamma · dBeta / n, b = gamma · dGamma / n
//
//     runningMean ← (1 − momentum) · runningMean + momentum · mean
//     runningVariance ← (1 − momentum) · runningVariance + momentum · variance · n / (n − 1)
//
// In evaluation, the running mean and variance replace mean and variance, and a = b = 0. A unit needs all rows of the
// batch and no other unit, so the layer's phases are divided by units. Mean and variance are computed in f64, so that
// they do not overflow for f32.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { place, tensorSize } from "../kernels/place";
import { sumOfElements, sumOfSquaredDeviations } from "../kernels/reduce";
import {
  checkNormalization, normalize, normalizeBackward, OfUnits, Statistic, statisticsOf, STATISTIC_COUNT, sumUnit,
} from "./normalization";
import { Layer, Pass, Tensors } from "./tensors";

/** See checkLayer(). */
export function checkBatchNorm(description: LayerDescription, inputs: u32, elementSize: usize): Status {
  const momentum = description.momentum;
  if (!(momentum >= 0 && momentum <= 1)) return Status.InvalidLayerParameter;
  return checkNormalization(description, inputs, elementSize);
}

/** Places the tensors that only batch norm has; see place(). */
export function batchNormLayout<T>(layer: Layer, region: usize, tensors: Tensors, at: u64): u64 {
  if (region) tensors.statisticsStep = layer.units * sizeof<T>();
  const size = tensorSize<T>(STATISTIC_COUNT, layer.units);
  return place(region, changetype<usize>(tensors) + offsetof<Tensors>("statistics"), at, size);
}

/** x → outputs, for units `begin` … `end` − 1 of all rows. */
export function batchNormForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  for (let unit = begin; unit < end; ++unit) {
    const running = layer.buffers + unit * sizeof<T>();
    let mean = <f64>load<T>(running), variance = <f64>load<T>(running + layer.units * sizeof<T>());
    if (pass.training) {
      const x = tensors.x + unit * pass.stride * sizeof<T>(), n = <f64>pass.rows;
      const runningMean = mean, runningVariance = variance;
      mean = sumOfElements<T>(x, pass.rows) / n;
      variance = sumOfSquaredDeviations<T>(x, pass.rows, mean) / n;
      if (pass.updatesStatistics) {
        const next = layer.nextBuffers + unit * sizeof<T>();
        store<T>(next, <T>average(runningMean, mean, layer.momentum));
        const unbiased = variance * (n / (n - 1));
        store<T>(next + layer.units * sizeof<T>(), <T>average(runningVariance, unbiased, layer.momentum));
      }
    }
    store<T>(statisticsOf(tensors, Statistic.Mean) + unit * sizeof<T>(), <T>mean);
    store<T>(statisticsOf(tensors, Statistic.Scale) + unit * sizeof<T>(), <T>(1 / sqrt(variance + layer.parameter)));
  }
  normalize<T, OfUnits>(layer, tensors, pass, begin, end, 0, pass.columns);
}

/** A running statistic after a batch with statistic `value`. */
function average(running: f64, value: f64, momentum: f64): f64 {
  return (1 - momentum) * running + momentum * value;
}

/** dOutputs → dGamma, dBeta, and dInputs if `needsInputs`, for units `begin` … `end` − 1 of all rows. */
export function batchNormBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize, needsInputs: bool,
): void {
  for (let unit = begin; unit < end; ++unit) {
    const d = tensors.dOutputs + unit * pass.stride * sizeof<T>();
    const dGamma = layer.gradients + unit * sizeof<T>(), dBeta = dGamma + layer.units * sizeof<T>();
    const a = statisticsOf(tensors, Statistic.A) + unit * sizeof<T>();
    const b = statisticsOf(tensors, Statistic.B) + unit * sizeof<T>();
    if (pass.training) {
      sumUnit<T, OfUnits>(b, a, tensors, pass, d, unit, false);
      addGradient<T>(dGamma, load<T>(b), pass.accumulates);
      addGradient<T>(dBeta, load<T>(a), pass.accumulates);
      const factor = load<T>(layer.parameters + unit * sizeof<T>()) / <T>pass.rows;
      store<T>(a, factor * load<T>(a));
      store<T>(b, factor * load<T>(b));
    } else {
      sumUnit<T, OfUnits>(dGamma, dBeta, tensors, pass, d, unit, pass.accumulates);
      store<T>(a, 0);
      store<T>(b, 0);
    }
  }
  if (needsInputs) normalizeBackward<T, OfUnits>(layer, tensors, pass, begin, end, 0, pass.columns);
}

@inline
function addGradient<T>(gradient: usize, value: T, accumulates: bool): void {
  store<T>(gradient, accumulates ? load<T>(gradient) + value : value);
}
