// The metrics of users: what they return is checked at each call.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, ofType, oneOf, refusePromise } from "../validation.js";
import { ignoreRejection } from "../work.js";
import type { Metric, MetricAccumulator } from "./metric.js";
import { requireMetricName } from "./metricName.js";

/**
 * A checked copy of a metric that a user gave.
 *
 * @throws BackpropError `invalidOption` or `unknownName`. Its functions throw `invalidOption` if those of the user
 *   return something else than they should, such as a promise. Exceptions of the user's functions pass through.
 */
export function checkedMetric(argument: string, given: Metric): Metric {
  const { name, direction, create } = given;
  requireMetricName(`${argument}.name`, name);
  oneOf(["max", "min"])(`${argument}.direction`, direction);
  ofType("function")(`${argument}.create`, create);
  return {
    name,
    direction,
    create: (shape) => checkedAccumulator(name, Reflect.apply(create, given, [shape])),
  };
}

function checkedAccumulator(metric: string, given: unknown): MetricAccumulator {
  const create = `create of metric "${metric}"`;
  refusePromise(create, given, "; expected an object with the methods add and result.");
  const { add, result } = attempt("invalidOption", `what ${create} returned`, () => {
    const { add, result } = Object(given);
    return { add, result };
  });
  const names = { add: `add of metric "${metric}"`, result: `result of metric "${metric}"` };
  ofType("function")(names.add, add);
  ofType("function")(names.result, result);
  return {
    add: (...rows) => {
      const returned: unknown = Reflect.apply(add, given, rows);
      refusePromise(names.add, returned, "; expected a function that has added the rows when it returns.");
    },
    result: () => requireNumber(names.result, Reflect.apply(result, given, [])),
  };
}

/** Requires that the function `of` returned a number, and returns it. */
export function requireNumber(of: string, returned: unknown): number {
  if (typeof returned === "number") return returned;
  ignoreRejection(returned);
  throw new BackpropError("invalidOption", `${of} returned ${show(returned)}; expected a number.`);
}
