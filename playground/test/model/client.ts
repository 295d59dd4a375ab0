// Talks to a Trainer as the page does, without a worker.

import type { Experiment } from "../../src/experiment/experiment.js";
import { NOTEBOOKS } from "../../src/notebooks/notebooks.js";
import type {
  ExportedFile,
  ExportFormat,
  Frame,
  Opened,
  Request,
  Response,
  SessionState,
  TableInfo,
} from "../../src/training/messages.js";
import { Trainer } from "../../src/training/trainer.js";

type Unanswered<T> = T extends unknown ? Omit<T, "id"> : never;

export class Client {
  readonly frames: Frame[] = [];
  readonly states: SessionState[] = [];
  readonly failures: string[] = [];
  readonly #trainer: Trainer;
  readonly #answers = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #waiting: { until: (frame: Frame) => boolean; resolve: (frame: Frame) => void }[] = [];
  #nextId = 1;

  /** @param isDrawing Whether each frame is drawn at once. */
  constructor(isDrawing = true) {
    this.#trainer = new Trainer((response) => {
      // As a worker would: a copy, later.
      const copy = structuredClone(response);
      setTimeout(() => this.#receive(copy, isDrawing));
    });
  }

  send(request: Request): void {
    this.#trainer.receive(request);
  }

  open(experiment: Experiment, table?: Uint8Array, notebook?: string): Promise<Opened> {
    const figures = NOTEBOOKS.find(({ name }) => name === notebook)?.figures ?? [];
    return this.#ask({ kind: "open", experiment, table, figures });
  }

  inspect(table: Uint8Array): Promise<TableInfo> {
    return this.#ask({ kind: "inspect", table });
  }

  export(format: ExportFormat): Promise<ExportedFile> {
    return this.#ask({ kind: "export", format });
  }

  run(until = Number.POSITIVE_INFINITY): void {
    this.send({ kind: "run", until });
  }

  /** Trains to the end of so many epochs, and returns the last frame. */
  async runTo(epochs: number): Promise<Frame> {
    this.run(epochs);
    return this.frame(({ epoch, stepsPerSecond }) => epoch === epochs && stepsPerSecond === 0);
  }

  /** The first frame from now on for which a condition holds. */
  frame(until: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return new Promise((resolve) => this.#waiting.push({ until, resolve }));
  }

  drawn(): void {
    this.send({ kind: "drawn" });
  }

  #ask<Result>(request: Unanswered<Extract<Request, { id: number }>>): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.send({ ...request, id } as Request);
    });
  }

  #receive(response: Response, isDrawing: boolean): void {
    if (response.kind === "state") this.states.push(response.state);
    if (response.kind === "done") this.#answers.get(response.id)!.resolve(response.result as never);
    if (response.kind === "failed") this.#fail(response);
    if (response.kind !== "frame") return;
    const { frame } = response;
    this.frames.push(frame);
    const found = this.#waiting.filter(({ until }) => until(frame));
    this.#waiting = this.#waiting.filter((waiting) => !found.includes(waiting));
    if (isDrawing) this.drawn();
    for (const { resolve } of found) resolve(frame);
  }

  #fail({ id, sentence }: Extract<Response, { kind: "failed" }>): void {
    if (id === undefined) this.failures.push(sentence);
    else this.#answers.get(id)!.reject(new Error(sentence));
  }
}
