// Plain stochastic gradient descent.

import { splat } from "./vector";

/** parameters −= learningRate · gradients, over `bytes` of whole vectors. */
export function sgdUpdate<T>(parameters: usize, gradients: usize, bytes: usize, learningRate: f64): void {
  const rate = splat<T>(learningRate);
  for (const end = parameters + bytes; parameters < end; parameters += 16, gradients += 16) {
    const step = v128.mul<T>(rate, v128.load(gradients));
    v128.store(parameters, v128.sub<T>(v128.load(parameters), step));
  }
}
