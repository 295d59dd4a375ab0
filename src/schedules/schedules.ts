// The schedules by name: functions that make them, and the learning rate that each has at a moment.

import { type DType, roundTo } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import {
  attempt,
  type OptionsOf,
  type Reading,
  readOptions,
  requireInteger,
  requireKnown,
  requireNotNegative,
} from "../validation.js";
import { ignoreRejection } from "../work.js";
import {
  CONSTANT,
  COSINE,
  COSINE_RESTARTS,
  type ConstantRate,
  type CosineDecay,
  type CosineRestarts,
  EXPONENTIAL,
  type ExponentialDecay,
  MULTI_STEP,
  type MultiStepDecay,
  POLYNOMIAL,
  type PolynomialDecay,
  STEP,
  type StepDecay,
} from "./decays.js";
import { ONE_CYCLE, type OneCycle } from "./oneCycle.js";
import { REDUCE_ON_PLATEAU, type ReduceOnPlateau } from "./plateau.js";
import {
  type Duration,
  lengthOptions,
  type Moment,
  type OptionsFor,
  requireLength,
  type ScheduleDefinition,
  timeOf,
} from "./schedule.js";

/** A linear rise before a schedule; see `warmup`. */
export type Warmup = Duration & {
  readonly kind: "warmup";
  readonly after: Exclude<LearningRate, Warmup>;
  readonly startFactor: number;
};

/**
 * A learning rate that changes in the course of training: plain frozen data, made by functions such as `cosineDecay`.
 */
export type Schedule =
  | ConstantRate
  | StepDecay
  | MultiStepDecay
  | ExponentialDecay
  | PolynomialDecay
  | CosineDecay
  | CosineRestarts
  | OneCycle
  | Warmup
  | ReduceOnPlateau;

/**
 * The learning rate of an optimizer: a number of 0 or more; a schedule; or a function that returns the rate of the
 * coming step from the finished steps and epochs of all fits.
 */
export type LearningRate = number | Schedule | ((step: number, epoch: number) => number);

const MAX_TIME = 2 ** 53 - 1;

const WARMUP: ScheduleDefinition<Warmup> = {
  options: {
    // Checked when it is copied.
    after: { check: () => {} },
    startFactor: { check: requireShare, default: 1 / 3 },
  },
  check: requireSameUnit,
  rateAt(schedule, moment) {
    const { after, startFactor } = schedule;
    const length: number = schedule.steps ?? schedule.epochs;
    const time = timeOf(schedule, moment);
    if (time >= length) return rateAt(after, { ...moment, ...shifted(schedule, moment, length) });
    const rate = rateAt(after, { ...moment, step: 0, epoch: 0 });
    return rate * (startFactor + ((1 - startFactor) * time) / length);
  },
};

const DEFINITIONS: { readonly [K in Schedule["kind"]]: ScheduleDefinition<Extract<Schedule, { kind: K }>> } =
  {
    constant: CONSTANT,
    step: STEP,
    multiStep: MULTI_STEP,
    exponential: EXPONENTIAL,
    polynomial: POLYNOMIAL,
    cosine: COSINE,
    cosineRestarts: COSINE_RESTARTS,
    oneCycle: ONE_CYCLE,
    warmup: WARMUP,
    reduceOnPlateau: REDUCE_ON_PLATEAU,
  };

const KINDS = Object.keys(DEFINITIONS);

/** The kinds of schedule that may follow a warm-up. */
const AFTER_WARMUP = KINDS.filter((kind) => kind !== "warmup");

/**
 * `learningRate` · `factor` for some steps or epochs, then `learningRate`, as PyTorch's `ConstantLR`. Without a factor
 * it never changes.
 *
 * Default: factor 1.
 *
 * @throws BackpropError `invalidOption`, as all functions that make schedules, for numbers out of their range, and
 *   unless one of `steps` and `epochs` is given.
 */
export function constantRate(options: OptionsFor<ConstantRate, "factor">): ConstantRate {
  return create("constant", "constantRate", options);
}

