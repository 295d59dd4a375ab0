import { LossNumber } from "./abi/structs.js";
import { type DType, roundTo } from "./dtype.js";
import { BackpropError } from "./errors.js";
import type { ActivationName } from "./layers/layers.js";
import {
  type Check,
  type OptionsOf,
  oneOf,
  readOptions,
  requireFinite,
  requirePositive,
} from "./validation.js";

/** The core's number of each loss, by the name that users give. */
const LOSS_NUMBERS = {
  meanSquaredError: LossNumber.MeanSquaredError,
  meanAbsoluteError: LossNumber.MeanAbsoluteError,
  huber: LossNumber.Huber,
  binaryCrossentropy: LossNumber.BinaryCrossentropy,
  sigmoidCrossentropy: LossNumber.SigmoidCrossentropy,
  categoricalCrossentropy: LossNumber.CategoricalCrossentropy,
  sparseCategoricalCrossentropy: LossNumber.SparseCategoricalCrossentropy,
} as const;

export type LossName = keyof typeof LOSS_NUMBERS;

/** Every loss that a network takes. */
export const LOSSES = Object.freeze(Object.keys(LOSS_NUMBERS)) as readonly LossName[];

/** `mean` is over rows and outputs (over rows alone for the categorical losses); `sum` is over the same terms. */
export type Reduction = "mean" | "sum";

/** A loss with every option set. */
export interface LossDescription {
  readonly name: LossName;
  readonly reduction: Reduction;
  /** binaryCrossentropy: probabilities are clipped to [clip, 1 − clip]; huber: delta; otherwise 0. */
  readonly parameter: number;
  /** The core's number of the loss. */
  readonly number: number;
  /** Whether a target is one integer label instead of one number for each output. */
  readonly takesLabels: boolean;
  /** What to do about targets in the form of the other categorical loss. */
  readonly advice: string | undefined;
}

/**
 * A loss over outputs a (of logits z) and targets t. The loss of a batch is the mean or the sum of its terms:
 *
 * - `meanSquaredError`: (a − t)², for every output of every row
 * - `meanAbsoluteError`: |a − t|, likewise
 * - `huber`: ½(a − t)² up to |a − t| = delta, then delta·(|a − t| − ½ delta), likewise
 * - `binaryCrossentropy`: −t log p − (1 − t) log(1 − p), p = a clipped to [clip, 1 − clip], likewise; with a sigmoid
 *   output layer, prefer:
 * - `sigmoidCrossentropy`: the same for a sigmoid output layer, computed from its logits: nothing is clipped, and
 *   outputs that round to 0 or 1 keep their gradients. The targets of both should be in [0, 1]
 * - `categoricalCrossentropy`: −Σ t log a for every row, for a softmax output layer, computed from its logits
 * - `sparseCategoricalCrossentropy`: the same with one integer label, 0 … outputs − 1, for each row as target
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

/** The activation of the output layer that a fused loss needs. */
const FUSED_ACTIVATION: Partial<Record<LossName, ActivationName>> = {
  sigmoidCrossentropy: "sigmoid",
  categoricalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
};

const ADVICE: Partial<Record<LossName, string>> = {
  categoricalCrossentropy: 'For integer labels, use the loss "sparseCategoricalCrossentropy".',
  sparseCategoricalCrossentropy: 'For one-hot rows, use the loss "categoricalCrossentropy".',
};

/** Below this, 1 − clip rounds to 1 in that dtype, and probabilities near 1 would not be clipped. */
const SMALLEST_CLIP: Record<DType, number> = { float32: 2 ** -24, float64: 2 ** -53 };

/** Requires a clip that is still within (0, ½), and 1 − clip below 1, in the dtype. */
const requireClip: Check = (argument, value, dtype) => {
  requireFinite(argument, value);
  const clip = value as number;
  if (!dtype || (clip >= SMALLEST_CLIP[dtype] && roundTo(dtype, clip) < 0.5)) return;
  const smallest = SMALLEST_CLIP[dtype].toPrecision(3);
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${clip}; expected a number from ${smallest} (1 − clip must be below 1 in ${dtype}) to 0.5.`,
  );
};

const OPTIONS: OptionsOf<Loss> = {
  name: { check: (_, value) => oneOf(LOSSES)("loss", value) },
  reduction: { check: oneOf(["mean", "sum"]), default: "mean" },
  clip: { check: requireClip, default: 1e-7 },
  delta: { check: requirePositive, default: 1 },
};

/** A checked copy of a loss that a user gave. */
export function describeLoss(
  loss: LossName | Loss,
  outputActivation: ActivationName | undefined,
  dtype: DType,
): LossDescription {
  const given = typeof loss === "object" && loss !== null ? loss : { name: loss };
  const options = readOptions("loss", given, OPTIONS, { dtype });
  const { name, reduction, clip, delta } = options as Required<Loss>;
  const needed = FUSED_ACTIVATION[name];
  if (needed && needed !== outputActivation) {
    throw new BackpropError(
      "invalidOption",
      `loss "${name}" is computed together with the output layer's ${needed}, but the last layer's activation is ` +
        `"${outputActivation}". Make it "${needed}".`,
    );
  }
  return {
    name,
    reduction,
    parameter: parameterOf(name, clip, delta),
    number: LOSS_NUMBERS[name],
    takesLabels: name === "sparseCategoricalCrossentropy",
    advice: ADVICE[name],
  };
}

function parameterOf(name: LossName, clip: number, delta: number): number {
  if (name === "huber") return delta;
  return name === "binaryCrossentropy" ? clip : 0;
}
