// What learning-rate schedules have in common.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import {
  type Check,
  type Option,
  type OptionsOf,
  requireNotNegative,
  requirePositive,
  requirePositiveInteger,
} from "../validation.js";

/** A time: a number of steps of the optimizer, or of epochs. */
export type Duration =
  | { readonly steps: number; readonly epochs?: undefined }
  | { readonly epochs: number; readonly steps?: undefined };

/** How far training has come. */
export interface Moment {
  /** Finished steps and epochs of all fits. */
  readonly step: number;
  readonly epoch: number;
  /** The current rate of a ReduceOnPlateau; undefined before it is first reduced. */
  readonly plateauRate?: number | undefined;
}

/** The options of the function that makes a schedule. */
export type OptionsFor<S, Optional extends string> = S extends unknown
  ? Omit<S, "kind" | Optional> & { readonly [K in Extract<keyof S, Optional>]?: S[K] }
  : never;

/** The definition of a schedule. */
export interface ScheduleDefinition<S> {
  /** Every option but `steps` and `epochs`. */
  readonly options: OptionsOf<Omit<S, "kind" | "steps" | "epochs">>;
  /** Whether `steps` or `epochs` must be given; default "required". */
  readonly length?: "required" | "optional" | "none";
  /** How `steps` or `epochs` is checked; default: a positive integer. */
  readonly checkLength?: Check;
  /** Checks that concern more than one option. `prefix`: what precedes an option's name in messages. */
  readonly check?: (schedule: S, prefix: string) => void;
  readonly rateAt: (schedule: S, moment: Moment) => number;
}

/** The time in the unit of a schedule. */
export function timeOf(
  { epochs }: { readonly epochs?: unknown; readonly steps?: unknown },
  { step, epoch }: Moment,
): number {
  return epochs === undefined ? step : epoch;
}

/** The options `steps` and `epochs` of a schedule. */
export function lengthOptions({
  length = "required",
  checkLength = requirePositiveInteger,
}: Pick<ScheduleDefinition<never>, "length" | "checkLength">): OptionsOf<object> {
  const option = { check: checkLength, default: undefined };
  return length === "none" ? {} : { steps: option, epochs: option };
}

/** @throws BackpropError `invalidOption` if both `steps` and `epochs` are given, or neither although one is required. */
export function requireLength(
  of: string,
  { steps, epochs }: { readonly steps?: unknown; readonly epochs?: unknown },
  { length = "required" }: Pick<ScheduleDefinition<never>, "length">,
): void {
  const given = Number(steps !== undefined) + Number(epochs !== undefined);
  if (given === 1 || (given === 0 && length !== "required")) return;
  throw new BackpropError(
    "invalidOption",
    `${of} has steps ${show(steps)} and epochs ${show(epochs)}; expected either steps or epochs.`,
  );
}

/** Factors are used in float64 for every dtype. */
export const requireFactor: Check = (argument, value) => requirePositive(argument, value, "float64");

export const requiredRate: Option<number> = { check: requireNotNegative };

export function rateOption(value: number): Option<number> {
  return { check: requireNotNegative, default: value };
}

export function factorOption(value: number): Option<number> {
  return { check: requireFactor, default: value };
}
