/// <reference lib="esnext.disposable" preserve="true" />
// The public class Network: checks arguments and calls the model in linear memory.

import type { CustomLoss } from "./customLoss.js";
import type { Rows } from "./data/rows.js";
import { type Matrix, Tensor } from "./data/tensor.js";
import type { NetworkDescription } from "./description.js";
import { allocate, type DType, type FloatArray } from "./dtype.js";
import { BackpropError } from "./errors.js";
import type { Configuration } from "./files/configuration.js";
import { type Metadata, type Training, writeNetworkFile } from "./files/networkFile.js";
import type { History } from "./history.js";
import { requireBatches } from "./layers/batches.js";
import type { DenseLayer, Layer } from "./layers/layers.js";
import {
  type BuffersOf,
  type LayerParameters,
  type LayerValues,
  layerBuffers,
  layerTensors,
  type ParametersOf,
  writeLayers,
} from "./layers/parameters.js";
import { definitionOf } from "./layers/stack.js";
import type { Loss, LossName } from "./losses.js";
import { classOf } from "./metrics/classes.js";
import type { MetricShape } from "./metrics/metric.js";
import { checkOptimizer, type Optimizer, withLearningRate } from "./optimizers.js";
import { draw, type RandomStream } from "./random/random.js";
import type { Moment } from "./schedules/schedule.js";
import { type LearningRate, rateAt } from "./schedules/schedules.js";
import { summarize } from "./summary.js";
import { requireNotAborted } from "./training/abort.js";
import type { EpochFigures, EpochInfo } from "./training/callbacks.js";
import { type Data, type DataArguments, isStream, readArguments, type StoredData } from "./training/data.js";
import { Dataset } from "./training/dataset.js";
import { describeDivergence, divergenceEvent, findDivergedLayer } from "./training/divergence.js";
import { iterateEpochs } from "./training/epochs.js";
import {
  type Evaluation,
  type EvaluationOptions,
  evaluateRows,
  GRADIENT_OPTIONS,
  type GradientOptions,
  type PredictionOptions,
  readEvaluation,
  requireClasses,
  usesAverage,
} from "./training/evaluation.js";
import { Fit } from "./training/fit.js";
import { type FitState, requireResumable } from "./training/fitState.js";
import { LearningRates } from "./training/learningRates.js";
import { SampleLoader } from "./training/loader.js";
import { metricShape } from "./training/meter.js";
import {
  type AsyncFitOptions,
  type FitOptions,
  type FitPlan,
  type HistoryOf,
  type MetricList,
  type NamesOf,
  planFit,
  shufflesRows,
} from "./training/options.js";
import { type PartialFitOptions, planPartialFit, RowTrainer } from "./training/partialFit.js";
import {
  type LearningRateRange,
  planRange,
  type RangePlan,
  type RangeTestOptions,
  testRange,
} from "./training/rangeTest.js";
import { historyOf } from "./training/recorder.js";
import { type DataStream, StreamReader } from "./training/stream.js";
import { splitSamples } from "./training/validationSplit.js";
import { Wait } from "./training/wait.js";
import { type OptionsOf, ofType, readOptions, requireInteger, requireTexts } from "./validation.js";
import type { Model } from "./wasm/model.js";
import type { Samples } from "./wasm/samples.js";
import { finish, finishInSlices, type Work } from "./work.js";

/** The options of `network.save` and `network.saveWeights`. */
export interface SaveOptions {
  /** More texts for this file, or others in place of those in `network.metadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Gradients<L extends readonly Layer[] = readonly DenseLayer[]> {
  /** The loss at the current parameters. */
  readonly loss: number;
  readonly layers: ParametersOf<L>;
}

const SAVE_OPTIONS: OptionsOf<SaveOptions> = { metadata: { check: requireTexts, default: {} } };

/** The greatest key of a network's random numbers. */
export const MAX_SEED = 2 ** 32 - 1;
/** The key of a network that is given neither a key nor a stream to draw it from. */
export const DEFAULT_SEED = 0;

/** Where a fit takes rows from. */
type FitSource = Samples | StreamReader;

interface FitSources {
  readonly training: FitSource;
  readonly validation?: FitSource;
}

/** The key of a network's random numbers, or the stream that the key is drawn from when it is needed. */
interface Keys {
  key: number | undefined;
  readonly random: RandomStream;
}

/**
 * A network, created by `createNetwork`. `L` are the types of its layers, which `createNetwork` infers. Without `L`,
 * all are dense: write `Network<readonly Layer[]>` for a network of any layers.
 */
