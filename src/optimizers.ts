// The optimizers: how gradients change parameters. One definition for each.

import { OptimizerKindNumber } from "./abi/structs.js";
import {
  requireBelowOne,
  requireKeys,
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
  /** The hyperparameters, in the order of the core, with their defaults and checks. */
  readonly hyperparameters: {
    readonly [K in Exclude<keyof O, "name" | "learningRate">]: Hyperparameter;
  };
  readonly learningRate: number;
}

interface Hyperparameter {
  readonly default: number;
  /** @throws BackpropError `invalidOption`. */
  readonly require: (argument: string, value: unknown) => void;
}

const DEFINITIONS: {
  readonly [N in Optimizer["name"]]: OptimizerDefinition<Extract<Optimizer, { name: N }>>;
} = {
  sgd: { number: OptimizerKindNumber.Sgd, learningRate: 0.01, hyperparameters: {} },
  adam: {
    number: OptimizerKindNumber.Adam,
    learningRate: 0.001,
    hyperparameters: {
      beta1: { default: 0.9, require: requireBelowOne },
      beta2: { default: 0.999, require: requireBelowOne },
      epsilon: { default: 1e-8, require: requirePositive },
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
  requireKeys(name, options, Object.keys(defaultsOf(name)));
  const optimizer = { ...defaultsOf(name), ...definedOf(options), name } as unknown as Optimizer;
  return checked(optimizer, "") as Extract<Optimizer, { name: N }>;
}

/**
 * A checked copy of an optimizer that a user gave.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function checkOptimizer(optimizer: Optimizer): Optimizer {
  requireObject("optimizer", optimizer, "an optimizer such as sgd()");
  const { name } = optimizer;
  requireKnown("optimizer.name", name, Object.keys(DEFINITIONS));
  requireKeys("optimizer", optimizer, ["name", ...Object.keys(defaultsOf(name))]);
  return checked({ ...optimizer }, "optimizer.");
}

/** An optimizer in the core's terms. */
export function encodeOptimizer(optimizer: Optimizer): {
  readonly kind: number;
  readonly learningRate: number;
  readonly hyperparameters: readonly number[];
} {
  const { number, hyperparameters } = DEFINITIONS[optimizer.name];
  const values = optimizer as unknown as Record<string, number>;
  return {
    kind: number,
    learningRate: optimizer.learningRate,
    hyperparameters: Object.keys(hyperparameters).map((key) => values[key]!),
  };
}

function checked(optimizer: Optimizer, prefix: string): Optimizer {
  requireNotNegative(`${prefix}learningRate`, optimizer.learningRate);
  const values = optimizer as unknown as Record<string, unknown>;
  for (const [key, { require }] of hyperparametersOf(optimizer.name)) require(`${prefix}${key}`, values[key]);
  return optimizer;
}

function defaultsOf(name: Optimizer["name"]): Record<string, number> {
  const hyperparameters = hyperparametersOf(name).map(([key, { default: value }]) => [key, value] as const);
  return Object.fromEntries([["learningRate", DEFINITIONS[name].learningRate], ...hyperparameters]);
}

function hyperparametersOf(name: Optimizer["name"]): [string, Hyperparameter][] {
  return Object.entries(DEFINITIONS[name].hyperparameters);
}

/** The options without those that are undefined. */
function definedOf(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
