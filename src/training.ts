// The training loop: epochs in pieces, shuffling, progress, abortion, divergence, the history.

import { Checkpoint } from "./checkpoint.js";
import type { Dataset, Model, Run, RunOptions } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { History } from "./history.js";
import type { Optimizer } from "./optimizers.js";
import { numpyRandom } from "./random/numpyRandom.js";
import type { RandomStream } from "./random/random.js";
import { requireKeys, requirePositiveInteger } from "./validation.js";
import { finish, SLICE_MILLISECONDS, type Work } from "./work.js";

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
  /** Called every few milliseconds and at the end. */
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

/** How often parameters are copied, so that a divergence can be undone. */
const CHECKPOINT_MILLISECONDS = 100;

/** @throws BackpropError `invalidOption` for epochs or a batchSize that are not positive integers. */
export function requireFitOptions(options: AsyncFitOptions): void {
  requireKeys("fit", options, ["epochs", "batchSize", "shuffle", "onProgress", "signal"]);
  if (options.epochs !== undefined) requirePositiveInteger("epochs", options.epochs);
  if (options.batchSize !== undefined) requirePositiveInteger("batchSize", options.batchSize);
}

/** One `fit`: a run of the engine's, advanced piece by piece. */
export class Training {
  readonly #model: Model;
  readonly #options: RunOptions;
  readonly #run: Run;
  readonly #shuffleSeed: number;
  /** Where an order is made: the run's own may move while that pauses. */
  readonly #order: Uint32Array;
  #orderEpoch = -1;
  #microbatches = 1;
  #checkpoint: Checkpoint;

  constructor(
    model: Model,
    dataset: Dataset,
    optimizer: Optimizer,
    random: RandomStream,
    options: AsyncFitOptions,
  ) {
    this.#model = model;
    this.#options = runOptions(dataset, optimizer, options);
    this.#run = model.createRun(this.#options);
    this.#shuffleSeed = this.#options.ordered ? drawSeed(random) : 0;
    this.#order = new Uint32Array(this.#options.ordered ? dataset.rows : 0);
    this.#checkpoint = new Checkpoint(model, this.#run);
  }

  /**
   * Trains all epochs; `requireAlive` throws when the network was disposed meanwhile.
   *
   * @throws BackpropError `diverged` or `aborted`.
   */
  *run({ onProgress, signal }: AsyncFitOptions, requireAlive: () => void): Work<History> {
    let reported = performance.now();
    while (!this.#done) {
      requireAlive();
      if (signal?.aborted) throw this.#aborted(signal.reason);
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
   * One call of the engine, or what has to be done before it. That pauses: the network may be disposed by then, and its
   * memory another's, so the engine is not called before `run` has looked.
   */
  *#advance(): Work<void> {
    if (this.#needsOrder) return yield* this.#shuffle();
    if (this.#needsCheckpoint) {
      this.#requireFinite();
      this.#checkpoint = new Checkpoint(this.#model, this.#run);
      return yield;
    }
    const begun = performance.now();
    const done = this.#run.advance(this.#microbatches);
    this.#checkpoint.microbatches += done;
    if (this.#run.diverged) throw this.#diverged(`The loss became ${this.#run.losses()[this.#run.epoch]}`);
    if (this.#done) this.#requireFinite();
    this.#pace(done, performance.now() - begun);
    yield;
  }

  get #needsOrder(): boolean {
    return this.#options.ordered && this.#orderEpoch !== this.#run.epoch;
  }

  get #needsCheckpoint(): boolean {
    return !this.#run.midStep && performance.now() - this.#checkpoint.time > CHECKPOINT_MILLISECONDS;
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

  /** An update can overflow while the loss does not notice, as where a sigmoid is saturated. */
  #requireFinite(): void {
    if (!this.#model.isFinite()) throw this.#diverged("A parameter became infinite or NaN");
  }

  /** Puts the last finite parameters back; the error names the epoch in which the loss, or they, ceased to be. */
  #diverged(what: string): BackpropError {
    const { loss } = this.#history();
    const { diverged: byLoss, epoch: lossEpoch } = this.#run;
    if (!this.#model.isFinite())
      this.#checkpoint.restoreLastFinite((microbatches) => this.#replay(microbatches));
    const epoch = byLoss ? lossEpoch : this.#run.epoch;
    return new BackpropError(
      "diverged",
      `${what} in epoch ${epoch} of ${this.#options.epochs} (counted from 0). The network keeps the last finite ` +
        `parameters. Try a smaller learningRate than ${this.#options.learningRate}, or scale the data.`,
      { epoch, history: { loss: loss.slice(0, epoch) } },
    );
  }

  #replay(microbatches: number): number {
    if (this.#needsOrder) finish(this.#shuffle());
    return this.#run.advance(microbatches);
  }

  #aborted(reason: unknown): BackpropError {
    const { epoch } = this.#run;
    return new BackpropError(
      "aborted",
      `The training was aborted in epoch ${epoch} of ${this.#options.epochs} (counted from 0). ` +
        "The network keeps what was trained until then.",
      { cause: reason, epoch, history: this.#history() },
    );
  }
}

function runOptions(dataset: Dataset, { learningRate }: Optimizer, options: FitOptions): RunOptions {
  const { epochs = 1, batchSize = DEFAULT_BATCH_SIZE, shuffle = true } = options;
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
