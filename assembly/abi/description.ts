// How a host describes a network, and the numbers of layer kinds, activations and losses.

/** Increases whenever a struct of abi/ or a number below changes its meaning. */
export const DESCRIPTION_VERSION: u32 = 4;

/** The maximum size of a region in bytes: one page less than 4 GiB, so that the address after its end is not 0. */
export const MAX_REGION_SIZE: u64 = 0xffff0000;

/** The maximum number of threads of a workspace. */
export const MAX_THREADS: u32 = 255;

/** The maximum number of columns of an embedding. */
export const MAX_COLUMNS: u32 = 1024;

export const enum LayerKind {
  /** outputs = activation(x · kernel + bias) */
  Dense,
  /** Sets some of its inputs to 0 in training. */
  Dropout,
  /** Normalizes the units of each row. */
  LayerNorm,
  /** Normalizes each unit over the rows of the batch. */
  BatchNorm,
  /** Replaces columns of categories by rows of tables. The first layer only. */
  Embedding,
  /** Adds normal noise in training. */
  GaussianNoise,
  /** A rectifier with a learned slope for each unit. */
  PRelu,
}

export const enum Activation {
  Linear,
  Sigmoid,
  Tanh,
  Relu,
  LeakyRelu,
  Elu,
  Gelu,
  GeluTanh,
  Silu,
  Softplus,
  Softmax,
  HardSigmoid,
  HardTanh,
  Selu,
  Mish,
  Softsign,
  /** Must stay the last one: checks refuse larger numbers. */
  Exponential,
}

export const enum Loss {
  MeanSquaredError,
  MeanAbsoluteError,
  Huber,
  BinaryCrossentropy,
  SigmoidCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  Poisson,
  Hinge,
  KullbackLeibler,
  LogCosh,
  Quantile,
  Focal,
  /** Computed by the host between the forward and the backward pass of each batch: see Run.lossIsDue. */
  Custom,
}

/**
 * Written by the host at a multiple of 8, with `layerCount` LayerDescriptions after it. Little-endian, as all structs.
 *
 * `network_check` returns why the core refuses a description; `network_size` is then 0. A field that the loss or the
 * kind of layer does not use must be 0.
 */
@unmanaged
export class Description {
  /** DESCRIPTION_VERSION. */
  version: u32;
  /** Bytes of this struct and of the LayerDescriptions after it. */
  byteLength: u32;
  /** 4: float32, 8: float64. */
  elementSize: u32;
  /** At least 1. */
  inputs: u32;
  /** At least 1. */
  layerCount: u32;
  /** A fused loss needs a dense output layer with sigmoid or softmax: see losses/loss.ts. */
  loss: Loss;
  /** 0: the loss is the sum of its terms; 1: their mean. */
  mean: u32;
  /** 0. */
  reserved: u32;
  /**
   * binaryCrossentropy: the clip, below ½ and so large that 1 − clip is below 1; huber: the delta, above 0 and finite;
   * quantile: the quantile, above 0 and below 1; focal: gamma, at least 0 and finite. All in the network's dtype.
   */
  lossParameter: f64;
  /** focal: alpha, from 0 to 1, or −1 for none. */
  lossAlpha: f64;
  /** The cross-entropies: how much of each target is spread evenly, at least 0 and below 1. See losses/smoothing.ts. */
  labelSmoothing: f64;
}

@unmanaged
export class LayerDescription {
  kind: LayerKind;
  /**
   * Outputs: at least 1, with softmax at least 2; for an embedding the columns that it does not replace, and the units of those
   * that it does; for the other kinds the number of inputs.
   */
  units: u32;
  /** Dense layers only. */
  activation: Activation;
  /** Dense layers only: 0 or 1. */
  useBias: u32;
  /**
   * leakyRelu and elu: alpha, at least 0 and finite in the network's dtype; dropout: the rate, at least 0 and below 1;
   * gaussianNoise: the deviation, at least 0 and finite in the network's dtype.
   * layer norm and batch norm: epsilon, above 0 and finite in the network's dtype.
   */
  parameter: f64;
  /**
   * The factors of a dense layer's penalties: see layers/penalty.ts. At least 0 and finite in the network's dtype.
   * Without a bias, its factors must be 0.
   */
  kernelL1: f64;
  kernelL2: f64;
  biasL1: f64;
  biasL2: f64;
  /** Batch norm only: the weight of a new batch in the running statistics, from 0 to 1. */
  momentum: f64;
  /**
   * Embeddings only: the address, a multiple of 4, of `columnCount` EmbeddingColumns, 1 to MAX_COLUMNS. They are not
   * needed after network_layout().
   */
  columns: usize;
  columnCount: u32;
}

/** A column of integers 0 … categories − 1 that an embedding replaces by `units` columns. */
@unmanaged
export class EmbeddingColumn {
  /** Below the number of inputs, and each column at most once. */
  column: usize;
  /** At least 1. */
  categories: usize;
  /** At least 1. */
  units: usize;
}
