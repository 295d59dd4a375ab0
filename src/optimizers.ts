import { requireKeys, requireKnown, requireNotNegative } from "./validation.js";

/** How gradients change parameters. */
export interface Optimizer {
  readonly name: "sgd";
  readonly learningRate: number;
}

/**
 * Plain stochastic gradient descent: parameters −= learningRate · gradient. The default learning rate is 0.01.
 *
 * @throws BackpropError `invalidOption` for a learning rate that is negative or not finite.
 */
export function sgd(options: { learningRate?: number } = {}): Optimizer {
  requireKeys("sgd", options, ["learningRate"]);
  const { learningRate = 0.01 } = options;
  requireNotNegative("learningRate", learningRate);
  return { name: "sgd", learningRate };
}

/** A checked copy of an optimizer, also of one that `sgd` did not make. */
export function copyOptimizer(optimizer: Optimizer): Optimizer {
  requireKeys("optimizer", optimizer, ["name", "learningRate"]);
  const { name, learningRate } = optimizer;
  requireKnown("optimizer.name", name, ["sgd"]);
  requireNotNegative("optimizer.learningRate", learningRate);
  return { name, learningRate };
}
