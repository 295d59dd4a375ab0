// One pass over some rows, at once: for rows that arrive one after the other.

import type { NetworkDescription } from "../description.js";
import { BackpropError } from "../errors.js";
import { type OptionsOf, readOptions, requirePositiveInteger } from "../validation.js";
import type { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { describeDivergence, divergenceEvent, findDivergedLayer } from "./divergence.js";
import { DEFAULT_BATCH_SIZE } from "./options.js";

export interface PartialFitOptions {
  /** Rows in each step; default 32. The last batch has the remaining rows. */
  readonly batchSize?: number;
}

const OPTIONS: OptionsOf<PartialFitOptions> = {
  batchSize: { check: requirePositiveInteger, default: DEFAULT_BATCH_SIZE },
};

/** Without options, nothing is read, so that a call with one row is cheap. */
export function readBatchSize(options: object | undefined): number {
  return options === undefined
    ? DEFAULT_BATCH_SIZE
    : readOptions<PartialFitOptions>("partialFit", options, OPTIONS).batchSize!;
}

/** What a pass works on. */
export interface Pass {
  readonly model: Model;
  readonly samples: Samples;
  readonly batchSize: number;
  readonly description: NetworkDescription;
  readonly learningRate: number;
  /** The rate of each batch, if they have several. */
  readonly rateOf: ((batch: number) => number) | undefined;
}

/** Units of work that are never used up: each step is one or more. */
const ALL = 2 ** 31 - 1;

/** Keeps the run of the last call for the next one: most calls have as many rows as the one before. */
export class RowTrainer {
  #run: Run | undefined;
  #samples: Samples | undefined;
  #batchSize = 0;

  /**
   * Trains once on the rows in their order, and returns their loss, as `History.loss`.
   *
   * @throws BackpropError `diverged`.
   */
  train(pass: Pass): number {
    const run = this.#prepare(pass);
    const { rateOf, samples, batchSize } = pass;
    const rates = rateOf && Array.from({ length: Math.ceil(samples.rows / batchSize) }, (_, i) => rateOf(i));
    run.setLearningRates(rates ?? []);
    run.advance(ALL);
    const loss = run.loss(0);
    if (!run.divergence) return loss;
    try {
      throw diverged(run, run.divergence, loss, pass);
    } finally {
      // It cannot go on.
      this.dispose();
    }
  }

  dispose(): void {
    this.#run?.dispose();
    this.#run = undefined;
  }

  #prepare({ model, samples, batchSize }: Pass): Run {
    if (this.#run && samples === this.#samples && batchSize === this.#batchSize) {
      this.#run.restart();
      return this.#run;
    }
    this.dispose();
    this.#samples = samples;
    this.#batchSize = batchSize;
    this.#run = model.createRun({
      samples,
      epochs: 1,
      batchSize,
      shuffles: false,
      firstEpoch: 0,
      targetLoss: Number.NEGATIVE_INFINITY,
    });
    return this.#run;
  }
}

function diverged(
  run: Run,
  cause: "loss" | "step",
  loss: number,
  { model, samples, batchSize, description, learningRate }: Pass,
): BackpropError {
  const batch = run.batchBegin / batchSize;
  const batches = Math.ceil(samples.rows / batchSize);
  const event = `${divergenceEvent(cause, loss)} in batch ${batch} of ${batches} (counted from 0)`;
  const layer = findDivergedLayer(model, cause, description.layers.length, run.workspace);
  const message = describeDivergence({ cause, event, layer, model, learningRate, samples });
  return new BackpropError("diverged", message, { batch, layer });
}
