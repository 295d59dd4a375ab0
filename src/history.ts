/** What `fit` returns: one number for each finished epoch, in order. */
export interface History {
  /**
   * The loss of each epoch. It is computed in the forward passes of the epoch's steps, before the update of each step.
   * With reduction `mean` it is the mean over the epoch's rows, with `sum` the sum over them. The penalties of the layers
   * count in each batch: by its share of the rows with `mean`, once for each batch with `sum`. An average of the parameters
   * is not used.
   */
  readonly loss: readonly number[];
}
