// The training loop: epochs in pieces, shuffling, progress, cancellation, divergence, the history.

import type { Dataset, Model, Run, RunOptions } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { History } from "./history.js";
import type { Optimizer } from "./optimizers.js";
import { numpyRandom } from "./random/numpyRandom.js";
import type { RandomStream } from "./random/random.js";
import { requireKeys, requireMethods, requirePositiveInteger, requireType } from "./validation.js";
import { SLICE_MILLISECONDS, type Work } from "./work.js";

/** How far a training has come; given to `onProgress`. */
export interface Progress {
  /** Finished epochs. */
  readonly epoch: number;
  readonly epochs: number;
  /** The loss of the last finished epoch; undefined before the first is. */
  readonly loss: number | undefined;
}

export interface FitOptions {
  /** How often the whole of the data is gone through; default 1. */
  readonly epochs?: number;
  /** Rows a step; default 32. An epoch's last batch has what is left. */
  readonly batchSize?: number;
  /**
   * Whether the rows are put in a new random order for each epoch; default true. Where one batch takes all rows their
   * order has no meaning, and they are taken as they lie.
   */
  readonly shuffle?: boolean;
  /** Called every few milliseconds (not once an epoch) and at the end. What it throws ends the fit, and rejects it. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface AsyncFitOptions extends FitOptions {
  /** Stops the training when aborted; what was trained stays in the network. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BATCH_SIZE = 32;

/** How long one call of the engine aims to take: part of a slice. */
const PIECE_MILLISECONDS = 5;

/** The core counts them in 32 bits. */
const MOST_MICROBATCHES = 2 ** 31;

/** The options of a fit, each read once and checked. */
export interface FitPlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @throws BackpropError `invalidOption` for options that make no sense, such as epochs that are no positive integer. */
export function planFit(options: AsyncFitOptions): FitPlan {
  requireKeys("fit", options, ["epochs", "batchSize", "shuffle", "onProgress", "signal"]);
  const { epochs = 1, batchSize = DEFAULT_BATCH_SIZE, shuffle = true, onProgress, signal } = options;
  requirePositiveInteger("epochs", epochs);
  requirePositiveInteger("batchSize", batchSize);
  requireType("shuffle", shuffle, "boolean");
  if (onProgress !== undefined) requireType("onProgress", onProgress, "function");
  if (signal !== undefined) requireMethods("signal", signal, ["throwIfAborted"], "an AbortSignal");
  return { epochs, batchSize, shuffle, onProgress, signal };
}

/** One `fit`: a run of the engine's, advanced piece by piece. */
export class Training {
  readonly #plan: FitPlan;
  readonly #options: RunOptions;
  readonly #run: Run;
  readonly #shuffleSeed: number;
  /** Where an order is made: the run's own may move while that pauses. */
  readonly #order: Uint32Array;
  #orderEpoch = -1;
  #microbatches = 1;

  constructor(model: Model, dataset: Dataset, optimizer: Optimizer, random: RandomStream, plan: FitPlan) {
    this.#plan = plan;
    this.#options = runOptions(dataset, optimizer, plan);
    this.#shuffleSeed = this.#options.ordered ? drawSeed(random) : 0;
    this.#order = new Uint32Array(this.#options.ordered ? dataset.rows : 0);
    this.#run = model.createRun(this.#options);
  }

  /**
   * Trains all epochs; `requireAlive` throws when the network was disposed meanwhile.
   *
   * @throws BackpropError `diverged` or `aborted`.
   */
  *run(requireAlive: () => void): Work<History> {
    const { onProgress, signal } = this.#plan;
    let reported = performance.now();
    while (!this.#done) {
      requireAlive();
      if (signal?.aborted) throw abortedFit(signal.reason, this.#plan, this.#run.epoch, this.#history());
      yield* this.#advance();
      if (!onProgress || (performance.now() - reported < SLICE_MILLISECONDS && !this.#done)) continue;
      onProgress(this.#progress);
      reported = performance.now();
    }
    return this.#history();
  }

  dispose(): void {
    this.#run.dispose();
  }

  get #done(): boolean {
    return this.#run.epoch === this.#options.epochs;
  }

  get #progress(): Progress {
    const { epoch } = this.#run;
    const loss = epoch > 0 ? this.#run.losses()[epoch - 1] : undefined;
    return { epoch, epochs: this.#options.epochs, loss };
  }

  #history(): History {
    const losses = this.#run.losses();
    const loss = new Array<number>(this.#run.epoch);
    for (let epoch = 0; epoch < loss.length; epoch++) loss[epoch] = losses[epoch]!;
    return { loss };
  }

  /**
   * One call of the engine, or the order it needs first. That pauses: the network may be disposed by then, and its memory
   * another's, so the engine is not called before `run` has looked.
   */
  *#advance(): Work<void> {
    if (this.#needsOrder) return yield* this.#shuffle();
    const begun = performance.now();
    const done = this.#run.advance(this.#microbatches);
    if (this.#run.diverged) throw this.#diverged();
    this.#pace(done, performance.now() - begun);
    yield;
  }

  get #needsOrder(): boolean {
    return this.#options.ordered && this.#orderEpoch !== this.#run.epoch;
  }

  /**
   * The order of an epoch depends on the seed and the epoch's number alone, so that training can be taken up again at
   * any epoch.
   */
  *#shuffle(): Work<void> {
    const { epoch } = this.#run;
    const order = this.#order;
    for (let i = 0; i < order.length; i++) order[i] = i;
    yield* numpyRandom((this.#shuffleSeed + epoch) >>> 0).shuffling(order);
    this.#run.order().set(order);
    this.#orderEpoch = epoch;
  }

  /** Chooses how much the next call of the engine does, so that it takes about a piece; at most four times as much. */
  #pace(done: number, milliseconds: number): void {
    const growth = Math.min(4, PIECE_MILLISECONDS / milliseconds);
    this.#microbatches = Math.max(1, Math.min(MOST_MICROBATCHES, Math.floor(done * growth)));
  }

  #diverged(): BackpropError {
    const { epoch } = this.#run;
    const loss = this.#run.losses()[epoch]!;
    const what = Number.isFinite(loss)
      ? "An update would have made a parameter infinite"
      : `The loss became ${loss}`;
    return new BackpropError(
      "diverged",
      `${what} in epoch ${epoch} of ${this.#options.epochs} (counted from 0). The network keeps the last finite ` +
        `parameters. Try a smaller learningRate than ${this.#options.learningRate}, or scale the data.`,
      { epoch, history: this.#history() },
    );
  }
}

/** The error of a fit whose signal was aborted in `epoch`. */
export function abortedFit(
  reason: unknown,
  { epochs }: FitPlan,
  epoch: number,
  history: History,
): BackpropError {
  return new BackpropError(
    "aborted",
    `The training was aborted in epoch ${epoch} of ${epochs} (counted from 0). ` +
      "The network keeps what was trained until then.",
    { cause: reason, epoch, history },
  );
}

function runOptions(dataset: Dataset, { learningRate }: Optimizer, plan: FitPlan): RunOptions {
  const { epochs, batchSize, shuffle } = plan;
  return {
    dataset,
    epochs,
    batchSize: Math.min(batchSize, dataset.rows),
    learningRate,
    ordered: shuffle && batchSize < dataset.rows,
  };
}

function drawSeed(random: RandomStream): number {
  const draw = new Float64Array(1);
  random.fillUniform(draw, 0, 2 ** 32);
  return Math.floor(draw[0]!);
}
