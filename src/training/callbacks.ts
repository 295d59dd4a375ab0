// The arguments of a fit's callbacks, and the function that calls them.

import type { BackpropErrorDetails } from "../errors.js";
import type { ValidationName } from "../history.js";
import { isPromise, refusePromise } from "../validation.js";
import type { Work } from "../work.js";
import type { Wait } from "./wait.js";

/** How far a fit has come. Passed to `onProgress`. */
export interface Progress {
  /** Finished epochs of this fit. */
  readonly epoch: number;
  readonly epochs: number;
  /** The loss of the last finished epoch; undefined before one is finished. */
  readonly loss: number | undefined;
}

/** The epoch that has just ended. Passed to `onEpoch`; the items of `network.epochs`. */
export type EpochInfo<N extends string = never> = EpochFigures & EpochMetrics<N>;

export interface EpochFigures {
  /** Finished epochs of this fit: 1 after the first. `network.epoch` counts the epochs of all fits. */
  readonly epoch: number;
  /** The option `epochs` of the fit. */
  readonly epochs: number;
  /** See `History.loss`. */
  readonly loss: number;
  /** What `evaluate` returns for the validation rows. Undefined without validation. */
  readonly validationLoss: number | undefined;
  /** The learning rate of the last step. */
  readonly learningRate: number;
  readonly milliseconds: number;
}

/** The metrics of an epoch: `accuracy`, and `validationAccuracy`, which is undefined without validation. */
export type EpochMetrics<N extends string> = { readonly [K in N]: number } & {
  readonly [K in ValidationName<N>]: number | undefined;
};

/** The step that has just been taken. Passed to `onBatch`. */
export interface BatchInfo {
  /** The epoch of the batch, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Finished batches of this epoch: 1 after the first. */
  readonly batch: number;
  /** The batches of an epoch; undefined for a stream. */
  readonly batches: number | undefined;
  /** The loss of the batch before its step, including the penalties of the layers. */
  readonly loss: number;
  /** The learning rate of the step. */
  readonly learningRate: number;
}

/** Keeps files of a fit in progress; see the option `checkpoint` of `fit`. */
export interface Checkpoint {
  /** A file is made after every so many epochs, and after the last one; default 1. */
  readonly everyEpochs?: number | undefined;
  /**
   * Keeps the bytes, which `loadNetwork` reads. If it returns a promise, `fit` waits for it, and rejects if it rejects;
   * `fitSync` throws.
   */
  readonly save: (file: Uint8Array) => unknown;
}

/** The callbacks of a fit. */
export interface Callbacks {
  readonly onEpoch: (info: EpochFigures) => unknown;
  readonly onBatch: (info: BatchInfo) => unknown;
  readonly onProgress: (info: Progress) => unknown;
}

/**
 * Calls a callback and returns its result. If the result is a promise, waits for it and returns its value; undefined if
 * the wait is ended first.
 *
 * @throws BackpropError `invalidOption` with `details`, if it returns a promise and there is no `wait`.
 */
export function* callBack<T>(
  name: keyof Callbacks | "checkpoint",
  callback: (info: T) => unknown,
  info: T,
  wait: Wait | undefined,
  details: () => BackpropErrorDetails,
): Work<unknown> {
  const returned = callback(info);
  if (wait) return isPromise(name, returned) ? yield* wait.for(returned) : returned;
  const advice = ", for which fitSync cannot wait. Use fit, or a function that returns nothing.";
  refusePromise(name, returned, advice, details);
  return returned;
}
