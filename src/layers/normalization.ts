// What layer norm and batch norm share.

import { constant, zeros } from "../initializers.js";
import { type ParameterSpec, roleOf } from "./definition.js";

/** gamma, which multiplies, and beta, which is added. */
export const NORM_PARAMETERS = ["gamma", "beta"] as const;

/** A tensor [units] of a layer with as many units as inputs, filled with `value`. */
export function unitSpec(
  name: string,
  role: ParameterSpec["role"],
  value: number,
  units: number,
): ParameterSpec {
  return {
    name,
    role,
    shape: Object.freeze([units]),
    decays: role !== "buffer",
    initializer: value === 0 ? zeros() : constant(value),
    inputs: units,
    units,
  };
}

export function normSpecs(units: number, trainable: boolean): readonly ParameterSpec[] {
  const role = roleOf(trainable);
  return [unitSpec("gamma", role, 1, units), unitSpec("beta", role, 0, units)];
}
