// The options of a fit, and their checks.

import { type ClassWeightTable, readClassWeights, type WeightOptions } from "../data/weights.js";
import { BackpropError } from "../errors.js";
import type { History, MetricHistory } from "../history.js";
import type { Metric, MetricShape } from "../metrics/metric.js";
import { type MetricName, resolveMetrics } from "../metrics/metrics.js";
import {
  attempt,
  type Check,
  type OptionsOf,
  ofType,
  readOptions,
  requireBetween,
  requireFinite,
  requireList,
  requirePositive,
  requirePositiveInteger,
  withMethods,
} from "../validation.js";
import type { BatchInfo, Callbacks, Checkpoint, EpochInfo, Progress } from "./callbacks.js";
import { type Data, isStream, type RowsOfData } from "./data.js";
import { Dataset } from "./dataset.js";
import {
  type Directions,
  directionsOf,
  type EarlyStopping,
  readEarlyStopping,
  type StoppingRule,
} from "./earlyStopping.js";

/** Names of metrics, and metrics such as `topKAccuracy(3)`. */
export type MetricList = readonly (MetricName | Metric)[];

type NameOf<M> = M extends string
  ? M
  : M extends { readonly name: infer N extends string }
    ? string extends N
      ? never
      : N
    : never;

/** The names of the metrics in a list, as far as its type contains them. */
export type NamesOf<M extends MetricList> = number extends M["length"] ? never : NameOf<M[number]>;

/** The history of a fit with these metrics. */
export type HistoryOf<M extends MetricList> = History & MetricHistory<NamesOf<M>>;

export interface FitOptions<M extends MetricList = MetricList> extends WeightOptions {
  /** Passes over all rows; default 1. Memory: about 32 bytes for each epoch. */
  readonly epochs?: number;
  /**
   * Rows in each step; default 32. The last batch of an epoch has the remaining rows. For a stream: the maximum number
   * of rows in each step. Each item is split into batches, and its last batch has the remaining rows. Default: one step
   * for each item, as in Keras and PyTorch.
   */
  readonly batchSize?: number;
  /**
   * Whether each epoch takes the rows in a new random order; default true. The order is a function of the network's key
   * (see `seed`) and of `network.epoch`. If one batch has all rows, they keep the given order. A stream is always read
   * in its own order, and true is refused.
   */
  readonly shuffle?: boolean;
  /**
   * [inputs, targets] or [inputs, targets, weights] that the network is not trained on, or a dataset or a stream. They
   * are evaluated after each epoch, as `evaluate` does, and copied before training begins. Cost: one forward pass over
   * them for each epoch.
   */
  readonly validationData?: Data | undefined;
  /**
   * Validates on this fraction of the rows instead: above 0 and below 1. Takes the last rows, and their
   * `sampleWeights`, before shuffling, as Keras does: if the rows are sorted, shuffle them first. Of n rows, floor(n ·
   * (1 − validationSplit)) are trained on.
   */
  readonly validationSplit?: number | undefined;
  /**
   * Metrics to report for each epoch, such as `["accuracy"]`. Rows count by their weights, as in the loss. Metrics of
   * the training rows come from the forward passes of the steps, as the loss does. Cost: the fit calls the core once
   * for each 128 rows, and each metric reads their outputs and targets in JavaScript; for tiny networks that takes
   * longer than the training. Metrics of the validation rows come from the pass that computes the validation loss.
   */
  readonly metrics?: M | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
  /** The fit ends after an epoch whose `loss` is at most this. Costs nothing. */
  readonly targetLoss?: number | undefined;
  /**
   * The fit ends after about this many seconds of training, validation and callbacks. It may end within an epoch: the
   * network keeps the steps of that epoch, but the epoch does not count. Results are not reproducible, because the
   * number of steps depends on the speed.
   */
  readonly maxSeconds?: number | undefined;
  /**
   * Called after each epoch and its validation. If it returns false, the fit ends. If it returns a promise, `fit` waits
   * for it; `fitSync` throws. If it throws or rejects, the fit ends with that exception. It may call `predict`,
   * `evaluate`, `setLearningRate` and `setOptimizer`. Cost: the fit calls the core once or more for each epoch.
   */
  readonly onEpoch?: ((info: EpochInfo<NamesOf<M>>) => unknown) | undefined;
  /**
   * Called after each step, with the same rules as `onEpoch`. Cost: the fit calls the core once or more for each step.
   */
  readonly onBatch?: ((info: BatchInfo) => unknown) | undefined;
  /**
   * Called every few milliseconds (not once for each epoch) and at the end. If it throws, the fit stops and throws the
   * same exception. If it returns a promise, `fit` waits for it, and rejects if it rejects; `fitSync` throws.
   */
  readonly onProgress?: ((progress: Progress) => unknown) | undefined;
  /**
   * Makes a file of the network and the fit after epochs, so that nothing is lost if the program ends. `loadNetwork`
   * reads the file, and a fit with `resume` finishes the training: both give the same bits as a fit without
   * interruption. Called after `onEpoch`. Cost: a copy of the parameters, of the optimizer's state and, with
   * `restoreBest`, of the best parameters, and a SHA-256 of them.
   */
  readonly checkpoint?: Checkpoint | undefined;
  /**
   * Finishes the fit that was stopped at the end of an epoch: by a callback or a signal, or because the program ended
   * and the network was loaded from a checkpoint. Give the same data and the same options: another `batchSize`,
   * `shuffle`, `metrics` or `monitor`, and other rows, weights or validation data are refused; up to 128 numbers of each
   * array are compared. `epochs` counts the epochs before the interruption, too, and may be larger. The history has all
   * epochs. Default false.
   */
  readonly resume?: boolean | undefined;
}