export class Network<L extends readonly Layer[] = readonly DenseLayer[]> {
  /**
   * The parameters as live views: `parameters[i]` belongs to `layers[i]`, and is `{}` for a layer without parameters.
   */
  readonly parameters: ParametersOf<L>;
  /**
   * Numbers that training changes without gradients, as live views: `buffers[i]` belongs to `layers[i]`, and is
   * { runningMean, runningVariance } for a batch norm, else `{}`.
   */
  readonly buffers: BuffersOf<L>;
  /** The option `metadata`, or the metadata of the file that the network was loaded from. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #model: Model;
  readonly #loader: SampleLoader;
  readonly #rowTrainer = new RowTrainer();
  readonly #description: NetworkDescription;
  #optimizer: Optimizer;
  /** For each layer: whether it is trained. */
  readonly #trainable: boolean[];
  readonly #rates: LearningRates;
  readonly #keys: Keys;
  #averagedParameters: ParametersOf<L> | undefined;
  readonly #shape: MetricShape;
  /** Epochs of all fits before the one in progress. */
  #epoch: number;
  /** The fit in progress, once its data are loaded. */
  #fit: Fit | undefined;
  /** The last fit, if it stopped at the end of an epoch and can be resumed. */
  #lastFit: FitState | undefined;
  #isTraining = false;
  /** How the fit in progress waits. */
  #wait: Wait | undefined;
  #isDisposed = false;

