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
  /** The gradients of a batch are complete (Pause.Batch). */
  BatchEnded,
  /** A step was taken (Pause.Step, Pause.Samples, `update`). */
  StepTaken,
  /** An epoch ended, with a step or with a skipped batch of weight 0 (Pause.Step, Pause.Epoch). */
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
   * The update would have made a parameter, a value of the optimizer's state or a running statistic NaN or infinite. It
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
   * 0 rows, or rows past the end of the samples or of the workspace. In training with batch norm: one row, or not all
   * rows of the batch.
   */
  InvalidRows,

  // network_size, network_layout:

  /** Description.layerCount is 0. */
  NoLayers,
  /** Description.byteLength is not the size of a Description and of layerCount LayerDescriptions. */
  WrongByteLength,
  /** Description.elementSize is neither 4 nor 8. */
  UnknownElementSize,
  /** There is no LayerKind with this number. */
  UnknownLayerKind,
  /** There is no Activation with this number. */
  UnknownActivation,
  /** There is no Loss with this number. */
  UnknownLoss,
  /** Description.inputs or LayerDescription.units is 0, or is not the number that the kind of layer requires. */
  InvalidUnits,
  /** A softmax of one unit: it would always be 1. */
  SoftmaxOfOneUnit,
  /** The parameter, the momentum or a factor of a penalty of a LayerDescription is out of its range. */
  InvalidLayerParameter,
  /** Description.lossParameter, lossAlpha or labelSmoothing is out of its range. */
  InvalidLossParameter,
  /** The loss is fused with another activation than that of the last layer. */
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
  /** There is no OptimizerKind with this number. */
  UnknownOptimizer,
  /** The optimizer was laid out for another network, or a field that the host does not own was changed. */
  WrongOptimizer,
  /** A learning rate is NaN, or infinite in the network's dtype. */
  InvalidLearningRate,
  /** A hyperparameter, weightDecay, clipValue, clipNorm or averageDecay is out of its range. */
  InvalidHyperparameter,
  /** The samples have an element type or a scale that the core does not accept, or bytes for an embedding. */
  Unsupported,
  /** Run.batchSize is 0. With batch norm: a batch would have one row, or more rows than the workspace. */
  InvalidBatchSize,
  /** The fields that say where the run stands contradict each other. */
  InvalidProgress,
  /** The order has a number that is not below `rows`. The run stopped before the microbatch with this number. */
  OrderOutOfRange,
  /** A label is not the number of an output. The run stopped before the microbatch with this label. */
  LabelOutOfRange,
  /** There is no layer with this number. */
  UnknownLayer,
  /**
   * An embedding is not the first layer. Or its list of columns is empty, is too long, has a column twice, has a column
   * that does not exist, or has a column of 0 categories or units.
   */
  InvalidColumns,
  /** An input of an embedded column is not the number of a category. The run stopped before the microbatch with it. */
  CategoryOutOfRange,
  /** A weight is negative or not finite, or the sum of the weights is 0 or not finite. */
  InvalidWeight,
  /** The loss is Custom, and the call would have to compute it, or the samples have weights. */
  NoLoss,
}
