import { requireKeys, requireKnown, requireNotNegative } from "./validation.js";

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
export function sgd(options: { learningRate?: number } = {}): Optimizer {
  requireKeys("sgd", options, ["learningRate"]);
  const { learningRate = 0.01 } = options;
  requireNotNegative("learningRate", learningRate);
  return { name: "sgd", learningRate };
}

/** Checks an optimizer, also one that `sgd` did not make. */
export function requireOptimizer(optimizer: Optimizer): void {
  requireKeys("optimizer", optimizer, ["name", "learningRate"]);
  requireKnown("optimizer.name", optimizer.name, ["sgd"]);
  requireNotNegative("optimizer.learningRate", optimizer.learningRate);
}
