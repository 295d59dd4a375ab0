// Why a call returned.

/**
 * Values up to StepNotFinite are results. Larger ones refuse a call or, in a run, the next microbatch, before it
 * changes anything.
 */
export const enum Status {
  /** A check found nothing wrong, or the call did what it was asked to do. */
  Ok,
  /** The budget is used up; the next call continues the run. */
  Running,
  BatchEnded,
  StepTaken,
  /** A step was taken, or a batch of weight 0 was skipped, and it ended an epoch. */
  EpochEnded,
  /** The loss of the last epoch is at most the run's target. */
  TargetReached,
  /** Epoch `until` was reached. */
  Finished,
  /** The next step has no learning rate. */
  LearningRatesUsed,
  /** The loss became NaN or infinite; that batch was not used for an update. */
  LossNotFinite,
  /**
   * The update would have made a parameter, a value of the optimizer's state or a running statistic NaN or infinite, and
   * changed nothing.
   */
  StepNotFinite,

  // Any call:

  /**
   * A pointer is 0 or not aligned, or what it points to ends past the end of linear memory. Regions are at multiples of
   * 64, structs and arrays of f64 at multiples of 8, other arrays at multiples of their elements' size.
   */
  InvalidAddress,
  /** Description.version is not DESCRIPTION_VERSION. */
  WrongVersion,
  /** A field that is reserved, or that this kind of layer, loss or optimizer does not use, is not 0. */
  ReservedNotZero,
  /** A flag is neither 0 nor 1, or a set of bits has an unknown bit. */
  InvalidFlag,
  /** The region would be larger than MAX_REGION_SIZE. */
  TooLarge,
  /**
   * 0 rows, or rows past the end of the samples or of the workspace. In training with batch norm: one row, or not all rows
   * of the batch.
   */
  InvalidRows,

  // network_size, network_layout:

  /** Description.layerCount is 0. */
  NoLayers,
  /** Description.byteLength is not the size of a Description and of layerCount LayerDescriptions. */
  WrongByteLength,
  /** Description.elementSize is neither 4 nor 8. */
  UnknownElementSize,
  UnknownLayerKind,
  UnknownActivation,
  UnknownLoss,
  /** 0 inputs, 0 units, or a layer that is not dense whose units are not the number of its inputs. */
  InvalidUnits,
  /** A softmax of one unit: it would always be 1. */
  SoftmaxOfOneUnit,
  /** LayerDescription.parameter is out of its range. */
  InvalidLayerParameter,
  /** Description.lossParameter is out of its range. */
  InvalidLossParameter,
  /** The loss needs another activation in the last layer. */
  WrongOutputActivation,

  // workspace_size, workspace_layout:

  /** 0 threads, or more than MAX_THREADS. */
  InvalidThreads,

  // Calls that compute:

  /** The network was laid out for the other dtype, or this is not the address of a network. */
  WrongElementType,
  /** This is not the address of a workspace of the network. */
  WrongWorkspace,
  /** The network has no optimizer. */
  NoOptimizer,
  UnknownOptimizer,
  /** The optimizer was laid out for another network, or a field that the host does not own was changed. */
  WrongOptimizer,
  /** A learning rate is NaN, or infinite in the network's dtype. */
  InvalidLearningRate,
  InvalidHyperparameter,
  /** The samples have an element type or a scale that this core does not take. */
  Unsupported,
  /** Run.batchSize is 0. With batch norm: a batch would have one row, or more rows than the workspace. */
  InvalidBatchSize,
  /** The fields that say where the run stands contradict each other. */
  InvalidProgress,
  /** The order has a number that is not below `rows`. The run stopped before the microbatch with this number. */
  OrderOutOfRange,
  /**
   * A label is not the number of an output. The run stopped before the microbatch with this label.
   */
  LabelOutOfRange,
  /** There is no layer with this number. */
  UnknownLayer,
  /**
   * An embedding that is not the first layer, or whose list of columns is empty, is too long, has a column twice or one
   * that does not exist, or has 0 categories or units.
   */
  InvalidColumns,
  /** An input of an embedded column is not the number of a category. The run stopped before the microbatch with it. */
  CategoryOutOfRange,
  /** A weight is negative or not finite, or the sum of the weights is 0 or not finite. */
  InvalidWeight,
  /** The loss is Custom, and this call would have to compute it; or its samples have weights. */
  NoLoss,
}
