// Engines that are timed must first have computed the same.

import type { DType, FloatArray } from "backprop-wasm";
import type { Outputs, Subject } from "./subject.js";
import { label, type Work } from "./works.js";

const STEPS = 4;

/**
 * How far apart outputs may be, relative to their length as vectors. Rounding alone would ask for less of `changes`; but
 * in float32 it now and then puts a number just above 0 in one engine and just below in another, relu passes one of
 * them only, and a row's part in one unit's gradient goes with it.
 */
const TOLERANCE: Record<DType, Required<Record<keyof Outputs, number>>> = {
  float32: { losses: 1e-5, changes: 1e-2, predictions: 1e-5 },
  float64: { losses: 1e-12, changes: 1e-10, predictions: 1e-12 },
};

/** @throws Error that says which output is not the same after a few steps. */
export function requireAgreement(work: Work, [first, second]: readonly [Subject, Subject]): void {
  const expected = run(second);
  for (const [name, values] of Object.entries(run(first)) as [keyof Outputs, FloatArray][]) {
    const distance = relativeDistance(values, expected[name]!);
    const tolerance = TOLERANCE[work.dtype][name];
    if (distance <= tolerance) continue;
    throw new Error(
      `${label(work)}: after ${STEPS} steps the ${name} of ${first.engine} and ${second.engine} are ` +
        `${distance.toPrecision(2)} apart, relative to their length; expected at most ${tolerance}. Nothing was timed.`,
    );
  }
}

function run(subject: Subject): Outputs {
  subject.reset();
  subject.step(STEPS);
  return subject.outputs();
}

/** ‖x − y‖ / ‖y‖; NaN or infinite where either is, infinite for different lengths. */
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
