// What the page shows, and everything that it can be asked to do. Components read it and are told when it changes.

import digitsUrl from "../../../examples/data/digits.csv?url";
import { decodeExperiment, encodeExperiment } from "../experiment/address.js";
import { withDataset } from "../experiment/change.js";
import { DATASETS, type DatasetName } from "../experiment/choices.js";
import {
  DEFAULT_EXPERIMENT,
  type Experiment,
  type Point,
  type TableChoice,
} from "../experiment/experiment.js";
import type { Notebook } from "../notebooks/notebook.js";
import { NOTEBOOKS } from "../notebooks/notebooks.js";
import type {
  ExportedFile,
  ExportFormat,
  Frame,
  Opened,
  SessionState,
  TableColumn,
  TableInfo,
  UnitAddress,
} from "../training/messages.js";
import { TrainingSession } from "../training/session.js";
import { Curves } from "./curves.js";
import { countOf } from "./format.js";
import { Rate } from "./rate.js";

/** Epochs a second at each position of the slider. */
export const SPEEDS = [1, 2, 5, 10, 30, 60, 120, 300, 1000, Number.POSITIVE_INFINITY] as const;
const DEFAULT_SPEED = SPEEDS.indexOf(60);
const FULL_SPEED = SPEEDS.length - 1;

/** A CSV file that the user has given. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly info: TableInfo;
}

/** What the page asks for before it can open an experiment. */
export interface Missing {
  readonly what: "file" | "points";
  readonly sentence: string;
}

type Listener = () => void;

export class Playground {
  /** As it was chosen. */
  experiment: Experiment = DEFAULT_EXPERIMENT;
  /** What is trained; undefined before the first network. */
  opened: Opened | undefined;
  state: SessionState = "paused";
  frame: Frame | undefined;
  curves = new Curves();
  file: GivenFile | undefined;
  /** undefined: nothing. */
  request: Missing | undefined;
  error: string | undefined;
  /** What happened last, for screen readers. */
  announcement = "";
  speed = DEFAULT_SPEED;
  notebook: Notebook | undefined;
  hovered: UnitAddress | undefined;
  readonly frameRate = new Rate();

  readonly #listeners = new Set<Listener>();
  readonly #frameListeners = new Set<Listener>();
  readonly #session: TrainingSession;
  #digits: Promise<Uint8Array> | undefined;
  #isOpening = false;
  #next: { readonly experiment: Experiment; readonly runUntil: number | undefined } | undefined;

