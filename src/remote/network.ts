// The network that a page holds while a worker trains it.

import {
  type AsyncFitOptions,
  BackpropError,
  type BuffersOf,
  type DataStream,
  type DenseLayer,
  type DType,
  type Evaluation,
  type EvaluationOptions,
  type GradientOptions,
  type Gradients,
  type History,
  type Layer,
  type LayerValues,
  type LearningRate,
  type LearningRateRange,
  type Loss,
  type LossName,
  type Matrix,
  type Optimizer,
  type ParametersOf,
  type PartialFitOptions,
  type PredictionOptions,
  type RangeTestOptions,
  type Rows,
} from "../index.js";
import type { HistoryOf, MetricList } from "../training/options.js";
import type { CallOptions, Connection } from "./connection.js";
import type { DatasetInWorker } from "./dataset.js";
import { keepFunctions } from "./functions.js";

export interface SendingOptions {
  /**
   * Buffers of the given typed arrays that the worker takes over instead of copying them, as the option of
   * `structuredClone`. The arrays of the page are empty afterwards.
   */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/** The options of `fit`. Its callbacks and its streams run on the page. */
export interface FitInWorkerOptions<M extends MetricList = MetricList>
  extends Omit<AsyncFitOptions<M>, "validationData">,
    SendingOptions {
  /** As `validationData` of `network.fit`. A dataset must be in the same worker. */
  readonly validationData?:
    | readonly [inputs: Rows, targets: Rows, weights?: ArrayLike<number> | undefined]
    | DatasetInWorker
    | DataStream
    | undefined;
}

/** Ends the workers of networks that were garbage-collected without being disposed. */
const abandoned = new FinalizationRegistry<Connection>((connection) => connection.end(disposed()));

/**
 * A network in a worker, made by `networkInWorker`. It has the methods of `Network`, with the same arguments, results
 * and errors, but each returns a promise. What `Network` allows during a fit, such as `predict` and `setLearningRate`, is
 * done between two pieces of the fit, within about 10 ms; the rest rejects with `busy`. Arguments and results are
 * copied.
 */
export class NetworkInWorker<L extends readonly Layer[] = readonly DenseLayer[]> {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
    abandoned.register(this, connection, this);
    Object.freeze(this);
  }

  /** Finished epochs of all fits, as of the last message from the worker: a result or the call of a callback. */
  get epoch(): number {
    return this.#connection.epoch;
  }

  /**
   * As `network.fit`, with the same bits. Its callbacks and streams run on the page. The worker waits for their results,
   * so a message goes there and back for each call: see docs/guide/worker.md.
   *
   * @throws BackpropError (rejects) as `network.fit`, and as every method: `disposed`; `coreUnavailable` if the worker
   *   has died; `unsupported` for functions that cannot be sent, such as a metric made by `customMetric`;
   *   `invalidOption` for other values that cannot be sent. Exceptions of callbacks and streams pass through.
   */
  fit<const M extends MetricList = readonly []>(
    data: DatasetInWorker | DataStream,
    options?: FitInWorkerOptions<M>,
  ): Promise<HistoryOf<M>>;
  fit<const M extends MetricList = readonly []>(
    inputs: Rows,
    targets: Rows,
    options?: FitInWorkerOptions<M>,
  ): Promise<HistoryOf<M>>;
  fit(...given: unknown[]): Promise<never> {
    return this.#call("fit", given, keepFunctions);
  }

  /** As `network.partialFit`. */
  partialFit(data: DatasetInWorker, options?: PartialFitOptions): Promise<number>;
  partialFit(inputs: Rows, targets: Rows, options?: PartialFitOptions): Promise<number>;
  partialFit(...given: unknown[]): Promise<never> {
    return this.#call("partialFit", given);
  }

  /** As `network.createDataset`: checks the rows and keeps them in the worker, for any number of calls. */
  createDataset(inputs: Rows, targets: Rows, options?: SendingOptions): Promise<DatasetInWorker> {
    return this.#call("createDataset", [inputs, targets, options]);
  }

  /** As `network.predict`. */
  predict(inputs: Rows | DatasetInWorker, options?: PredictionOptions): Promise<Matrix> {
    return this.#call("predict", [inputs, options]);
  }

  /** As `network.predictClasses`. */
  predictClasses(inputs: Rows, options?: PredictionOptions): Promise<Uint32Array> {
    return this.#call("predictClasses", [inputs, options]);
  }

