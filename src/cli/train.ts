// The command train.

import { existsSync } from "node:fs";
import { BackpropError, hashParameters } from "../index.js";
import { fileCheckpoint, saveFile } from "../node.js";
import {
  type Table,
  type TableEpoch,
  type TableModel,
  type TrainedModel,
  type TrainTableError,
  trainTable,
} from "../table.js";
import { hashTable, readTrainingData } from "./data.js";
import { Interrupt } from "./interrupt.js";
import { loadModel } from "./modelFile.js";
import { figure, note, print, printJson, type Status } from "./output.js";
import { createProgress } from "./progress.js";
import { bytesWith, recordOf, type Segment, type TrainingRecord, VERSION } from "./record.js";
import { reportOf } from "./report.js";
import { type Settings, trainOptions } from "./settings.js";

export interface TrainOptions {
  readonly out: string;
  readonly threads?: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** A file is written after an epoch if the last one is this old, in ms. */
const SAVE_INTERVAL = 5000;

/** `settings`: those that were given. */
export async function train(
  data: string,
  settings: Partial<Settings>,
  options: TrainOptions,
): Promise<Status> {
  const { out, threads, json = false } = options;
  const earlier = options.resume ? await resumedModel(out, threads) : undefined;
  const known = earlier && recordOf(earlier, out);
  const chosen = known ? resumedSettings(known.settings, settings, out) : (settings as Settings);
  const table = await readTrainingData(data, chosen);
  const training = new Training(chosen, table, out, known);
  const progress = createProgress(json);
  const interrupt = new Interrupt();
  try {
    const model = await trainTable(table, {
      ...trainOptions(chosen),
      ...(threads !== undefined && { threads }),
      ...(earlier && { resume: earlier }),
      async onEpoch(info, model) {
        progress.show(info);
        await training.keep(info, model);
        return !interrupt.isRequested;
      },
    });
    progress.end();
    const isInterrupted = interrupt.isRequested && model.history.stopped === "callback";
    await training.finish(model, isInterrupted ? "interrupted" : model.history.stopped);
    const report = await writeReport(model, table, training);
    (json ? printEnd : printSummary)(model, training, report);
    if (!isInterrupted) return 0;
    note(`Interrupted: ${out} has the best of ${training.epochs} epochs. Continue with --resume.`);
    return 1;
  } catch (error) {
    progress.end();
    throw await savedError(error, training);
  } finally {
    interrupt.end();
  }
}

async function resumedModel(out: string, threads: number | undefined): Promise<TableModel> {
  if (existsSync(out)) return loadModel(out, threads);
  throw new BackpropError(
    "fileNotFound",
    `There is no ${out} to resume. Leave out --resume, or give its path with --out.`,
  );
}

/** The settings of the training that is resumed. Only the number of epochs may change. */
function resumedSettings(known: Settings, given: Partial<Settings>, out: string): Settings {
  for (const [name, value] of Object.entries(given)) {
    if (name === "epochs" || JSON.stringify(value) === JSON.stringify(known[name as keyof Settings]))
      continue;
    const before = JSON.stringify(known[name as keyof Settings]) ?? "the default";
    throw new BackpropError(
      "invalidOption",
      `${name} is ${JSON.stringify(value)}, but ${out} was trained with ${before}. ` +
        "Leave it out to resume, or leave out --resume.",
    );
  }
  return given.epochs === undefined ? known : { ...known, epochs: given.epochs };
}

/** The record of a training in progress, and its file. */
class Training {
  readonly out: string;
  readonly #record: Omit<TrainingRecord, "epochs" | "segments">;
  readonly #hashes: string[];
  readonly #segments: readonly Segment[];
  readonly #begun: number;
  readonly #file: ReturnType<typeof fileCheckpoint>;
  #saved = performance.now();

