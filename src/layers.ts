import type { ActivationName } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { Initializer } from "./initializers.js";
import { glorotUniform, zeros } from "./initializers.js";
import {
  requireKeys,
  requireKnown,
  requireMethods,
  requireNotNegative,
  requirePositiveInteger,
  requireType,
} from "./validation.js";

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
 */
export const ACTIVATIONS: readonly ActivationName[] = [
  "linear",
  "sigmoid",
  "tanh",
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "geluTanh",
  "silu",
  "softplus",
  "softmax",
];

const INITIALIZER = "an initializer such as glorotUniform()";

const LAYER_KEYS = ["units", "activation", "useBias", "kernelInitializer", "biasInitializer", "alpha"];

/** PyTorch's defaults. */
const DEFAULT_ALPHA: Partial<Record<ActivationName, number>> = { leakyRelu: 0.01, elu: 1 };

export interface DenseOptions {
  /** Whether a bias is added to the product; default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform()`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros()`. */
  readonly biasInitializer?: Initializer;
  /** leakyRelu: the slope below 0, default 0.01; elu: its limit is −alpha, default 1. At least 0. */
  readonly alpha?: number;
}

/** A dense layer: activation(x · kernel + bias). */
export interface DenseLayer {
  readonly units: number;
  readonly activation: ActivationName;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly alpha: number;
}

/**
 * A dense layer of `units` outputs: activation(x · kernel + bias), kernel [inputs, units], bias [units]. The default
 * activation is "linear".
 *
 * @throws BackpropError `invalidOption` for units that are not a positive integer, an alpha below 0, or a softmax of
 *   one unit (it is always 1); `unknownName` for an activation that does not exist.
 */
export function dense(
  units: number,
  activation: ActivationName = "linear",
  options: DenseOptions = {},
): DenseLayer {
  requireKeys("dense", options, ["useBias", "kernelInitializer", "biasInitializer", "alpha"]);
  const layer = {
    units,
    activation,
    useBias: options.useBias ?? true,
    kernelInitializer: options.kernelInitializer ?? glorotUniform(),
    biasInitializer: options.biasInitializer ?? zeros(),
    alpha: options.alpha ?? DEFAULT_ALPHA[activation] ?? 0,
  };
  requireLayer(undefined, layer);
  return layer;
}

/** Checks a layer, also one that `dense` did not make; `argument` is its name in messages. */
export function requireLayer(argument: string | undefined, layer: DenseLayer): void {
  if (argument !== undefined) requireKeys(argument, layer, LAYER_KEYS);
  const prefix = argument === undefined ? "" : `${argument}.`;
  const { units, activation, useBias, kernelInitializer, biasInitializer, alpha } = layer;
  requirePositiveInteger(`${prefix}units`, units);
  requireKnown(`${prefix}activation`, activation, ACTIVATIONS);
  requireType(`${prefix}useBias`, useBias, "boolean");
  requireMethods(`${prefix}kernelInitializer`, kernelInitializer, ["call"], INITIALIZER);
  requireMethods(`${prefix}biasInitializer`, biasInitializer, ["call"], INITIALIZER);
  requireNotNegative(`${prefix}alpha`, alpha);
  if (activation === "softmax" && units === 1) {
    throw new BackpropError(
      "invalidOption",
      `${prefix}units is 1 with activation "softmax", which is then always 1. Use 2 units or more, or "sigmoid".`,
    );
  }
}