  constructor() {
    this.#session = new TrainingSession({
      onFrame: (frame) => this.#onFrame(frame),
      onState: (state) => this.#onState(state),
      onFailed: (sentence) => this.fail(sentence),
    });
    this.#session.setSpeed(SPEEDS[this.speed]!);
  }

  /** Calls the listener after each change that is not a frame. Returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener for each frame. Returns what ends that. */
  subscribeToFrames(listener: Listener): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  // Experiments

  /** Opens the experiment of the address, and trains it for its epochs. */
  async openAddress(): Promise<void> {
    if (location.hash !== "" && location.hash === this.#address) return;
    try {
      const experiment = decodeExperiment(location.hash);
      if (experiment.epochs > 0) this.setSpeed(FULL_SPEED);
      await this.#open(experiment, experiment.epochs || undefined);
    } catch (error) {
      if (!this.opened) await this.#open(DEFAULT_EXPERIMENT);
      this.fail(sentenceOf(error));
    }
  }

  /** Opens an experiment in place of the one before. If that one was training, this one trains, too. */
  change(experiment: Experiment): Promise<void> {
    const runUntil = this.state === "running" ? Number.POSITIVE_INFINITY : undefined;
    return this.#open({ ...experiment, epochs: 0 }, runUntil);
  }

  chooseDataset(name: DatasetName): Promise<void> {
    if (name !== "table") return this.change(withDataset(this.experiment, name));
    if (this.file) return this.chooseColumns(usualColumns(this.file));
    const sentence = "Choose a CSV file, or drop one anywhere on the page. It stays on your machine.";
    this.pause();
    this.request = { what: "file", sentence };
    this.#changed();
    return Promise.resolve();
  }

  /** Trains on the given file. */
  chooseColumns(table: TableChoice): Promise<void> {
    return this.change(withDataset(this.experiment, "table", table));
  }

  /** Takes a CSV file: that of the experiment if its hash is the same, else a new experiment is made of it. */
  async takeFile(file: File): Promise<void> {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const info = await this.#session.inspect(bytes);
      this.file = { name: file.name, bytes, info };
      const { table } = this.experiment.data;
      if (table?.hash === info.hash) await this.#open(this.experiment, this.experiment.epochs || undefined);
      else await this.chooseColumns(usualColumns(this.file));
    } catch (error) {
      this.fail(sentenceOf(error));
    }
  }

  drawPoints(points: readonly Point[]): Promise<void> {
    return this.change({ ...this.experiment, data: { ...this.experiment.data, points } });
  }

  async openNotebook(notebook: Notebook): Promise<void> {
    this.setSpeed(FULL_SPEED);
    await this.#open({ ...notebook.experiment, epochs: 0 }, notebook.experiment.epochs);
  }

  // Training

  run(): void {
    this.#clearError();
    this.#session.run();
  }

  pause(): void {
    this.#session.pause();
  }

  step(): void {
    this.#clearError();
    this.#session.step();
  }

  epoch(): void {
    this.#clearError();
    this.#session.epoch();
  }

  reset(): void {
    this.#clearError();
    this.curves = new Curves();
    this.#session.reset();
    this.#announce("The network is as it was before its first epoch.");
  }

  setSpeed(position: number): void {
    this.speed = position;
    this.#session.setSpeed(SPEEDS[position]!);
    this.#changed();
  }

  hover(unit: UnitAddress | undefined): void {
    this.hovered = unit;
    this.#session.hover(unit);
    this.#changed();
  }

  // Taking away

  /** The address of the experiment after the epochs that are finished. */
  share(): string {
    this.#writeAddress(this.frame?.epoch ?? 0);
    return location.href;
  }

  async export(format: ExportFormat): Promise<ExportedFile | undefined> {
    try {
      return await this.#session.export(format);
    } catch (error) {
      this.fail(sentenceOf(error));
      return undefined;
    }
  }

  // Messages

  fail(sentence: string): void {
    this.error = sentence;
    this.#changed();
  }

  dismissError(): void {
    this.#clearError();
  }

  #clearError(): void {
    if (this.error === undefined) return;
    this.error = undefined;
    this.#changed();
  }

  #announce(sentence: string): void {
    this.announcement = sentence;
    this.#changed();
  }

  /** Opens the newest experiment that was asked for: while one opens, those between are skipped. */
  async #open(experiment: Experiment, runUntil?: number): Promise<void> {
    this.experiment = experiment;
    this.#next = { experiment, runUntil };
    this.#changed();
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      while (this.#next) {
        const next = this.#next;
        this.#next = undefined;
        await this.#openOne(next.experiment, next.runUntil);
      }
    } finally {
      this.#isOpening = false;
    }
  }

  async #openOne(experiment: Experiment, runUntil: number | undefined): Promise<void> {
    this.request = this.#missingFor(experiment);
    if (this.request !== undefined) {
      this.pause();
      this.#writeAddress(experiment.epochs);
      this.#changed();
      return;
    }
    try {
      const notebook = notebookOf(experiment);
      const opened = await this.#session.open(experiment, await this.#tableOf(experiment), notebook?.name);
      this.#onOpened(opened, notebook);
      if (runUntil !== undefined) this.#session.run(runUntil);
    } catch (error) {
      // The network before stays, and so do its choices.
      if (this.opened && !this.#next) this.experiment = this.opened.experiment;
      this.fail(sentenceOf(error));
    }
  }

  #onOpened(opened: Opened, notebook: Notebook | undefined): void {
    this.opened = opened;
    this.notebook = notebook;
    this.curves = new Curves();
    this.frame = undefined;
    this.error = undefined;
    this.hovered = undefined;
    this.#writeAddress(opened.experiment.epochs);
    this.#announce(
      `A network of ${opened.parameters} parameters, before its first epoch, on ${DATASETS[opened.experiment.data.dataset].label}.`,
    );
  }

  /** What must be given first. */
  #missingFor({ data }: Experiment): Missing | undefined {
    if (data.table && data.table.hash !== this.file?.info.hash) {
      const sentence = `The address holds this experiment, but not its file "${data.table.file}": drop that file here.`;
      return { what: "file", sentence };
    }
    if (data.dataset === "drawn" && new Set(data.points.map(([, , label]) => label)).size < 2) {
      return { what: "points", sentence: "Draw points of both classes on the plane." };
    }
    return undefined;
  }

  async #tableOf({ data }: Experiment): Promise<Uint8Array | undefined> {
    if (data.dataset === "table") return this.file!.bytes;
    if (data.dataset !== "digits") return undefined;
    this.#digits ??= fetchBytes(digitsUrl);
    try {
      return await this.#digits;
    } catch {
      this.#digits = undefined;
      throw new Error("The digits could not be loaded: connect to the internet once, and choose them again.");
    }
  }

  #onFrame(frame: Frame): void {
    // A frame that was on its way when another network was opened.
    if (this.frame && frame.epoch < this.frame.epoch) this.curves = new Curves();
    this.frame = frame;
    this.curves.add(frame.curves);
    if (this.state === "running") this.frameRate.count();
    for (const listener of this.#frameListeners) listener();
  }

  #onState(state: SessionState): void {
    this.state = state;
    this.frameRate.reset();
    if (state === "paused") this.#onPaused();
    this.#changed();
  }

  #onPaused(): void {
    if (!this.frame || !this.opened) return;
    const { epoch, loss } = this.frame;
    this.announcement = `Paused after ${countOf(epoch, "epoch")}, with a loss of ${loss.toPrecision(3)}.`;
    if (!this.#isOpening && this.request === undefined) this.#writeAddress(epoch);
  }

  #address = "";

  #writeAddress(epochs: number): void {
    this.#address = `#${encodeExperiment({ ...this.experiment, epochs })}`;
    history.replaceState(null, "", this.#address);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The notebook whose experiment this is. */
function notebookOf(experiment: Experiment): Notebook | undefined {
  const code = encodeExperiment({ ...experiment, epochs: 0 });
  return NOTEBOOKS.find((notebook) => encodeExperiment({ ...notebook.experiment, epochs: 0 }) === code);
}

/** All columns of a file but the target, to predict it from. */
export function columnsFor({ name, info }: GivenFile, target: string): TableChoice {
  const { classes } = info.columns.find((column) => column.name === target)!;
  const columns = info.columns.map((column) => column.name).filter((column) => column !== target);
  return { file: name, hash: info.hash, target, columns, classes };
}

/** The last column from all others, but for those of texts that are different in each row: they identify rows. */
function usualColumns(file: GivenFile): TableChoice {
  const { columns, rows } = file.info;
  const choice = columnsFor(file, columns.at(-1)!.name);
  const identifies = ({ type, distinct }: TableColumn) =>
    type === "category" && distinct >= Math.min(rows, 1000);
  const useless = new Set(columns.filter(identifies).map(({ name }) => name));
  const useful = choice.columns.filter((name) => !useless.has(name));
  return useful.length > 0 ? { ...choice, columns: useful } : choice;
}
