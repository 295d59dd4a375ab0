import { ActivationNumber, LayerKindNumber } from "../abi/structs.js";
import type { DType } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { glorotUniform, type Initializer, lecunNormal, zeros } from "../initializers.js";
import {
  type OptionsOf,
  ofType,
  oneOf,
  readOptions,
  requireNotNegative,
  requirePositiveInteger,
} from "../validation.js";
import { type LayerDefinition, type ParameterSpec, roleOf } from "./definition.js";

/** The core's number of each activation, by the name that users give. */
const ACTIVATION_NUMBERS = {
  linear: ActivationNumber.Linear,
  sigmoid: ActivationNumber.Sigmoid,
  tanh: ActivationNumber.Tanh,
  relu: ActivationNumber.Relu,
  leakyRelu: ActivationNumber.LeakyRelu,
  elu: ActivationNumber.Elu,
  gelu: ActivationNumber.Gelu,
  geluTanh: ActivationNumber.GeluTanh,
  silu: ActivationNumber.Silu,
  softplus: ActivationNumber.Softplus,
  softmax: ActivationNumber.Softmax,
  hardSigmoid: ActivationNumber.HardSigmoid,
  hardTanh: ActivationNumber.HardTanh,
  selu: ActivationNumber.Selu,
  mish: ActivationNumber.Mish,
  softsign: ActivationNumber.Softsign,
  exponential: ActivationNumber.Exponential,
} as const;

export type ActivationName = keyof typeof ACTIVATION_NUMBERS;

/**
 * Every activation that `dense` takes, of logits z = x · kernel + bias:
 *
 * - `linear`: z
 * - `sigmoid`: σ(z) = 1 / (1 + e⁻ᶻ)
 * - `tanh`
 * - `relu`: max(z, 0)
 * - `leakyRelu`: z above 0, else alpha·z
 * - `elu`: z above 0, else alpha·(eᶻ − 1); Clevert et al. 2016
 * - `gelu`: z·Φ(z), Φ the normal distribution function; Hendrycks & Gimpel 2016
 * - `geluTanh`: ½ z (1 + tanh(√(2/π) (z + 0.044715 z³))), from the same paper
 * - `silu`: z·σ(z)
 * - `softplus`: log(1 + eᶻ)
 * - `softmax`: eᶻ over the sum of eᶻ of all units
 * - `hardSigmoid`: (z + 3) / 6 limited to [0, 1], as PyTorch's (Keras's has another slope in versions before 3)
 * - `hardTanh`: z limited to [−1, 1]
 * - `selu`: λz above 0, else λα·(eᶻ − 1), with the λ and α of Klambauer et al. 2017
 * - `mish`: z·tanh(log(1 + eᶻ)); Misra 2020
 * - `softsign`: z / (1 + |z|)
 * - `exponential`: eᶻ
 *
 * All are computed by formulas that neither overflow nor cancel, except where the result itself overflows.
 */
export const ACTIVATIONS = Object.freeze(Object.keys(ACTIVATION_NUMBERS)) as readonly ActivationName[];

/** PyTorch's defaults. */
const DEFAULT_ALPHA: ReadonlyMap<ActivationName, number> = new Map([
  ["leakyRelu", 0.01],
  ["elu", 1],
]);

export interface DenseOptions {
  /** Whether a bias is added to the product; default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform()`; with the activation "selu", which is made for it, `lecunNormal()`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros()`. */
  readonly biasInitializer?: Initializer;
  /** leakyRelu: the slope below 0, default 0.01; elu: its limit is −alpha, default 1. At least 0. */
  readonly alpha?: number;
  /**
   * Penalties that are added to the loss, as in Keras: kernelL1 · Σ|w| + kernelL2 · Σw² over the kernel, and biasL1 ·
   * Σ|b| + biasL2 · Σb² over the bias. At least 0, default 0. They count in every loss that the library returns, and in
   * `gradients`; the weight decay of an optimizer does not.
   */
  readonly kernelL1?: number;
  /** See `kernelL1`. */
  readonly kernelL2?: number;
  /** See `kernelL1`; 0 for a layer without a bias. */
  readonly biasL1?: number;
  /** See `kernelL1`; 0 for a layer without a bias. */
  readonly biasL2?: number;
  /** False: training does not change the layer, until `network.setTrainable` says otherwise. Default true. */
  readonly trainable?: boolean;
}

/** A dense layer: activation(x · kernel + bias). */
export interface DenseLayer {
  readonly kind: "dense";
  readonly units: number;
  readonly activation: ActivationName;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly alpha: number;
  readonly kernelL1: number;
  readonly kernelL2: number;
  readonly biasL1: number;
  readonly biasL2: number;
  readonly trainable: boolean;
}

