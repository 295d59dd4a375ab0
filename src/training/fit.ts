// One fit: a run of the core, advanced piece by piece. With callbacks or metrics, a piece ends with each epoch or step.

import type { NetworkDescription } from "../description.js";
import { BackpropError } from "../errors.js";
import type { History, StopReason } from "../history.js";
import type { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { SLICE_MILLISECONDS, type Work } from "../work.js";
import { abortedFit } from "./abort.js";
import { type BatchInfo, type Callbacks, callBack, type EpochFigures, type Progress } from "./callbacks.js";
import { conditionsOf, type FitConditions } from "./conditions.js";
import { describeDivergence, divergenceEvent, findDivergedLayer } from "./divergence.js";
import { Patience, validationName } from "./earlyStopping.js";
import { evaluateRows, evaluateStream } from "./evaluation.js";
import { type FitState, figureNames, requireSameConditions } from "./fitState.js";
import type { LearningRates } from "./learningRates.js";
import { Meter, metricShape } from "./meter.js";
import { type FitPlan, shufflesRows } from "./options.js";
import { Pace } from "./pace.js";
import { ParameterCopy } from "./parameterCopy.js";
import { maySkip, RateSupply } from "./rateSupply.js";
import { Recorder, toArray } from "./recorder.js";
import { StreamReader } from "./stream.js";
import type { Wait } from "./wait.js";
import { Warnings } from "./warnings.js";

/** What a fit works on. */
export interface FitSubject {
  /** Throws if the network was disposed: at a `yield` or by a callback. */
  readonly model: () => Model;
  readonly isAlive: () => boolean;
  /** The rows to train on; for a stream, the rows of its first item. */
  readonly samples: Samples;
  /** The stream that gave `samples` as its first item; undefined if the data are not a stream. */
  readonly stream: StreamReader | undefined;
  /** The rows to validate on after each epoch. */
  readonly validation: Samples | StreamReader | undefined;
  /** Epochs that the network was trained for before the fit began. */
  readonly firstEpoch: number;
  /** The state of the fit that is resumed. */
  readonly resumed: FitState | undefined;
  readonly rates: LearningRates;
  /** How to wait for promises of callbacks; undefined if the caller cannot. */
  readonly wait: Wait | undefined;
  readonly description: NetworkDescription;
  /** The network with this fit as a file. */
  readonly save: () => Uint8Array;
}

export class Fit {
  readonly #plan: FitPlan;
  readonly #subject: FitSubject;
  readonly #conditions: FitConditions;
  /** The samples being trained on; for a stream, the samples of the current item. */
  #samples: Samples;
  #batchSize: number;
  /** Batches of the epoch in progress in earlier items of the stream. */
  #earlierBatches = 0;
  readonly #run: Run;
  readonly #supply: RateSupply;
  readonly #pace = new Pace();
  readonly #recorder: Recorder;
  readonly #warnings: Warnings;
  /** How many warnings were found because the fit had ended; undefined before that. */
  #endWarnings: number | undefined;
  /** The metrics of the training rows, if any were asked for. */
  readonly #meter: Meter | undefined;
  readonly #validationMeter: Meter | undefined;
  readonly #patience: Patience | undefined;
  readonly #best: ParameterCopy | undefined;
  /** The parameters of the last epoch, once the best ones are restored. */
  #last: ParameterCopy | undefined;
  /** The time at which training began, in ms. */
  #begun = 0;
  #stopped: StopReason | undefined;
  /** Finished epochs with all their figures. */
  #completed: number;

  constructor(subject: FitSubject, plan: FitPlan) {
    const { samples, stream, validation, firstEpoch, description, resumed } = subject;
    const { metrics, earlyStopping, epochs } = plan;
    this.#plan = plan;
    this.#subject = subject;
    this.#conditions = conditionsOf(plan, samples, stream !== undefined, validation);
    if (resumed?.conditions) requireSameConditions(resumed.conditions, this.#conditions);
    this.#samples = samples;
    this.#batchSize = Math.min(plan.batchSize, samples.rows);
    this.#recorder = new Recorder(figureNames(metrics), resumed);
    if (metrics.length > 0) {
      this.#meter = new Meter(metrics, metricShape(description));
      this.#validationMeter = validation && new Meter(metrics, metricShape(description));
    }
    const done = resumed?.losses.length ?? 0;
    this.#completed = done;
    this.#patience = earlyStopping && new Patience(earlyStopping, resumed?.patience, done);
    this.#best = earlyStopping?.restoreBest ? new ParameterCopy(resumed?.best) : undefined;
    this.#warnings = new Warnings(description, samples, this.#batchSize, resumed?.warnings);
    this.#run = subject.model().createRun({
      samples,
      epochs,
      batchSize: this.#batchSize,
      shuffles: shufflesRows(plan, samples.rows),
      firstEpoch,
      targetLoss: plan.targetLoss,
      isStream: stream !== undefined,
      earlierLosses: resumed?.losses,
    });
    this.#supply = new RateSupply(subject.rates, this.#run);
    this.#beginRates(stream ? 1 : epochs - done);
    if (resumed) this.#resume(resumed);
  }

  /** Goes back to the end of the last epoch. Its figures may have ended the fit already. */
  #resume({ last, losses, endWarnings }: FitState): void {
    new ParameterCopy(last).restore(this.#subject.model());
    if (losses.at(-1)! <= this.#plan.targetLoss) this.#stop("targetLoss");
    else if (losses.length === this.#plan.epochs) this.#stop("epochs");
    else if (this.#patience?.isExhausted) this.#stop("earlyStopping");
    if (this.#stopped === undefined) this.#warnings.forget(endWarnings);
    else this.#endWarnings = endWarnings;
  }

  /** Another fit with this state continues this one. Undefined within an epoch, and before the first epoch has ended. */
  get state(): FitState | undefined {
    if (this.epoch === 0 || this.epoch !== this.#completed || this.#run.isInEpoch) return undefined;
    return {
      ...this.#recorder.state,
      conditions: this.#conditions,
      losses: toArray(this.#losses),
      warnings: [...this.#warnings.found],
      endWarnings: this.#endWarnings ?? 0,
      stopped: this.#stopped,
      patience: this.#patience?.state,
      best: this.#best?.values,
      last: this.#last?.values,
    };
  }

  /** Finished epochs of this fit. */
  get epoch(): number {
    return this.#run.epoch;
  }

  /**
   * Trains until something ends the fit.
   *
   * @throws BackpropError `diverged` or `aborted`; `disposed` if the network was disposed in the meantime. Exceptions
   *   of callbacks pass through.
   */
  *train(): Work<History> {
    const { onBatch, onProgress } = this.#plan;
    this.#begun = performance.now();
    let reported = this.#begun;
    try {
      while (this.#stopped === undefined) {
        yield;
        this.#requireGoing();
        const finished = yield* this.#proceed();
        if (onBatch && this.#run.tookStep) yield* this.#call("onBatch", onBatch, this.#batchInfo(finished));
        if (finished > 0) yield* this.#completeEpochs();
        this.#checkTime();
        const now = performance.now();
        if (!onProgress || (now - reported < SLICE_MILLISECONDS && this.#stopped === undefined)) continue;
        yield* this.#call("onProgress", onProgress, this.#progress);
        reported = performance.now();
      }
      return this.#history(this.#stopped);
    } finally {
      this.#restoreBest();
    }
  }

  dispose(): void {
    this.#run.dispose();
  }

  /** One call of the core, or the end of an epoch of a stream. Returns how many epochs it finished. */
  *#proceed(): Work<number> {
    const { stream, model } = this.#subject;
    if (!stream || this.#run.row < this.#samples.rows) return this.#advance();
    const begun = performance.now();
    const samples = yield* stream.next(() => this.#requireGoing());
    this.#recorder.add(0, this.#supply.current, performance.now() - begun);
    // Throws if the network was disposed in the meantime.
    model();
    if (!samples) return this.#endStream(stream);
    this.#earlierBatches = stream.items === 1 ? 0 : this.#earlierBatches + this.#batches;
    this.#samples = samples;
    this.#batchSize = Math.min(this.#plan.batchSize, samples.rows);
    model().continueRun(this.#run, samples, this.#batchSize);
    this.#beginRates(1);
    return this.#advance();
  }

  /** Ends the epoch in progress: the core does not know which item is the last. */
  #endStream({ weight }: StreamReader): number {
    const { epochs, targetLoss } = this.#plan;
    const loss = this.#subject.model().lossOf(this.#run.lossSum, weight);
    this.#run.endEpoch(loss);
    this.#recorder.add(1, this.#supply.current, 0);
    if (loss <= targetLoss) this.#stop("targetLoss");
    else if (this.epoch === epochs) this.#stop("epochs");
    return 1;
  }

  /** The part of the run that begins with `epochs` epochs of the present samples. */
  #beginRates(epochs: number): void {
    const firstEpoch = this.#subject.firstEpoch + this.epoch;
    const hasSkips = maySkip(this.#samples, this.#batchSize);
    this.#supply.begin({ epochs, batches: this.#batches, firstEpoch, maySkip: hasSkips });
  }

  /** One call of the core. Returns how many epochs it finished. */
  #advance(): number {
    const run = this.#run;
    const { epoch } = run;
    const row = this.#meter ? run.row : 0;
    run.pausesAfter = this.#plan.onBatch ? "step" : this.#watchesEpochs ? "epoch" : undefined;
    this.#supply.prepare(this.#subject.model().optimizerStep);
    // A function that returns rates may have disposed the network.
    this.#subject.model();
    const begun = performance.now();
    // The workspace keeps the outputs of one microbatch, so that metrics are computed after each.
    const done = run.advance(this.#meter ? 1 : this.#pace.units);
    const finished = run.epoch - epoch;
    if (this.#meter) this.#measure(this.#meter, row, finished > 0 ? this.#samples.rows : run.row);
    const milliseconds = performance.now() - begun;
    this.#pace.adjust(done, milliseconds);
    this.#recorder.add(finished, this.#supply.finish(finished), milliseconds);
    if (run.divergence) throw this.#diverged(run.divergence);
    if (run.isAtTarget) this.#stop("targetLoss");
    else if (run.epoch === this.#plan.epochs) this.#stop("epochs");
    return finished;
  }

  /** Whether each epoch has figures that something depends on. */
  get #watchesEpochs(): boolean {
    const { metrics, earlyStopping, onEpoch, checkpoint } = this.#plan;
    const { validation } = this.#subject;
    const isWatched = validation || metrics.length > 0 || earlyStopping || onEpoch || checkpoint;
    return Boolean(isWatched || this.#supply.watchesEpochs);
  }

  /**
   * Adds the microbatch of rows `begin` … `end` − 1 to the metrics. There is no microbatch if the call shuffled rows or
   * skipped a batch of weight 0.
   */
  #measure(meter: Meter, begin: number, end: number): void {
    if (begin === end || this.#run.divergence || this.#run.skippedBatch) return;
    const predictions = this.#subject.model().passPredictions(end - begin, this.#run.workspace);
    meter.add(predictions, this.#samples, this.#run.order(), begin, end);
  }

  /** Does what is asked for after the epoch, or the epochs, of the last call of the core. */
  *#completeEpochs(): Work<void> {
    const { onEpoch, checkpoint } = this.#plan;
    const info = this.#watchesEpochs ? yield* this.#endEpoch() : undefined;
    this.#completed = this.epoch;
    if (onEpoch) yield* this.#call("onEpoch", onEpoch, info!);
    // A fit that ends with this epoch has its checkpoint, too.
    this.#checkTime();
    if (!checkpoint || (this.epoch % checkpoint.everyEpochs > 0 && this.#stopped === undefined)) return;
    if (this.#stopped !== undefined) this.#inspectEnd();
    yield* this.#call("checkpoint", checkpoint.save, this.#subject.save());
  }

  /** Validates the epoch that has just ended, and decides whether training goes on. */
  *#endEpoch(): Work<EpochFigures> {
    if (isPowerOfTwo(this.epoch)) this.#inspectNetwork(this.epoch - 1);
    const loss = this.#run.losses()[this.epoch - 1]!;
    const figures = { ...this.#trainingMetrics(), ...(yield* this.#validate()) };
    this.#recorder.addFigures(figures);
    this.#checkPatience({ loss, ...figures });
    this.#subject.rates.endEpoch({ loss, ...figures }, this.#plan.directions);
    return {
      epoch: this.epoch,
      epochs: this.#plan.epochs,
      loss,
      validationLoss: undefined,
      ...figures,
      learningRate: this.#supply.current,
      milliseconds: this.#recorder.lastMilliseconds,
    };
  }

  #inspectNetwork(epoch: number): void {
    this.#warnings.inspectNetwork(this.#subject.model(), this.#run.workspace, epoch, this.#samples);
  }

  #trainingMetrics(): Record<string, number> {
    return this.#meter?.take() ?? {};
  }

  /** The loss and the metrics of the validation rows, if there are any. */
  *#validate(): Work<Record<string, number>> {
    const { model, validation } = this.#subject;
    if (!validation) return {};
    const plan = { averaged: true, training: false, meter: this.#validationMeter };
    const isMean = this.#subject.description.loss.reduction === "mean";
    const requireGoing = () => this.#requireGoing();
    const { loss, milliseconds } =
      validation instanceof StreamReader
        ? yield* evaluateStream(model, validation, { ...plan, isMean, requireGoing })
        : yield* evaluateRows(model, validation, plan);
    this.#recorder.addTime(milliseconds);
    const metrics = Object.entries(this.#validationMeter?.take() ?? {});
    return {
      validationLoss: loss,
      ...Object.fromEntries(metrics.map(([name, value]) => [validationName(name), value])),
    };
  }

  #checkPatience(figures: Readonly<Record<string, number>>): void {
    const patience = this.#patience;
    if (!patience) return;
    if (patience.isBest(figures[patience.monitor]!)) this.#best?.keep(this.#subject.model());
    if (patience.isExhausted) this.#stop("earlyStopping");
  }

  /** Sets the reason why the fit ends, unless it is already set. */
  #stop(reason: StopReason): void {
    this.#stopped ??= reason;
  }

  #checkTime(): void {
    if (performance.now() - this.#begun >= 1000 * this.#plan.maxSeconds) this.#stop("maxSeconds");
  }

  /** Calls a callback of the user, which may end the fit by returning false. */
  *#call<T>(name: keyof Callbacks | "checkpoint", callback: (info: T) => unknown, info: T): Work<void> {
    const details = () => ({ epoch: this.epoch, history: this.#history("callback") });
    const { wait } = this.#subject;
    const result = yield* callBack(name, callback, info, wait, details);
    // If the training is over, its result counts.
    if (wait?.isEnded && this.#stopped === undefined) this.#requireGoing();
    if (result === false && (name === "onEpoch" || name === "onBatch")) this.#stop("callback");
  }

  get #progress(): Progress {
    const { epoch } = this;
    const loss = epoch > 0 ? this.#run.losses()[epoch - 1] : undefined;
    return { epoch, epochs: this.#plan.epochs, loss };
  }

  /** The BatchInfo of the step just taken. It ended an epoch if `finished` is not 0. */
  #batchInfo(finished: number): BatchInfo {
    const { batchBegin, batchLoss } = this.#run;
    return {
      epoch: this.epoch + (finished > 0 ? 0 : 1),
      epochs: this.#plan.epochs,
      batch: this.#earlierBatches + batchBegin / this.#batchSize + 1,
      batches: this.#subject.stream ? undefined : this.#batches,
      loss: batchLoss,
      learningRate: this.#supply.current,
    };
  }

  /** The batches of an epoch, or of the item in progress. */
  get #batches(): number {
    return Math.ceil(this.#samples.rows / this.#batchSize);
  }

  /** The losses of the finished epochs, as a view of linear memory. */
  get #losses(): Float64Array {
    return this.#run.losses().subarray(0, this.epoch);
  }

  #history(stopped: StopReason): History {
    const losses = this.#losses;
    this.#inspectEnd();
    const { bestEpoch } = this.#patience ?? {};
    return this.#recorder.history(losses, { stopped, bestEpoch, warnings: this.#warnings.found });
  }

  /** Looks for warnings at the end of the fit, once. */
  #inspectEnd(): void {
    if (this.#endWarnings !== undefined) return;
    const earlier = this.#warnings.found.length;
    this.#inspectNetwork(Math.max(0, this.epoch - 1));
    this.#warnings.inspectLosses(this.#losses);
    this.#endWarnings = this.#warnings.found.length - earlier;
  }

  #restoreBest(): void {
    const { isAlive, model } = this.#subject;
    if (!this.#best?.values || !isAlive()) return;
    this.#last = new ParameterCopy();
    this.#last.keep(model());
    this.#best.restore(model());
  }

  /** The epoch whose parameters are restored after an error; undefined: the network keeps its current parameters. */
  get #restored(): number | undefined {
    return this.#best && this.#patience?.bestEpoch;
  }

  /** Throws if the network was disposed or the signal aborted. */
  #requireGoing(): void {
    this.#subject.model();
    const { signal } = this.#plan;
    if (!signal?.aborted) return;
    throw abortedFit(signal.reason, this.#plan, this.epoch, this.#history("aborted"), this.#restored);
  }

  #diverged(cause: "loss" | "step"): BackpropError {
    const { epoch } = this;
    const { stream, description } = this.#subject;
    const samples = this.#samples;
    const model = this.#subject.model();
    const batch = this.#earlierBatches + this.#run.batchBegin / this.#batchSize;
    const ofBatches = stream ? "" : ` of ${this.#batches}`;
    const what = divergenceEvent(cause, this.#run.losses()[epoch]);
    const event = `${what} in epoch ${epoch} of ${this.#plan.epochs} (counted from 0), batch ${batch}${ofBatches}`;
    const layer = findDivergedLayer(model, cause, description.layers.length, this.#run.workspace);
    const restored = this.#restored;
    const learningRate = this.#supply.current;
    const message = describeDivergence({ cause, event, layer, restored, model, learningRate, samples });
    return new BackpropError("diverged", message, {
      epoch,
      batch,
      layer,
      history: this.#history("diverged"),
    });
  }
}

function isPowerOfTwo(x: number): boolean {
  return (x & (x - 1)) === 0;
}
