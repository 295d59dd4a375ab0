// Data larger than memory: items that a function of the user gives one after the other.

import type { Rows } from "../data/rows.js";
import { requireSum } from "../data/weights.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, isPromise, type OptionsOf, readOptions } from "../validation.js";
import type { Samples } from "../wasm/samples.js";
import { ignoreRejection, type Work } from "../work.js";

import type { Wait } from "./wait.js";

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
  /** How to wait for promises; undefined if the caller cannot. */
  readonly wait: Wait | undefined;
  /** Samples with the rows of an item. `names`: what they are called in messages. */
  readonly load: (rows: ItemRows, names: readonly [string, string, string]) => Work<Samples>;
  /** Throws if the network cannot use the item. */
  readonly check: (samples: Samples, item: string) => void;
  readonly giveBack: (samples: Samples) => void;
}

/** Inputs, targets and weights. */
type ItemRows = readonly [inputs: Rows, targets: Rows, weights?: ArrayLike<number> | undefined];

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
   * new epoch. `requireGoing` is called after each wait, and throws if the fit must not go on.
   *
   * @throws BackpropError `invalidData` or `invalidOption` for a stream that gives no items or invalid ones, and the
   *   errors of rows. Exceptions of the iterable pass through.
   */
  *next(requireGoing: () => void): Work<Samples | undefined> {
    if (!this.#iterator) yield* this.#begin(requireGoing);
    const item = yield* this.#read(requireGoing);
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

  *#begin(requireGoing: () => void): Work<void> {
    const { stream, noun, wait } = this.#use;
    const iterable = yield* this.#settle("the function of the stream", stream());
    requireGoing();
    const open = attempt("invalidOption", `the iterable of ${noun}`, () => {
      const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: openSync } = Object(iterable);
      const method: unknown = wait ? (openAsync ?? openSync) : openSync;
      if (typeof method === "function") return method;
      throw typeof openAsync === "function" ? mustWait(noun) : notIterable(noun, iterable);
    });
    this.#items = 0;
    this.#weight = 0;
    this.#iterator = Reflect.apply(open, iterable, []) as AnyIterator;
  }

  /** The next item, wrapped in an object; undefined at the end of the iterator. */
  *#read(requireGoing: () => void): Work<{ readonly value: unknown } | undefined> {
    const iterator = this.#iterator;
    const { noun } = this.#use;
    let result: unknown;
    try {
      const next = this.#method("next");
      if (!next) throw notIterator(noun, iterator);
      result = yield* this.#settle(`the iterator of ${noun}`, Reflect.apply(next, iterator, []));
    } catch (error) {
      // An iterator that has thrown is not closed.
      this.#iterator = undefined;
      throw error;
    }
    requireGoing();
    if (typeof result !== "object" || result === null) throw notResult(noun, result);
    const { done, value } = attempt("invalidData", `the result of the iterator of ${noun}`, () => {
      const { done, value } = result as IteratorResult<unknown>;
      return { done, value };
    });
    if (done) return undefined;
    const settled = yield* this.#settle(`the iterator of ${noun}`, value);
    requireGoing();
    return { value: settled };
  }

  /** The value of a promise, or `value` itself if it is not a promise. Undefined if the wait is ended first. */
  *#settle(of: string, value: unknown): Work<unknown> {
    if (!isPromise(of, value)) return value;
    const { wait, noun } = this.#use;
    if (wait) return yield* wait.for(value);
    ignoreRejection(value);
    throw mustWait(noun);
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
    const close = this.#method("return");
    this.#iterator = undefined;
    if (!close) return;
    const { noun, wait } = this.#use;
    const returned: unknown = Reflect.apply(close, iterator, []);
    if (wait) yield* this.#settle(`the iterator of ${noun}`, returned);
    else ignoreRejection(returned);
  }

  /** A method of the iterator, if it has it. */
  #method(name: "next" | "return"): ((...values: never) => unknown) | undefined {
    const method = attempt(
      "invalidOption",
      `the iterator of ${this.#use.noun}`,
      () => this.#iterator?.[name],
    );
    return typeof method === "function" ? method : undefined;
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

function notIterator(noun: string, value: unknown): BackpropError {
  // An asynchronous method Symbol.asyncIterator is a common mistake.
  ignoreRejection(value);
  return new BackpropError(
    "invalidOption",
    `The iterator of ${noun} is ${show(value)}; expected an object with the method next.`,
  );
}

function notResult(noun: string, value: unknown): BackpropError {
  return new BackpropError(
    "invalidData",
    `The iterator of ${noun} returned ${show(value)}; expected an object with done and value.`,
  );
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