/**
 * `learningRate` · `gamma`ᵏ with k = ⌊time / length⌋, as PyTorch's `StepLR`: it is multiplied by gamma every so many
 * `steps` or `epochs`.
 *
 * Default: gamma 0.1.
 *
 * @throws BackpropError `invalidOption`.
 */
export function stepDecay(options: OptionsFor<StepDecay, "gamma">): StepDecay {
  return create("step", "stepDecay", options);
}

/**
 * `learningRate` · `gamma`ᵏ, where k is the number of times in `steps` or `epochs` that have passed, as PyTorch's
 * `MultiStepLR`: with `epochs: [30, 80]` it is multiplied by gamma after 30 and after 80 epochs.
 *
 * Default: gamma 0.1.
 *
 * @throws BackpropError `invalidOption`.
 */
export function multiStepDecay(options: OptionsFor<MultiStepDecay, "gamma">): MultiStepDecay {
  return create("multiStep", "multiStepDecay", options);
}

/**
 * `learningRate` · `gamma`^(time / length), as PyTorch's `ExponentialLR` with `epochs: 1`. With `steps: 1000` it falls
 * in each step, by the factor gamma in 1000 steps.
 *
 * @throws BackpropError `invalidOption`.
 */
export function exponentialDecay(options: OptionsFor<ExponentialDecay, never>): ExponentialDecay {
  return create("exponential", "exponentialDecay", options);
}

/**
 * From `learningRate` to `minLearningRate`, as PyTorch's `PolynomialLR` (whose minimum is 0):
 * minLearningRate + (learningRate − minLearningRate) · (1 − time / length)^power. Afterwards it stays at the minimum.
 *
 * Defaults: minLearningRate 0, power 1.
 *
 * @throws BackpropError `invalidOption`.
 */
export function polynomialDecay(
  options: OptionsFor<PolynomialDecay, "minLearningRate" | "power">,
): PolynomialDecay {
  return create("polynomial", "polynomialDecay", options);
}

/**
 * From `learningRate` to `minLearningRate` along half a cosine, as PyTorch's `CosineAnnealingLR`: minLearningRate +
 * (learningRate − minLearningRate) · (1 + cos(π · time / length)) / 2. Afterwards it stays at the minimum, but
 * PyTorch's rate rises again. I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
 * 2017.
 *
 * Default: minLearningRate 0.
 *
 * @throws BackpropError `invalidOption`.
 */
export function cosineDecay(options: OptionsFor<CosineDecay, "minLearningRate">): CosineDecay {
  return create("cosine", "cosineDecay", options);
}

/**
 * Repeats `cosineDecay`, each time for `multiplier` times as long, as PyTorch's `CosineAnnealingWarmRestarts`. `steps`
 * or `epochs` is the length of the first decay. It goes on forever.
 *
 * Defaults: minLearningRate 0, multiplier 1.
 *
 * @throws BackpropError `invalidOption`.
 */
export function cosineRestarts(
  options: OptionsFor<CosineRestarts, "minLearningRate" | "multiplier">,
): CosineRestarts {
  return create("cosineRestarts", "cosineRestarts", options);
}

