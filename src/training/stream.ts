// Data larger than memory: items that a function of the user gives one after the other.

import type { Rows } from "../data/rows.js";
import { requireSum } from "../data/weights.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { type OptionsOf, readOptions } from "../validation.js";
import type { Samples } from "../wasm/samples.js";
import { ignoreRejection, type Work } from "../work.js";
import type { RowsOfData } from "./data.js";

/** Some rows of a stream. */
export interface StreamItem {
  /** [rows, inputs]; any number of rows. */
  readonly inputs: Rows;
  /** The same forms as `targets` of `fit`. */
  readonly targets: Rows;
  /**
   * One weight for each row, as `sampleWeights` of `fit`. All weights of an item may be 0, but not those of all items of
   * an epoch. Without weights, each row of the item has the weight 1.
   */
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * Data that need not fit into memory: a function that is called once for each epoch and returns an iterable or async
 * iterable of items, such as `async function* () { … }`. It should give the same rows each time. An item is copied
 * before the next one is asked for.
 */
export type DataStream = () => Iterable<StreamItem> | AsyncIterable<StreamItem>;

/** The arguments of a StreamReader. */
export interface StreamUse {
  readonly stream: DataStream;
  /** What items are called in messages, such as "items". */
  readonly noun: string;
  /** Whether the caller can wait for promises. */
  readonly canWait: boolean;
  readonly signal: AbortSignal | undefined;
  /** Samples with the rows of an item. `names`: what they are called in messages. */
  readonly load: (rows: RowsOfData, names: readonly [string, string, string]) => Work<Samples>;
  /** Throws if the network cannot use the item. */
  readonly check: (samples: Samples, item: string) => void;
  readonly giveBack: (samples: Samples) => void;
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** The rows are checked when they are loaded. */
const ITEM_OPTIONS: OptionsOf<StreamItem> = {
  inputs: { check: () => {} },
  targets: { check: () => {} },
  weights: { check: () => {}, default: undefined },
};

/** Reads a stream epoch after epoch, and holds the samples of one item at a time. */
export class StreamReader {
  readonly #use: StreamUse;
  #iterator: AnyIterator | undefined;
  #samples: Samples | undefined;
  #items = 0;
  #weight = 0;
  #itemWeight = 0;

  constructor(use: StreamUse) {
    this.#use = use;
  }

  /** Items of the epoch in progress that were read. */
  get items(): number {
    return this.#items;
  }

  /** The sum of the weights of the items that were read in the epoch in progress, or in the one that has just ended. */
  get weight(): number {
    return this.#weight;
  }

  /** The sum of the weights of the current item. */
  get itemWeight(): number {
    return this.#itemWeight;
  }

  /**
   * The samples of the next item, valid until the next call; undefined at the end of an epoch. The next call begins a
   * new epoch. `checkAbort` is called after each wait, and throws if the signal is aborted.
   *
   * @throws BackpropError `invalidData` or `invalidOption` for a stream that gives no items or invalid ones, and the
   *   errors of rows. Exceptions of the iterable pass through.
   */
  *next(checkAbort: () => void): Work<Samples | undefined> {
    if (!this.#iterator) yield* this.#begin(checkAbort);
    const item = yield* this.#read(checkAbort);
    if (!item) {
      this.#iterator = undefined;
      if (this.#items === 0) throw this.#empty();
      requireSum(`weights of ${this.#use.noun}`, this.#weight);
      return undefined;
    }
    const name = `${this.#use.noun}[${this.#items}]`;
    const { inputs, targets, weights } = readOptions(name, item.value, ITEM_OPTIONS);
    this.#giveBack();
    this.#samples = yield* this.#use.load(
      [inputs, targets, weights],
      [`${name}.inputs`, `${name}.targets`, `${name}.weights`],
    );
    this.#use.check(this.#samples, name);
    this.#items++;
    this.#addWeights(this.#samples);
    return this.#samples;
  }

  /**
   * The result of `work`, which reads from this reader. Closes an iterator that is still open at the end, as leaving a
   * `for` loop does.
   */
  *during<T>(work: Work<T>): Work<T> {
    let result: T;
    try {
      result = yield* work;
    } catch (error) {
      // As in a `for` loop, this error takes precedence over an error while closing.
      try {
        yield* this.#close();
      } catch {}
      throw error;
    } finally {
      this.#giveBack();
    }
    yield* this.#close();
    return result;
  }

  *#begin(checkAbort: () => void): Work<void> {
    const { stream, noun, canWait } = this.#use;
    const iterable = yield* this.#settle<unknown>(stream());
    checkAbort();
    const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: openSync } = Object(iterable);
    const open: unknown = canWait ? (openAsync ?? openSync) : openSync;
    if (typeof open !== "function") {
      throw typeof openAsync === "function" ? mustWait(noun) : notIterable(noun, iterable);
    }
    this.#items = 0;
    this.#weight = 0;
    this.#iterator = open.call(iterable) as AnyIterator;
  }

