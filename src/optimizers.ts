import { requireNotNegative } from "./validation.js";

/** How gradients change parameters. */
export interface Optimizer {
  readonly name: "sgd";
  readonly learningRate: number;
}

/**
 * Plain stochastic gradient descent: parameters −= learningRate · gradient.
 *
 * @throws BackpropError `invalidOption` for a learning rate that is negative or not finite.
 */
export function sgd({ learningRate = 0.01 }: { learningRate?: number } = {}): Optimizer {
  requireNotNegative("learningRate", learningRate);
  return { name: "sgd", learningRate };
}
