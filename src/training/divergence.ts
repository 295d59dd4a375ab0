// The message of a "diverged" error: what was not finite and where, what the network keeps, and what to do.

import type { Address } from "../wasm/core.js";
import type { Model } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";

export interface Divergence {
  /** "loss": it was NaN or infinite. "step": an update would have made a number NaN or infinite, and was not made. */
  readonly cause: "loss" | "step";
  /** The beginning of the message, such as "The loss became NaN in epoch 3 of 10". */
  readonly event: string;
  /** The result of `findDivergedLayer`. */
  readonly layer: number | undefined;
  /** The epoch whose parameters are restored; undefined if none are. */
  readonly restored?: number | undefined;
  readonly model: Model;
  readonly learningRate: number;
  /** The training rows; undefined if the user gave gradients. */
  readonly samples?: Samples;
}

/** Says what became NaN or infinite. `loss`: the value of the loss, if the loss did. */
export function divergenceEvent(cause: "loss" | "step", loss?: number): string {
  return cause === "loss"
    ? `The loss became ${loss}`
    : "An update would have made a parameter or a value of the optimizer's state NaN or infinite";
}

/**
 * The number of the layer in which a divergence began. For a loss, it is the first layer with an output that is not
 * finite; undefined if all outputs are finite. For a step, it is the layer of the largest gradient. Call it before
 * anything else uses the model. `workspace`: the workspace of the run.
 */
export function findDivergedLayer(
  model: Model,
  cause: "loss" | "step",
  layerCount: number,
  workspace?: Address,
): number | undefined {
  if (cause === "step") return model.layerOfLargestGradient();
  for (let layer = 0; layer < layerCount; layer++) {
    if (!Number.isFinite(model.outputMagnitude(layer, workspace))) return layer;
  }
  return undefined;
}

export function describeDivergence(divergence: Divergence): string {
  const { event, model, learningRate, samples } = divergence;
  const place = `${event}; ${placeOf(divergence)}`;
  const culprit = model.findNotFinite();
  if (culprit) {
    return (
      `${place}. ${culprit.path} is ${culprit.value}. No update makes a parameter NaN or infinite: it was written ` +
      "through a view of network.parameters. Replace the parameters by setParameters."
    );
  }
  return (
    `${place}. ${keptOf(divergence)} Try a smaller learningRate than ${learningRate}, or scale the data.` +
    scaleOf(samples)
  );
}

function placeOf({ cause, layer }: Divergence): string {
  if (layer === undefined) return "the outputs of all layers are finite";
  return cause === "step"
    ? `the largest gradient is that of layer ${layer}`
    : `layer ${layer} is the first whose outputs are not finite`;
}

function keptOf({ cause, restored }: Divergence): string {
  const state = cause === "step" ? "That update was not made" : "There was no update";
  if (restored !== undefined) {
    return (
      `${state}: the optimizer's state is that from before it. The network has the parameters of epoch ${restored} again, ` +
      "the best one."
    );
  }
  if (cause === "step") {
    return `${state}: the network keeps the parameters, and the optimizer its state, from before it.`;
  }
  return (
    "The parameters and the optimizer's state are finite, but the loss that they give is not. Replace them by setParameters " +
    "and resetOptimizer, or create the network again."
  );
}

/** Inputs are usually scaled to about −1 … 1. */
const LARGE_INPUT = 16;

/** Names the largest input if it is at least LARGE_INPUT, such as an unscaled byte of an image. */
function scaleOf(samples: Samples | undefined): string {
  let largest = 0;
  for (const x of samples?.stored() ?? []) largest = Math.max(largest, Math.abs(x));
  largest *= samples?.format.byteScale ?? 1;
  if (largest < LARGE_INPUT) return "";
  const example = largest <= 255 ? ", such as x / 255 for bytes" : "";
  return ` The inputs reach ${largest}: scale them to about -1 to 1${example}.`;
}
