// One fit: its options, its calls of the core, progress, cancellation, divergence and history.

import { BackpropError } from "../errors.js";
import type { History } from "../history.js";
import { requireKeys, requireMethods, requirePositiveInteger, requireType } from "../validation.js";
import type { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { SLICE_MILLISECONDS, type Work } from "../work.js";

/** How far a fit has come. Passed to `onProgress`. */
export interface Progress {
  /** Finished epochs of this fit. */
  readonly epoch: number;
  readonly epochs: number;
  /** The loss of the last finished epoch; undefined before one is finished. */
  readonly loss: number | undefined;
}

export interface FitOptions {
  /** Passes over all rows; default 1. */
  readonly epochs?: number;
  /** Rows in each step; default 32. The last batch of an epoch has the remaining rows. */
  readonly batchSize?: number;
  /**
   * Whether each epoch takes the rows in a new random order; default true. The order is a function of the network's key
   * (see `seed`) and of `network.epoch`. If one batch has all rows, they are taken as they are given.
   */
  readonly shuffle?: boolean;
  /**
   * Called every few milliseconds (not once for each epoch) and at the end. If it throws, the fit stops and rejects.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface AsyncFitOptions extends FitOptions {
  /** Stops the training when aborted. The network keeps what was trained until then. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BATCH_SIZE = 32;

/** How long one call of the core should take: less than a slice (SLICE_MILLISECONDS). */
const PIECE_MILLISECONDS = 5;

/** The most units of work in one call: the core counts them in 32 bits. */
const MAX_UNITS = 2 ** 31 - 1;

/** The checked options of a fit. */
export interface FitPlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @throws BackpropError `invalidOption` for invalid options, such as epochs that are not a positive integer. */
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

/** Whether a fit of `rows` rows takes them in random order. */
export function shufflesRows({ shuffle, batchSize }: FitPlan, rows: number): boolean {
  return shuffle && batchSize < rows;
}

/** What a fit works on. */
export interface FitSubject {
  readonly model: Model;
  readonly samples: Samples;
  /** Epochs that the network was trained for before. */
  readonly firstEpoch: number;
  readonly learningRate: number;
}

/** One `fit`: a run of the core, advanced piece by piece. */
export class Fit {
  readonly #plan: FitPlan;
  readonly #subject: FitSubject;
  readonly #run: Run;
  #units = 1;

  constructor(subject: FitSubject, plan: FitPlan) {
    const { model, samples, firstEpoch } = subject;
    const { epochs, batchSize } = plan;
    this.#plan = plan;
    this.#subject = subject;
    this.#run = model.createRun({
      samples,
      epochs,
      batchSize: Math.min(batchSize, samples.rows),
      shuffles: shufflesRows(plan, samples.rows),
      firstEpoch,
    });
  }

  /** Finished epochs of this fit. */
  get epoch(): number {
    return this.#run.epoch;
  }

  /**
   * Trains all epochs. `requireAlive` throws if the network was disposed in the meantime.
   *
   * @throws BackpropError `diverged` or `aborted`.
   */
  *train(requireAlive: () => void): Work<History> {
    const { onProgress, signal } = this.#plan;
    let reported = performance.now();
    while (!this.#isDone) {
      requireAlive();
      if (signal?.aborted) throw abortedFit(signal.reason, this.#plan, this.epoch, this.#history());
      this.#advance();
      yield;
      if (!onProgress || (performance.now() - reported < SLICE_MILLISECONDS && !this.#isDone)) continue;
      onProgress(this.#progress);
      reported = performance.now();
    }
    return this.#history();
  }

  dispose(): void {
    this.#run.dispose();
  }

  get #isDone(): boolean {
    return this.epoch === this.#plan.epochs;
  }

  get #progress(): Progress {
    const { epoch } = this;
    const loss = epoch > 0 ? this.#run.losses()[epoch - 1] : undefined;
    return { epoch, epochs: this.#plan.epochs, loss };
  }

  #history(): History {
    const losses = this.#run.losses();
    // A plain loop: Array.from() took a fifth of the training time of a small network.
    const loss = new Array<number>(this.epoch);
    for (let epoch = 0; epoch < loss.length; epoch++) loss[epoch] = losses[epoch]!;
    return { loss };
  }

  /** One call of the core. */
  #advance(): void {
    const begun = performance.now();
    const done = this.#run.advance(this.#units);
    const { divergence } = this.#run;
    if (divergence) throw this.#diverged(divergence);
    this.#pace(done, performance.now() - begun);
  }

  /**
   * Sets the units of the next call of the core so that it takes about PIECE_MILLISECONDS; at most four times `done`.
   */
  #pace(done: number, milliseconds: number): void {
    const growth = Math.min(4, PIECE_MILLISECONDS / milliseconds);
    this.#units = Math.max(1, Math.min(MAX_UNITS, Math.floor(done * growth)));
  }

  #diverged(divergence: "loss" | "step"): BackpropError {
    const { epoch } = this;
    const { epochs } = this.#plan;
    const what =
      divergence === "loss"
        ? `The loss became ${this.#run.losses()[epoch]}`
        : "An update would have made a parameter, or a number that the optimizer keeps for it, NaN or infinite";
    return new BackpropError(
      "diverged",
      `${what} in epoch ${epoch} of ${epochs} (counted from 0). That update was not made: the network keeps the ` +
        `parameters from before it. Try a smaller learningRate than ${this.#subject.learningRate}, or scale the data.`,
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