const KIND = { kind: "dense" } as const;

const isInitializer = ofType("function", "an initializer such as glorotUniform()");

const OPTIONS: OptionsOf<DenseOptions> = {
  useBias: { check: ofType("boolean"), default: true },
  kernelInitializer: { check: isInitializer, default: undefined },
  biasInitializer: { check: isInitializer, default: zeros() },
  alpha: { check: requireNotNegative, default: undefined },
  kernelL1: { check: requireNotNegative, default: 0 },
  kernelL2: { check: requireNotNegative, default: 0 },
  biasL1: { check: requireNotNegative, default: 0 },
  biasL2: { check: requireNotNegative, default: 0 },
  trainable: { check: ofType("boolean"), default: true },
};

const LAYER_OPTIONS: OptionsOf<Omit<DenseLayer, "kind">> = {
  units: { check: requirePositiveInteger },
  activation: { check: oneOf(ACTIVATIONS) },
  ...(OPTIONS as OptionsOf<Required<DenseOptions>>),
};

/**
 * A dense layer of `units` outputs: activation(x · kernel + bias), kernel [inputs, units], bias [units]. The default
 * activation is "linear".
 *
 * @throws BackpropError `invalidOption` for units that are not a positive integer, an alpha or penalty below 0, a
 *   penalty of a bias that the layer does not have, or a softmax of one unit (it is always 1); `unknownName` for an
 *   activation that does not exist.
 */
export function dense(
  units: number,
  activation: ActivationName = "linear",
  options: DenseOptions = {},
): DenseLayer {
  const {
    alpha = DEFAULT_ALPHA.get(activation) ?? 0,
    kernelInitializer = activation === "selu" ? lecunNormal() : glorotUniform(),
    ...others
  } = readOptions("dense", options, OPTIONS);
  return complete("dense", { units, activation, ...others, kernelInitializer, alpha });
}

/** A checked copy of a layer. `prefix`: what precedes a property's name in messages. */
function complete(of: string, given: unknown, prefix = "", dtype?: DType): DenseLayer {
  const reading = { prefix, dtype, known: KIND, isComplete: true };
  const layer: DenseLayer = readOptions(of, given, LAYER_OPTIONS, reading);
  if (layer.activation === "softmax" && layer.units === 1) {
    throw new BackpropError(
      "invalidOption",
      `${prefix}units is 1, and a softmax of one unit is always 1. Use 2 units or more, or "sigmoid".`,
    );
  }
  if (!layer.useBias) requireNoBiasPenalty(layer, prefix);
  return Object.freeze(layer);
}

function requireNoBiasPenalty(layer: DenseLayer, prefix: string): void {
  for (const name of ["biasL1", "biasL2"] as const) {
    if (layer[name] === 0) continue;
    throw new BackpropError(
      "invalidOption",
      `${prefix}${name} is ${layer[name]}, but the layer has no bias; expected 0.`,
    );
  }
}

function parameterSpecs(layer: DenseLayer, inputs: number): ParameterSpec[] {
  const { units, useBias, trainable } = layer;
  const common = { role: roleOf(trainable), inputs, units };
  const kernel: ParameterSpec = {
    ...common,
    name: "kernel",
    shape: Object.freeze([inputs, units]),
    decays: true,
    initializer: layer.kernelInitializer,
  };
  const bias: ParameterSpec = {
    ...common,
    name: "bias",
    shape: Object.freeze([units]),
    decays: false,
    initializer: layer.biasInitializer,
  };
  return useBias ? [kernel, bias] : [kernel];
}

export const denseDefinition: LayerDefinition<DenseLayer> = {
  kind: "dense",
  isRandom: false,
  needsWholeBatch: false,
  parameterNames: ["kernel", "bias"],
  check: (layer, path, dtype) => complete(path, layer, `${path}.`, dtype),
  outputs: ({ units }) => units,
  parameters: parameterSpecs,
  encode: ({ units, activation, useBias, alpha, kernelL1, kernelL2, biasL1, biasL2 }) => ({
    kind: LayerKindNumber.Dense,
    units,
    activation: ACTIVATION_NUMBERS[activation],
    useBias: Number(useBias),
    // The core refuses a number that the activation does not use.
    parameter: DEFAULT_ALPHA.has(activation) ? alpha : 0,
    kernelL1,
    kernelL2,
    biasL1,
    biasL2,
  }),
  summarize: ({ activation }) => activation,
};