  /** The next item, wrapped in an object; undefined at the end of the iterator. */
  *#read(checkAbort: () => void): Work<{ readonly value: unknown } | undefined> {
    const iterator = this.#iterator!;
    let result: unknown;
    try {
      result = yield* this.#settle<unknown>(iterator.next());
    } catch (error) {
      // An iterator that has thrown is not closed.
      this.#iterator = undefined;
      throw error;
    }
    checkAbort();
    if (typeof result !== "object" || result === null) throw notResult(this.#use.noun, result);
    const { done, value } = result as IteratorResult<unknown>;
    if (done) return undefined;
    const settled = yield* this.#settle(value);
    checkAbort();
    return { value: settled };
  }

  /**
   * The value of a promise, or `value` itself if it is not a promise. Undefined if the signal is aborted first: an
   * iterator may never answer.
   */
  *#settle<T>(value: T | PromiseLike<T>): Work<T | undefined> {
    if (!isPromise(value)) return value;
    const { canWait, noun, signal } = this.#use;
    if (!canWait) {
      ignoreRejection(value);
      throw mustWait(noun);
    }
    let settled: T | undefined;
    const waiting = Promise.resolve(value).then((result) => {
      settled = result;
    });
    yield untilAborted(waiting, signal);
    return settled;
  }

  /** Adds weight by weight, as the core does for rows that are in memory at once: the sum has the same bits. */
  #addWeights(samples: Samples): void {
    const weights = samples.weights();
    this.#itemWeight = 0;
    for (let row = 0; row < samples.rows; row++) {
      const weight = weights ? weights[row]! : 1;
      this.#itemWeight += weight;
      this.#weight += weight;
    }
  }

  /** Calls the method `return` of an iterator that has not ended. */
  *#close(): Work<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    if (typeof iterator?.return !== "function") return;
    const returned: unknown = iterator.return();
    if (this.#use.canWait) yield* this.#settle(returned);
    else ignoreRejection(returned);
  }

  #giveBack(): void {
    if (this.#samples) this.#use.giveBack(this.#samples);
    this.#samples = undefined;
  }

  #empty(): BackpropError {
    return new BackpropError(
      "invalidData",
      `There are no ${this.#use.noun} in the stream; expected at least one in each epoch. The function must return a new ` +
        "iterable each time that it is called: a generator gives its items only once.",
    );
  }
}

/** Resolves when `promise` resolves or the signal is aborted. */
function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => resolve();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  });
}

function notResult(noun: string, value: unknown): BackpropError {
  return new BackpropError(
    "invalidData",
    `The iterator of ${noun} returned ${show(value)}; expected an object with done and value.`,
  );
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}

function mustWait(noun: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `The ${noun} of the stream come asynchronously, and fitSync cannot wait for them. Use fit, or a function that returns an ` +
      "iterable.",
  );
}

function notIterable(noun: string, value: unknown): BackpropError {
  return new BackpropError(
    "invalidOption",
    `The function of the stream returned ${show(value)}; expected an iterable or async iterable of ${noun}.`,
  );
}
