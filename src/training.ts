// The training loop: slices of a run, shuffling, the event loop, abortion, divergence, the history.

import type { Dataset, FloatArray, Model, Run, RunOptions } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { History } from "./history.js";
import type { Optimizer } from "./optimizers.js";
import { numpyRandom } from "./random/numpyRandom.js";
import type { RandomStream } from "./random/random.js";
import { requireKeys, requirePositiveInteger } from "./validation.js";

// Browsers do not have it, and the library is compiled for both.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

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
  readonly onProgress?: (progress: Progress) => void;
}

export interface AsyncFitOptions extends FitOptions {
  /** Stops the training when aborted; what was trained stays in the network. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BATCH_SIZE = 32;

/** How long a slice of training aims to hold the thread: well under the 50 ms that people begin to notice. */
const SLICE_MILLISECONDS = 10;

/** The core counts them in 32 bits. */
const MOST_MICROBATCHES = 2 ** 31;

/** How often parameters are copied, so that a divergence can be undone. */
const CHECKPOINT_MILLISECONDS = 100;

/** Where training stood between two steps, all parameters finite. */
interface Checkpoint {
  readonly parameters: FloatArray;
  readonly epoch: number;
  readonly row: number;
  readonly time: number;
}

/** @throws BackpropError `invalidOption` for epochs or a batchSize that are not positive integers. */
export function requireFitOptions(options: AsyncFitOptions): void {
  requireKeys("fit", options, ["epochs", "batchSize", "shuffle", "onProgress", "signal"]);
  if (options.epochs !== undefined) requirePositiveInteger("epochs", options.epochs);
  if (options.batchSize !== undefined) requirePositiveInteger("batchSize", options.batchSize);
}

export function runOptions(dataset: Dataset, optimizer: Optimizer, options: FitOptions): RunOptions {
  const { epochs = 1, batchSize = DEFAULT_BATCH_SIZE, shuffle = true } = options;
  return {
    dataset,
    epochs,
    batchSize: Math.min(batchSize, dataset.rows),
    learningRate: optimizer.learningRate,
    ordered: shuffle && batchSize < dataset.rows,
  };
}

/** Trains without leaving the thread. @throws BackpropError `diverged` */
export function trainSync(training: Training, { onProgress }: FitOptions): History {
  while (!training.done) {
    training.advance();
    onProgress?.(training.progress);
  }
  return training.history();
}

/** Trains slice after slice, between which the event loop goes on. @throws BackpropError `diverged` or `aborted` */
export async function train(training: Training, { onProgress, signal }: AsyncFitOptions): Promise<History> {
  while (!training.done) {
    if (signal?.aborted) throw training.aborted(signal.reason);
    training.advance();
    onProgress?.(training.progress);
    if (!training.done) await nextTask();
  }
  return training.history();
}

/** One `fit`: a run of the engine's, advanced in slices. It owns its dataset. */
export class Training {
  readonly #model: Model;
  readonly #options: RunOptions;
  readonly #run: Run;
  readonly #shuffleSeed: number;
  #orderEpoch = -1;
  #microbatches = 1;
  #checkpoint: Checkpoint;
  #sinceCheckpoint = 0;
  #stopped: BackpropError | undefined;

  constructor(model: Model, options: RunOptions, random: RandomStream) {
    this.#model = model;
    this.#options = options;
    this.#run = model.createRun(options);
    this.#shuffleSeed = options.ordered ? drawSeed(random) : 0;
    this.#checkpoint = this.#takeCheckpoint();
  }

  get done(): boolean {
    return this.#run.epoch === this.#options.epochs;
  }

  get progress(): Progress {
    const { epoch } = this.#run;
    return {
      epoch,
      epochs: this.#options.epochs,
      loss: epoch > 0 ? this.#run.losses()[epoch - 1] : undefined,
    };
  }

