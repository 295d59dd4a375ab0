// The optimizers: how gradients change parameters. One definition for each.

import { OptimizerKindNumber } from "./abi/structs.js";
import type { DType } from "./dtype.js";
import {
  attempt,
  type OptionsOf,
  readOptions,
  requireBelowOne,
  requireKnown,
  requireNotNegative,
  requireObject,
  requirePositive,
} from "./validation.js";

/** Plain stochastic gradient descent, as `sgd` makes it. */
export interface Sgd {
  readonly name: "sgd";
  readonly learningRate: number;
}

/** Adam, as `adam` makes it. */
export interface Adam {
  readonly name: "adam";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** An optimizer, as `sgd` and the other functions of this module make them. */
export type Optimizer = Sgd | Adam;

/** The definition of an optimizer. */
interface OptimizerDefinition<O extends Optimizer> {
  /** The core's number. */
  readonly number: number;
  /** The learning rate, then the hyperparameters in the order of the core. */
  readonly options: OptionsOf<Omit<O, "name">>;
}

const DEFINITIONS: {
  readonly [N in Optimizer["name"]]: OptimizerDefinition<Extract<Optimizer, { name: N }>>;
} = {
  sgd: {
    number: OptimizerKindNumber.Sgd,
    options: { learningRate: { check: requireNotNegative, default: 0.01 } },
  },
  adam: {
    number: OptimizerKindNumber.Adam,
    options: {
      learningRate: { check: requireNotNegative, default: 0.001 },
      beta1: { check: requireBelowOne, default: 0.9 },
      beta2: { check: requireBelowOne, default: 0.999 },
      epsilon: { check: requirePositive, default: 1e-8 },
    },
  },
};

/**
 * Plain stochastic gradient descent: parameter −= learningRate · gradient. Default: learningRate 0.01.
 *
 * @throws BackpropError `invalidOption` for a learning rate that is negative or not finite.
 */
export function sgd(options: { readonly learningRate?: number } = {}): Sgd {
  return complete("sgd", options);
}

/**
 * Adam: D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, with PyTorch's formula. In
 * step number t, for each parameter with gradient g:
 *
 *     m = beta1 · m + (1 − beta1) · g
 *     v = beta2 · v + (1 − beta2) · g²
 *     parameter −= learningRate / (1 − beta1ᵗ) · m / (√v / √(1 − beta2ᵗ) + epsilon)
 *
 * m, v and t are kept from fit to fit. Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8.
 *
 * @throws BackpropError `invalidOption` for a learning rate that is negative or not finite, a beta outside [0, 1), or
 *   an epsilon that is not above 0.
 */
export function adam(
  options: {
    readonly learningRate?: number;
    readonly beta1?: number;
    readonly beta2?: number;
    readonly epsilon?: number;
  } = {},
): Adam {
  return complete("adam", options);
}

/** An optimizer with the defaults of the options that are not given. */
function complete<N extends Optimizer["name"]>(name: N, options: object): Extract<Optimizer, { name: N }> {
  const definition: OptimizerDefinition<Optimizer> = DEFINITIONS[name];
  const optimizer = { name, ...readOptions(name, options, definition.options) };
  return Object.freeze(optimizer) as unknown as Extract<Optimizer, { name: N }>;
}

/**
 * A checked copy of an optimizer that a user gave, for a network of that dtype.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function checkOptimizer(optimizer: unknown, dtype: DType): Optimizer {
  requireObject("optimizer", optimizer, "an optimizer such as sgd()");
  const { name } = attempt("invalidOption", "optimizer", () => ({ name: (optimizer as Optimizer).name }));
  requireKnown("optimizer.name", name, Object.keys(DEFINITIONS));
  const { options }: OptimizerDefinition<Optimizer> = DEFINITIONS[name];
  const reading = { prefix: "optimizer.", dtype, known: { name }, isComplete: true };
  return readOptions("optimizer", optimizer, options, reading) as Optimizer;
}

/** An optimizer in the core's terms. */
export function encodeOptimizer(optimizer: Optimizer): {
  readonly kind: number;
  readonly learningRate: number;
  readonly hyperparameters: readonly number[];
} {
  const { number, options } = DEFINITIONS[optimizer.name];
  const values = optimizer as unknown as Record<string, number>;
  const hyperparameters = Object.keys(options).filter((key) => key !== "learningRate");
  return {
    kind: number,
    learningRate: optimizer.learningRate,
    hyperparameters: hyperparameters.map((key) => values[key]!),
  };
}
