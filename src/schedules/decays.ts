// Schedules whose learning rate falls with time. The formulas are PyTorch's.

import { BackpropError } from "../errors.js";
import { cos, power } from "../random/elementary.js";
import { type Check, requireList, requirePositive, requirePositiveInteger } from "../validation.js";
import {
  type Duration,
  factorOption,
  rateOption,
  requiredRate,
  requireFactor,
  type ScheduleDefinition,
  timeOf,
} from "./schedule.js";

const MAX_MILESTONES = 2 ** 20;

/** A learning rate that changes once, or never; see `constantRate`. */
export interface ConstantRate {
  readonly kind: "constant";
  readonly learningRate: number;
  readonly factor: number;
  readonly steps?: number;
  readonly epochs?: number;
}

/** A learning rate that falls at regular times; see `stepDecay`. */
export type StepDecay = Duration & {
  readonly kind: "step";
  readonly learningRate: number;
  readonly gamma: number;
};

/** A learning rate that falls at given times; see `multiStepDecay`. */
export interface MultiStepDecay {
  readonly kind: "multiStep";
  readonly learningRate: number;
  readonly gamma: number;
  readonly steps?: readonly number[];
  readonly epochs?: readonly number[];
}

/** A learning rate that falls by the same factor in each unit of time; see `exponentialDecay`. */
export type ExponentialDecay = Duration & {
  readonly kind: "exponential";
  readonly learningRate: number;
  readonly gamma: number;
};

/** A learning rate that falls along a polynomial; see `polynomialDecay`. */
export type PolynomialDecay = Duration & {
  readonly kind: "polynomial";
  readonly learningRate: number;
  readonly minLearningRate: number;
  readonly power: number;
};

/** A learning rate that falls along half a cosine; see `cosineDecay`. */
export type CosineDecay = Duration & {
  readonly kind: "cosine";
  readonly learningRate: number;
  readonly minLearningRate: number;
};

/** Half cosines, one after the other; see `cosineRestarts`. */
export type CosineRestarts = Duration & {
  readonly kind: "cosineRestarts";
  readonly learningRate: number;
  readonly minLearningRate: number;
  readonly multiplier: number;
};

export const CONSTANT: ScheduleDefinition<ConstantRate> = {
  options: { learningRate: requiredRate, factor: factorOption(1) },
  length: "optional",
  check({ factor, steps, epochs }, prefix) {
    if (factor === 1 || steps !== undefined || epochs !== undefined) return;
    throw new BackpropError(
      "invalidOption",
      `${prefix}factor is ${factor}, but there are no steps or epochs for which it is used; expected either steps or epochs.`,
    );
  },
  rateAt(schedule, moment) {
    const { learningRate, factor, steps = 0, epochs = steps } = schedule;
    return timeOf(schedule, moment) < epochs ? learningRate * factor : learningRate;
  },
};

export const STEP: ScheduleDefinition<StepDecay> = {
  options: { learningRate: requiredRate, gamma: factorOption(0.1) },
  rateAt(schedule, moment) {
    const periods = Math.floor(timeOf(schedule, moment) / (schedule.steps ?? schedule.epochs));
    return schedule.learningRate * power(schedule.gamma, periods);
  },
};

const requireMilestones: Check = (argument, value) => {
  const count = requireList(argument, value, MAX_MILESTONES, "an array of times, such as [30, 80]");
  for (let i = 0; i < count; i++) requirePositiveInteger(`${argument}[${i}]`, (value as unknown[])[i]);
};

export const MULTI_STEP: ScheduleDefinition<MultiStepDecay> = {
  options: { learningRate: requiredRate, gamma: factorOption(0.1) },
  checkLength: requireMilestones,
  rateAt(schedule, moment) {
    const time = timeOf(schedule, moment);
    const milestones = schedule.steps ?? schedule.epochs!;
    const passed = milestones.filter((milestone) => milestone <= time).length;
    return schedule.learningRate * power(schedule.gamma, passed);
  },
};

export const EXPONENTIAL: ScheduleDefinition<ExponentialDecay> = {
  options: { learningRate: requiredRate, gamma: { check: requireFactor } },
  rateAt(schedule, moment) {
    const periods = timeOf(schedule, moment) / (schedule.steps ?? schedule.epochs);
    return schedule.learningRate * power(schedule.gamma, periods);
  },
};

export const POLYNOMIAL: ScheduleDefinition<PolynomialDecay> = {
  options: {
    learningRate: requiredRate,
    minLearningRate: rateOption(0),
    power: { check: requirePositive, default: 1 },
  },
  rateAt(schedule, moment) {
    const { learningRate, minLearningRate } = schedule;
    const length: number = schedule.steps ?? schedule.epochs;
    const rest = power(1 - Math.min(timeOf(schedule, moment), length) / length, schedule.power);
    return minLearningRate + (learningRate - minLearningRate) * rest;
  },
};

export const COSINE: ScheduleDefinition<CosineDecay> = {
  options: { learningRate: requiredRate, minLearningRate: rateOption(0) },
  rateAt(schedule, moment) {
    const length: number = schedule.steps ?? schedule.epochs;
    return cosineAt(schedule, Math.min(timeOf(schedule, moment), length), length);
  },
};

export const COSINE_RESTARTS: ScheduleDefinition<CosineRestarts> = {
  options: {
    learningRate: requiredRate,
    minLearningRate: rateOption(0),
    multiplier: { check: requirePositiveInteger, default: 1 },
  },
  rateAt(schedule, moment) {
    let time = timeOf(schedule, moment);
    let length: number = schedule.steps ?? schedule.epochs;
    if (schedule.multiplier === 1) time %= length;
    while (time >= length) {
      time -= length;
      length *= schedule.multiplier;
    }
    return cosineAt(schedule, time, length);
  },
};

/** From `learningRate` at time 0 to `minLearningRate` at time `length`. */
function cosineAt(
  { learningRate, minLearningRate }: { readonly learningRate: number; readonly minLearningRate: number },
  time: number,
  length: number,
): number {
  return minLearningRate + ((learningRate - minLearningRate) * (1 + cos((Math.PI * time) / length))) / 2;
}
