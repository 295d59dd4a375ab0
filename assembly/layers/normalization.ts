// The formulas that layer norm and batch norm share. For unit u of row r:
//
//     x̂ = (x − mean) · scale, with scale = 1 / √(variance + epsilon)
//     outputs = gamma[u] · x̂ + beta[u]
//
//     dBeta[u] = Σ dOutputs and dGamma[u] = Σ dOutputs · x̂, over the rows
//     dInputs = scale · (gamma[u] · dOutputs − a − b · x̂)
//
// Layer norm has one mean, scale, a and b for each row, batch norm for each unit.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { laneSum } from "../kernels/reduce";
import { isPositive } from "../math/range";
import { firstLanes, madd, splat } from "../math/vector";
import { checkPlain } from "./plain";
import { BLOCK_ROWS, Layer, Pass, Tensors } from "./tensors";

/** See checkLayer(). */
export function checkNormalization(description: LayerDescription, inputs: u32, elementSize: usize): Status {
  const status = checkPlain(description, inputs);
  return status || (isPositive(description.parameter, elementSize) ? Status.Ok : Status.InvalidLayerParameter);
}

/** The rows of Tensors.statistics: mean, scale, a and b of the formulas. */
export const enum Statistic {
  Mean,
  Scale,
  A,
  B,
}

/** The number of Statistics. */
export const STATISTIC_COUNT: u64 = 4;

/** Address of a row of Tensors.statistics. */
@inline
export function statisticsOf(tensors: Tensors, statistic: Statistic): usize {
  return tensors.statistics + <usize>statistic * tensors.statisticsStep;
}

// How statistics are stored, as types. No instances of these classes exist. `load` returns the statistic of `unit` for
// the vector of rows at offset `at`.

/** One element for each row: layer norm. */
@unmanaged
export class OfRows {
  @inline
  load<T>(statistics: usize, unit: usize, at: usize): v128 {
    return v128.load(statistics + at);
  }
}

/** One element for each unit: batch norm. */
@unmanaged
export class OfUnits {
  @inline
  load<T>(statistics: usize, unit: usize, at: usize): v128 {
    return v128.load_splat<T>(statistics + unit * sizeof<T>());
  }
}

/** Parameter number `index` of the layer in every lane. gamma of unit u is number u, its beta number units + u. */
@inline
export function splatParameter<T>(layer: Layer, index: usize): v128 {
  return v128.load_splat<T>(layer.parameters + index * sizeof<T>());
}

/** x̂ of the vector of rows at offset `at`. `x`: the row of the unit. */
@inline
export function normalized<T, S>(tensors: Tensors, x: usize, unit: usize, at: usize): v128 {
  const statistics = changetype<S>(0);
  const mean = statistics.load<T>(statisticsOf(tensors, Statistic.Mean), unit, at);
  const scale = statistics.load<T>(statisticsOf(tensors, Statistic.Scale), unit, at);
  return v128.mul<T>(v128.sub<T>(v128.load(x + at), mean), scale);
}

/**
 * outputs = gamma · x̂ + beta, for units `firstUnit` … `endUnit` − 1 and columns `begin` … `end` − 1 (whole vectors).
 */
export function normalize<T, S>(
  layer: Layer, tensors: Tensors, pass: Pass, firstUnit: usize, endUnit: usize, begin: usize, end: usize,
): void {
  const step = pass.stride * sizeof<T>();
  for (let unit = firstUnit; unit < endUnit; ++unit) {
    const gamma = splatParameter<T>(layer, unit), beta = splatParameter<T>(layer, layer.units + unit);
    const x = tensors.x + unit * step, outputs = tensors.outputs + unit * step;
    for (let at = begin * sizeof<T>(); at < end * sizeof<T>(); at += 16) {
      v128.store(outputs + at, madd<T>(gamma, normalized<T, S>(tensors, x, unit, at), beta));
    }
  }
}

/** dInputs = scale · (gamma · dOutputs − a − b · x̂), for the same units and columns. All statistics must be known. */
export function normalizeBackward<T, S>(
  layer: Layer, tensors: Tensors, pass: Pass, firstUnit: usize, endUnit: usize, begin: usize, end: usize,
): void {
  const step = pass.stride * sizeof<T>();
  const statistics = changetype<S>(0);
  for (let unit = firstUnit; unit < endUnit; ++unit) {
    const gamma = splatParameter<T>(layer, unit);
    const row = unit * step;
    for (let at = begin * sizeof<T>(); at < end * sizeof<T>(); at += 16) {
      const a = statistics.load<T>(statisticsOf(tensors, Statistic.A), unit, at);
      const b = statistics.load<T>(statisticsOf(tensors, Statistic.B), unit, at);
      const shared = madd<T>(b, normalized<T, S>(tensors, tensors.x + row, unit, at), a);
      const d = v128.sub<T>(v128.mul<T>(gamma, v128.load(tensors.dOutputs + row + at)), shared);
      const scale = statistics.load<T>(statisticsOf(tensors, Statistic.Scale), unit, at);
      v128.store(tensors.dInputs + row + at, v128.mul<T>(scale, d));
    }
  }
}

/**
 * Writes Σ d · x̂ and Σ d over the rows of one unit to dGamma and dBeta, or adds them if `accumulates`. `d`: the
 * gradient of the unit's outputs. Adds the sums of blocks of BLOCK_ROWS rows in order: the bits do not depend on how a
 * batch is divided into microbatches.
 */
export function sumUnit<T, S>(
  dGamma: usize, dBeta: usize, tensors: Tensors, pass: Pass, d: usize, unit: usize, accumulates: bool,
): void {
  const x = tensors.x + unit * pass.stride * sizeof<T>();
  const end = pass.rows * sizeof<T>();
  let gammaSum: T = accumulates ? load<T>(dGamma) : <T>0, betaSum: T = accumulates ? load<T>(dBeta) : <T>0;
  for (let at: usize = 0; at < end;) {
    const blockEnd = min(at + BLOCK_ROWS * sizeof<T>(), end);
    let products = splat<T>(0), sum = products;
    for (; at + 16 <= blockEnd; at += 16) {
      const gradient = v128.load(d + at);
      products = madd<T>(gradient, normalized<T, S>(tensors, x, unit, at), products);
      sum = v128.add<T>(sum, gradient);
    }
    if (at < blockEnd) {
      const used = firstLanes<T>((blockEnd - at) / sizeof<T>());
      const gradient = v128.and(v128.load(d + at), used);
      products = madd<T>(gradient, v128.and(normalized<T, S>(tensors, x, unit, at), used), products);
      sum = v128.add<T>(sum, gradient);
      at = blockEnd;
    }
    gammaSum += laneSum<T>(products);
    betaSum += laneSum<T>(sum);
  }
  store<T>(dGamma, gammaSum);
  store<T>(dBeta, betaSum);
}
