export { createNetwork, type NetworkOptions } from "./createNetwork.js";
export {
  type CrossValidation,
  type CrossValidationOptions,
  crossValidate,
  type Figures,
} from "./crossValidation.js";
export { type CustomLoss, type CustomLossOptions, customLoss, type LossFunction } from "./customLoss.js";
export { type Fold, type FoldOptions, kFold, stratifiedFolds } from "./data/folds.js";
export { balancedClassWeights, oneHot } from "./data/labels.js";
export type { Rows } from "./data/rows.js";
export {
  type MinMaxOptions,
  minMaxScaler,
  robustScaler,
  type Scaler,
  type ScalerFitter,
  type ScalerState,
  scalerFromJSON,
  standardScaler,
} from "./data/scaler.js";
export { type RowSplit, type RowSubset, type SplitOptions, splitRows } from "./data/split.js";
export {
  type Matrix,
  type Nested,
  type ScaledBytes,
  type ShapedData,
  Tensor,
  type Vector,
} from "./data/tensor.js";
export type { ClassWeights, RowWeights, WeightOptions } from "./data/weights.js";
export type { Numerics } from "./description.js";
export {
  centralDifferences,
  checkGradients,
  type DifferenceOptions,
  forwardDifferences,
  type GradientCheck,
} from "./differences.js";
export type { DType, FloatArray } from "./dtype.js";
export { BackpropError, type BackpropErrorDetails, type ErrorCode } from "./errors.js";
export { hashParameters } from "./hashParameters.js";
export type { History, MetricHistory, StopReason, TrainingWarning, WarningKind } from "./history.js";
export * from "./initializers.js";
export {
  ACTIVATIONS,
  type ActivationName,
  type BatchNormLayer,
  type BatchNormOptions,
  batchNorm,
  type DenseLayer,
  type DenseOptions,
  type DropoutLayer,
  dense,
  dropout,
  type EmbeddingColumn,
  type EmbeddingLayer,
  type EmbeddingOptions,
  embedding,
  type GaussianNoiseLayer,
  gaussianNoise,
  type Layer,
  type LayerNormLayer,
  type LayerNormOptions,
  layerNorm,
  type PreluLayer,
  type PreluOptions,
  prelu,
} from "./layers/layers.js";
export type {
  BatchNormBuffers,
  BuffersOf,
  DenseParameters,
  EmbeddingParameters,
  LayerBuffers,
  LayerParameters,
  LayerValues,
  NoBuffers,
  NoParameters,
  NormParameters,
  ParametersOf,
  PreluParameters,
} from "./layers/parameters.js";
export { type LoadOptions, loadNetwork } from "./loadNetwork.js";
export { LOSSES, type Loss, type LossName, type Reduction } from "./losses.js";
export { topKAccuracy } from "./metrics/accuracy.js";
export { type ConfusionOptions, confusionMatrix } from "./metrics/confusionMatrix.js";
export { type CustomMetricOptions, customMetric } from "./metrics/customMetric.js";
export type { Metric, MetricAccumulator, MetricShape } from "./metrics/metric.js";
export { METRICS, type MetricName } from "./metrics/metrics.js";
export type { Gradients, Network, SaveOptions } from "./network.js";
export {
  type Adadelta,
  type Adagrad,
  type Adam,
  type AdamW,
  adadelta,
  adagrad,
  adam,
  adamW,
  type CommonOptions,
  type Nadam,
  nadam,
  type Optimizer,
  type OptimizerOptions,
  type Rmsprop,
  type Rprop,
  rmsprop,
  rprop,
  type Sgd,
  sgd,
} from "./optimizers.js";
export { type NumpyRandom, numpyRandom } from "./random/numpyRandom.js";
export type { RandomStream } from "./random/random.js";
export { type TorchRandom, torchRandom } from "./random/torchRandom.js";
export type { Duration } from "./schedules/schedule.js";
export {
  constantRate,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  type LearningRate,
  learningRateAt,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmup,
} from "./schedules/schedules.js";
export type { BatchInfo, Checkpoint, EpochInfo, Progress } from "./training/callbacks.js";
export type { Dataset } from "./training/dataset.js";
export type { EarlyStopping } from "./training/earlyStopping.js";
export type {
  Evaluation,
  EvaluationOptions,
  GradientOptions,
  PredictionOptions,
  TrainingOptions,
} from "./training/evaluation.js";
export type { AsyncFitOptions, FitOptions } from "./training/options.js";
export type { PartialFitOptions } from "./training/partialFit.js";
export type { LearningRateRange, RangeTestOptions } from "./training/rangeTest.js";
export type { DataStream, StreamItem } from "./training/stream.js";
export type { CoreBuild } from "./wasm/builds.js";
export { type CoreSource, loadCore } from "./wasm/core.js";
