// The forms in which data are given: two arrays of rows, a dataset, or a stream.

import type { Rows } from "../data/rows.js";
import { BackpropError } from "../errors.js";
import { Dataset } from "./dataset.js";
import type { DataStream } from "./stream.js";

/** Arrays of rows. The weights are like `sampleWeights`. */
export type RowsOfData = readonly [inputs: Rows, targets: Rows, weights?: ArrayLike<number> | undefined];

/** Data that are in memory at once. */
export type StoredData = Dataset | RowsOfData;

/** What a network is trained or validated on. */
export type Data = StoredData | DataStream;

/** The arguments of a method that takes (inputs, targets, options), (dataset, options) or (stream, options). */
export type DataArguments<D extends Data = Data> =
  | readonly [inputs: Rows, targets: Rows, options?: object | undefined]
  | readonly [data: Exclude<D, readonly unknown[]>, options?: object | undefined];

export function isStream(data: unknown): data is DataStream {
  return typeof data === "function";
}

/**
 * The data and the options in the arguments of the method `of`. A function is a stream only if it `takesStreams`.
 *
 * @throws BackpropError `invalidOption` if a dataset or a stream is given together with targets.
 */
export function readArguments<D extends Data>(
  of: string,
  given: DataArguments<D>,
  takesStreams: boolean,
): { readonly data: D; readonly options: object | undefined } {
  const [first, second, third] = given as readonly [unknown, object | undefined, object | undefined];
  const isDataset = Dataset.is(first);
  if (!isDataset && !(takesStreams && isStream(first)))
    return { data: [first, second] as unknown as D, options: third };
  if (Array.isArray(second) || third !== undefined) {
    const noun = isDataset ? "dataset" : "stream";
    throw new BackpropError(
      "invalidOption",
      `${of} is given a ${noun} and targets; expected ${of}(${noun}, options): the ${noun} has the targets.`,
    );
  }
  return { data: first as unknown as D, options: second };
}
