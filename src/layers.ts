import type { ActivationName } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import type { Initializer } from "./initializers.js";
import { glorotUniform, zeros } from "./initializers.js";
import { requireKeys, requireKnown, requireNotNegative, requirePositiveInteger } from "./validation.js";

/** Every activation that `dense` takes. */
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
 * A dense layer of `units` outputs: activation(x · kernel + bias), kernel [inputs, units], bias [units].
 *
 * @throws BackpropError `invalidOption` for units that are not a positive integer, an alpha below 0, or a softmax of
 *   one unit (it is always 1); `unknownName` for an activation that does not exist.
 */
export function dense(
  units: number,
  activation: ActivationName = "linear",
  options: DenseOptions = {},
): DenseLayer {
  requirePositiveInteger("units", units);
  requireKnown("activation", activation, ACTIVATIONS);
  requireKeys("dense", options, ["useBias", "kernelInitializer", "biasInitializer", "alpha"]);
  const alpha = options.alpha ?? DEFAULT_ALPHA[activation] ?? 0;
  requireNotNegative("alpha", alpha);
  if (activation === "softmax" && units === 1) {
    throw new BackpropError(
      "invalidOption",
      'units is 1 with activation "softmax", which is then always 1. Use 2 units or more, or "sigmoid".',
    );
  }
  return {
    units,
    activation,
    useBias: options.useBias ?? true,
    kernelInitializer: options.kernelInitializer ?? glorotUniform(),
    biasInitializer: options.biasInitializer ?? zeros(),
    alpha,
  };
}