  /** @internal `training`: what a network from a file, or a clone, has learned besides the values of its model. */
  constructor(
    model: Model,
    description: NetworkDescription,
    optimizer: Optimizer,
    keys: Keys,
    metadata: Metadata,
    training?: Training,
  ) {
    this.metadata = metadata;
    this.#model = model;
    this.#loader = new SampleLoader(() => this.#alive(), description);
    this.#description = description;
    this.#optimizer = optimizer;
    const trainable = description.layers.map((layer) => !("trainable" in layer) || layer.trainable);
    this.#trainable = [...(training?.trainable ?? trainable)];
    this.#rates = new LearningRates(optimizer.learningRate, description.dtype);
    if (training) this.#rates.restore(training.schedule);
    this.#epoch = training?.epoch ?? 0;
    this.#lastFit = training?.fit;
    this.#keys = keys;
    if (keys.key !== undefined) model.setSeed(keys.key);
    this.#shape = metricShape(description);
    this.parameters = this.#tensors(() => this.#alive().parameters());
    const { layers, buffers } = description;
    this.buffers = layerBuffers(layers as unknown as L, buffers, () => this.#alive().buffers());
    // An assignment such as network.learningRate = 5 throws instead of being ignored.
    Object.freeze(this);
  }

  /** The type of parameters, data and arithmetic. */
  get dtype(): DType {
    return this.#description.dtype;
  }

  /** Numbers in a row of input. */
  get inputs(): number {
    return this.#description.inputs;
  }

  /** The layers with all their options, checked and frozen. `setTrainable` does not change them. */
  get layers(): L {
    return this.#description.layers as unknown as L;
  }

  /** The loss as it was given: a name, a frozen copy of a name with options, or what `customLoss` made. */
  get loss(): LossName | Loss | CustomLoss {
    return this.#description.loss.given;
  }

  /**
   * The parameters that `predict` and `evaluate` use, as live views: the average of the parameters, if the optimizer
   * keeps one (see its option `ema`) and has taken a step; else `parameters`.
   */
  get averagedParameters(): ParametersOf<L> {
    this.#averagedParameters ??= this.#tensors(() => this.#alive().predictionParameters());
    return this.#averagedParameters;
  }

  /** @internal For each layer: whether it is trained. */
  get trainable(): readonly boolean[] {
    return this.#trainable;
  }

  /** Finished epochs of all fits of the network, also of the one in progress. */
  get epoch(): number {
    return this.#epoch + (this.#fit?.epoch ?? 0);
  }

  /**
   * The history of the last fit, also after loading: `stopped` is "interrupted" if the file is a checkpoint. Undefined if
   * there was none, if it stopped within an epoch, or if the network was changed otherwise since.
   */
  get history(): History | undefined {
    return this.#lastFit && historyOf(this.#lastFit);
  }

  /** The optimizer, with the learning rate or the schedule that was set last. */
  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  /**
   * The learning rate of the coming step.
   *
   * @throws BackpropError `disposed`; `invalidOption` if a function returned a value that is not a rate. Exceptions of
   *   the function pass through.
   */
  get learningRate(): number {
    return this.#rates.at(this.#now);
  }

  /** The finished steps and epochs, which are the time of a schedule. */
  get #now(): Moment {
    return { step: this.#alive().optimizerStep, epoch: this.epoch };
  }

  /**
   * Trains on `inputs` [rows, inputs] and `targets` [rows, outputs] (labels [rows] for sparseCategoricalCrossentropy)
   * for some epochs, or on a dataset or a stream instead. Inputs and targets are copied before training begins: do not
   * change them until `onProgress` is first called or the fit has ended. It works for about 10 ms at a time, so that a
   * page stays responsive; longer only if 128 rows alone take longer. `predict` and `evaluate` may be called between
   * these pieces.
   *
   * @throws BackpropError (rejects) `invalidShape`, `invalidData` or `invalidLabel` for data that does not fit,
   *   `invalidOption` or `unknownName` for invalid options; `diverged` if a loss becomes NaN or infinite, or an update
   *   would make a number NaN or infinite, and `aborted` if the signal is aborted: the network then keeps what was
   *   trained (see `restoreBest`), and the error has `epoch` and `history`; `busy` during another fit of this network,
   *   `disposed` if the network was disposed, `coreUnavailable` if one of its threads could not be started, or has
   *   died, since an earlier fit. Exceptions of callbacks, metrics and streams pass through.
   */
  fit<const M extends MetricList = readonly []>(
    data: Dataset | DataStream,
    options?: AsyncFitOptions<M>,
  ): Promise<HistoryOf<M>>;
  fit<const M extends MetricList = readonly []>(
    inputs: Rows,
    targets: Rows,
    options?: AsyncFitOptions<M>,
  ): Promise<HistoryOf<M>>;
  async fit(...given: DataArguments): Promise<History> {
    const { data, plan } = this.#plan("fit", given);
    return finishInSlices(this.#train(data, plan, new Wait(plan.signal)));
  }

  /**
   * `fit` without pauses: the same bits, but it blocks the thread until it ends. For workers and scripts.
   *
   * @throws BackpropError as `fit`.
   */
  fitSync<const M extends MetricList = readonly []>(
    data: Dataset | DataStream,
    options?: FitOptions<M>,
  ): HistoryOf<M>;
  fitSync<const M extends MetricList = readonly []>(
    inputs: Rows,
    targets: Rows,
    options?: FitOptions<M>,
  ): HistoryOf<M>;
  fitSync(...given: DataArguments): History {
    const { data, plan } = this.#plan("fitSync", given);
    return finish(this.#train(data, plan));
  }

  /**
   * `fit` as a loop over its epochs: `for await (const { epoch, loss } of network.epochs(inputs, targets, options))`.
   * The fit begins with the loop, and waits while its body runs. The body may do what `onEpoch` may. Leaving the loop
   * ends the fit, as if `onEpoch` had returned false.
   *
   * @throws BackpropError as `fit`, in the loop.
   */
  epochs<const M extends MetricList = readonly []>(
    data: Dataset | DataStream,
    options?: AsyncFitOptions<M>,
  ): AsyncGenerator<EpochInfo<NamesOf<M>>, HistoryOf<M>, void>;
  epochs<const M extends MetricList = readonly []>(
    inputs: Rows,
    targets: Rows,
    options?: AsyncFitOptions<M>,
  ): AsyncGenerator<EpochInfo<NamesOf<M>>, HistoryOf<M>, void>;
  async *epochs(...given: DataArguments): AsyncGenerator<EpochFigures, History, void> {
    const { data, plan } = this.#plan("epochs", given);
    return yield* iterateEpochs(plan.onEpoch, (onEpoch) =>
      finishInSlices(this.#train(data, { ...plan, onEpoch }, new Wait(plan.signal))),
    );
  }

  /**
   * Trains once on the rows in their order, in steps of `batchSize`, without pauses: for rows that arrive one after the
   * other, as scikit-learn's `partial_fit`. Returns the loss of the rows, computed before the update of each step. With
   * `sampleWeights`, each row counts by its weight, as in `fit`. The optimizer keeps its state. `epoch` does not change.
   * Costs little more than the steps and a call of `predict`.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `invalidOption`; `diverged` (the parameters
   *   are then those before the step that failed), `busy` while fitting, `disposed`.
   */
  partialFit(dataset: Dataset, options?: PartialFitOptions): number;
  partialFit(inputs: Rows, targets: Rows, options?: PartialFitOptions): number;
  partialFit(...given: DataArguments<StoredData>): number {
    this.#idle();
    const { data, options } = readArguments("partialFit", given, false);
    const { batchSize, ...weights } = planPartialFit(options);
    const samples = finish(this.#loader.load(data, weights));
    try {
      this.#requireBatches(samples.rows, batchSize);
      this.#drawKeyOfLayers();
      return this.#trainRows(samples, Math.min(batchSize, samples.rows));
    } finally {
      this.#loader.giveBack(samples);
    }
  }

  #trainRows(samples: Samples, batchSize: number): number {
    // Reading the rows, or drawing the key, may have run code that began a fit.
    this.#idle();
    const model = () => this.#alive();
    const description = this.#description;
    const rates = this.#rates;
    this.#lastFit = undefined;
    // A learning rate that is a function runs code of the user.
    this.#isTraining = true;
    try {
      return this.#rowTrainer.train({ model, samples, batchSize, description, rates, epoch: this.#epoch });
    } finally {
      this.#isTraining = false;
    }
  }

  /**
   * Checks `inputs` and `targets` and copies them into the core's memory, where they stay until the dataset is
   * disposed. Works for about 10 ms at a time.
   *
   * @throws BackpropError (rejects) `invalidShape`, `invalidData`, `invalidLabel`, `outOfMemory`, `disposed`.
   */
  async createDataset(inputs: Rows, targets: Rows): Promise<Dataset> {
    this.#alive();
    const samples = await finishInSlices(this.#loader.load([inputs, targets]));
    return new Dataset(samples, this.#loader.formats);
  }

  /**
   * The outputs [rows, outputs] for `inputs` [rows, inputs], computed with `averagedParameters` unless `averaged` is
   * false. A row's outputs have the same bits alone and in any batch.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidOption`, `disposed`.
   */
  predict(inputs: Rows | Dataset, options?: PredictionOptions): Matrix {
    const averaged = usesAverage("predict", options);
    this.#alive();
    const samples = Dataset.is(inputs) ? this.#loader.open(inputs, false) : this.#loader.loadInputs(inputs);
    try {
      const { dtype, outputs } = this.#description;
      const predictions = allocate(dtype, samples.rows * outputs);
      const model = this.#alive();
      model.withAverage(averaged, () => model.predict(samples, predictions));
      return new Tensor([samples.rows, outputs], predictions);
    } finally {
      this.#loader.giveBack(samples);
    }
  }

  /**
   * The class of each row [rows]: the number of its largest output; the first wins ties. For one sigmoid output: 1 if
   * it is above 0.5, else 0.
   *
   * @throws BackpropError as `predict`; `unsupported` if the only output is not a sigmoid.
   */
  predictClasses(inputs: Rows, options?: PredictionOptions): Uint32Array {
    requireClasses(this.#description);
    const { data, shape } = this.predict(inputs, options);
    const [rows, outputs] = shape as [number, number];
    return allocate("uint32", rows).map((_, row) => classOf(data, row, outputs));
  }

  /**
   * The loss over all rows as one batch, including the penalties of the layers, and the `metrics`, computed with
   * `averagedParameters` unless `averaged` is false. With `sampleWeights`, each row counts by its weight, as in `fit`.
   * Layers act as in `predict`; with `training` as in training.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `invalidOption`, `unknownName`, `disposed`.
   */
  evaluate<const M extends MetricList = readonly [], const C extends boolean = false>(
    dataset: Dataset,
    options?: EvaluationOptions<M, C>,
  ): Evaluation<M, C>;
  evaluate<const M extends MetricList = readonly [], const C extends boolean = false>(
    inputs: Rows,
    targets: Rows,
    options?: EvaluationOptions<M, C>,
  ): Evaluation<M, C>;
  evaluate(...given: DataArguments<StoredData>): Evaluation {
    const { data, options } = readArguments("evaluate", given, false);
    const { averaged, training, meter, counts, ...weights } = readEvaluation(options, this.#shape);
    this.#alive();
    const samples = finish(this.#loader.load(data, weights));
    try {
      if (training) this.#beginTraining(samples.rows);
      if (training && meter && this.#alive().needsWholeBatch) throw noTrainingMetrics();
      const { loss } = finish(evaluateRows(() => this.#alive(), samples, { averaged, training, meter }));
      const matrix = counts && { confusionMatrix: counts.matrix() };
      return { loss, ...meter?.take(), ...matrix };
    } finally {
      this.#loader.giveBack(samples);
    }
  }

  /**
   * The loss over all rows as one batch, including the penalties of the layers, and its gradient by backpropagation, at
   * `parameters`. Gradients are not clipped; those of frozen layers are 0. With `sampleWeights`, each row counts by its
   * weight, as in `fit`. Layers act as in `predict`; with `training` as in training. Does not change parameters.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `invalidOption`, `busy` while fitting,
   *   `disposed`.
   */
  gradients(dataset: Dataset, options?: GradientOptions): Gradients<L>;
  gradients(inputs: Rows, targets: Rows, options?: GradientOptions): Gradients<L>;
  gradients(...given: DataArguments<StoredData>): Gradients<L> {
    this.#idle();
    const { data, options = {} } = readArguments("gradients", given, false);
    const { training, ...weights } = readOptions("gradients", options, GRADIENT_OPTIONS);
    const samples = finish(this.#loader.load(data, weights));
    try {
      const model = this.#idle();
      if (training) this.#beginTraining(samples.rows);
      const loss = this.#computeGradients(samples, training!);
      const values = model.gradients().slice();
      return { loss, layers: this.#tensors(values) };
    } finally {
      this.#loader.giveBack(samples);
    }
  }

  #computeGradients(samples: Samples, training: boolean): number {
    // A loss in JavaScript is code of the user.
    this.#isTraining = true;
    try {
      const loss = this.#model.computeGradients(samples, training);
      this.#alive();
      return loss;
    } finally {
      this.#isTraining = false;
    }
  }

  /**
   * One step of the optimizer with the given gradients: one { kernel, bias } for each layer. If its options say so, it
   * clips them and adds weight decay. Penalties are not added: `gradients` has added them. Gradients of frozen layers
   * are ignored.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `diverged` if a parameter would become NaN or infinite (then
   *   none changes), `busy` while fitting, `disposed`.
   */
  applyGradients(gradients: readonly LayerValues[]): void {
    this.#idle();
    const values = this.#collect("gradients", gradients);
    const { learningRate } = this;
    const model = this.#idle();
    this.#lastFit = undefined;
    model.setLearningRate(learningRate);
    model.gradients().set(values);
    if (model.update()) return;
    const event = divergenceEvent("step");
    const layer = findDivergedLayer(model, "step", this.#description.layers.length);
    const message = describeDivergence({ cause: "step", event, layer, model, learningRate });
    throw new BackpropError("diverged", message, { layer });
  }

  /**
   * Replaces all parameters: one { kernel, bias } for each layer, such as
   * `JSON.parse(JSON.stringify(network.parameters))`. If one is not valid, none changes. An average of the parameters
   * restarts.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `busy` while fitting, `disposed`.
   */
  setParameters(parameters: readonly LayerValues[]): void {
    this.#idle();
    const values = this.#collect("parameters", parameters);
    const model = this.#idle();
    this.#lastFit = undefined;
    model.parameters().set(values);
    model.restartAverage();
  }

  /**
   * Replaces the optimizer from the next step on. The new one begins with a state of zeros, without an average of the
   * parameters, and at the beginning of its schedule. Allowed between fits and during one, such as in a callback.
   *
   * @throws BackpropError `invalidOption`, `unknownName`, `outOfMemory` (then the old one stays), `disposed`.
   */
  setOptimizer(optimizer: Optimizer): void {
    const checked = checkOptimizer(optimizer, this.#description.dtype);
    this.#alive().setOptimizer(checked);
    this.#optimizer = checked;
    this.#rates.restart(checked.learningRate, this.#now);
  }

  /**
   * Sets the learning rate of the coming steps: a number of 0 or more, or a schedule, whose time begins now. The
   * optimizer keeps its state. (Rprop reads its learning rate only in its first step.) Allowed between fits and during
   * one, such as in a callback.
   *
   * @throws BackpropError `invalidOption`, `unknownName`, `disposed`.
   */
  setLearningRate(learningRate: LearningRate): void {
    const optimizer = withLearningRate(this.#optimizer, learningRate, this.#description.dtype);
    this.#restartRates(optimizer);
    this.#optimizer = optimizer;
  }

  /**
   * The losses of training with a learning rate that grows exponentially from `from` to `to`, to find a good one. A
   * good rate is below the rate of the smallest loss, where the loss still falls. Trains a copy of the parameters and
   * of the optimizer's state: the network does not change. Ends early when the smoothed loss is 4 times its minimum, or
   * not finite. Time: a fit of `steps` steps on one thread. Memory: a second network.
   *
   * @throws BackpropError (rejects) as `fit`.
   */
  async learningRateRange(
    inputs: Rows,
    targets: Rows,
    options: RangeTestOptions = {},
  ): Promise<LearningRateRange> {
    this.#idle();
    const plan = planRange(options, this.#description.dtype);
    return finishInSlices(this.#testRange(inputs, targets, plan));
  }

  *#testRange(inputs: Rows, targets: Rows, plan: RangePlan): Work<LearningRateRange> {
    this.#idle();
    this.#isTraining = true;
    try {
      const samples = yield* this.#loader.load([inputs, targets]);
      try {
        this.#requireBatches(samples.rows, plan.batchSize);
        const optimizer = withLearningRate(this.#optimizer, plan.from, this.#description.dtype);
        const model = yield* this.#loader.allocate(() => this.#cloneModel(optimizer, 1));
        try {
          model.setSeed(this.#keys.key ?? DEFAULT_SEED);
          return yield* testRange(model, samples, plan, () => this.#alive());
        } finally {
          model.dispose();
        }
      } finally {
        this.#loader.giveBack(samples);
      }
    } finally {
      this.#isTraining = false;
    }
  }

  /**
   * Sets the optimizer's state, such as Adam's means, and its count of steps to 0. An average of the parameters
   * restarts, and so does a schedule. The optimizer keeps its options, and the learning rate that was set last. Allowed
   * between fits and during one, such as in a callback.
   *
   * @throws BackpropError `disposed`.
   */
  resetOptimizer(): void {
    this.#alive().resetOptimizer();
    this.#restartRates(this.#optimizer);
  }

  /** Begins a schedule. A batch in progress uses the first rate. */
  #restartRates({ learningRate }: Optimizer): void {
    const first = rateAt(learningRate, { step: 0, epoch: 0 }, this.#description.dtype);
    this.#alive().setLearningRate(first);
    this.#rates.restart(learningRate, this.#now);
  }

  /**
   * Freezes layer number `index`, or makes it trainable again, like the layer option `trainable`. Training does not
   * change the parameters of a frozen layer: no update, weight decay or momentum. Their optimizer state and their
   * average (see `ema`) do not change either. Their gradients are 0, and do not count in `clipNorm`. PyTorch does the
   * same with `requires_grad = False`, but counts the steps of each parameter; here the optimizer counts its steps for
   * all layers together. A penalty of a frozen layer still counts in the loss. For a layer without parameters, nothing
   * changes. Frozen layers save time: their gradients are not computed, and the backward pass ends at the first
   * trainable layer.
   *
   * @throws BackpropError `invalidOption`, `busy` while fitting, `disposed`.
   */
  setTrainable(index: number, trainable: boolean): void {
    requireInteger("index", index, 0, this.#description.layers.length - 1);
    ofType("boolean")("trainable", trainable);
    this.#idle().setTrainable(index, trainable);
    this.#trainable[index] = trainable;
  }

  /**
   * An independent network that continues as this network would: the same layers, loss, parameters, optimizer with its
   * state, key of random numbers and counts of epochs and steps. Training both on the same data gives the same bits. If
   * the key is still to be drawn from `random`, it is drawn now. Cost: as much memory as this network, and the time to
   * copy it.
   *
   * @throws BackpropError `busy` while fitting, `outOfMemory`, `disposed`.
   */
  clone(): Network<L> {
    this.#idle();
    this.#drawKey();
    const model = this.#cloneModel(this.#optimizer);
    return new Network<L>(
      model,
      this.#description,
      this.#optimizer,
      { ...this.#keys },
      this.metadata,
      this.#trainingWith(this.#lastFit),
    );
  }

  /**
   * The network as a file of the safetensors format, which `loadNetwork` reads: weights, layers, loss, optimizer and its
   * state, schedule, key of random numbers, epochs, and the last fit with its history and, for `resume`, its best
   * parameters. The loaded network continues as this one would, with the same bits. Weights are named and shaped as in
   * the state_dict of a PyTorch nn.Sequential with the same layers; with an average of the parameters (see `ema`), it
   * is beside them.
   *
   * Functions are not kept: a custom loss, a learning rate that is a function. If the key is still to be drawn from
   * `random`, it is drawn now. During a fit, call it at the end of an epoch, in `onEpoch`, or use `checkpoint`.
   *
   * @throws BackpropError `busy` within an epoch of a fit; `invalidData` if a parameter is NaN or infinite, because
   *   `loadNetwork` refuses such a file; `disposed`.
   */
  save(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    const metadata = this.#metadataOf("save", options);
    const model = this.#alive();
    requireFinite(model);
    const fit = this.#resumableFit();
    this.#drawKey();
    const training = this.#trainingWith(fit);
    return writeNetworkFile(this.#configuration, this.#description, model.values, metadata, training);
  }

  /**
   * The weights alone as a file of the safetensors format: `save` without what only training needs. `loadNetwork` reads
   * it without options, and begins a new training. With an average of the parameters, these are the averages.
   *
   * @throws BackpropError `invalidData` if a parameter is NaN or infinite; `disposed`.
   */
  saveWeights(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    const metadata = this.#metadataOf("saveWeights", options);
    const model = this.#alive();
    const values = { ...model.values, parameters: model.predictionParameters() };
    requireFinite(model, values.parameters);
    return writeNetworkFile(this.#configuration, this.#description, values, metadata);
  }

  #metadataOf(of: string, options: SaveOptions): Metadata {
    const { metadata } = readOptions(of, options, SAVE_OPTIONS);
    return { ...this.metadata, ...metadata };
  }

  get #configuration(): Configuration {
    const { inputs, layers, loss, dtype, numerics } = this.#description;
    return { inputs, layers, loss: loss.given, optimizer: this.#optimizer, dtype, numerics };
  }

  /** The fit that a file keeps: the one in progress, at the end of an epoch, or else the last one. */
  #resumableFit(): FitState | undefined {
    if (!this.#isTraining) return this.#lastFit;
    const state = this.#fit?.state;
    if (!state) throw withinEpoch();
    return state;
  }

  #trainingWith(fit: FitState | undefined): Training {
    return {
      key: this.#keys.key!,
      epoch: this.epoch,
      schedule: this.#rates.state,
      trainable: [...this.#trainable],
      fit,
    };
  }

  /** A copy of the model with the same frozen layers. */
  #cloneModel(optimizer: Optimizer, threads?: number): Model {
    const model = this.#alive().clone(this.#description, optimizer, threads);
    for (const [layer, trainable] of this.#trainable.entries()) model.setTrainable(layer, trainable);
    return model;
  }

  /** A table of the layers, with their shapes and the number of parameters, as text. */
  summary(): string {
    this.#alive();
    return summarize(this.#description);
  }

  /**
   * Frees the network's memory and ends its threads. A fit in progress rejects, even if it waits for a promise of a
   * callback or a stream. Every later use throws `disposed`.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#rowTrainer.dispose();
    this.#loader.dispose();
    this.#model.dispose();
    this.#wait?.end();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #alive(): Model {
    if (this.#isDisposed) throw disposed();
    return this.#model;
  }

  #idle(): Model {
    if (!this.#isTraining) return this.#alive();
    throw new BackpropError(
      "busy",
      "A fit is still training the network. Await that fit, or abort it through its signal, before this call.",
    );
  }

  /** The data and the checked options in the arguments of a fit. */
  #plan(of: string, given: DataArguments): { readonly data: Data; readonly plan: FitPlan } {
    this.#idle();
    const { data, options = {} } = readArguments(of, given, true);
    const plan = planFit(options, data, this.#shape);
    this.#rates.requireMonitor(plan.directions);
    if (plan.resume) requireResumable(this.#lastFit, plan);
    return { data, plan };
  }

  /** `wait`: how to wait for promises of the user; undefined if the caller cannot. */
  *#train(data: Data, plan: FitPlan, wait?: Wait): Work<History> {
    this.#idle();
    requireNotAborted(plan);
    this.#isTraining = true;
    this.#wait = wait;
    const run = (sources: FitSources) => this.#run(sources, plan, wait);
    try {
      return yield* this.#using(data, undefined, plan, wait, (training) => {
        const { validationData, validationSplit } = plan;
        if (validationSplit !== undefined) return this.#runSplit(training as Samples, validationSplit, run);
        if (!validationData) return run({ training });
        const withBoth = (validation: FitSource) => run({ training, validation });
        return this.#using(validationData, "validationData", plan, wait, withBoth);
      });
    } finally {
      this.#isTraining = false;
      this.#wait = undefined;
    }
  }

  *#runSplit(samples: Samples, fraction: number, run: (sources: FitSources) => Work<History>): Work<History> {
    const split = splitSamples(samples, fraction);
    try {
      return yield* run(split);
    } finally {
      split.dispose();
    }
  }

  /** The result of `use`, which reads the data. `argument`: the name of the data in messages, if they have one. */
  *#using<T>(
    data: Data,
    argument: string | undefined,
    plan: FitPlan,
    wait: Wait | undefined,
    use: (source: FitSource) => Work<T>,
  ): Work<T> {
    if (isStream(data)) {
      const reader = new StreamReader({
        stream: data,
        noun: argument ?? "items",
        wait,
        load: (rows, names) => this.#loader.load(rows, { isPart: true }, names),
        check: ({ rows }, item) => {
          if (!argument) this.#requireBatches(rows, plan.batchSize, item);
        },
        giveBack: (samples) => this.#loader.giveBack(samples),
      });
      return yield* reader.during(use(reader));
    }
    const samples = argument
      ? yield* this.#loader.load(data, {}, [`${argument}[0]`, `${argument}[1]`, `${argument}[2]`])
      : yield* this.#loader.load(data, plan);
    try {
      return yield* use(samples);
    } finally {
      this.#loader.giveBack(samples);
    }
  }

  *#run({ training, validation }: FitSources, plan: FitPlan, wait: Wait | undefined): Work<History> {
    const stream = training instanceof StreamReader ? training : undefined;
    const requireGoing = () => {
      this.#alive();
      requireNotAborted(plan);
    };
    // An epoch without any item throws.
    const first = stream && (yield* stream.next(requireGoing))!;
    const samples = first ?? (training as Samples);
    if (plan.classWeights) yield* this.#loader.weighClasses(samples, plan.classWeights);
    this.#requireBatches(samples.rows, plan.batchSize);
    if (shufflesRows(plan, samples.rows)) this.#drawKey();
    this.#drawKeyOfLayers();
    const resumed = plan.resume ? this.#lastFit : undefined;
    const firstEpoch = this.#epoch - (resumed?.losses.length ?? 0);
    const subject = {
      model: () => this.#alive(),
      isAlive: () => !this.#isDisposed,
      samples,
      stream,
      validation,
      firstEpoch,
      resumed,
      save: () => this.save(),
      rates: this.#rates,
      wait,
      description: this.#description,
    };
    const fit = yield* this.#loader.allocate(() => new Fit(subject, plan));
    this.#fit = fit;
    this.#epoch = firstEpoch;
    this.#lastFit = undefined;
    try {
      return yield* fit.train();
    } finally {
      this.#fit = undefined;
      this.#epoch += fit.epoch;
      if (!this.#isDisposed) this.#lastFit = fit.state;
      fit.dispose();
    }
  }

  /** Call it before layers act as in training on one batch of `rows` rows. */
  #beginTraining(rows: number): void {
    this.#requireBatches(rows, rows);
    this.#drawKeyOfLayers();
  }

  #requireBatches(rows: number, batchSize: number, item?: string): void {
    requireBatches(this.#description.layers, rows, batchSize, item);
  }

  /** Draws the key before layers that need it act as in training. */
  #drawKeyOfLayers(): void {
    if (this.#description.layers.some((layer) => definitionOf(layer).isRandom)) this.#drawKey();
  }

  /** Draws the key of the network's random numbers, once, if none was given. */
  #drawKey(): void {
    if (this.#keys.key !== undefined) return;
    const drawn = new Float64Array(1);
    draw(this.#keys.random, "fillUniform", drawn, 0, 2 ** 32);
    const key = Math.floor(drawn[0]!);
    requireInteger("a draw of random.fillUniform from 0 to 2^32", key, 0, MAX_SEED);
    this.#alive().setSeed(key);
    this.#keys.key = key;
  }

  #tensors(flat: FloatArray | (() => FloatArray)): ParametersOf<L> {
    const { layers, parameters } = this.#description;
    return layerTensors(layers as unknown as L, parameters, flat);
  }

  /** Checks values for every layer, and writes them to one array in the order of the parameters. */
  #collect(argument: string, values: readonly LayerValues[]): FloatArray {
    const flat = allocate(this.#description.dtype, this.#model.parameterCount);
    writeLayers(argument, values, this.#tensors(flat) as readonly LayerParameters[]);
    return flat;
  }
}

/** A workspace for all rows at once is freed before their outputs could be read. */
function noTrainingMetrics(): BackpropError {
  return new BackpropError(
    "unsupported",
    "evaluate computes no metrics with training: true if the network has a batch norm. Leave out training, or the metrics.",
  );
}

/** Only a view of `network.parameters` can make them so. A checkpoint of them would replace a file that can be loaded. */
function requireFinite(model: Model, parameters?: FloatArray): void {
  const wrong = model.findNotFinite(parameters);
  if (!wrong) return;
  throw new BackpropError(
    "invalidData",
    `${wrong.path} is ${wrong.value}; expected a finite number, because the file could not be loaded. No update makes a ` +
      "parameter NaN or infinite: it was written through a view of network.parameters. Replace the parameters by " +
      "setParameters.",
  );
}

function withinEpoch(): BackpropError {
  return new BackpropError(
    "busy",
    "A fit is within an epoch, where its state cannot be saved. Call save in onEpoch, or use the option checkpoint.",
  );
}

function disposed(): BackpropError {
  return new BackpropError("disposed", "The network was disposed. Create a new one with createNetwork.");
}
