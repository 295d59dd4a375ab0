// One fit: its options, its calls of the core, progress, cancellation, divergence and history.

import { BackpropError } from "../errors.js";
import type { History } from "../history.js";
import { type OptionsOf, ofType, readOptions, requirePositiveInteger, withMethods } from "../validation.js";
import type { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { ignoreRejection, SLICE_MILLISECONDS, type Work } from "../work.js";
import { describeDivergence } from "./divergence.js";

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
   * Called every few milliseconds (not once for each epoch) and at the end. If it throws, the fit stops and throws the
   * same exception. If it returns a promise, `fit` waits for it, and rejects if it rejects; `fitSync` throws.
   */
  readonly onProgress?: ((progress: Progress) => unknown) | undefined;
}

export interface AsyncFitOptions extends FitOptions {
  /** Stops the training when aborted. The network keeps what was trained until then. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BATCH_SIZE = 32;

/** How long one call of the core should take: less than a slice (SLICE_MILLISECONDS). */
const PIECE_MILLISECONDS = 5;

/** The maximum number of units of work in one call: the core counts them in 32 bits. */
const MAX_UNITS = 2 ** 31 - 1;

/** The checked options of a fit. */
export interface FitPlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly onProgress: ((progress: Progress) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

const OPTIONS: OptionsOf<AsyncFitOptions> = {
  epochs: { check: requirePositiveInteger, default: 1 },
  batchSize: { check: requirePositiveInteger, default: DEFAULT_BATCH_SIZE },
  shuffle: { check: ofType("boolean"), default: true },
  onProgress: { check: ofType("function"), default: undefined },
  signal: { check: withMethods(["throwIfAborted"], "an AbortSignal"), default: undefined },
};

/** @throws BackpropError `invalidOption` for invalid options, such as epochs that are not a positive integer. */
export function planFit(options: AsyncFitOptions): FitPlan {
  return readOptions("fit", options, OPTIONS) as FitPlan;
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
  /** The learning rate of the coming step. */
  readonly learningRate: () => number;
  /** Whether the caller can wait for a promise that `onProgress` returns. */
  readonly canWait: boolean;
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
      const returned = onProgress(this.#progress);
      if (isPromise(returned)) yield this.#awaitable(returned);
      reported = performance.now();
    }
    return this.#history();
  }

  #awaitable(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    if (this.#subject.canWait) return promise;
    ignoreRejection(promise);
    throw new BackpropError(
      "invalidOption",
      "onProgress returned a promise, for which fitSync cannot wait. Use fit, or a function that returns nothing.",
      { epoch: this.epoch, history: this.#history() },
    );
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

  #diverged(cause: "loss" | "step"): BackpropError {
    const { epoch } = this;
    const what =
      cause === "loss"
        ? `The loss became ${this.#run.losses()[epoch]}`
        : "An update would have made a parameter, or a number that the optimizer keeps for it, NaN or infinite";
    const event = `${what} in epoch ${epoch} of ${this.#plan.epochs} (counted from 0)`;
    const message = describeDivergence({
      ...this.#subject,
      learningRate: this.#subject.learningRate(),
      cause,
      event,
    });
    return new BackpropError("diverged", message, { epoch, history: this.#history() });
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
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
