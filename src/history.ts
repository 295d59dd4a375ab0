/** What `fit` returns: one figure for every finished epoch, in order. */
export interface History {
  /**
   * The loss of each epoch, computed in the forward passes of that epoch's steps, each before its update. Reduction
   * `mean`: the mean over the epoch's rows; `sum`: the sum over them.
   */
  readonly loss: readonly number[];
}
