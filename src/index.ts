export { type CoreBuild, type CoreSource, loadCore, type Numerics } from "./core.js";
export type { Rows } from "./data.js";
export {
  centralDifferences,
  checkGradients,
  type DifferenceOptions,
  forwardDifferences,
  type GradientCheck,
} from "./differences.js";
export type { ActivationName, DType, FloatArray, LossName, Reduction } from "./engine/engine.js";
export { BackpropError, type BackpropErrorDetails, type ErrorCode } from "./errors.js";
export type { History } from "./history.js";
export * from "./initializers.js";
export { ACTIVATIONS, type DenseLayer, type DenseOptions, dense } from "./layers.js";
export { LOSSES, type Loss } from "./losses.js";
export {
  createNetwork,
  type Gradients,
  type Network,
  type NetworkOptions,
} from "./network.js";
export { type Optimizer, sgd } from "./optimizers.js";
export type { LayerParameters, LayerValues } from "./parameters.js";
export { type NumpyRandom, numpyRandom } from "./random/numpyRandom.js";
export type { RandomStream } from "./random/random.js";
export { type TorchRandom, torchRandom } from "./random/torchRandom.js";
export { type Matrix, type Nested, type ShapedData, Tensor, type Vector } from "./tensor.js";
export type { AsyncFitOptions, FitOptions, Progress } from "./training.js";
