// The optimizers: how gradients change parameters. One definition for each.

import { OptimizerFeatureNumber, OptimizerKindNumber } from "./abi/structs.js";
import { type DType, roundTo } from "./dtype.js";
import { BackpropError } from "./errors.js";
import { checkLearningRate, type LearningRate, rateAt } from "./schedules/schedules.js";
import { show } from "./show.js";
import {
  attempt,
  type Check,
  type Option,
  type OptionsOf,
  ofType,
  type Reading,
  readOptions,
  requireBelowOne,
  requireBetween,
  requireFinite,
  requireKnown,
  requireNotNegative,
  requireObject,
  requirePositive,
} from "./validation.js";

/** The options that every optimizer takes. */
export interface CommonOptions {
  /**
   * Limits each gradient to [−clipValue, clipValue] in the step, as `torch.nn.utils.clip_grad_value_`; above 0. Not
   * given: no limit.
   */
  readonly clipValue?: number | undefined;
  /**
   * Limits the norm of all gradients together in the step, as `torch.nn.utils.clip_grad_norm_`; above 0. Not given: no
   * limit. Each gradient is multiplied by min(1, clipNorm / (norm + 1e-6)), with norm = √Σg² over all parameters. It is
   * summed in float64 in a fixed order, so its bits do not depend on the number of threads. The step diverges if the
   * norm is not finite.
   *
   * Values are clipped before the norm, and both before weight decay. `network.gradients` returns them unclipped. R.
   * Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
   */
  readonly clipNorm?: number | undefined;
  /**
   * The decay of an exponential moving average of the parameters; above 0 and below 1, such as 0.999. After each step,
   * average = ema · average + (1 − ema) · parameter, as PyTorch's AveragedModel with get_ema_avg_fn; after the first
   * step, average = parameter. Not given: no average.
   *
   * `predict` and `evaluate` then use the average; `network.averagedParameters` are its live views. The raw parameters
   * stay in `network.parameters`; training and `gradients` use them, and the losses in the history are computed with
   * them. Memory: one number for each parameter. B. T. Polyak and A. B. Juditsky, "Acceleration of Stochastic
   * Approximation by Averaging", SIAM Journal on Control and Optimization 30 (1992).
   */
  readonly ema?: number | undefined;
}