  constructor(settings: Settings, table: Table, out: string, known: TrainingRecord | undefined) {
    const data = { rows: table.rows, columns: table.columns.length, sha256: hashTable(table) };
    if (known && known.data.sha256 !== data.sha256) {
      throw new BackpropError(
        "invalidData",
        `The data are others than those that ${out} was trained on. Give the same file, or leave out --resume.`,
      );
    }
    this.out = out;
    // Throws now, and not after the training, if the file cannot be written.
    this.#file = fileCheckpoint(out);
    this.#record = { version: 1, settings, data };
    this.#hashes = [...(known?.epochs ?? [])];
    this.#segments = known?.segments ?? [];
    this.#begun = this.#hashes.length;
  }

  /** Finished epochs. */
  get epochs(): number {
    return this.#hashes.length;
  }

  /** Records an epoch, and sometimes writes the file. */
  async keep({ epoch }: TableEpoch, model: TableModel): Promise<void> {
    this.#hashes[epoch - 1] = hashParameters(model.network);
    if (performance.now() - this.#saved < SAVE_INTERVAL) return;
    await this.finish(model, "interrupted");
    this.#saved = performance.now();
  }

  async finish(model: TableModel, stopped: string): Promise<void> {
    const segment = { from: this.#begun + 1, to: this.epochs, library: VERSION, stopped };
    const segments = this.epochs > this.#begun ? [...this.#segments, segment] : this.#segments;
    await this.#file.save(bytesWith(model, { ...this.#record, epochs: this.#hashes, segments }));
  }
}

/** The error of a training, whose message names the file with the model of the finished epochs. */
async function savedError(error: unknown, training: Training): Promise<unknown> {
  if (!(error instanceof BackpropError && error.history && training.epochs > 0)) return error;
  const { model, code, message } = error as TrainTableError;
  await training.finish(model, code);
  return new BackpropError(code, `${message} The model as far as it was trained is in ${training.out}.`, {
    cause: error,
  });
}

async function writeReport(model: TrainedModel, table: Table, { out }: Training): Promise<string> {
  const file = `${out.replace(/\.safetensors$/, "")}.html`;
  await saveFile(new TextEncoder().encode(reportOf(model, table)), file);
  return file;
}

function printEnd(model: TrainedModel, { out, epochs }: Training, reportFile: string): void {
  const { task, reason, report, history, network, validation } = model;
  const { confusionMatrix, ...figures } = { confusionMatrix: undefined, ...validation };
  printJson({
    event: "end",
    task,
    validation: validation ? figures : null,
    file: out,
    parametersHash: hashParameters(network),
    report: reportFile,
    reason,
    epochs,
    bestEpoch: history.bestEpoch === undefined ? null : history.bestEpoch + 1,
    stopped: history.stopped,
    rows: {
      training: report.trainingRows,
      validation: report.validationRows,
      withoutTarget: report.rowsWithoutTarget,
    },
    dropped: report.dropped,
    imputed: report.imputed,
  });
}

function printSummary(model: TrainedModel, { out, epochs }: Training, reportFile: string): void {
  const { task, reason, report, history } = model;
  print(`${task}: ${reason}`);
  for (const { column, reason } of report.dropped) print(`dropped ${column}: ${REASONS[reason]}`);
  for (const { column, rows, by } of report.imputed) {
    print(`${column} is missing in ${rows} rows${by === "" ? "" : `: ${by} replaces it`}`);
  }
  if (report.rowsWithoutTarget > 0) print(`${report.rowsWithoutTarget} rows without a target are left out`);
  const best = history.bestEpoch === undefined ? "" : `, the best is ${history.bestEpoch + 1}`;
  print(`${epochs} epochs of ${report.trainingRows} rows${best} (ended by ${history.stopped})`);
  print(`validation: ${describeFigures(model)}`);
  print(`model: ${out}\nreport: ${reportFile}`);
}

const REASONS = {
  ignored: "--ignore names it",
  constant: "it has one value in all training rows",
  allMissing: "it has no values in the training rows",
  allDifferent: "it has another text in each training row",
};

function describeFigures({ validation, report }: TrainedModel): string {
  if (!validation) return "none";
  const figures = Object.entries(validation).filter(([, value]) => typeof value === "number");
  return `${figures.map(([name, value]) => `${name} ${figure(value)}`).join(", ")} of ${report.validationRows} rows`;
}
