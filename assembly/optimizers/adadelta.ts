// Adadelta, with PyTorch's formula: M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
//
//     v ← ρv + (1 − ρ)g²
//     delta = √(u + ε) / √(v + ε) · g
//     u ← ρu + (1 − ρ)delta²
//     parameter −= learningRate · delta

import { areUnused, hyperparameter, Optimizer, OptimizerFeature, slotAt } from "../abi/optimizer";
import { Status } from "../abi/status";
import { isBelowOne, isPositive } from "../math/range";
import { splat } from "../math/vector";
import { isSafeStep, squareLimit } from "./bound";
import { movedMeanOfSquares } from "./mean";
import { updated } from "./sgd";

/** See featuresOf(). */
export const ADADELTA_FEATURES: u32 = OptimizerFeature.WeightDecay;

/** u and v. */
export const ADADELTA_SLOTS: u32 = 2;

/** See optimizerMeasuredSlots(). u bounds delta. */
export const ADADELTA_MEASURED_SLOTS: u32 = 1;

// The order of the hyperparameters. 0 ≤ ρ < 1. ε is finite and above 0 in the network's dtype.
const RHO: usize = 0;
const EPSILON: usize = 1;
const HYPERPARAMETERS: usize = 2;

/** See checkHyperparameters(). */
export function checkAdadelta(optimizer: Optimizer, elementSize: usize): Status {
  const rho = hyperparameter(optimizer, RHO), epsilon = hyperparameter(optimizer, EPSILON);
  if (!isBelowOne(rho) || !isPositive(epsilon, elementSize)) return Status.InvalidHyperparameter;
  return areUnused(optimizer, HYPERPARAMETERS) ? Status.Ok : Status.ReservedNotZero;
}

/** See optimizerStep(). State: u [parameterCount], v. */
export function adadelta<T, M>(
  optimizer: Optimizer, parameters: usize, gradients: usize, begin: usize, end: usize,
): bool {
  const mode = changetype<M>(0);
  const rate = splat<T>(optimizer.learningRate);
  const rho = hyperparameter(optimizer, RHO);
  const oldWeight = splat<T>(rho), newWeight = splat<T>(1 - rho);
  const epsilon = splat<T>(hyperparameter(optimizer, EPSILON));
  const deltas = slotAt(optimizer, 0), squares = slotAt(optimizer, 1);
  let nonFinite = splat<T>(0);
  for (let at = begin; at < end; at += 16) {
    const parameter = v128.load(parameters + at);
    const g = mode.gradient<T>(optimizer, gradients + at, parameter);
    const v = movedMeanOfSquares<T>(v128.load(squares + at), g, oldWeight, newWeight);
    const u = v128.load(deltas + at);
    const root = v128.sqrt<T>(v128.add<T>(u, epsilon));
    const delta = v128.mul<T>(v128.div<T>(root, v128.sqrt<T>(v128.add<T>(v, epsilon))), g);
    nonFinite = mode.storeOrCheck<T>(squares + at, v, nonFinite);
    nonFinite = mode.storeOrCheck<T>(deltas + at, movedMeanOfSquares<T>(u, delta, oldWeight, newWeight), nonFinite);
    nonFinite = mode.storeOrCheck<T>(parameters + at, updated<T>(parameter, delta, rate), nonFinite);
  }
  return !v128.any_true(nonFinite);
}

/**
 * See optimizerIsBounded(). v is a weighted mean of g², and √(v + ε) is at least √ε. Both delta and the factor of g in
 * delta must stay below squareLimit().
 */
export function adadeltaIsBounded<T>(optimizer: Optimizer, gradient: f64, state: f64): bool {
  const epsilon = <f64><T>hyperparameter(optimizer, EPSILON);
  const delta = sqrt<f64>((state + epsilon) / epsilon) * max<f64>(gradient, 1);
  return gradient < squareLimit<T>() && delta < squareLimit<T>() && isSafeStep<T>(optimizer.learningRate, delta);
}
