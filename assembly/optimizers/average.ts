// The exponential moving average of the parameters, after each step of the optimizer, as PyTorch's AveragedModel with
// get_ema_avg_fn():
//
//     average ← decay · average + (1 − decay) · parameter       first step: average ← parameter
//
// B. T. Polyak and A. B. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30
// (1992).

import { averagesOf, hasFeature, Optimizer, OptimizerFeature } from "../abi/optimizer";
import { Status } from "../abi/status";
import { clamp, splat } from "../math/vector";

/** See checkHyperparameters(). */
export function checkAverage(optimizer: Optimizer): Status {
  const decay = optimizer.averageDecay;
  if (optimizer.ignoresAverage > 1) return Status.InvalidFlag;
  if (hasFeature(optimizer, OptimizerFeature.Average)) {
    return decay > 0 && decay < 1 ? Status.Ok : Status.InvalidHyperparameter;
  }
  return decay == 0 && !optimizer.ignoresAverage ? Status.Ok : Status.ReservedNotZero;
}

/** Whether predictions use the average: there is one, and `ignoresAverage` is 0. */
export function predictsWithAverage(optimizer: Optimizer): bool {
  return hasFeature(optimizer, OptimizerFeature.Average) && !optimizer.ignoresAverage && optimizer.averagedSteps > 0;
}

/**
 * Updates the averages of the parameters in bytes `begin` … `end` − 1 (whole vectors) of their arena, after a step. A
 * mean of finite numbers is finite: where rounding makes it infinite, the largest finite number replaces it.
 */
export function averageStep<T>(optimizer: Optimizer, parameters: usize, begin: usize, end: usize): void {
  const averages = averagesOf(optimizer);
  if (optimizer.averagedSteps == 0) {
    for (let at = begin; at < end; at += 16) v128.store(averages + at, v128.load(parameters + at));
    return;
  }
  const decay = splat<T>(optimizer.averageDecay), gain = splat<T>(1 - optimizer.averageDecay);
  const largest = sizeof<T>() == 4 ? <f64>f32.MAX_VALUE : f64.MAX_VALUE;
  const low = splat<T>(-largest), high = splat<T>(largest);
  for (let at = begin; at < end; at += 16) {
    const old = v128.mul<T>(decay, v128.load(averages + at));
    const average = v128.add<T>(old, v128.mul<T>(gain, v128.load(parameters + at)));
    v128.store(averages + at, clamp<T>(average, low, high));
  }
}
