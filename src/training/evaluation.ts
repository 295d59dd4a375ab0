// The options and results of predict and evaluate, and the evaluation pass over the rows.

import type { Matrix } from "../data/tensor.js";
import type { RowWeights } from "../data/weights.js";
import type { NetworkDescription } from "../description.js";
import { BackpropError } from "../errors.js";
import { classCount } from "../metrics/classes.js";
import { ConfusionCounts } from "../metrics/confusion.js";
import type { MetricShape } from "../metrics/metric.js";
import { resolveMetrics } from "../metrics/metrics.js";
import { type OptionsOf, ofType, readOptions } from "../validation.js";
import { type Model, SLICE_ROWS } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";
import type { Work } from "../work.js";
import { Meter } from "./meter.js";
import type { MetricList, NamesOf } from "./options.js";
import { Pace } from "./pace.js";
import type { StreamReader } from "./stream.js";

export interface PredictionOptions {
  /**
   * Whether to use the average of the parameters, if the optimizer keeps one (see its option `ema`); default true.
   * False: the parameters themselves.
   */
  readonly averaged?: boolean;
}

export interface TrainingOptions {
  /**
   * Whether layers act as in the next training step, instead of as in `predict`; default false. Dropout then uses the
   * mask of that step. The mask is the same for every call until a step is taken.
   */
  readonly training?: boolean;
}

export interface GradientOptions extends TrainingOptions, RowWeights {}

export interface EvaluationOptions<M extends MetricList = MetricList, C extends boolean = boolean>
  extends PredictionOptions,
    GradientOptions {
  /**
   * Metrics to compute from the same forward pass, such as `["accuracy"]`. Rows count by their weights. Cost: as for
   * `fit`.
   */
  readonly metrics?: M | undefined;
  /** Whether the classes are counted, as `confusionMatrix` does; default false. */
  readonly confusionMatrix?: C;
}

/** The result of `evaluate`: the loss, metrics by name, and the confusion matrix [actual][predicted] if asked for. */
export type Evaluation<M extends MetricList = readonly [], C extends boolean = false> = {
  readonly loss: number;
} & { readonly [N in NamesOf<M>]: number } & (C extends true
    ? { readonly confusionMatrix: Matrix }
    : unknown);

const PREDICTION_OPTIONS: OptionsOf<PredictionOptions> = {
  averaged: { check: ofType("boolean"), default: true },
};

export const GRADIENT_OPTIONS: OptionsOf<GradientOptions> = {
  training: { check: ofType("boolean"), default: false },
  // Checked with the rows.
  sampleWeights: { check: () => {}, default: undefined },
};

const EVALUATION_OPTIONS: OptionsOf<EvaluationOptions> = {
  ...PREDICTION_OPTIONS,
  ...GRADIENT_OPTIONS,
  // Checked by resolveMetrics().
  metrics: { check: () => {}, default: undefined },
  confusionMatrix: { check: ofType("boolean"), default: false },
};

/** Does not read options if none are given: reading them costs 10 % of the time of predicting one row. */
export function usesAverage(of: string, options: PredictionOptions | undefined): boolean {
  return options === undefined || readOptions(of, options, PREDICTION_OPTIONS).averaged !== false;
}

/** The checked options of `evaluate`. */
export interface EvaluationPlan extends RowWeights {
  readonly averaged: boolean;
  /** Whether layers act as in the next training step. */
  readonly training: boolean;
  /** Accumulates the metrics of the rows. */
  readonly meter?: Meter | undefined;
  readonly counts?: ConfusionCounts | undefined;
}

/** @throws BackpropError `invalidOption` or `unknownName`. */
export function readEvaluation(options: EvaluationOptions | undefined, shape: MetricShape): EvaluationPlan {
  if (options === undefined) return { averaged: true, training: false };
  const { averaged, training, metrics, confusionMatrix, sampleWeights } = readOptions(
    "evaluate",
    options,
    EVALUATION_OPTIONS,
  );
  const resolved = metrics === undefined ? [] : resolveMetrics(metrics, shape);
  const counts = confusionMatrix ? new ConfusionCounts(classCount(shape)) : undefined;
  const meter = resolved.length > 0 || counts ? new Meter(resolved, shape, counts) : undefined;
  return { averaged: averaged !== false, training: training === true, meter, counts, sampleWeights };
}

