import { cos } from "../random/elementary.js";
import { ofType, oneOf, requireBetween } from "../validation.js";
import { type Duration, factorOption, requiredRate, type ScheduleDefinition, timeOf } from "./schedule.js";

/** A learning rate that rises and then falls to almost 0; see `oneCycle`. */
export type OneCycle = Duration & {
  readonly kind: "oneCycle";
  readonly learningRate: number;
  readonly pctStart: number;
  readonly annealStrategy: "cos" | "linear";
  readonly divFactor: number;
  readonly finalDivFactor: number;
  readonly threePhase: boolean;
};

/** A part of the cycle: from the end of the part before, which has rate `from`, to `end`. */
interface Phase {
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

export const ONE_CYCLE: ScheduleDefinition<OneCycle> = {
  options: {
    learningRate: requiredRate,
    pctStart: { check: requireBetween, default: 0.3 },
    annealStrategy: { check: oneOf(["cos", "linear"]), default: "cos" },
    divFactor: factorOption(25),
    finalDivFactor: factorOption(1e4),
    threePhase: { check: ofType("boolean"), default: false },
  },
  rateAt(schedule, moment) {
    const phases = phasesOf(schedule);
    const last = phases.at(-1)!;
    const time = Math.min(timeOf(schedule, moment), last.end);
    const phase = phases.find(({ end }) => time <= end) ?? last;
    const begin = phases[phases.indexOf(phase) - 1]?.end ?? 0;
    const share = phase.end > begin ? (time - begin) / (phase.end - begin) : 1;
    return anneal(schedule.annealStrategy, phase, share);
  },
};

function phasesOf(schedule: OneCycle): readonly Phase[] {
  const { learningRate, pctStart, divFactor, finalDivFactor, threePhase } = schedule;
  const total: number = schedule.steps ?? schedule.epochs;
  const initial = learningRate / divFactor;
  const final = initial / finalDivFactor;
  const peak = pctStart * total - 1;
  const rise = { end: peak, from: initial, to: learningRate };
  if (!threePhase) return [rise, { end: total - 1, from: learningRate, to: final }];
  return [
    rise,
    { end: 2 * pctStart * total - 2, from: learningRate, to: initial },
    { end: total - 1, from: initial, to: final },
  ];
}

function anneal(strategy: OneCycle["annealStrategy"], { from, to }: Phase, share: number): number {
  if (strategy === "linear") return (to - from) * share + from;
  return to + ((from - to) / 2) * (1 + cos(Math.PI * share));
}