  /** As `network.evaluate`. */
  evaluate<const M extends MetricList = readonly [], const C extends boolean = false>(
    data: DatasetInWorker,
    options?: EvaluationOptions<M, C>,
  ): Promise<Evaluation<M, C>>;
  evaluate<const M extends MetricList = readonly [], const C extends boolean = false>(
    inputs: Rows,
    targets: Rows,
    options?: EvaluationOptions<M, C>,
  ): Promise<Evaluation<M, C>>;
  evaluate(...given: unknown[]): Promise<never> {
    return this.#call("evaluate", given);
  }

  /** As `network.gradients`. */
  gradients(data: DatasetInWorker, options?: GradientOptions): Promise<Gradients<L>>;
  gradients(inputs: Rows, targets: Rows, options?: GradientOptions): Promise<Gradients<L>>;
  gradients(...given: unknown[]): Promise<never> {
    return this.#call("gradients", given);
  }

  /** As `network.applyGradients`. */
  applyGradients(gradients: readonly LayerValues[]): Promise<void> {
    return this.#call("applyGradients", [gradients]);
  }

  /** A copy of `network.parameters`. */
  parameters(): Promise<ParametersOf<L>> {
    return this.#call("parameters");
  }

  /** A copy of `network.averagedParameters`. */
  averagedParameters(): Promise<ParametersOf<L>> {
    return this.#call("averagedParameters");
  }

  /** A copy of `network.buffers`. */
  buffers(): Promise<BuffersOf<L>> {
    return this.#call("buffers");
  }

  /** As `network.setParameters`. */
  setParameters(parameters: readonly LayerValues[]): Promise<void> {
    return this.#call("setParameters", [parameters]);
  }

  /** A copy of `network.history`. */
  history(): Promise<History | undefined> {
    return this.#call("history");
  }

  /** As `network.save`. `loadNetwork` and `loadInWorker` read the bytes. */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call("save");
  }

  /** As `network.saveWeights`. */
  saveWeights(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call("saveWeights");
  }

  /** As `network.inputs`. */
  inputs(): Promise<number> {
    return this.#call("inputs");
  }

  /** As `network.loss`. */
  loss(): Promise<LossName | Loss> {
    return this.#call("loss");
  }

  /** As `network.dtype`. */
  dtype(): Promise<DType> {
    return this.#call("dtype");
  }

  /** As `network.metadata`. */
  metadata(): Promise<Readonly<Record<string, string>>> {
    return this.#call("metadata");
  }

  /** As `network.optimizer`. */
  optimizer(): Promise<Optimizer> {
    return this.#call("optimizer");
  }

  /** As `network.setOptimizer`. Its learning rate must not be a function. */
  setOptimizer(optimizer: Optimizer): Promise<void> {
    return this.#call("setOptimizer", [optimizer]);
  }

  /** As `network.resetOptimizer`. */
  resetOptimizer(): Promise<void> {
    return this.#call("resetOptimizer");
  }

  /** As `network.learningRate`. */
  learningRate(): Promise<number> {
    return this.#call("learningRate");
  }

  /** As `network.setLearningRate`, for a number or a schedule. */
  setLearningRate(learningRate: Exclude<LearningRate, (...args: never) => unknown>): Promise<void> {
    return this.#call("setLearningRate", [learningRate]);
  }

  /** As `network.learningRateRange`. */
  learningRateRange(inputs: Rows, targets: Rows, options?: RangeTestOptions): Promise<LearningRateRange> {
    return this.#call("learningRateRange", [inputs, targets, options]);
  }

  /** As `network.setTrainable`. */
  setTrainable(index: number, trainable: boolean): Promise<void> {
    return this.#call("setTrainable", [index, trainable]);
  }

  /** As `network.summary`. */
  summary(): Promise<string> {
    return this.#call("summary");
  }

  /** Ends the worker. All calls that have not ended reject with `disposed`, and all later ones. */
  dispose(): void {
    abandoned.unregister(this);
    this.#connection.end(disposed());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #call(member: string, given: readonly unknown[] = [], keep?: CallOptions["keep"]): Promise<never> {
    const { args, transfer } = takeTransfer(given);
    return this.#connection.call(member, args, { keep, transfer, owner: this }) as Promise<never>;
  }
}

/** The arguments of a call without the option `transfer`, which is not for the worker. */
function takeTransfer(
  given: readonly unknown[],
): Pick<CallOptions, "transfer"> & { readonly args: readonly unknown[] } {
  const last = given.at(-1);
  if (typeof last !== "object" || last === null || !("transfer" in last)) return { args: given };
  const { transfer, ...options } = last as SendingOptions;
  return { args: given.with(-1, options), transfer };
}

function disposed(): BackpropError {
  return new BackpropError("disposed", "The network was disposed. Create a new one with networkInWorker.");
}
