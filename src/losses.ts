import type { ActivationName, DType, LossDescription, LossName, Reduction } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import { requireFinite, requireKeys, requireKnown, requirePositive } from "./validation.js";

/** Every loss that a network takes. */
export const LOSSES: readonly LossName[] = [
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
  "binaryCrossentropy",
  "sigmoidCrossentropy",
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
];

/**
 * A loss over outputs a (of logits z) and targets t. The loss of a batch is the mean or the sum of its terms:
 *
 * - `meanSquaredError`: (a − t)², for every output of every row
 * - `meanAbsoluteError`: |a − t|, likewise
 * - `huber`: ½(a − t)² up to |a − t| = delta, then delta·(|a − t| − ½ delta), likewise
 * - `binaryCrossentropy`: −t log p − (1 − t) log(1 − p), p = a clipped to [clip, 1 − clip], likewise; with a sigmoid
 *   output layer, prefer:
 * - `sigmoidCrossentropy`: the same of a sigmoid output layer, taken from its logits: nothing to clip,
 *   no gradient lost; targets of both are meant to lie in [0, 1]
 * - `categoricalCrossentropy`: −Σ t log a for every row, of a softmax output layer, taken from its logits
 * - `sparseCategoricalCrossentropy`: the same with integer labels 0 … outputs − 1 for targets, one a row
 */
export interface Loss {
  readonly name: LossName;
  /** `mean` (the default): over rows and outputs, for the categorical losses over rows; `sum`: of the same terms. */
  readonly reduction?: Reduction;
  /** binaryCrossentropy: in (0, 0.5), default 1e-7. */
  readonly clip?: number;
  /** huber: above 0, default 1. */
  readonly delta?: number;
}

/** The output layer that a loss needs, where it is fused with it. */
const FUSED_ACTIVATION: Partial<Record<LossName, ActivationName>> = {
  sigmoidCrossentropy: "sigmoid",
  categoricalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
};

/** Below it, 1 − clip is 1 in that dtype, and nothing is clipped there. */
const SMALLEST_CLIP: Record<DType, number> = { float32: 2 ** -24, float64: 2 ** -53 };

export function describeLoss(
  loss: LossName | Loss,
  outputActivation: ActivationName,
  dtype: DType,
): LossDescription {
  const options = (typeof loss === "object" && loss) || { name: loss };
  requireKeys("loss", options, ["name", "reduction", "clip", "delta"]);
  const { name, reduction = "mean", clip = 1e-7, delta = 1 } = options;
  requireKnown("loss", name, LOSSES);
  requireKnown("reduction", reduction, ["mean", "sum"]);
  requireFinite("clip", clip);
  requireClip(clip, dtype);
  requirePositive("delta", delta);
  const needed = FUSED_ACTIVATION[name];
  if (needed && needed !== outputActivation) {
    throw new BackpropError(
      "invalidOption",
      `loss "${name}" is computed together with the output layer's ${needed}, but the last layer's activation is ` +
        `"${outputActivation}". Make it "${needed}".`,
    );
  }
  return { name, reduction, parameter: name === "huber" ? delta : clip };
}

function requireClip(clip: number, dtype: DType): void {
  const smallest = SMALLEST_CLIP[dtype];
  if (clip >= smallest && clip < 0.5) return;
  throw new BackpropError(
    "invalidOption",
    `clip is ${clip}; expected a number from ${smallest.toPrecision(3)} (1 − clip must be below 1 in ${dtype}) to 0.5.`,
  );
}
