// What an error of code "diverged" says: what was not finite, what the network keeps, and what to do.

import type { Model } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";

export interface Divergence {
  /** "loss": it was NaN or infinite. "step": an update would have made a number so. The update was not made. */
  readonly cause: "loss" | "step";
  /** The beginning of the message, such as "The loss became NaN in epoch 3 of 10". */
  readonly event: string;
  readonly model: Model;
  readonly learningRate: number;
  /** What the network was trained on, unless the user gave gradients. */
  readonly samples?: Samples;
}

export function describeDivergence(divergence: Divergence): string {
  const { cause, event, model, learningRate, samples } = divergence;
  const culprit = model.findNotFinite();
  if (culprit) {
    return (
      `${event}. ${culprit.path} is ${culprit.value}. No update makes a parameter NaN or infinite: it was written ` +
      "through a view of network.parameters. Replace the parameters by setParameters."
    );
  }
  const kept =
    cause === "step"
      ? "That update was not made: the network keeps the parameters from before it."
      : "The parameters are finite, but with them the loss is not: replace them by setParameters, or create the network " +
        "again.";
  return `${event}. ${kept} Try a smaller learningRate than ${learningRate}, or scale the data.${scaleOf(samples)}`;
}

/** Inputs are usually scaled to about −1 … 1. */
const LARGE_INPUT = 16;

/** Names the largest input if it is far from what networks are trained on, such as a byte of an image. */
function scaleOf(samples: Samples | undefined): string {
  let largest = 0;
  for (const x of samples?.inputs() ?? []) largest = Math.max(largest, Math.abs(x));
  if (largest < LARGE_INPUT) return "";
  const example = largest <= 255 ? ", such as x / 255 for bytes" : "";
  return ` The inputs reach ${largest}: scale them to about -1 to 1${example}.`;
}
