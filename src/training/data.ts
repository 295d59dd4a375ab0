// The forms in which data are given: two arrays of rows, or a dataset.

import type { Rows } from "../data/rows.js";
import { BackpropError } from "../errors.js";
import { Dataset } from "./dataset.js";

/** What a network is trained or evaluated on. */
export type Data = Dataset | readonly [inputs: Rows, targets: Rows];

/** The arguments of a method that takes (inputs, targets, options) or (dataset, options). */
export type DataArguments =
  | readonly [inputs: Rows, targets: Rows, options?: object | undefined]
  | readonly [dataset: Dataset, options?: object | undefined];

/**
 * The data and the options in the arguments of the method `of`.
 *
 * @throws BackpropError `invalidOption` if a dataset is given together with targets.
 */
export function readArguments(
  of: string,
  given: DataArguments,
): { readonly data: Data; readonly options: object | undefined } {
  if (!Dataset.is(given[0])) {
    const [inputs, targets, options] = given as readonly [Rows, Rows, object?];
    return { data: [inputs, targets], options };
  }
  const [data, options, more] = given as readonly [Dataset, object?, unknown?];
  if (Array.isArray(options) || more !== undefined) {
    throw new BackpropError(
      "invalidOption",
      `${of} is given a dataset and targets; expected ${of}(dataset, options): the dataset has the targets.`,
    );
  }
  return { data, options };
}
