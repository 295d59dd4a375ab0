// The description of a network that a host writes, and the numbers of the kinds of layers, activations and losses.

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
  /** z */
  Linear,
  /** σ(z) = 1 / (1 + e⁻ᶻ) */
  Sigmoid,
  /** tanh(z) */
  Tanh,
  /** max(z, 0) */
  Relu,
  /** z above 0, else `parameter` · z */
  LeakyRelu,
  /** z above 0, else `parameter` · (eᶻ − 1) */
  Elu,
  /** z · Φ(z), Φ the normal distribution function */
  Gelu,
  /** ½ z (1 + tanh(√(2/π) (z + 0.044715 z³))) */
  GeluTanh,
  /** z · σ(z) */
  Silu,
  /** log(1 + eᶻ) */
  Softplus,
  /** eᶻ over the sum of eᶻ of all units */
  Softmax,
  /** (z + 3) / 6 limited to [0, 1] */
  HardSigmoid,
  /** z limited to [−1, 1] */
  HardTanh,
  /** λz above 0, else λα · (eᶻ − 1), with λ ≈ 1.0507 and α ≈ 1.6733 */
  Selu,
  /** z · tanh(log(1 + eᶻ)) */
  Mish,
  /** z / (1 + |z|) */
  Softsign,
  /** eᶻ. Must stay the last one: checks refuse larger numbers. */
  Exponential,
}

/**
 * The term of an output a with target t. A fused loss is computed from the logits, and needs a dense output layer with
 * the activation that it names.
 */
export const enum Loss {
  /** (a − t)² */
  MeanSquaredError,
  /** |a − t| */
  MeanAbsoluteError,
  /** ½(a − t)² up to |a − t| = delta, then delta · (|a − t| − ½ delta) */
  Huber,
  /** −t log p − (1 − t) log(1 − p), with p = a clipped to [clip, 1 − clip] */
  BinaryCrossentropy,
  /** BinaryCrossentropy without a clip, fused with sigmoid */
  SigmoidCrossentropy,
  /** −Σ t log a over the outputs of a row, fused with softmax */
  CategoricalCrossentropy,
  /** −log a of the output that the label names, fused with softmax. Targets are labels [rows, 1]. */
  SparseCategoricalCrossentropy,
  /** a − t log(a + 10⁻⁸) */
  Poisson,
  /** max(1 − ta, 0), for targets −1 and 1 */
  Hinge,
  /** Σ t (log t − log a) over the outputs of a row, fused with softmax */
  KullbackLeibler,
  /** log cosh(a − t) */
  LogCosh,
  /** max(q(t − a), (1 − q)(a − t)) with the quantile q */
  Quantile,
  /**
   * SigmoidCrossentropy · (1 − p)^gamma, with p the probability of the right answer, fused with sigmoid. With an alpha,
   * also times alpha where t = 1, and times 1 − alpha where t = 0.
   */
  Focal,
  /** Computed by the host between the forward and the backward pass of each batch: see Run.lossIsDue. */
  Custom,
}

/**
 * Written by the host at a multiple of 8, followed by `layerCount` LayerDescriptions. Like all structs it is
 * little-endian.
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
  /** Columns of the inputs: at least 1. */
  inputs: u32;
  /** At least 1. */
  layerCount: u32;
  /** A fused loss needs a dense output layer with the activation that it is fused with. */
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
  /**
   * The cross-entropies: the fraction of each target that is spread evenly over the classes, at least 0 and below 1.
   * See losses/smoothing.ts.
   */
  labelSmoothing: f64;
}

/** One layer, after the Description. */
@unmanaged
export class LayerDescription {
  /** The kind of layer. */
  kind: LayerKind;
  /**
   * The number of outputs. Dense layers: at least 1, with softmax at least 2. Embeddings: the number of columns that
   * are not replaced, plus the `units` of all EmbeddingColumns. Other kinds: the number of inputs.
   */
  units: u32;
  /** Dense layers only. */
  activation: Activation;
  /** Dense layers only: 0 or 1. */
  useBias: u32;
  /**
   * leakyRelu and elu: alpha, at least 0; dropout: the rate, at least 0 and below 1; Gaussian noise: the standard
   * deviation, at least 0; layer norm and batch norm: epsilon, above 0. All are finite in the network's dtype.
   */
  parameter: f64;
  /**
   * Dense layers only: the factor of Σ|w| over the kernel, a part of the loss. At least 0 and finite in the network's
   * dtype. See layers/penalty.ts.
   */
  kernelL1: f64;
  /** As `kernelL1`, for Σw² over the kernel. */
  kernelL2: f64;
  /** As `kernelL1`, for Σ|b| over the bias. 0 without a bias. */
  biasL1: f64;
  /** As `kernelL1`, for Σb² over the bias. 0 without a bias. */
  biasL2: f64;
  /** Batch norm only: the weight of a new batch in the running statistics, from 0 to 1. */
  momentum: f64;
  /**
   * Embeddings only: the address of `columnCount` EmbeddingColumns, a multiple of 4. They are not needed after
   * network_layout().
   */
  columns: usize;
  /** Embeddings only: 1 to MAX_COLUMNS. */
  columnCount: u32;
}

/** A column of integers 0 … categories − 1 that an embedding replaces by `units` columns. */
@unmanaged
export class EmbeddingColumn {
  /** The number of an input, from 0. Each column at most once. */
  column: usize;
  /** At least 1. */
  categories: usize;
  /** The columns that replace it: at least 1. */
  units: usize;
}
