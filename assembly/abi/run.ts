// Samples, and a training run over them: written by the host, advanced by the core.

import { Status } from "./status";

/** The type of the inputs in samples. Targets and weights have the network's dtype. */
export const enum ElementType {
  /** The network's dtype. */
  Own,
  /** u8. An input is byte · scale, computed in the network's dtype. */
  Byte,
}

/**
 * Samples in linear memory: inputs [rows, inputs] and targets [rows, targetWidth], both row-major.
 *
 * With weights, each row's terms of the loss, and so its gradient, are multiplied by its weight. A loss that is a mean
 * is divided by the sum of the weights instead of the number of rows. A batch whose weights are all 0 takes no step.
 * With weights, the order must contain each row once.
 *
 * A label is the number of an output, from 0. Calls return Status.LabelOutOfRange for other numbers.
 */
@unmanaged
export class Samples {
  /** Address of the inputs. */
  inputs: usize;
  /** Address of the targets. */
  targets: usize;
  /**
   * [rows], each at least 0, with a sum that is finite and above 0: calls that begin an epoch or an evaluation return
   * Status.InvalidWeight for others. In forward passes and with Pause.Samples, the sum may be 0. 0: every row counts
   * once.
   */
  weights: usize;
  /** The row numbers in the order of their use, u32 [rows], each below `rows`; 0: rows are used as they are stored. */
  order: usize;
  /** At least 1. */
  rows: usize;
  /** The type of the inputs. */
  elementType: ElementType;
  /**
   * The factor of bytes: above 0, and 255 times it is finite in the network's dtype. 1 for other types. Calls return
   * Status.Unsupported for other scales and element types, and for bytes and an embedding.
   */
  scale: f64;
}

/** Where a run stops before its end: a set of bits. */
export const enum Pause {
  /** The run does not pause. */
  Never = 0,
  /** When the gradients of a batch are complete, before the update. */
  Batch = 1,
  /** After each update. */
  Step = 2,
  /** After each epoch. */
  Epoch = 4,
  /**
   * After the step with the last of the samples, before the epoch ends, with Status.StepTaken and row = rows. So an
   * epoch can have more data than fits into memory: the host replaces the samples, sets `row` to 0 and continues. After
   * the last samples of the epoch, the host ends it: it adds 1 to `epoch` and sets `lossSum` to 0.
   */
  Samples = 8,
}

/**
 * A training run and its progress. A run may stop after any microbatch and continue later: the bits are the same.
 *
 * The host zeroes the struct and writes the fields up to targetLoss. Each call checks all fields first: if one is
 * wrong, `status` says which, and nothing else changes.
 */
@unmanaged
export class Run {
  /** Address of the samples. */
  samples: Samples;
  /** A workspace of the network. */
  workspace: usize;
  /** Rows of a batch: at least 1. The last batch of an epoch has the remaining rows. */
  batchSize: usize;
  /** A set of Pause bits. */
  pauses: u32;
  /** The number of epochs after which the run is finished. */
  until: usize;
  /** Epochs done. */
  epoch: usize;
  /** f64 [until]: the loss of each epoch. */
  losses: usize;
  /**
   * 0 or 1. 1: before each epoch, `samples.order` becomes the permutation of (the network's seed, firstEpoch + epoch).
   */
  shuffles: u32;
  /** Epochs that the network was trained for before this run. */
  firstEpoch: usize;
  /** f64 [learningRateCount]: the learning rates of the coming steps; 0: all steps use the optimizer's. */
  learningRates: usize;
  /** Elements of `learningRates`. */
  learningRateCount: usize;
  /** Learning rates used so far. */
  learningRateIndex: usize;
  /** The run stops after an epoch whose loss is at most this. −Infinity: it never does. */
  targetLoss: f64;
  /** The sum of the loss's terms in the epoch in progress. */
  lossSum: f64;
  /** The factor that turns lossSum into the loss of the epoch: 1 / the number of terms, or 1. */
  epochScale: f64;
  /** The sum of the loss's terms in the batch in progress or completed last. */
  batchLossSum: f64;
  /** The factor that turns batchLossSum into the loss of the batch. */
  batchScale: f64;
  /** The loss of the batch, written by the host when lossIsDue. */
  hostLoss: f64;
  /** Rows of a batch for which batchScale was computed. */
  batchScaleRows: usize;
  /** The next row to train, as a position in the epoch in progress. */
  row: usize;
  /** The first row of the batch in progress or completed last. After a batch of weight 0, it is batchEnd. */
  batchBegin: usize;
  /** The row after the batch in progress or completed last. */
  batchEnd: usize;
  /** 1 from the first microbatch of a batch to its update. */
  isInBatch: u32;
  /** 1 when the gradients of a batch are complete and the update is still to come. */
  updateIsDue: u32;
  /** Elements of the order that are already shuffled for the epoch in progress. */
  ordered: usize;
  /**
   * 1 when the host must compute the loss of a batch (Loss.Custom). The status is then Running, and the outputs of the
   * whole batch are in the workspace. The host writes hostLoss and the gradient of the outputs, and calls again.
   */
  lossIsDue: u32;
  /** Why the last call returned. */
  status: Status;
}