export interface AsyncFitOptions<M extends MetricList = MetricList> extends FitOptions<M> {
  /**
   * Stops the training when aborted, even if it waits for a promise of a callback or a stream. The network keeps what
   * was trained until then.
   */
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_BATCH_SIZE = 32;

/** The checked options of a fit. */
export interface FitPlan extends Partial<Callbacks> {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly validationData: Data | undefined;
  readonly validationSplit: number | undefined;
  readonly metrics: readonly Metric[];
  /** The figures that can be monitored. */
  readonly directions: Directions;
  readonly earlyStopping: StoppingRule | undefined;
  readonly targetLoss: number;
  readonly maxSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly checkpoint: { readonly [K in keyof Checkpoint]-?: NonNullable<Checkpoint[K]> } | undefined;
  readonly resume: boolean;
  readonly sampleWeights: ArrayLike<number> | undefined;
  readonly classWeights: ClassWeightTable | undefined;
}

/** For options that planFit() checks itself, because their check needs more information. */
const checkedLater: Check = () => {};

const OPTIONS: OptionsOf<AsyncFitOptions> = {
  epochs: { check: requirePositiveInteger, default: 1 },
  batchSize: { check: requirePositiveInteger, default: undefined },
  shuffle: { check: ofType("boolean"), default: undefined },
  sampleWeights: { check: checkedLater, default: undefined },
  classWeights: { check: checkedLater, default: undefined },
  validationData: { check: checkedLater, default: undefined },
  validationSplit: { check: requireBetween, default: undefined },
  metrics: { check: checkedLater, default: undefined },
  earlyStopping: { check: checkedLater, default: undefined },
  targetLoss: { check: requireFinite, default: Number.NEGATIVE_INFINITY },
  maxSeconds: { check: requirePositive, default: Number.POSITIVE_INFINITY },
  onEpoch: { check: ofType("function"), default: undefined },
  onBatch: { check: ofType("function"), default: undefined },
  onProgress: { check: ofType("function"), default: undefined },
  checkpoint: { check: checkedLater, default: undefined },
  resume: { check: ofType("boolean"), default: false },
  signal: {
    check: withMethods(["addEventListener", "removeEventListener"], "an AbortSignal"),
    default: undefined,
  },
};

const CHECKPOINT: OptionsOf<Checkpoint> = {
  everyEpochs: { check: requirePositiveInteger, default: 1 },
  save: { check: ofType("function") },
};

/**
 * Checked copies of the options for a fit on `data` of a network with this shape.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function planFit(options: object, data: Data, shape: MetricShape): FitPlan {
  const read = readOptions("fit", options, OPTIONS);
  const streams = isStream(data);
  if (streams && read.shuffle) throw notForStreams("shuffle is true", "Shuffle the items' rows yourself");
  if (streams && read.validationSplit !== undefined) {
    throw notForStreams("validationSplit is given", "Use validationData");
  }
  if (streams && (read.sampleWeights ?? read.classWeights) !== undefined) {
    const name = read.sampleWeights === undefined ? "classWeights" : "sampleWeights";
    throw notForStreams(`${name} is given`, "Give the items weights");
  }
  const batchSize = read.batchSize ?? (streams ? Number.POSITIVE_INFINITY : DEFAULT_BATCH_SIZE);
  const shuffle = read.shuffle ?? !streams;
  const validationData = readValidationData(read.validationData);
  if (validationData && read.validationSplit !== undefined) throw twoValidations();
  const metrics = read.metrics === undefined ? [] : resolveMetrics(read.metrics, shape);
  const hasValidation = validationData !== undefined || read.validationSplit !== undefined;
  const directions = directionsOf(metrics, hasValidation);
  const earlyStopping =
    read.earlyStopping === undefined ? undefined : readEarlyStopping(read.earlyStopping, directions);
  const checkpoint =
    read.checkpoint === undefined
      ? undefined
      : readOptions("checkpoint", read.checkpoint, CHECKPOINT, { prefix: "checkpoint." });
  const classWeights =
    read.classWeights === undefined
      ? undefined
      : readClassWeights(read.classWeights, shape.outputs, shape.dtype);
  return {
    ...read,
    batchSize,
    shuffle,
    validationData,
    metrics,
    directions,
    earlyStopping,
    checkpoint,
    classWeights,
  } as FitPlan;
}

function readValidationData(given: unknown): Data | undefined {
  if (given === undefined || Dataset.is(given) || isStream(given)) return given;
  return attempt("invalidOption", "validationData", () => {
    const expected = "[inputs, targets], [inputs, targets, weights], a dataset or a stream";
    const length = requireList("validationData", given, 3, expected);
    if (length > 1) {
      const [inputs, targets, weights] = given as RowsOfData;
      return [inputs, targets, weights];
    }
    throw new BackpropError("invalidOption", `validationData has ${length} element; expected ${expected}.`);
  });
}

function notForStreams(what: string, advice: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `${what}, but the rows come from a stream, in its order. ${advice}.`,
  );
}

function twoValidations(): BackpropError {
  return new BackpropError(
    "invalidOption",
    "fit is given validationData and validationSplit; expected one of them. Leave out validationSplit to validate on " +
      "validationData.",
  );
}

/** Whether a fit of `rows` rows takes them in random order. */
export function shufflesRows({ shuffle, batchSize }: FitPlan, rows: number): boolean {
  return shuffle && batchSize < rows;
}