/**
 * From `learningRate` / divFactor up to `learningRate` in the share `pctStart` of the time, then down to `learningRate`
 * / divFactor / finalDivFactor, as PyTorch's `OneCycleLR` with `cycle_momentum=False`. `steps` or `epochs` is the whole
 * length; afterwards it keeps its last rate. With threePhase it falls as fast as it rose to the first rate, and then to
 * the last one. L. N. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
 * Learning Rates", 2018.
 *
 * Defaults: pctStart 0.3, annealStrategy "cos" (half a cosine) in place of "linear", divFactor 25, finalDivFactor 1e4,
 * threePhase false.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function oneCycle(
  options: OptionsFor<
    OneCycle,
    "pctStart" | "annealStrategy" | "divFactor" | "finalDivFactor" | "threePhase"
  >,
): OneCycle {
  return create("oneCycle", "oneCycle", options);
}

/**
 * Rises linearly from `startFactor` times the first rate of `after` to that rate, and then goes on with `after`, whose
 * time begins there: PyTorch's `SequentialLR` of a `LinearLR` and another. If `after` is a schedule of steps, the
 * length of the warm-up must be in steps; if it is a schedule of epochs, in epochs. `after` may also be a number, or a
 * function.
 *
 * Default: startFactor 1/3.
 *
 *     warmup(cosineDecay({ learningRate: 0.01, steps: 9000 }), { steps: 1000 })
 *
 * @param options startFactor from 0 to 1, and `steps` or `epochs`: the length of the rise
 * @throws BackpropError `invalidOption`.
 */
export function warmup(
  after: Warmup["after"],
  options: Duration & { readonly startFactor?: number },
): Warmup {
  return create("warmup", "warmup", { ...options, after });
}

/**
 * `learningRate`, multiplied by `factor` whenever a figure has not improved for more than `patience` epochs, as
 * PyTorch's `ReduceLROnPlateau`. Its state lasts across fits.
 *
 * A figure is better if it is below best · (1 − threshold), or below best − threshold with thresholdMode "absolute";
 * for figures that should rise, above best · (1 + threshold) or best + threshold. After a reduction, `cooldown` epochs
 * are not counted. The rate never falls below `minLearningRate`. A reduction by less than `epsilon` is not made.
 *
 * Defaults: monitor "validationLoss" (without validation "loss"; or the name of a metric), factor 0.1, patience 10,
 * threshold 1e-4, thresholdMode "relative", cooldown 0, minLearningRate 0, epsilon 1e-8.
 *
 * @throws BackpropError `invalidOption` or `unknownName`; a fit throws `unknownName` if it has no such figure.
 */
export function reduceOnPlateau(
  options: Partial<Omit<ReduceOnPlateau, "kind">> & Pick<ReduceOnPlateau, "learningRate">,
): ReduceOnPlateau {
  return create("reduceOnPlateau", "reduceOnPlateau", options);
}

/**
 * The learning rate of the coming step, after `step` steps and `epoch` epochs. A schedule of steps reads `step` alone,
 * one of epochs `epoch` alone. `reduceOnPlateau` has its first rate.
 *
 * @throws BackpropError `invalidOption` if the learning rate is not valid, if `step` or `epoch` is not an integer of 0
 *   or more, or if the rate is not a finite number of 0 or more.
 */
export function learningRateAt(learningRate: LearningRate, step: number, epoch = 0): number {
  const checked = checkLearningRate("learningRate", learningRate);
  requireInteger("step", step, 0, MAX_TIME);
  requireInteger("epoch", epoch, 0, MAX_TIME);
  return rateAt(checked, { step, epoch });
}

/**
 * A frozen copy of the learning rate that a user gave. `kinds`: the kinds of schedule that are allowed.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function checkLearningRate(
  argument: string,
  given: unknown,
  dtype?: DType,
  kinds: readonly string[] = KINDS,
): LearningRate {
  if (typeof given === "function") return given as LearningRate;
  if (typeof given !== "object" || given === null) {
    requireNotNegative(argument, given, dtype);
    return given as number;
  }
  const { kind } = attempt("invalidOption", argument, () => ({ kind: (given as Schedule).kind }));
  requireKnown(`${argument}.kind`, kind, kinds);
  return read(kind, argument, given, { prefix: `${argument}.`, dtype, known: { kind } });
}

/**
 * The rate of a checked learning rate. With a dtype, the rate must be representable in it, except that a schedule may
 * decay to a number that the dtype rounds to 0.
 *
 * @throws BackpropError `invalidOption` if it is not a finite number of 0 or more. Exceptions of a function pass
 *   through.
 */
