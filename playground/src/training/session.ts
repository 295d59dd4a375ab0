// The page's side of training. It sends requests to the worker that trains, and receives its answers.

import type { Experiment } from "../experiment/experiment.js";
import { NOTEBOOKS } from "../notebooks/notebooks.js";
import type {
  ExportedFile,
  ExportFormat,
  Frame,
  Opened,
  Request,
  Response,
  SessionState,
  TableInfo,
  UnitAddress,
} from "./messages.js";

/** What a session reports. All are called on the page's thread. */
export interface SessionEvents {
  /** At most once for each frame that the browser draws, with the newest state. */
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: SessionState) => void;
  /**
   * Training failed, or the worker did: a sentence for the page. What was trained before stays and can be exported.
   * Promises of the session reject with the same kind of sentence instead.
   */
  readonly onFailed: (sentence: string) => void;
}

/** What a session needs of a Worker; tests give their own. */
export interface WorkerPort {
  postMessage(request: Request): void;
  onmessage: ((event: MessageEvent<Response>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (reason: Error) => void;
}

/** Trains experiments in a worker, one after the other. */
export class TrainingSession {
  readonly #worker: WorkerPort;
  readonly #events: SessionEvents;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #frame: Frame | undefined;
  #isFrameRequested = false;

  constructor(events: SessionEvents, worker: WorkerPort = createWorker()) {
    this.#events = events;
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => this.#fail(event.message || "The worker that trains could not be loaded.");
  }

  /**
   * Makes the network of an experiment, paused before its first epoch, in place of the network before. A frame follows.
   *
   * @param table The bytes of the CSV file, for the data sets `table` and `digits`.
   * @param notebook The name of a notebook whose figures are computed.
   * @throws Error with a sentence, if the experiment cannot be: then the network before stays.
   */
  async open(experiment: Experiment, table?: Uint8Array, notebook?: string): Promise<Opened> {
    const figures = NOTEBOOKS.find(({ name }) => name === notebook)?.figures ?? [];
    const opened = await this.#ask<Opened>((id) => ({ kind: "open", id, experiment, table, figures }));
    // A frame that waits to be drawn is of the network before.
    this.#frame = undefined;
    return opened;
  }

  /**
   * What a CSV file contains, for choosing the target and the columns.
   *
   * @throws Error with a sentence, if it is not CSV with a header and rows.
   */
  inspect(table: Uint8Array): Promise<TableInfo> {
    return this.#ask((id) => ({ kind: "inspect", id, table }));
  }

  /**
   * The trained network as a file, or the program that trains it.
   *
   * @throws Error with a sentence, if the format cannot hold the network.
   */
  export(format: ExportFormat): Promise<ExportedFile> {
    return this.#ask((id) => ({ kind: "export", id, format }));
  }

  /** Trains until it is paused, or until so many epochs are finished. */
  run(until = Number.POSITIVE_INFINITY): void {
    this.#worker.postMessage({ kind: "run", until });
  }

  /** Waits after the current step. The epoch is finished when training goes on. */
  pause(): void {
    this.#worker.postMessage({ kind: "pause" });
  }

  /** Trains on one batch, then waits. */
  step(): void {
    this.#worker.postMessage({ kind: "step" });
  }

  /** Trains to the end of the epoch that has begun, or of the next one, then waits. */
  epoch(): void {
    this.#worker.postMessage({ kind: "epoch" });
  }

  /** Makes the same network again, as it was opened, paused. */
  reset(): void {
    this.#worker.postMessage({ kind: "reset" });
  }

  /** At most so many epochs a second while it runs; Infinity, the default: as many as the machine can. */
  setSpeed(epochsPerSecond: number): void {
    this.#worker.postMessage({ kind: "speed", epochsPerSecond });
  }

  /** Adds the activation of a unit to each frame; without a unit, no longer. A frame follows. */
  hover(unit: UnitAddress | undefined): void {
    this.#worker.postMessage({ kind: "hover", unit });
  }

  /** Ends the worker. */
  close(): void {
    this.#worker.terminate();
  }

  #ask<Result>(requestOf: (id: number) => Request): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(requestOf(id));
    });
  }

  #receive(response: Response): void {
    if (response.kind === "frame") this.#drawNext(response.frame);
    if (response.kind === "state") this.#events.onState(response.state);
    if (response.kind === "done") this.#take(response.id)?.resolve(response.result as never);
    if (response.kind === "failed") {
      const waiting = this.#take(response.id);
      if (waiting) waiting.reject(new Error(response.sentence));
      else this.#events.onFailed(response.sentence);
    }
  }

  #take(id: number | undefined): Waiting | undefined {
    if (id === undefined) return undefined;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #drawNext(frame: Frame): void {
    this.#frame = frame;
    if (this.#isFrameRequested) return;
    this.#isFrameRequested = true;
    requestAnimationFrame(() => {
      this.#isFrameRequested = false;
      // The worker makes the next frame only then, so that frames never queue.
      this.#worker.postMessage({ kind: "drawn" });
      if (this.#frame) this.#events.onFrame(this.#frame);
    });
  }

  /** Everything that waits fails with the sentence. */
  #fail(sentence: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(sentence));
    this.#waiting.clear();
    this.#events.onFailed(sentence);
  }
}

function createWorker(): WorkerPort {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "training" });
}
