import { requireWeights } from "../data/weights.js";
import { BackpropError } from "../errors.js";
import type { Samples } from "../wasm/samples.js";

/** The training rows and the validation rows of a fit. */
export interface Split {
  readonly training: Samples;
  readonly validation?: Samples;
}

/**
 * Keras's split: the last `fraction` of the rows are for validation. Both parts are in the memory of `samples`: call
 * `dispose` before `samples.dispose`.
 *
 * @throws BackpropError `invalidOption` if one part would have no rows, `invalidData` if all rows of a part have weight
 *   0.
 */
export function splitSamples(samples: Samples, fraction: number): Required<Split> & { dispose(): void } {
  const { rows } = samples;
  const count = Math.floor(rows * (1 - fraction));
  if (count === 0 || count === rows) throw emptyPart(fraction, rows, count);
  const weights = samples.weights();
  if (weights) {
    requireWeights("sampleWeights of the rows to train on", weights.subarray(0, count));
    requireWeights("sampleWeights of the rows to validate on", weights.subarray(count));
  }
  const training = samples.slice(0, count);
  try {
    const validation = samples.slice(count, rows);
    const dispose = () => {
      training.dispose();
      validation.dispose();
    };
    return { training, validation, dispose };
  } catch (error) {
    training.dispose();
    throw error;
  }
}

function emptyPart(fraction: number, rows: number, count: number): BackpropError {
  const part = count === 0 ? "for training" : "for validation";
  return new BackpropError(
    "invalidOption",
    `validationSplit is ${fraction}, which leaves none of the ${rows} rows ${part}; expected a fraction that leaves at ` +
      "least one row for each.",
  );
}
