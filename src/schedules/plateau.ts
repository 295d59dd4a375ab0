import { type Check, integerWithin, oneOf, requireBelowOne, requireNotNegative } from "../validation.js";
import { rateOption, requiredRate, type ScheduleDefinition } from "./schedule.js";

/** A learning rate that falls when a figure no longer gets better; see `reduceOnPlateau`. */
export interface ReduceOnPlateau {
  readonly kind: "reduceOnPlateau";
  readonly learningRate: number;
  readonly monitor?: string | undefined;
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  readonly thresholdMode: "relative" | "absolute";
  readonly cooldown: number;
  readonly minLearningRate: number;
  readonly epsilon: number;
}

/** The state of a ReduceOnPlateau between epochs. */
export interface PlateauState {
  readonly learningRate: number;
  /** The best figure so far; undefined before the first. */
  readonly best: number | undefined;
  /** Consecutive epochs that were not better. */
  readonly badEpochs: number;
  /** Remaining epochs of the cooldown. */
  readonly cooldown: number;
}

const MAX_EPOCHS = 2 ** 32 - 1;
const requireThreshold: Check = (argument, value) => requireNotNegative(argument, value);
const requireEpochs = integerWithin(0, MAX_EPOCHS, "an integer of 0 or more");

export const REDUCE_ON_PLATEAU: ScheduleDefinition<ReduceOnPlateau> = {
  length: "none",
  options: {
    learningRate: requiredRate,
    // Checked when a fit begins: only then are the figures known.
    monitor: { check: () => {}, default: undefined },
    factor: { check: requireBelowOne, default: 0.1 },
    patience: { check: requireEpochs, default: 10 },
    threshold: { check: requireThreshold, default: 1e-4 },
    thresholdMode: { check: oneOf(["relative", "absolute"]), default: "relative" },
    cooldown: { check: requireEpochs, default: 0 },
    minLearningRate: rateOption(0),
    epsilon: { check: requireThreshold, default: 1e-8 },
  },
  rateAt: ({ learningRate }, { plateauRate = learningRate }) => plateauRate,
};

export function initialPlateau({ learningRate }: ReduceOnPlateau): PlateauState {
  return { learningRate, best: undefined, badEpochs: 0, cooldown: 0 };
}

/** The state after an epoch in which the monitored figure was `value`. */
export function plateauAfter(
  schedule: ReduceOnPlateau,
  direction: "max" | "min",
  state: PlateauState,
  value: number,
): PlateauState {
  const isBetter = improves(schedule, direction, value, state.best);
  const best = isBetter ? value : state.best;
  const cools = state.cooldown > 0;
  const badEpochs = isBetter || cools ? 0 : state.badEpochs + 1;
  if (badEpochs > schedule.patience) {
    return { learningRate: reduced(schedule, state), best, badEpochs: 0, cooldown: schedule.cooldown };
  }
  return { learningRate: state.learningRate, best, badEpochs, cooldown: cools ? state.cooldown - 1 : 0 };
}

function improves(
  { threshold, thresholdMode }: ReduceOnPlateau,
  direction: "max" | "min",
  value: number,
  best: number | undefined,
): boolean {
  // An infinite best could not be improved, nor kept in JSON.
  if (!Number.isFinite(value)) return false;
  if (best === undefined) return true;
  if (direction === "min")
    return value < (thresholdMode === "relative" ? best * (1 - threshold) : best - threshold);
  return value > (thresholdMode === "relative" ? best * (threshold + 1) : best + threshold);
}

function reduced(
  { factor, minLearningRate, epsilon }: ReduceOnPlateau,
  { learningRate }: PlateauState,
): number {
  const lower = Math.max(learningRate * factor, minLearningRate);
  return learningRate - lower > epsilon ? lower : learningRate;
}
