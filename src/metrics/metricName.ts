import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import type { Check } from "../validation.js";

/** Names that a history or an evaluation uses itself, such as "validationAccuracy" for the metric "accuracy". */
const RESERVED =
  /^(loss|learningRate|milliseconds|warnings|epochs?|bestEpoch|stopped|confusionMatrix|validation.*)$/;

/** Requires a name that the history can have as a key. */
export const requireMetricName: Check = (argument, value) => {
  if (typeof value === "string" && /^[a-zA-Z][a-zA-Z0-9]*$/.test(value) && !RESERVED.test(value)) return;
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected letters and digits, beginning with a letter, and no name that the history ` +
      'uses itself, such as "loss", "learningRate", or names that begin with "validation".',
  );
};
