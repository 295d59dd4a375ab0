import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import type { Check } from "../validation.js";

/** Names that the history uses itself. It also has a name with "validation" before it for each metric. */
const RESERVED = /^(loss|learningRate|milliseconds|warnings|epoch|validation.*)$/;

/** Requires a name that the history can have as a key. */
export const requireMetricName: Check = (argument, value) => {
  if (typeof value === "string" && /^[a-zA-Z][a-zA-Z0-9]*$/.test(value) && !RESERVED.test(value)) return;
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected letters and digits, beginning with a letter, but not a name that the ` +
      'history has itself: "loss", "learningRate", "milliseconds", "warnings", "epoch" and all that begin with "validation".',
  );
};
