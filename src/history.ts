// What a fit returns.

/** Why a fit ended. */
export type StopReason =
  /** All epochs are done. */
  | "epochs"
  | "earlyStopping"
  | "targetLoss"
  | "maxSeconds"
  /** A callback returned false, or the loop over `network.epochs` was left. */
  | "callback"
  /** Only in the history of a network from a checkpoint: the program ended before the fit did. */
  | "interrupted"
  /** Only in the history of an error: its signal was aborted. */
  | "aborted"
  /** Only in the history of an error: a loss or an update was not finite. */
  | "diverged";

/** What a warning is about; see `TrainingWarning`. */
export type WarningKind = "inputScales" | "deadLayer" | "explodingGradients" | "constantLoss";

/**
 * Something that usually makes training fail or slow:
 *
 * - `inputScales`: the standard deviations of two columns of the inputs differ by a factor above 1000
 * - `deadLayer`: all outputs of a `relu` layer are 0, so that it has no gradients
 * - `explodingGradients`: the gradients of a layer are more than 1000 times as large as its parameters
 * - `constantLoss`: in 10 epochs or more, the loss has not changed
 */
export interface TrainingWarning {
  readonly kind: WarningKind;
  /** The epoch in which it was found: an index into the arrays of the history. */
  readonly epoch: number;
  /** The number of the layer, if it is about one. */
  readonly layer?: number;
  /** What was found, and what to do about it. */
  readonly message: string;
}

/** What `fit` returns. Its arrays have one number for each finished epoch, in order. */
export interface History {
  /**
   * The loss of each epoch. It is computed in the forward passes of the epoch's steps, before the update of each step.
   * With reduction `mean` it is the mean over the epoch's rows, with `sum` the sum over them. The penalties of the layers
   * count in each batch: by its share of the rows with `mean`, once for each batch with `sum`. An average of the parameters
   * is not used.
   */
  readonly loss: readonly number[];
  /** What `evaluate` returns for the validation rows after each epoch. Empty without validation. */
  readonly validationLoss: readonly number[];
  /** The learning rate of the last step of each epoch. */
  readonly learningRate: readonly number[];
  /**
   * The time of each epoch, with its validation and with the waiting for the items of a stream, and without callbacks.
   * Epochs that were computed in one call of the core share its time equally.
   */
  readonly milliseconds: readonly number[];
  /** Why the fit ended. */
  readonly stopped: StopReason;
  /** The best epoch, an index into the arrays. Undefined without `earlyStopping`, or if no epoch was finished. */
  readonly bestEpoch: number | undefined;
  /** In the order in which they were found. A fit finds each kind at most once for each layer. */
  readonly warnings: readonly TrainingWarning[];
}

/** The name of a metric of the validation rows, such as `validationAccuracy`. */
export type ValidationName<N extends string> = `validation${Capitalize<N>}`;

/** The metrics in a history: `accuracy`, and `validationAccuracy`, which is empty without validation. */
export type MetricHistory<N extends string> = {
  readonly [K in N | ValidationName<N>]: readonly number[];
};