/** Stochastic gradient descent, as `sgd` makes it. */
export interface Sgd extends CommonOptions {
  readonly name: "sgd";
  readonly learningRate: LearningRate;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** RMSprop, as `rmsprop` makes it. */
export interface Rmsprop extends CommonOptions {
  readonly name: "rmsprop";
  readonly learningRate: LearningRate;
  readonly alpha: number;
  readonly epsilon: number;
  readonly centered: boolean;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Adagrad, as `adagrad` makes it. */
export interface Adagrad extends CommonOptions {
  readonly name: "adagrad";
  readonly learningRate: LearningRate;
  readonly learningRateDecay: number;
  readonly initialAccumulator: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Adadelta, as `adadelta` makes it. */
export interface Adadelta extends CommonOptions {
  readonly name: "adadelta";
  readonly learningRate: LearningRate;
  readonly rho: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

interface AdamHyperparameters extends CommonOptions {
  readonly learningRate: LearningRate;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;
  readonly weightDecay: number;
}

/** Adam, as `adam` makes it. */
export interface Adam extends AdamHyperparameters {
  readonly name: "adam";
}

/** AdamW, as `adamW` makes it. */
export interface AdamW extends AdamHyperparameters {
  readonly name: "adamW";
}

/** NAdam, as `nadam` makes it. */
export interface Nadam extends CommonOptions {
  readonly name: "nadam";
  readonly learningRate: LearningRate;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentumDecay: number;
  readonly decoupledWeightDecay: boolean;
  readonly weightDecay: number;
}

/** Rprop, as `rprop` makes it. */
export interface Rprop extends CommonOptions {
  readonly name: "rprop";
  readonly learningRate: LearningRate;
  readonly etas: readonly [minus: number, plus: number];
  readonly stepSizes: readonly [smallest: number, largest: number];
}

/** An optimizer, as `sgd` and the other functions of this module make them. */
export type Optimizer = Sgd | Rmsprop | Adagrad | Adadelta | Adam | AdamW | Nadam | Rprop;

/** The options of the function that makes an optimizer. */
export type OptimizerOptions<O extends Optimizer> = {
  readonly [K in Exclude<keyof O, "name">]?: O[K] | undefined;
};

type Named<N extends Optimizer["name"]> = Extract<Optimizer, { name: N }>;

/** The definition of an optimizer. */
interface OptimizerDefinition<O extends Optimizer> {
  /** The core's number. */
  readonly number: number;
  /** Every option but the common ones. */
  readonly options: OptionsOf<Omit<O, "name" | keyof CommonOptions>>;
  /** The options that the core takes as hyperparameters, in its order. */
  readonly hyperparameters: readonly (keyof O & string)[];
  /** The core's OptimizerFeature bits. */
  readonly features: (optimizer: O) => number;
  /**
   * Checks that concern more than one option. `prefix`: what precedes an option's name in messages.
   *
   * @throws BackpropError `invalidOption`.
   */
  readonly check?: (optimizer: O, prefix: string) => void;
}

const COMMON_OPTIONS: OptionsOf<CommonOptions> = {
  clipValue: { check: requirePositive, default: undefined },
  clipNorm: { check: requirePositive, default: undefined },
  ema: { check: requireBetween, default: undefined },
};

const requireEtas = pairThat(
  "two finite numbers, the first above 0 and below 1, the second above 1",
  (minus, plus) => minus > 0 && minus < 1 && plus > 1,
);

const requireStepSizes = pairThat(
  "two finite numbers above 0, the second not below the first",
  (smallest, largest) => smallest > 0 && largest >= smallest,
);

const ADAM_OPTIONS = {
  learningRate: rate(0.001),
  beta1: belowOne(0.9),
  beta2: belowOne(0.999),
  epsilon: positive(1e-8),
  amsgrad: flag(false),
};

const DEFINITIONS: { readonly [N in Optimizer["name"]]: OptimizerDefinition<Named<N>> } = {
  sgd: {
    number: OptimizerKindNumber.Sgd,
    options: {
      learningRate: rate(0.01),
      momentum: notNegative(0),
      dampening: { check: requireFinite, default: 0 },
      nesterov: flag(false),
      weightDecay: notNegative(0),
    },
    hyperparameters: ["momentum", "dampening"],
    features: ({ momentum, nesterov, weightDecay }) =>
      bit("Momentum", momentum > 0) | bit("Nesterov", nesterov) | bit("WeightDecay", weightDecay > 0),
    check: requireNesterov,
  },
  rmsprop: {
    number: OptimizerKindNumber.Rmsprop,
    options: {
      learningRate: rate(0.01),
      alpha: belowOne(0.99),
      epsilon: positive(1e-8),
      centered: flag(false),
      momentum: notNegative(0),
      weightDecay: notNegative(0),
    },
    hyperparameters: ["alpha", "epsilon", "momentum"],
    features: ({ momentum, centered, weightDecay }) =>
      bit("Momentum", momentum > 0) | bit("Centered", centered) | bit("WeightDecay", weightDecay > 0),
  },
  adagrad: {
    number: OptimizerKindNumber.Adagrad,
    options: {
      learningRate: rate(0.01),
      learningRateDecay: notNegative(0),
      initialAccumulator: notNegative(0),
      epsilon: positive(1e-10),
      weightDecay: notNegative(0),
    },
    hyperparameters: ["learningRateDecay", "initialAccumulator", "epsilon"],
    features: ({ weightDecay }) => bit("WeightDecay", weightDecay > 0),
  },
  adadelta: {
    number: OptimizerKindNumber.Adadelta,
    options: {
      learningRate: rate(1),
      rho: belowOne(0.9),
      epsilon: positive(1e-6),
      weightDecay: notNegative(0),
    },
    hyperparameters: ["rho", "epsilon"],
    features: ({ weightDecay }) => bit("WeightDecay", weightDecay > 0),
  },
  adam: {
    number: OptimizerKindNumber.Adam,
    options: { ...ADAM_OPTIONS, weightDecay: notNegative(0) },
    hyperparameters: ["beta1", "beta2", "epsilon"],
    features: ({ amsgrad, weightDecay }) => bit("Amsgrad", amsgrad) | bit("WeightDecay", weightDecay > 0),
  },
  adamW: {
    number: OptimizerKindNumber.Adam,
    options: { ...ADAM_OPTIONS, weightDecay: notNegative(0.01) },
    hyperparameters: ["beta1", "beta2", "epsilon"],
    features: ({ amsgrad, weightDecay }) =>
      bit("Amsgrad", amsgrad) | bit("DecoupledDecay", true) | bit("WeightDecay", weightDecay > 0),
  },
  nadam: {
    number: OptimizerKindNumber.Nadam,
    options: {
      learningRate: rate(0.002),
      beta1: belowOne(0.9),
      beta2: belowOne(0.999),
      epsilon: positive(1e-8),
      momentumDecay: notNegative(0.004),
      decoupledWeightDecay: flag(false),
      weightDecay: notNegative(0),
    },
    hyperparameters: ["beta1", "beta2", "epsilon", "momentumDecay"],
    features: ({ decoupledWeightDecay, weightDecay }) =>
      bit("DecoupledDecay", decoupledWeightDecay) | bit("WeightDecay", weightDecay > 0),
  },
  rprop: {
    number: OptimizerKindNumber.Rprop,
    options: {
      learningRate: rate(0.01),
      etas: { check: requireEtas, default: [0.5, 1.2] },
      stepSizes: { check: requireStepSizes, default: [1e-6, 50] },
    },
    hyperparameters: ["etas", "stepSizes"],
    features: () => 0,
  },
};

/**
 * Stochastic gradient descent, with PyTorch's formula. In each step, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter
 *     buffer = momentum · buffer + (1 − dampening) · g      in the first step: buffer = g
 *     parameter −= learningRate · buffer                    nesterov: learningRate · (g + momentum · buffer)
 *
 * Without momentum the buffer is g. I. Sutskever et al., "On the importance of initialization and momentum in deep
 * learning", ICML 2013; https://pytorch.org/docs/stable/generated/torch.optim.SGD.html.
 *
 * Weight decay applies to all parameters, biases too, as in PyTorch, and does not count in the loss. This holds for all
 * optimizers. All optimizers also take the CommonOptions.
 *
 * Defaults: learningRate 0.01, momentum 0, dampening 0, nesterov false, weightDecay 0. Memory: with a momentum, one
 * number for each parameter.
 *
 * @throws BackpropError `invalidOption` for a learning rate, momentum or weight decay that is negative or not finite, a
 *   dampening that is not finite, or nesterov without a momentum or with a dampening.
 */
export function sgd(options: OptimizerOptions<Sgd> = {}): Sgd {
  return complete("sgd", options);
}

/**
 * RMSprop, with PyTorch's formula. In each step, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter
 *     v = alpha · v + (1 − alpha) · g²
 *     m = alpha · m + (1 − alpha) · g                              if centered
 *     step = g / (√v + epsilon)                                    centered: √max(v − m², 0) in place of √v
 *     buffer = momentum · buffer + step                            without momentum: buffer = step
 *     parameter −= learningRate · buffer
 *
 * G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centered: A. Graves, "Generating Sequences With
 * Recurrent Neural Networks", 2013; https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html. PyTorch does
 * not limit v − m²: where rounding makes it negative, its parameters become NaN.
 *
 * Defaults: learningRate 0.01, alpha 0.99, epsilon 1e-8, centered false, momentum 0, weightDecay 0. Memory: one number
 * for each parameter, one more if centered, and one more with a momentum.
 *
 * @throws BackpropError `invalidOption` for a learning rate, momentum or weight decay that is negative or not finite,
 *   an alpha outside [0, 1), or an epsilon that is not above 0.
 */
export function rmsprop(options: OptimizerOptions<Rmsprop> = {}): Rmsprop {
  return complete("rmsprop", options);
}

/**
 * Adagrad, with PyTorch's formula. In step number t, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter
 *     sum += g²                                                    at first: initialAccumulator
 *     parameter −= learningRate / (1 + (t − 1) · learningRateDecay) · g / (√sum + epsilon)
 *
 * J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
 * JMLR 12 (2011); https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html.
 *
 * Defaults: learningRate 0.01, learningRateDecay 0, initialAccumulator 0, epsilon 1e-10, weightDecay 0. Memory: one
 * number for each parameter.
 *
 * @throws BackpropError `invalidOption` for an epsilon that is not above 0, or another option that is negative or not
 *   finite.
 */
export function adagrad(options: OptimizerOptions<Adagrad> = {}): Adagrad {
  return complete("adagrad", options);
}

/**
 * Adadelta, with PyTorch's formula. In each step, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter
 *     v = rho · v + (1 − rho) · g²
 *     delta = √(u + epsilon) / √(v + epsilon) · g
 *     u = rho · u + (1 − rho) · delta²
 *     parameter −= learningRate · delta
 *
 * M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012;
 * https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html.
 *
 * Defaults: learningRate 1, rho 0.9, epsilon 1e-6, weightDecay 0. Memory: two numbers for each parameter.
 *
 * @throws BackpropError `invalidOption` for a learning rate or weight decay that is negative or not finite, a rho
 *   outside [0, 1), or an epsilon that is not above 0.
 */
export function adadelta(options: OptimizerOptions<Adadelta> = {}): Adadelta {
  return complete("adadelta", options);
}

/**
 * Adam, with PyTorch's formula. In step number t, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter
 *     m = beta1 · m + (1 − beta1) · g
 *     v = beta2 · v + (1 − beta2) · g²
 *     parameter −= learningRate / (1 − beta1ᵗ) · m / (√v / √(1 − beta2ᵗ) + epsilon)
 *
 * With amsgrad, the last line uses the largest v so far instead of v. D. P. Kingma and J. Ba, "Adam: A Method for
 * Stochastic Optimization", ICLR 2015; amsgrad: S. J. Reddi, S. Kale and S. Kumar, "On the Convergence of Adam and
 * Beyond", ICLR 2018; https://pytorch.org/docs/stable/generated/torch.optim.Adam.html.
 *
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, amsgrad false, weightDecay 0. Memory: two numbers
 * for each parameter, three with amsgrad.
 *
 * @throws BackpropError `invalidOption` for a learning rate or weight decay that is negative or not finite, a beta
 *   outside [0, 1), or an epsilon that is not above 0.
 */
export function adam(options: OptimizerOptions<Adam> = {}): Adam {
  return complete("adam", options);
}

/**
 * AdamW, with PyTorch's formula: Adam with a weight decay that is not added to the gradients. In each step,
 *
 *     parameter *= 1 − learningRate · weightDecay
 *
 * and then the step of `adam` without weight decay. I. Loshchilov and F. Hutter, "Decoupled Weight Decay
 * Regularization", ICLR 2019; https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html.
 *
 * Defaults: weightDecay 0.01, and those of `adam`. Memory and errors as `adam`.
 *
 * @throws BackpropError `invalidOption`.
 */
export function adamW(options: OptimizerOptions<AdamW> = {}): AdamW {
  return complete("adamW", options);
}

/**
 * NAdam, Adam with Nesterov's momentum, with PyTorch's formula. In step number t, for each parameter with gradient g:
 *
 *     g += weightDecay · parameter          decoupledWeightDecay: parameter *= 1 − learningRate · weightDecay
 *     m = beta1 · m + (1 − beta1) · g
 *     v = beta2 · v + (1 − beta2) · g²
 *     µₜ = beta1 · (1 − ½ · 0.96^(t · momentumDecay))
 *     direction = (1 − µₜ) / (1 − µ₁…µₜ) · g + µₜ₊₁ / (1 − µ₁…µₜ₊₁) · m
 *     parameter −= learningRate · direction / (√v / √(1 − beta2ᵗ) + epsilon)
 *
 * T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 Workshop;
 * https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html.
 *
 * Defaults: learningRate 0.002, beta1 0.9, beta2 0.999, epsilon 1e-8, momentumDecay 0.004, decoupledWeightDecay false,
 * weightDecay 0. Memory: two numbers for each parameter.
 *
 * @throws BackpropError `invalidOption` for a learning rate, momentum decay or weight decay that is negative or not
 *   finite, a beta outside [0, 1), or an epsilon that is not above 0.
 */
export function nadam(options: OptimizerOptions<Nadam> = {}): Nadam {
  return complete("nadam", options);
}

/**
 * Rprop, with PyTorch's formula. It reads only the signs of the gradients, so use it with full batches: a `batchSize`
 * of all rows. In each step, for each parameter with gradient g:
 *
 *     direction = sign(g · previous)
 *     size *= etas[1] if direction > 0, etas[0] if direction < 0; limited to [stepSizes[0], stepSizes[1]]
 *     g = 0 if direction < 0
 *     parameter −= sign(g) · size
 *     previous = g
 *
 * The learning rate is the size of the first step; later it has no effect. M. Riedmiller and H. Braun, "A Direct
 * Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm", 1993;
 * https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html. As in PyTorch, it has no weight decay.
 *
 * Defaults: learningRate 0.01, etas [0.5, 1.2], stepSizes [1e-6, 50]. Memory: two numbers for each parameter.
 *
 * @throws BackpropError `invalidOption` for a learning rate that is negative or not finite, etas that are not
 *   0 < etas[0] < 1 < etas[1], or step sizes that are not 0 < stepSizes[0] ≤ stepSizes[1], all finite.
 */
export function rprop(options: OptimizerOptions<Rprop> = {}): Rprop {
  return complete("rprop", options);
}

/** An optimizer with the defaults of the options that are not given. */
function complete<N extends Optimizer["name"]>(name: N, given: unknown): Named<N> {
  return read(name, name, given) as Named<N>;
}

/**
 * A checked copy of an optimizer that a user gave, for a network with this dtype. Missing options get their defaults.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function checkOptimizer(optimizer: unknown, dtype: DType): Optimizer {
  requireObject("optimizer", optimizer, "an optimizer such as sgd()");
  const { name } = attempt("invalidOption", "optimizer", () => ({ name: (optimizer as Optimizer).name }));
  requireKnown("optimizer.name", name, Object.keys(DEFINITIONS));
  return read(name, "optimizer", optimizer, { prefix: "optimizer.", dtype, known: { name } });
}

/**
 * A copy of a checked optimizer with a new learning rate.
 *
 * @throws BackpropError `invalidOption`.
 */
export function withLearningRate(optimizer: Optimizer, learningRate: LearningRate, dtype: DType): Optimizer {
  return Object.freeze({
    ...optimizer,
    learningRate: checkLearningRate("learningRate", learningRate, dtype),
  });
}

/** A checked, frozen copy of an optimizer. Options that are undefined are left out. */
function read(name: Optimizer["name"], of: string, given: unknown, reading: Reading = {}): Optimizer {
  const options: OptionsOf<Record<string, unknown>> = { ...definitionOf(name).options, ...COMMON_OPTIONS };
  const values: Record<string, unknown> & { learningRate?: unknown } = {
    name,
    ...readOptions(of, given, options, reading),
  };
  const { prefix = "", dtype } = reading;
  values.learningRate = checkLearningRate(`${prefix}learningRate`, values.learningRate, dtype);
  for (const [key, { check }] of Object.entries(options)) {
    if (values[key] === undefined) delete values[key];
    else values[key] = attempt("invalidOption", `${prefix}${key}`, () => copyOf(values[key]));
    // The elements of a pair were read again to copy it, and may differ from those that were checked.
    if (Array.isArray(values[key])) check(`${prefix}${key}`, values[key], dtype);
  }
  const optimizer = Object.freeze(values) as unknown as Optimizer;
  definitionOf(name).check?.(optimizer, prefix);
  return optimizer;
}

/** A frozen copy of at most three elements of an array: enough to refuse one that is longer than a pair. */
function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(value.slice(0, 3)) : value;
}

/** An optimizer in the core's terms. */
export interface EncodedOptimizer {
  readonly kind: number;
  /** A set of the core's OptimizerFeature bits. */
  readonly features: number;
  /** The learning rate of the first step. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** 0: none. */
  readonly clipValue: number;
  /** 0: none. */
  readonly clipNorm: number;
  /** 0: none. */
  readonly averageDecay: number;
  readonly hyperparameters: readonly number[];
}

export function encodeOptimizer(optimizer: Optimizer, dtype?: DType): EncodedOptimizer {
  const { number, features, hyperparameters } = definitionOf(optimizer.name);
  const values = optimizer as unknown as Record<string, number | readonly number[]>;
  const { learningRate } = optimizer;
  return {
    kind: number,
    features: features(optimizer) | commonFeatures(optimizer),
    learningRate: rateAt(learningRate, { step: 0, epoch: 0 }, dtype),
    weightDecay: "weightDecay" in optimizer ? optimizer.weightDecay : 0,
    clipValue: optimizer.clipValue ?? 0,
    clipNorm: optimizer.clipNorm ?? 0,
    averageDecay: optimizer.ema ?? 0,
    hyperparameters: hyperparameters.flatMap((key) => values[key]!),
  };
}

function definitionOf(name: Optimizer["name"]): OptimizerDefinition<Optimizer> {
  return DEFINITIONS[name] as unknown as OptimizerDefinition<Optimizer>;
}

function commonFeatures({ clipValue, clipNorm, ema }: CommonOptions): number {
  const clipping =
    bit("ValueClipping", clipValue !== undefined) | bit("NormClipping", clipNorm !== undefined);
  return clipping | bit("Average", ema !== undefined);
}

function bit(feature: keyof typeof OptimizerFeatureNumber, isOn: boolean): number {
  return isOn ? OptimizerFeatureNumber[feature] : 0;
}

/** A learning rate, which is checked when it is copied. */
function rate(value: number): Option<LearningRate> {
  return { check: () => {}, default: value };
}

function notNegative(value: number): Option<number> {
  return { check: requireNotNegative, default: value };
}

function belowOne(value: number): Option<number> {
  return { check: requireBelowOne, default: value };
}

function positive(value: number): Option<number> {
  return { check: requirePositive, default: value };
}

function flag(value: boolean): Option<boolean> {
  return { check: ofType("boolean"), default: value };
}

function requireNesterov({ nesterov, momentum, dampening }: Sgd, prefix: string): void {
  if (!nesterov || (momentum > 0 && dampening === 0)) return;
  throw new BackpropError(
    "invalidOption",
    `${prefix}nesterov is true with momentum ${momentum} and dampening ${dampening}; Nesterov's momentum needs a ` +
      "momentum above 0 and a dampening of 0.",
  );
}

/** Requires an array of two finite numbers that satisfy `isAllowed`, before and after rounding to the dtype. */
function pairThat(expected: string, isAllowed: (first: number, second: number) => boolean): Check {
  const isPair = (first: number, second: number) =>
    Number.isFinite(first) && Number.isFinite(second) && isAllowed(first, second);
  return (argument, value, dtype) => {
    if (Array.isArray(value) && value.length === 2) {
      const [first, second] = value;
      const round = (x: number) => (dtype === undefined ? x : roundTo(dtype, x));
      if (isPair(first, second) && isPair(round(first), round(second))) return;
    }
    const shown = Array.isArray(value) ? `[${value.slice(0, 3).map(show).join(", ")}]` : show(value);
    throw new BackpropError("invalidOption", `${argument} is ${shown}; expected ${expected}.`);
  };
}
