import { LossNumber } from "./abi/structs.js";
import { type CustomLoss, isCustomLoss } from "./customLoss.js";
import { type DType, roundTo } from "./dtype.js";
import { BackpropError } from "./errors.js";
import type { ActivationName } from "./layers/layers.js";
import { show } from "./show.js";
import {
  type Check,
  type OptionsOf,
  oneOf,
  readOptions,
  requireBelowOne,
  requireBetween,
  requireFinite,
  requireNotNegative,
  requirePositive,
  requireShare,
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
  poisson: LossNumber.Poisson,
  hinge: LossNumber.Hinge,
  kullbackLeibler: LossNumber.KullbackLeibler,
  logCosh: LossNumber.LogCosh,
  quantile: LossNumber.Quantile,
  focal: LossNumber.Focal,
} as const;

export type LossName = keyof typeof LOSS_NUMBERS;

/** Every loss that a network takes. */
export const LOSSES = Object.freeze(Object.keys(LOSS_NUMBERS)) as readonly LossName[];

/** `mean` averages over rows and outputs, or over rows alone for the categorical losses. `sum` adds the same terms. */
export type Reduction = "mean" | "sum";

/** A loss with every option set. */
export interface LossDescription {
  readonly name: string;
  readonly reduction: Reduction;
  /** binaryCrossentropy: the clip; huber: delta; quantile: the quantile; focal: gamma; otherwise 0. */
  readonly parameter: number;
  /** focal: alpha, or −1 for none; otherwise 0. */
  readonly alpha: number;
  readonly labelSmoothing: number;
  /** The core's number of the loss. */
  readonly number: number;
  /** Whether a target is one integer label instead of one number for each output. */
  readonly takesLabels: boolean;
  /** What to do about targets in the form of the other categorical loss. */
  readonly advice: string | undefined;
  /** A loss that is computed in JavaScript. */
  readonly custom: CustomLoss | undefined;
  /** The loss as the user gave it; a copy if it has options. */
  readonly given: LossName | Loss | CustomLoss;
}

/**
 * A loss over outputs a (of logits z) and targets t. The loss of a batch is the mean or the sum of its terms,
 * one for every output of every row unless this list says otherwise:
 *
 * - `meanSquaredError`: (a − t)²
 * - `meanAbsoluteError`: |a − t|
 * - `huber`: ½(a − t)² up to |a − t| = delta, then delta·(|a − t| − ½ delta)
 * - `logCosh`: log cosh(a − t); near ½(a − t)² for small errors and |a − t| − log 2 for large ones
 * - `quantile`: max(q(t − a), (1 − q)(a − t)) with q = quantile. The derivative at a = t is 0
 * - `poisson`: a − t log(a + 10⁻⁸), for rates a and counts t, as PyTorch's PoissonNLLLoss(log_input=False). (Keras adds
 *   10⁻⁷.) The outputs must be positive, as those of softplus are
 * - `hinge`: max(1 − ta, 0), for targets −1 and 1 and a linear output layer
 * - `binaryCrossentropy`: −t log p − (1 − t) log(1 − p), p = a clipped to [clip, 1 − clip]; with a sigmoid output
 *   layer, prefer `sigmoidCrossentropy`
 * - `sigmoidCrossentropy`: the same for a sigmoid output layer, computed from its logits: nothing is clipped, and
 *   outputs that round to 0 or 1 keep their gradients. The targets of both should be in [0, 1]
 * - `focal`: (1 − p)^gamma times sigmoidCrossentropy, where p is the probability of the right answer, for a sigmoid
 *   output layer and targets 0 and 1; times alpha where t = 1 and 1 − alpha where t = 0, if alpha is given. Lin et al.,
 *   "Focal Loss for Dense Object Detection", 2017; torchvision's sigmoid_focal_loss. Computed from the logits
 * - `categoricalCrossentropy`: −Σ t log a for every row, for a softmax output layer, computed from its logits
 * - `sparseCategoricalCrossentropy`: the same with one integer label, 0 … outputs − 1, for each row as target
 * - `kullbackLeibler`: Σ t (log t − log a) for every row, for targets that are distributions and a softmax output
 *   layer, computed from its logits: PyTorch's KLDivLoss(reduction="batchmean") of log-softmax outputs
 */
export interface Loss {
  readonly name: LossName;
  /** `mean` (the default): over rows and outputs, for the categorical losses over rows; `sum`: of the same terms. */
  readonly reduction?: Reduction;
  /** binaryCrossentropy: in (0, 0.5), default 1e-7. */
  readonly clip?: number;
  /** huber: above 0, default 1. */
  readonly delta?: number;
  /** quantile: above 0 and below 1, default 0.5. */
  readonly quantile?: number;
  /** focal: 0 or more, default 2. */
  readonly gamma?: number;
  /** focal: from 0 to 1; default undefined: both classes weigh the same. */
  readonly alpha?: number | undefined;
  /**
   * The cross-entropies, s from 0 to below 1, default 0: targets become t(1 − s) + s / outputs for the categorical
   * ones, as in PyTorch's CrossEntropyLoss, and t(1 − s) + s / 2 for the binary ones, as in Keras. It costs a pass over
   * the targets of a microbatch and, for labels, memory for one target of each output.
   */
  readonly labelSmoothing?: number;
}

