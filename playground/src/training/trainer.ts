// The worker's side of training. It knows nothing of workers: tests run it in Node.

import { checkExperiment } from "../experiment/check.js";
import { ExperimentError } from "../experiment/fields.js";
import { FigureCollector } from "../notebooks/figures.js";
import type { ExportedFile, Opened, Request, TableInfo, UnitAddress } from "./messages.js";
import { openModel } from "./model.js";
import { sentenceOf } from "./sentences.js";
import { type Post, Training } from "./training.js";

type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;

/** What `open` was asked for, so that `reset` can ask for it again. */
type Origin = Pick<RequestOf<"open">, "experiment" | "table" | "figures">;

export class Trainer {
  readonly #post: Post;
  /** Requests that must not overlap wait for each other. */
  #queue: Promise<void> = Promise.resolve();
  #training: Training | undefined;
  #origin: Origin | undefined;
  #epochsPerSecond = Number.POSITIVE_INFINITY;
  #unit: UnitAddress | undefined;

  constructor(post: Post) {
    this.#post = post;
  }

  receive(request: Request): void {
    const handler = this.#handlers[request.kind] as (request: Request) => void;
    handler(request);
  }

  readonly #handlers: { readonly [K in Request["kind"]]: (request: RequestOf<K>) => void } = {
    open: (request) => this.#enqueue(() => this.#answer(request, this.#open(request))),
    export: (request) => this.#enqueue(() => this.#answer(request, this.#export(request))),
    // Does not change the training, and takes seconds for large files.
    inspect: (request) => this.#answer(request, inspect(request.table)),
    reset: () => this.#enqueue(() => this.#reset()),
    run: ({ until }) => this.#enqueue(() => this.#training?.start("run", until)),
    step: () => this.#enqueue(() => this.#training?.start("step")),
    epoch: () => this.#enqueue(() => this.#training?.start("epoch")),
    hover: ({ unit }) => this.#enqueue(() => this.#hover(unit)),
    pause: () => {
      this.#training?.pause();
      // After a `run` that still waits, too.
      this.#enqueue(() => this.#training?.pause());
    },
    drawn: () => this.#training?.frameDrawn(),
    speed: ({ epochsPerSecond }) => {
      this.#epochsPerSecond = epochsPerSecond;
      this.#training?.setSpeed(epochsPerSecond);
    },
  };

  /** Does work when the work before is done. What it throws becomes a sentence on the page. */
  #enqueue(work: () => unknown): void {
    this.#queue = this.#queue.then(work).then(
      () => {},
      (error) => this.#post({ kind: "failed", id: undefined, sentence: sentenceOf(error) }, []),
    );
  }

  async #answer(
    { id }: { readonly id: number },
    work: Promise<Opened | TableInfo | ExportedFile>,
  ): Promise<void> {
    try {
      const result = await work;
      this.#post({ kind: "done", id, result }, []);
      // The first frame follows the answer.
      this.#training?.wantFrame();
    } catch (error) {
      this.#post({ kind: "failed", id, sentence: sentenceOf(error) }, []);
    }
  }

  async #open({ experiment, table, figures }: Origin): Promise<Opened> {
    this.#training?.pause();
    const model = await openModel(checkExperiment(experiment), table);
    await this.#training?.end();
    this.#origin = { experiment, table, figures };
    this.#training = new Training(model, new FigureCollector(figures), this.#post);
    this.#training.setSpeed(this.#epochsPerSecond);
    this.#unit = undefined;
    return model.opened;
  }

  /** The unit that is watched stays. */
  async #reset(): Promise<void> {
    if (!this.#origin) return;
    const unit = this.#unit;
    await this.#open(this.#origin);
    await this.#hover(unit);
  }

  async #hover(unit: UnitAddress | undefined): Promise<void> {
    this.#unit = unit;
    await this.#training?.watch(unit);
  }

  async #export({ format }: RequestOf<"export">): Promise<ExportedFile> {
    const training = this.#training;
    if (!training) throw new ExperimentError("There is no network yet: open an experiment.");
    const { exporterOf } = await import("../takeAway/files.js");
    const exportFile = await exporterOf(format);
    return training.between((progress) => exportFile(training.model, progress.epoch, progress.step > 0));
  }
}

async function inspect(table: Uint8Array): Promise<TableInfo> {
  const { inspectTable } = await import("../data/table.js");
  return inspectTable(table);
}