export function rateAt(learningRate: LearningRate, moment: Moment, dtype?: DType): number {
  if (typeof learningRate === "number") return learningRate;
  const rate: unknown =
    typeof learningRate === "function"
      ? learningRate(moment.step, moment.epoch)
      : definitionOf(learningRate.kind).rateAt(learningRate, moment);
  const misfit = misfitOf(rate, typeof learningRate === "function", dtype);
  if (misfit === undefined) return rate as number;
  ignoreRejection(rate);
  throw new BackpropError(
    "invalidOption",
    `learningRate is ${show(rate)} after ${moment.step} steps and ${moment.epoch} epochs${misfit}; expected a finite number ` +
      "of 0 or more.",
  );
}

/** Why a rate is refused, as a part of the message; undefined if it is allowed. */
function misfitOf(rate: unknown, isGiven: boolean, dtype: DType | undefined): string | undefined {
  if (!(Number.isFinite(rate) && (rate as number) >= 0)) return "";
  if (dtype === undefined) return undefined;
  const rounded = roundTo(dtype, rate as number);
  if (!Number.isFinite(rounded)) return `, which is too large for ${dtype}`;
  return isGiven && rounded === 0 && rate !== 0 ? `, which is too small for ${dtype}` : undefined;
}

/** The learning rate, or the schedule after its warm-up, if it is a ReduceOnPlateau; else undefined. */
export function plateauOf(learningRate: LearningRate): ReduceOnPlateau | undefined {
  if (typeof learningRate !== "object") return undefined;
  if (learningRate.kind === "warmup") return plateauOf(learningRate.after);
  return learningRate.kind === "reduceOnPlateau" ? learningRate : undefined;
}

function create<K extends Schedule["kind"]>(
  kind: K,
  of: string,
  given: unknown,
): Extract<Schedule, { kind: K }> {
  return read(kind, of, given) as Extract<Schedule, { kind: K }>;
}

/** A checked, frozen copy of a schedule. Options that are undefined are left out. */
function read(kind: Schedule["kind"], of: string, given: unknown, reading: Reading = {}): Schedule {
  const definition = definitionOf(kind);
  const options: OptionsOf<Record<string, unknown>> = { ...definition.options, ...lengthOptions(definition) };
  const { prefix = "", dtype } = reading;
  const values: Record<string, unknown> & { after?: unknown; steps?: unknown; epochs?: unknown } = {
    kind,
    ...readOptions(of, given, options, reading),
  };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete values[name];
    if (!Array.isArray(value)) continue;
    // The elements are read again to copy them, and may differ from those that were checked.
    values[name] = attempt("invalidOption", prefix + name, () => Object.freeze(value.slice()));
    options[name]!.check(prefix + name, values[name], dtype);
  }
  const { after } = values;
  if (kind === "warmup") values.after = checkLearningRate(`${prefix}after`, after, dtype, AFTER_WARMUP);
  requireLength(of, values, definition);
  definition.check?.(values as never, prefix);
  return Object.freeze(values) as unknown as Schedule;
}

function definitionOf(kind: Schedule["kind"]): ScheduleDefinition<Schedule> {
  return DEFINITIONS[kind] as unknown as ScheduleDefinition<Schedule>;
}

function requireShare(argument: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 1) return;
  throw new BackpropError("invalidOption", `${argument} is ${show(value)}; expected a number from 0 to 1.`);
}

function requireSameUnit({ after, steps }: Warmup, prefix: string): void {
  const [unit, other] = steps === undefined ? ["epochs", "steps"] : ["steps", "epochs"];
  if (typeof after !== "object" || !(other! in after)) return;
  throw new BackpropError(
    "invalidOption",
    `${prefix}after is a schedule of ${other}, but the warm-up is one of ${unit}; expected both in one unit.`,
  );
}

/** The moment as the schedule after a warm-up counts it. */
function shifted(schedule: Duration, { step, epoch }: Moment, length: number): Moment {
  return schedule.steps === undefined ? { step, epoch: epoch - length } : { step: step - length, epoch };
}