/** @throws BackpropError `unsupported` if the outputs of a network are not classes. */
export function requireClasses({ outputs, layers }: NetworkDescription): void {
  const output = layers.at(-1)!;
  const activation = output.kind === "dense" ? output.activation : undefined;
  if (outputs > 1 || activation === "sigmoid") return;
  throw new BackpropError(
    "unsupported",
    "predictClasses needs several outputs, or one of a dense layer with sigmoid; this network has one" +
      `${activation ? ` with ${activation}` : ""}. Use predict.`,
  );
}

interface LossAndTime {
  readonly loss: number;
  /** The time of the calls, without pauses between them. */
  readonly milliseconds: number;
}

interface PassPlan extends Pick<EvaluationPlan, "averaged" | "training" | "meter"> {
  /** The initial value of the sum of the loss's terms; default 0. */
  readonly sum?: number;
}

/**
 * The loss over all rows as one batch, in one forward pass. Adds the rows to the meter, if there is one. `model`
 * returns the model, or throws if the network was disposed between two slices, or by a metric.
 */
export function* evaluateRows(
  model: () => Model,
  samples: Samples,
  { averaged, training, meter, sum: firstSum = 0 }: PassPlan,
): Work<LossAndTime> {
  if (model().hasCustomLoss) return evaluateAtOnce(model, samples, { averaged, training, meter });
  const { rows } = samples;
  const pace = new Pace();
  let sum = firstSum;
  let milliseconds = 0;
  for (let begin = 0; begin < rows; ) {
    if (begin > 0) yield;
    const current = model();
    const begun = performance.now();
    // The workspace keeps the outputs of the last SLICE_ROWS rows alone.
    const slices = meter ? 1 : pace.units;
    const isWhole = training && current.needsWholeBatch;
    const end = isWhole ? rows : Math.min(begin + slices * SLICE_ROWS, rows);
    sum = current.withAverage(averaged, () => current.evaluate(samples, begin, end, sum, training));
    meter?.add(current.passPredictions(end - begin), samples, undefined, begin, end);
    const elapsed = performance.now() - begun;
    pace.adjust(slices, elapsed);
    milliseconds += elapsed;
    begin = end;
  }
  return { loss: model().lossOf(sum, samples), milliseconds };
}

/** `evaluateRows` for a loss in JavaScript, which gets all rows in one call. */
function evaluateAtOnce(
  model: () => Model,
  samples: Samples,
  { averaged, training, meter }: PassPlan,
): LossAndTime {
  const begun = performance.now();
  const { loss, outputs } = model().evaluateCustom(samples, averaged, training);
  // The function may have disposed the network.
  model();
  meter?.add(outputs, samples, undefined, 0, samples.rows);
  return { loss, milliseconds: performance.now() - begun };
}

/**
 * `evaluateRows` for the rows of a stream, read once. Ignores items of weight 0. `isMean`: whether the loss is a mean
 * over the rows.
 */
export function* evaluateStream(
  model: () => Model,
  reader: StreamReader,
  plan: PassPlan & { readonly isMean: boolean; readonly requireGoing: () => void },
): Work<LossAndTime> {
  const { isMean, requireGoing } = plan;
  let total = 0;
  let milliseconds = 0;
  for (;;) {
    const begun = performance.now();
    const samples = yield* reader.next(requireGoing);
    if (!samples) return { loss: isMean ? total / reader.weight : total, milliseconds };
    milliseconds += performance.now() - begun;
    if (reader.itemWeight === 0) continue;
    // The penalties are a part of each mean, but only once of a sum.
    const evaluation = yield* evaluateRows(model, samples, isMean ? plan : { ...plan, sum: total });
    total = isMean ? total + reader.itemWeight * evaluation.loss : evaluation.loss;
    milliseconds += evaluation.milliseconds;
  }
}