  /** The finished epochs. */
  history(): History {
    return { loss: Array.from(this.#run.losses().subarray(0, this.#run.epoch)) };
  }

  /** Goes on for about a slice; at least for one microbatch. */
  advance(): void {
    if (this.#stopped) throw this.#stopped;
    const end = performance.now() + SLICE_MILLISECONDS;
    do this.#advanceOnce();
    while (!this.done && performance.now() < end);
    if (this.done && !this.#isFinite()) throw this.#undoDivergence();
  }

  aborted(reason: unknown): BackpropError {
    const { epoch } = this.#run;
    return new BackpropError(
      "aborted",
      `The training was aborted in epoch ${epoch} of ${this.#options.epochs} (counted from 0). ` +
        "The network keeps what was trained until then.",
      { cause: reason, epoch, history: this.history() },
    );
  }

  /** Lets the next `advance` throw `error`. */
  stop(error: BackpropError): void {
    this.#stopped = error;
  }

  dispose(): void {
    this.#run.dispose();
    this.#options.dataset.dispose();
  }

  #advanceOnce(): void {
    const begun = performance.now();
    if (begun - this.#checkpoint.time > CHECKPOINT_MILLISECONDS && !this.#run.midStep) {
      if (!this.#isFinite()) throw this.#undoDivergence();
      this.#checkpoint = this.#takeCheckpoint();
    }
    const done = this.#step(this.#microbatches);
    this.#sinceCheckpoint += done;
    if (this.#run.diverged) throw this.#undoDivergence();
    this.#pace(done, performance.now() - begun);
  }

  /** Goes on for at most `microbatches`, and not past the end of a shuffled epoch. */
  #step(microbatches: number): number {
    if (this.#options.ordered && this.#orderEpoch !== this.#run.epoch) this.#shuffle();
    return this.#run.advance(microbatches);
  }

  /**
   * The order of an epoch depends on the seed and the epoch's number alone, so that training can be taken up again at
   * any epoch.
   */
  #shuffle(): void {
    this.#orderEpoch = this.#run.epoch;
    const random = numpyRandom((this.#shuffleSeed + this.#orderEpoch) >>> 0);
    this.#run.order().set(random.permutation(this.#options.dataset.rows));
  }

  /** Chooses how much the next call of the engine does, so that it takes about a slice; at most four times as much. */
  #pace(done: number, milliseconds: number): void {
    const growth = Math.min(4, SLICE_MILLISECONDS / milliseconds);
    this.#microbatches = Math.max(1, Math.min(MOST_MICROBATCHES, Math.floor(done * growth)));
  }

  #takeCheckpoint(): Checkpoint {
    const { epoch, row } = this.#run;
    this.#sinceCheckpoint = 0;
    return { parameters: this.#model.parameters().slice(), epoch, row, time: performance.now() };
  }

  #isFinite(): boolean {
    return this.#model.parameters().every(Number.isFinite);
  }

  /** Puts the last finite parameters back; the error names the epoch in which they ceased to be, or the loss did. */
  #undoDivergence(): BackpropError {
    const history = this.history();
    const { diverged, epoch: lossEpoch } = this.#run;
    const loss = diverged ? this.#run.losses()[lossEpoch] : undefined;
    if (!this.#isFinite()) this.#replay(this.#lastFinite());
    const epoch = diverged ? lossEpoch : this.#run.epoch;
    const what = diverged ? `The loss became ${loss}` : "A parameter became infinite or NaN";
    return new BackpropError(
      "diverged",
      `${what} in epoch ${epoch} of ${this.#options.epochs} (counted from 0). The network keeps the last finite ` +
        `parameters. Try a smaller learningRate than ${this.#options.learningRate}, or scale the data.`,
      { epoch, history: { loss: history.loss.slice(0, epoch) } },
    );
  }

  /** After how many microbatches since the checkpoint all parameters were finite for the last time. */
  #lastFinite(): number {
    let finite = 0;
    let infinite = this.#sinceCheckpoint;
    while (infinite - finite > 1) {
      const middle = Math.floor((finite + infinite) / 2);
      this.#replay(middle);
      if (this.#isFinite()) finite = middle;
      else infinite = middle;
    }
    return finite;
  }

  /** Trains from the checkpoint again: the same steps give the same bits. */
  #replay(microbatches: number): void {
    const { parameters, epoch, row } = this.#checkpoint;
    this.#model.parameters().set(parameters);
    this.#run.seek(epoch, row);
    for (let left = microbatches; left > 0; ) left -= this.#step(left);
  }
}

function drawSeed(random: RandomStream): number {
  const draw = new Float64Array(1);
  random.fillUniform(draw, 0, 2 ** 32);
  return Math.floor(draw[0]!);
}

/** Resolves in a new task, so that whatever waits in the event loop comes first. Timers would wait 4 ms in a browser. */
function nextTask(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
