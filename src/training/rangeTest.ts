// A range test: trains with a learning rate that grows, and records the losses.

import type { DType } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { power } from "../random/elementary.js";
import {
  integerWithin,
  type OptionsOf,
  ofType,
  readOptions,
  requirePositive,
  requirePositiveInteger,
} from "../validation.js";
import type { Model } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";
import type { Work } from "../work.js";

export interface RangeTestOptions {
  /** The first learning rate; above 0, default 1e-7. */
  readonly from?: number;
  /** The last learning rate; above `from`, default 10. */
  readonly to?: number;
  /** The maximum number of steps; 2 or more, default 100. */
  readonly steps?: number;
  /** Rows in each step; default 32. */
  readonly batchSize?: number;
  /** Whether each epoch takes the rows in a new random order; default true. */
  readonly shuffle?: boolean;
}

/** The curve of a range test. */
export interface LearningRateRange {
  /** The rate of each step. */
  readonly learningRate: number[];
  /** The loss of the batch of each step, before the step. */
  readonly loss: number[];
  /**
   * A tenth of the rate at which the smoothed loss was smallest; undefined if there are no steps. The smoothed loss is
   * an exponential moving average with decay 0.9, divided by 1 − 0.9ⁿ after n steps.
   */
  readonly suggestion: number | undefined;
}

/** The checked options of a range test. */
export type RangePlan = Required<RangeTestOptions>;

const MAX_STEPS = 2 ** 20;

const OPTIONS: OptionsOf<RangeTestOptions> = {
  from: { check: requirePositive, default: 1e-7 },
  to: { check: requirePositive, default: 10 },
  steps: { check: integerWithin(2, MAX_STEPS), default: 100 },
  batchSize: { check: requirePositiveInteger, default: 32 },
  shuffle: { check: ofType("boolean"), default: true },
};

/** @throws BackpropError `invalidOption`. */
export function planRange(options: unknown, dtype: DType): RangePlan {
  const plan = readOptions("learningRateRange", options, OPTIONS, { dtype }) as RangePlan;
  if (plan.from < plan.to && Number.isFinite(plan.to / plan.from)) return plan;
  throw new BackpropError(
    "invalidOption",
    `to is ${plan.to}; expected a number above from, which is ${plan.from}, and at most 1e308 times as large.`,
  );
}

/** The test ends when the smoothed loss exceeds its minimum by this factor. */
const EXPLODED = 4;

const DECAY = 0.9;

/**
 * Trains `model`, which must be a copy of the network's model, because the test changes it. `requireAlive` throws if
 * the network was disposed.
 *
 * L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017 (arXiv 2015), section 3.3. The
 * smoothing, the stopping rule and the suggestion are those of fastai's `lr_find` (S. Gugger).
 */
export function* testRange(
  model: Model,
  samples: Samples,
  plan: RangePlan,
  requireAlive: () => void,
): Work<LearningRateRange> {
  const { steps, shuffle } = plan;
  const batchSize = Math.min(plan.batchSize, samples.rows);
  const run = model.createRun({
    samples,
    epochs: Math.ceil(steps / Math.ceil(samples.rows / batchSize)),
    batchSize,
    shuffles: shuffle && batchSize < samples.rows,
    firstEpoch: 0,
    targetLoss: Number.NEGATIVE_INFINITY,
  });
  try {
    const learningRate = ratesOf(plan);
    const curve = new Curve();
    run.pausesAfter = "step";
    run.setLearningRates(learningRate);
    while (curve.loss.length < steps && !curve.hasExploded) {
      yield;
      requireAlive();
      run.advance(1);
      if (run.divergence) break;
      if (run.tookStep) curve.add(run.batchLoss);
    }
    const best = learningRate[curve.best];
    return {
      learningRate: learningRate.slice(0, curve.loss.length),
      loss: curve.loss,
      suggestion: curve.loss.length > 0 ? best! / 10 : undefined,
    };
  } finally {
    run.dispose();
  }
}

/** from · (to / from)^(i / (steps − 1)). */
function ratesOf({ from, to, steps }: RangePlan): number[] {
  return Array.from({ length: steps }, (_, i) => from * power(to / from, i / (steps - 1)));
}

/** The losses, and the step at which their moving average is smallest. */
class Curve {
  readonly loss: number[] = [];
  best = 0;
  hasExploded = false;
  #average = 0;
  #weight = 0;
  #least = Number.POSITIVE_INFINITY;

  add(loss: number): void {
    this.#average = DECAY * this.#average + (1 - DECAY) * loss;
    this.#weight = DECAY * this.#weight + (1 - DECAY);
    const smoothed = this.#average / this.#weight;
    if (smoothed < this.#least) {
      this.#least = smoothed;
      this.best = this.loss.length;
    }
    this.loss.push(loss);
    this.hasExploded = this.#least > 0 && smoothed > EXPLODED * this.#least;
  }
}
