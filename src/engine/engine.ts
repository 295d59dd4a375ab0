// The interface behind which the Wasm core stands. Everything that reaches an engine has been validated; an engine
// computes and holds memory, and knows nothing of users.

export type DType = "float32" | "float64";
export type FloatArray = Float32Array | Float64Array;

export type ActivationName =
  | "linear"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "softplus"
  | "softmax";

export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "binaryCrossentropy"
  | "sigmoidCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy";

/** `mean` is over rows and outputs (over rows alone for the categorical losses); `sum` is over the same terms. */
export type Reduction = "mean" | "sum";

export interface LayerDescription {
  readonly units: number;
  readonly activation: ActivationName;
  /** leakyRelu: the slope below 0; elu: the limit −alpha; otherwise not read. */
  readonly alpha: number;
  readonly useBias: boolean;
}

export interface LossDescription {
  readonly name: LossName;
  readonly reduction: Reduction;
  /** binaryCrossentropy: probabilities are clipped to [clip, 1 − clip]; huber: delta; otherwise not read. */
  readonly parameter: number;
}

export interface NetworkDescription {
  readonly dtype: DType;
  readonly inputs: number;
  readonly layers: readonly LayerDescription[];
  readonly loss: LossDescription;
}

export interface Engine {
  /** A model whose work up to so many `threads` share, 1 unless given. */
  createModel(description: NetworkDescription, threads?: number): Model;
}

/**
 * One network's parameters, gradients and working memory.
 *
 * Parameters and gradients are one flat array each, layer by layer without gaps: the kernel, row-major
 * [inputs, units], then the bias [units] if the layer has one.
 *
 * Every method that returns a typed array returns a view that is good until the next call of any engine method.
 */
export interface Model {
  readonly parameterCount: number;
  parameters(): FloatArray;
  /** What `computeGradients` left, or room for what `update` takes; not to be relied on once a run has advanced. */
  gradients(): FloatArray;

  /** Room for `rows` samples, to be filled through its views. */
  createDataset(rows: number): Dataset;

  /** Writes the network's outputs, row-major [rows, outputs], into `predictions`. */
  predict(dataset: Dataset, predictions: FloatArray): void;

  /** The loss over the whole dataset taken as one batch. */
  evaluate(dataset: Dataset): number;

  /** The loss over the whole dataset taken as one batch; its gradient replaces what `gradients()` held. */
  computeGradients(dataset: Dataset): number;

  /** parameters −= learningRate · gradients; false, and nothing changes, if a parameter would come out NaN or infinite. */
  update(learningRate: number): boolean;

  createRun(options: RunOptions): Run;

  dispose(): void;
}

export interface Dataset {
  readonly rows: number;
  /** Row-major [rows, inputs]. */
  inputs(): FloatArray;
  /** Row-major [rows, outputs]; for sparseCategoricalCrossentropy [rows], each an integer label. */
  targets(): FloatArray;
  dispose(): void;
}

export interface RunOptions {
  readonly dataset: Dataset;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Whether the rows are taken in the order of `Run.order()` rather than as they lie. */
  readonly ordered: boolean;
}

/**
 * A training run that can be stopped after any microbatch and go on with the same bits.
 *
 * One *step* is: gradients = 0, then for each microbatch of the batch a forward pass, its loss and a backward pass that
 * adds to the gradients, then one update. A *microbatch* is at most an engine's own number of rows, so that a batch of
 * any size needs bounded memory and time between two stops.
 */
export interface Run {
  /** The epoch in progress, from 0; `epochs` when all are done. */
  readonly epoch: number;
  /** Rows of the epoch in progress that are done. */
  readonly row: number;
  /**
   * True once a loss came out NaN or infinite, or a parameter would have: the run stopped before that update, in epoch
   * `epoch`, whose loss says which of the two it was.
   */
  readonly diverged: boolean;
  /** The losses of the epochs, [epochs]; those before `epoch` are final. */
  losses(): Float64Array;
  /** [rows], the row numbers in the order to take them, to be filled before each epoch; only where `ordered`. */
  order(): Uint32Array;
  /**
   * Goes on for at most `microbatches`, stopping early when all epochs are done, when a loss is not finite, or, where
   * `ordered`, at the end of the epoch. Returns how many were done.
   */
  advance(microbatches: number): number;
  dispose(): void;
}
