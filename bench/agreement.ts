// Compares what the engines compute, before they are timed.

import type { DType, FloatArray } from "backprop-wasm";
import type { Outputs, Subject } from "./subject.js";
import { label, type Workload } from "./workloads.js";

const STEPS = 4;

/**
 * The maximum relative distance of outputs. Rounding alone explains less than the tolerance of `changes` in float32. But
 * a logit near 0 can be positive in one engine and negative in the other. Then relu passes the gradient of a row in only
 * one of them.
 */
const TOLERANCE: Record<DType, Required<Record<keyof Outputs, number>>> = {
  float32: { losses: 1e-5, changes: 1e-2, predictions: 1e-5 },
  float64: { losses: 1e-12, changes: 1e-10, predictions: 1e-12 },
};

/** @throws Error if an output differs after a few steps; it says which. */
export function requireAgreement(workload: Workload, [first, second]: readonly [Subject, Subject]): void {
  const expected = run(second);
  for (const [name, values] of Object.entries(run(first)) as [keyof Outputs, FloatArray][]) {
    const distance = relativeDistance(values, expected[name]!);
    const tolerance = TOLERANCE[workload.dtype][name];
    if (distance <= tolerance) continue;
    throw new Error(
      `${label(workload)}: after ${STEPS} steps the ${name} of ${first.engine} and ${second.engine} are ` +
        `at a relative distance of ${distance.toPrecision(2)}; expected at most ${tolerance}. Nothing was timed.`,
    );
  }
}

function run(subject: Subject): Outputs {
  subject.reset();
  subject.step(STEPS);
  return subject.outputs();
}

/** ‖x − y‖ / ‖y‖. NaN or infinite if an element is; infinite if the lengths differ. */
export function relativeDistance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) return Infinity;
  let differences = 0;
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    differences += (x[i]! - y[i]!) ** 2;
    squares += y[i]! ** 2;
  }
  return Math.sqrt(differences / squares);
}
