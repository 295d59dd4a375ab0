// The metrics by name.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, requireKnown, requireList, requireObject } from "../validation.js";
import { accuracy, binaryAccuracy, topK } from "./accuracy.js";
import { f1, precision, recall } from "./confusion.js";
import { logLoss } from "./logLoss.js";
import type { Metric, MetricShape } from "./metric.js";
import { mae, mape, r2, rmse } from "./regression.js";
import { rocAuc } from "./rocAuc.js";
import { checkedMetric } from "./userMetric.js";

const BY_NAME = {
  accuracy,
  binaryAccuracy,
  topKAccuracy: topK(5, "topKAccuracy"),
  precision,
  recall,
  f1,
  rocAuc,
  logLoss,
  mae,
  rmse,
  mape,
  r2,
} as const;

/**
 * The name of a metric:
 *
 * - `accuracy`: the share of rows whose class is right
 * - `binaryAccuracy`: the share of outputs on the same side of 0.5 as their targets
 * - `topKAccuracy`: the share of rows whose class is among the 5 largest outputs; see `topKAccuracy(k)`
 * - `precision`, `recall`, `f1`: of class 1; for several outputs the mean over the classes that occur
 * - `rocAuc`: the area under the ROC curve; for several outputs the mean over the classes, each against all others
 * - `logLoss`: the mean of −log(probability of the right class)
 * - `mae`, `rmse`, `mape`: mean absolute, root mean squared and mean relative error (a fraction)
 * - `r2`: the share of the variance of the targets that the outputs explain
 *
 * Several outputs are classes, and a row's class is that of the largest output, except for `binaryAccuracy` and the
 * errors. One output is the probability of class 1, and means class 1 above 0.5. Each has the value of scikit-learn's
 * function with its defaults, and is computed in float64.
 */
export type MetricName = keyof typeof BY_NAME;

/** The names of all metrics. */
export const METRICS = Object.freeze(Object.keys(BY_NAME)) as readonly MetricName[];

const MAX_METRICS = 1000;

/**
 * The metrics that a user asked for, each a name or a Metric, checked against the shape of the network.
 *
 * @throws BackpropError `unknownName` for an unknown name, `invalidOption` for other invalid values, for a metric that
 *   is not defined for the shape, and for two of the same name.
 */
export function resolveMetrics(metrics: unknown, shape: MetricShape): readonly Metric[] {
  return attempt("invalidOption", "metrics", () => {
    // An empty array is allowed.
    if (Array.isArray(metrics) && metrics.length === 0) return [];
    const count = requireList("metrics", metrics, MAX_METRICS, 'an array of metrics, such as ["accuracy"]');
    const resolved: Metric[] = [];
    for (let i = 0; i < count; i++) {
      const metric = resolve(`metrics[${i}]`, (metrics as unknown[])[i]);
      requireNewName(metric, resolved);
      attempt("invalidOption", `metrics[${i}]`, () => metric.create(shape));
      resolved.push(metric);
    }
    return resolved;
  });
}

function resolve(argument: string, given: unknown): Metric {
  if (typeof given === "string") {
    requireKnown(argument, given, METRICS);
    return BY_NAME[given as MetricName];
  }
  requireObject(argument, given, 'a name such as "accuracy", or a metric such as topKAccuracy(3)');
  return checkedMetric(argument, given as Metric);
}

function requireNewName({ name }: Metric, metrics: readonly Metric[]): void {
  if (!metrics.some((metric) => metric.name === name)) return;
  throw new BackpropError(
    "invalidOption",
    `metrics has two metrics of the name ${show(name)}; expected different names, because the history has one entry for ` +
      "each.",
  );
}
