// One training pass over some rows without pauses, for rows that arrive one after the other.

import type { RowWeights } from "../data/weights.js";
import type { NetworkDescription } from "../description.js";
import { BackpropError } from "../errors.js";
import { type OptionsOf, readOptions, requirePositiveInteger } from "../validation.js";
import type { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { describeDivergence, divergenceEvent, findDivergedLayer } from "./divergence.js";
import type { LearningRates } from "./learningRates.js";
import { DEFAULT_BATCH_SIZE } from "./options.js";
import { maySkip, RateSupply } from "./rateSupply.js";

export interface PartialFitOptions extends RowWeights {
  /** Rows in each step; default 32. The last batch has the remaining rows. */
  readonly batchSize?: number;
}

const OPTIONS: OptionsOf<PartialFitOptions> = {
  batchSize: { check: requirePositiveInteger, default: DEFAULT_BATCH_SIZE },
  // Checked with the rows.
  sampleWeights: { check: () => {}, default: undefined },
};

/** The checked options of `partialFit`. */
interface PartialFitPlan extends RowWeights {
  readonly batchSize: number;
}

const DEFAULT_PLAN: PartialFitPlan = { batchSize: DEFAULT_BATCH_SIZE };

/** Does not read options if none are given, so that a call with one row is cheap. */
export function planPartialFit(options: object | undefined): PartialFitPlan {
  return options === undefined
    ? DEFAULT_PLAN
    : (readOptions<PartialFitOptions>("partialFit", options, OPTIONS) as PartialFitPlan);
}

/** The data and the state of a pass. */
export interface Pass {
  /** Throws if the network was disposed, for example by a function that returns learning rates. */
  readonly model: () => Model;
  readonly samples: Samples;
  /** At most the number of rows of the samples. */
  readonly batchSize: number;
  readonly description: NetworkDescription;
  readonly rates: LearningRates;
  /** Epochs that the network was trained for. */
  readonly epoch: number;
}

/** A limit of units that no pass reaches. */
const ALL = 2 ** 31 - 1;

/**
 * Keeps the run of the last call and its workspace, if it has one, for the next call. Most calls have as many rows as
 * the previous one.
 */
export class RowTrainer {
  #run: Run | undefined;
  #supply: RateSupply | undefined;
  #samples: Samples | undefined;
  #batchSize = 0;

  /**
   * Trains once on the rows in their order. Returns their loss, computed as for `History.loss`.
   *
   * @throws BackpropError `diverged`, `disposed`. Exceptions of a function that returns learning rates pass through.
   */
  train(pass: Pass): number {
    const run = this.#prepare(pass);
    try {
      return advance(run, this.#supply!, pass);
    } catch (error) {
      // The run cannot continue, or would continue in the middle of the rows.
      this.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#run?.dispose();
    this.#run = undefined;
  }

  #prepare({ model, samples, batchSize, rates }: Pass): Run {
    if (this.#run && samples === this.#samples && batchSize === this.#batchSize) {
      this.#run.restart();
      return this.#run;
    }
    this.dispose();
    this.#samples = samples;
    this.#batchSize = batchSize;
    this.#run = model().createRun({
      samples,
      epochs: 1,
      batchSize,
      shuffles: false,
      firstEpoch: 0,
      targetLoss: Number.NEGATIVE_INFINITY,
    });
    this.#supply = new RateSupply(rates, this.#run);
    return this.#run;
  }
}

/** Trains until the end of the rows. */
function advance(run: Run, supply: RateSupply, pass: Pass): number {
  const { model, samples, batchSize, epoch } = pass;
  supply.begin({
    epochs: 1,
    batches: Math.ceil(samples.rows / batchSize),
    firstEpoch: epoch,
    maySkip: maySkip(samples, batchSize),
  });
  while (run.epoch === 0) {
    supply.prepare(model().optimizerStep);
    model();
    run.advance(ALL);
    supply.finish(0);
    if (run.divergence) throw diverged(run.divergence, run, supply.current, pass);
  }
  return run.loss(0);
}

function diverged(
  cause: "loss" | "step",
  run: Run,
  learningRate: number,
  { model: alive, samples, batchSize, description }: Pass,
): BackpropError {
  const model = alive();
  const batch = run.batchBegin / batchSize;
  const batches = Math.ceil(samples.rows / batchSize);
  const event = `${divergenceEvent(cause, run.loss(0))} in batch ${batch} of ${batches} (counted from 0)`;
  const layer = findDivergedLayer(model, cause, description.layers.length, run.workspace);
  const message = describeDivergence({ cause, event, layer, model, learningRate, samples });
  return new BackpropError("diverged", message, { batch, layer });
}
