// One network in training: in slices of epochs, or batch by batch, with pauses and frames in between.

import { BackpropError, forwardDifferences, type History } from "backprop-wasm";
import type { FigureCollector } from "../notebooks/figures.js";
import { buffersIn, FrameMaker, type Progress } from "./frames.js";
import type { Response, SessionState, UnitAddress } from "./messages.js";
import { disposeModel, type Model } from "./model.js";
import { Rate } from "./rate.js";
import { sentenceOf } from "./sentences.js";
import { Signal, turnOfEventLoop } from "./signal.js";

/**
 * A slice of training takes about so many ms: then messages are read, and a frame is made if one is wanted. A frame that
 * is made within 16 ms after the one before was drawn is drawn next, at 60 a second.
 */
const SLICE = 8;

/** Frames take at most this share of the time. */
const FRAME_SHARE = 0.3;

/** What is trained before it waits. */
type Goal = "nothing" | "step" | "epoch" | "run";

/** Sends a response; the buffers are transferred. */
export type Post = (response: Response, transfer: ArrayBuffer[]) => void;

export class Training {
  readonly model: Model;
  readonly #frames: FrameMaker;
  readonly #figures: FigureCollector;
  readonly #post: Post;
  readonly #rate = new Rate();
  /** Raised when what is wanted changes. */
  readonly #changed = new Signal();
  readonly #abort = new AbortController();
  #goal: Goal = "nothing";
  #until = Number.POSITIVE_INFINITY;
  /** How often something was asked for. */
  #requests = 0;
  #epochsPerSecond = Number.POSITIVE_INFINITY;
  /** The loop, while it runs. */
  #loop: Promise<void> | undefined;
  /** Whether nothing is being computed, so that the network can be read at once. */
  #isWaiting = true;
  #visits: (() => void)[] = [];
  #state: SessionState = "paused";
  #epoch = 0;
  #step = 0;
  #totalSteps = 0;
  /** The time of an epoch in ms, as measured last. */
  #epochTime = Number.POSITIVE_INFINITY;
  #isFrameWanted = false;
  #isDrawing = false;
  #nextFrame = 0;
  #lastBetween = 0;

  constructor(model: Model, figures: FigureCollector, post: Post) {
    this.model = model;
    this.#figures = figures;
    this.#frames = new FrameMaker(model, figures);
    this.#post = post;
    figures.read(0, model.network);
  }

  start(goal: Goal, until = Number.POSITIVE_INFINITY): void {
    if (goal === "run" && this.#epoch >= until) return;
    this.#until = until;
    this.#requests++;
    this.#setGoal(goal);
    this.#keepTraining();
  }

  pause(): void {
    this.#setGoal("nothing");
  }

  setSpeed(epochsPerSecond: number): void {
    this.#epochsPerSecond = epochsPerSecond;
    this.#changed.raise();
  }

  async watch(unit: UnitAddress | undefined): Promise<void> {
    await this.#frames.watch(unit);
    this.wantFrame();
  }

  /** Ends training for good. */
  async end(): Promise<void> {
    this.pause();
    this.#abort.abort();
    await this.#loop;
    this.#frames.dispose();
    disposeModel(this.model);
  }

  /** Does work between two steps: at once while it waits, else after the current slice. */
  between<T>(work: (progress: Progress) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#visits.push(() => {
        try {
          resolve(work(this.#progress));
        } catch (error) {
          reject(error);
        }
      });
      if (this.#isWaiting) this.#runVisits();
    });
  }