/** The activation of the output layer that a fused loss needs. */
const FUSED_ACTIVATION: Partial<Record<LossName, ActivationName>> = {
  sigmoidCrossentropy: "sigmoid",
  focal: "sigmoid",
  categoricalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
  kullbackLeibler: "softmax",
};

/** The losses that take an option. All losses take an option that is not listed. */
const TAKEN_BY: { readonly [option: string]: readonly LossName[] } = {
  clip: ["binaryCrossentropy"],
  delta: ["huber"],
  quantile: ["quantile"],
  gamma: ["focal"],
  alpha: ["focal"],
  labelSmoothing: [
    "binaryCrossentropy",
    "sigmoidCrossentropy",
    "categoricalCrossentropy",
    "sparseCategoricalCrossentropy",
  ],
};

const ADVICE: Partial<Record<LossName, string>> = {
  categoricalCrossentropy: 'For integer labels, use the loss "sparseCategoricalCrossentropy".',
  sparseCategoricalCrossentropy: 'For one-hot rows, use the loss "categoricalCrossentropy".',
};

/** Below this, 1 − clip rounds to 1 in that dtype, and probabilities near 1 would not be clipped. */
const SMALLEST_CLIP: Record<DType, number> = { float32: 2 ** -24, float64: 2 ** -53 };

/** Requires that, rounded to the dtype, the clip is within (0, ½) and 1 − clip is below 1. */
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

/** `describeLoss` sets the defaults, because it must know which options were given. */
const OPTIONS: OptionsOf<Loss> = {
  name: { check: (_, value) => oneOf(LOSSES)("loss", value) },
  reduction: { check: oneOf(["mean", "sum"]), default: "mean" },
  clip: { check: requireClip, default: undefined },
  delta: { check: requirePositive, default: undefined },
  quantile: { check: requireBetween, default: undefined },
  gamma: { check: requireNotNegative, default: undefined },
  alpha: { check: requireShare, default: undefined },
  labelSmoothing: { check: requireBelowOne, default: undefined },
};

/** A checked copy of a loss that a user gave. */
export function describeLoss(
  loss: LossName | Loss | CustomLoss,
  outputActivation: ActivationName | undefined,
  dtype: DType,
): LossDescription {
  if (isCustomLoss(loss)) return describeCustom(loss);
  const given = typeof loss === "object" && loss !== null ? loss : { name: loss };
  const options = readOptions("loss", given, OPTIONS, { dtype });
  const { name } = options;
  requireTaken(options);
  const needed = FUSED_ACTIVATION[name];
  if (needed && needed !== outputActivation) {
    throw new BackpropError(
      "invalidOption",
      `loss "${name}" is computed together with the output layer's ${needed}, but the last layer's activation is ` +
        `"${outputActivation}". Set the last layer's activation to "${needed}".`,
    );
  }
  return {
    name,
    reduction: options.reduction!,
    parameter: parameterOf(options),
    alpha: name === "focal" ? (options.alpha ?? -1) : 0,
    labelSmoothing: options.labelSmoothing ?? 0,
    number: LOSS_NUMBERS[name],
    takesLabels: name === "sparseCategoricalCrossentropy",
    advice: ADVICE[name],
    custom: undefined,
    given: given === loss ? Object.freeze(givenOptions(options)) : name,
  };
}

/** The options without those that are undefined. */
function givenOptions(options: Loss): Loss {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as Loss;
}

function describeCustom(custom: CustomLoss): LossDescription {
  return {
    name: custom.name,
    reduction: "mean",
    parameter: 0,
    alpha: 0,
    labelSmoothing: 0,
    number: LossNumber.Custom,
    takesLabels: false,
    advice: undefined,
    custom,
    given: custom,
  };
}

/** Refuses an option of another loss: it would have no effect. */
function requireTaken(options: Loss): void {
  for (const [option, losses] of Object.entries(TAKEN_BY)) {
    if (options[option as keyof Loss] === undefined || losses.includes(options.name)) continue;
    throw new BackpropError(
      "invalidOption",
      `loss "${options.name}" has no option "${option}"; expected it only for ${losses.map(show).join(", ")}.`,
    );
  }
}

function parameterOf({ name, clip = 1e-7, delta = 1, quantile = 0.5, gamma = 2 }: Loss): number {
  switch (name) {
    case "binaryCrossentropy":
      return clip;
    case "huber":
      return delta;
    case "quantile":
      return quantile;
    case "focal":
      return gamma;
    default:
      return 0;
  }
}
