// Errors as sentences for the page.

import { BackpropError } from "backprop-wasm";
import { ExperimentError } from "../experiment/fields.js";

const OWN_SENTENCES: Partial<Record<string, string>> = {
  diverged:
    "Training diverged: a number became infinite. What was trained before stays. Try a lower learning rate, or limit the norm of the " +
    "gradients.",
  outOfMemory: "There is not enough memory for this network or data: take fewer units, rows or columns.",
};

/** An error as a sentence for the page. */
export function sentenceOf(error: unknown): string {
  if (error instanceof BackpropError) {
    const own = OWN_SENTENCES[error.code];
    return own ? `${own} (${error.message})` : error.message;
  }
  if (error instanceof ExperimentError) return error.message;
  return `The page failed: ${error instanceof Error ? error.message : String(error)}`;
}