  /** The page has drawn the frame before, so that the next one can be made. */
  frameDrawn(): void {
    this.#isDrawing = false;
    if (this.#isFrameWanted) this.wantFrame();
  }

  /** Makes a frame as soon as the page has drawn the one before. */
  wantFrame(): void {
    this.#isFrameWanted = true;
    if (this.#isWaiting && !this.#isDrawing && !this.#abort.signal.aborted) this.#sendFrame();
  }

  #setGoal(goal: Goal): void {
    this.#goal = goal;
    const state: SessionState = goal === "run" || goal === "epoch" ? "running" : "paused";
    if (state !== this.#state) {
      this.#state = state;
      this.#rate.restart();
      this.#post({ kind: "state", state }, []);
    }
    this.#changed.raise();
  }

  #keepTraining(): void {
    this.#loop ??= this.#train().finally(() => {
      this.#loop = undefined;
      // More may have been asked for while the loop ended.
      if (this.#goal !== "nothing" && !this.#abort.signal.aborted) this.#keepTraining();
      this.wantFrame();
    });
  }

  /** Trains until nothing is wanted. */
  async #train(): Promise<void> {
    try {
      while (this.#goal !== "nothing") {
        this.#isWaiting = false;
        const begin = performance.now();
        const requests = this.#requests;
        const isWatched = this.#needsWatching();
        const epochs = await this.#trainSlice(isWatched);
        this.#epochTime = (performance.now() - begin) / epochs;
        this.#pauseAtGoal(isWatched || requests === this.#requests);
        this.#betweenSteps();
        await this.#keepPace(begin, epochs);
      }
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#fail(error);
    } finally {
      this.#isWaiting = true;
      this.#runVisits();
    }
  }

  get #isByDifferences(): boolean {
    return this.model.experiment.gradients === "forwardDifferences";
  }

  /** Whether the next epoch must be able to wait between its steps: for a step, or because it takes long. */
  #needsWatching(): boolean {
    return !this.#isByDifferences && (this.#goal === "step" || !(this.#epochTime <= SLICE));
  }

  /** Trains some epochs that fit in a slice, or one that can wait between its steps. Returns how many. */
  async #trainSlice(isWatched: boolean): Promise<number> {
    const epochs = this.#epochsOfSlice();
    if (this.#isByDifferences) return this.#trainByDifferences(epochs);
    const history = await this.#fit(isWatched ? 1 : epochs, isWatched);
    return this.#finishEpochs(history.loss);
  }

  async #fit(epochs: number, isWatched: boolean): Promise<History> {
    const { network, training, experiment } = this.model;
    this.#step = 0;
    try {
      return await network.fit(training.dataset, {
        epochs,
        batchSize: experiment.batchSize,
        signal: this.#abort.signal,
        ...(isWatched && { onBatch: ({ batch }: { batch: number }) => this.#afterStep(batch) }),
      });
    } catch (error) {
      if (error instanceof BackpropError && error.history && !isWatched) this.#takeUnfinished(error);
      throw error;
    }
  }

  /** Counts what was trained before an epoch diverged: the epochs before it, and its steps. */
  #takeUnfinished({ history, batch = 0 }: BackpropError): void {
    this.#finishEpochs(history!.loss);
    this.#step = batch;
    this.#totalSteps += batch;
  }

  /** One step for each epoch, of all rows. */
  #trainByDifferences(epochs: number): number {
    const { network, data } = this.model;
    const { inputs, targets } = data.training;
    const losses: number[] = [];
    try {
      for (let i = 0; i < epochs; i++) {
        const { loss, layers } = forwardDifferences(network, inputs, targets);
        network.applyGradients(layers);
        losses.push(loss);
      }
    } finally {
      this.#finishEpochs(losses);
    }
    return epochs;
  }

  #epochsOfSlice(): number {
    if (this.#goal !== "run") return 1;
    const stop = Math.min(this.#until, this.#figures.nextStop(this.#epoch));
    const inTime = Math.min(SLICE / this.#epochTime, (this.#epochsPerSecond * SLICE) / 1000);
    return Math.max(1, Math.min(Math.floor(inTime), stop - this.#epoch));
  }

  #finishEpochs(losses: readonly number[] | Float64Array): number {
    this.#frames.addLosses(this.#epoch, losses);
    this.#figures.addLosses(this.#epoch, losses);
    this.#totalSteps += losses.length * this.model.steps - this.#step;
    this.#epoch += losses.length;
    this.#step = 0;
    this.#figures.read(this.#epoch, this.model.network);
    return losses.length;
  }

  /** Called within an epoch. Waits if nothing is wanted. */
  #afterStep(step: number): Promise<void> | undefined {
    // The last step ends the epoch: #train() goes on.
    if (step === this.model.steps) return undefined;
    this.#step = step;
    this.#totalSteps++;
    if (this.#goal === "step") this.pause();
    // Reading messages and making frames costs more than a step of a small network.
    if (performance.now() - this.#lastBetween >= SLICE) this.#betweenSteps();
    return this.#goal === "nothing" ? this.#waitWithinEpoch() : undefined;
  }

  async #waitWithinEpoch(): Promise<void> {
    this.#isWaiting = true;
    this.#runVisits();
    this.wantFrame();
    while (this.#goal === "nothing" && !this.#abort.signal.aborted) await this.#changed.wait();
    this.#isWaiting = false;
  }

  /** @param isTrained Whether the step or epoch that was asked for is; not if it was asked for within a fit of others. */
  #pauseAtGoal(isTrained: boolean): void {
    if (this.#goal === "run" ? this.#epoch >= this.#until : isTrained) this.pause();
  }

  /** The network can be read now. */
  #betweenSteps(): void {
    this.#lastBetween = performance.now();
    this.#rate.add(this.#totalSteps);
    this.#runVisits();
    if (!this.#isDrawing && performance.now() >= this.#nextFrame) this.#sendFrame();
  }

  #runVisits(): void {
    const visits = this.#visits;
    this.#visits = [];
    for (const visit of visits) visit();
  }

  get #progress(): Progress {
    const stepsPerSecond = this.#state === "running" ? this.#rate.perSecond : 0;
    return { epoch: this.#epoch, step: this.#step, totalSteps: this.#totalSteps, stepsPerSecond };
  }

  #sendFrame(): void {
    const begin = performance.now();
    const frame = this.#frames.make(this.#progress);
    const time = performance.now() - begin;
    this.#nextFrame = performance.now() + time / FRAME_SHARE - time;
    this.#isFrameWanted = false;
    this.#isDrawing = true;
    this.#post({ kind: "frame", frame }, buffersIn(frame));
  }

  /** Reads messages, and waits if fewer epochs a second are wanted. */
  async #keepPace(begin: number, epochs: number): Promise<void> {
    await turnOfEventLoop();
    while (this.#goal === "run") {
      const rest = begin + (1000 * epochs) / this.#epochsPerSecond - performance.now();
      if (rest <= 0) return;
      this.#isWaiting = true;
      if (this.#isFrameWanted) this.wantFrame();
      await this.#changed.wait(rest);
      this.#isWaiting = false;
    }
  }

  #fail(error: unknown): void {
    this.pause();
    this.#post({ kind: "failed", id: undefined, sentence: sentenceOf(error) }, []);
  }
}
