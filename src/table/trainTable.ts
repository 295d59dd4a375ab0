// Trains a network on a table: split, preprocessing, network, fit.

import {
  type ActivationName,
  adam,
  BackpropError,
  type Checkpoint,
  createNetwork,
  type DType,
  dense,
  dropout,
  type EpochInfo,
  embedding,
  type History,
  type Layer,
  type MetricHistory,
  type Network,
  type NetworkOptions,
  type Numerics,
  type Optimizer,
  splitRows,
  type Tensor,
} from "../index.js";
import { show } from "../show.js";
import {
  attempt,
  type OptionsOf,
  ofType,
  oneOf,
  readOptions,
  requireBelowOne,
  requireFull,
  requireInteger,
  requirePositiveInteger,
} from "../validation.js";
import {
  type Column,
  namesOf,
  selectRows,
  type Table,
  type TableRows,
  tableOf,
  unknownColumn,
} from "./columns.js";
import { metadataOf, rowsWithValue, type TableEvaluation, TableModel } from "./model.js";
import {
  fitColumns,
  PREPROCESSING_OPTIONS,
  type PreprocessingOptions,
  type PreprocessingReport,
  type Preprocessor,
  readColumnPlans,
  typesIn,
} from "./preprocessor.js";
import { chooseTask, encodeTarget, fitTarget, type Target, type Task } from "./target.js";

/** The epoch that has just ended. Classifications have accuracies, regressions R². */
export type TableEpoch = EpochInfo &
  Partial<Pick<EpochInfo<"accuracy">, "accuracy" | "validationAccuracy">> &
  Partial<Pick<EpochInfo<"r2">, "r2" | "validationR2">>;

export interface TrainTableOptions<T extends Task = Task> extends PreprocessingOptions {
  /** The name of the column to predict. */
  readonly target: string;
  /**
   * Default: "classification" if the target has texts, only 0 and 1, or at most 20 different whole numbers in at least 5
   * rows each on average; else "regression". `model.reason` says which of them holds.
   */
  readonly task?: T;
  /** Whether a regression learns the logarithm of the target, which must be above 0; default false. */
  readonly log?: boolean;
  /**
   * The share of the rows that validate: 0 to below 1, default 0.2. They are chosen at random; for a classification with
   * about the same share of each class, if each class has enough rows. With 0, all epochs are trained on all rows.
   */
  readonly validation?: number;
  /** Chooses the validation rows, the initial parameters and the order of rows: 0 to 2³² − 1, default 0. */
  readonly seed?: number;
  /** The units of each hidden layer; default [64, 32]. [] makes a linear model. */
  readonly hidden?: readonly number[];
  /** Of the hidden layers; default "relu". */
  readonly activation?: ActivationName;
  /** The rate of a dropout after each hidden layer; default 0: none. */
  readonly dropout?: number;
  /** Default `adam()`, of learning rate 0.001. */
  readonly optimizer?: Optimizer;
  /** Whether rare classes count more, as `classWeights: "balanced"` of `fit`; default false. */
  readonly balanced?: boolean;
  /** At most so many epochs; default 200. */
  readonly epochs?: number;
  /**
   * Rows in each step. Default: 32, doubled until an epoch has at most 200 steps, and at most 1024.
   */
  readonly batchSize?: number;
  /**
   * Training ends when the validation loss has not fallen for so many epochs; default 20. The best parameters are
   * restored.
   */
  readonly patience?: number;
  /** Of the network; default "float32". */
  readonly dtype?: DType;
  /** Of the network; default 1. */
  readonly threads?: number;
  /** Of the network; default "strict". */
  readonly numerics?: Numerics;
  /** Called after each epoch, with the rules of `fit`. If it returns false, training ends. */
  readonly onEpoch?: (info: TableEpoch, model: TableModel<T>) => unknown;
  /** Keeps files of the training, as the option of `fit`. `loadTableModel` reads them. */
  readonly checkpoint?: Checkpoint;
  /**
   * Finishes the training of this model, of `loadTableModel` or of an error, with the same bits as without the
   * interruption. Give the same rows and the same options; `epochs` may be larger. The model's network is trained on.
   */
  readonly resume?: TableModel;
  /** Stops the training when aborted. */
  readonly signal?: AbortSignal;
}

/** What was done with the rows. */
export interface TableReport extends PreprocessingReport {
  readonly trainingRows: number;
  readonly validationRows: number;
  /** Rows that were left out, because their target is missing. */
  readonly rowsWithoutTarget: number;
  /** Whether both parts have about the same share of each class. */
  readonly stratified: boolean;
  readonly batchSize: number;
}

/** The numbers of the rows, counted from 0, of the two parts. Those without a target are in none. */
export interface TableSplit {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/** The history of the network's fit. Classifications have accuracies, regressions R². */
export type TableHistory<T extends Task = Task> = History &
  (T extends "classification" ? MetricHistory<"accuracy"> : MetricHistory<"r2">);

/** How a model was trained. */
export interface TableTraining<T extends Task = Task> {
  /** Why the task was chosen. */
  readonly reason: string;
  readonly report: TableReport;
  readonly split: TableSplit;
  readonly history: TableHistory<T>;
  /** How good the model is for the validation rows; undefined without any. */
  readonly validation: TableEvaluation<T> | undefined;
}

/** A model and how it was trained. Made by `trainTable`. */
export class TrainedModel<T extends Task = Task> extends TableModel<T> implements TableTraining<T> {
  readonly reason: string;
  readonly report: TableReport;
  readonly split: TableSplit;
  readonly history: TableHistory<T>;
  readonly validation: TableEvaluation<T> | undefined;

  /** @internal */
  constructor({ network, preprocessor, target }: TableModel<T>, training: TableTraining<T>) {
    super(network, preprocessor, target);
    this.reason = training.reason;
    this.report = Object.freeze(training.report);
    this.split = Object.freeze(training.split);
    this.history = training.history;
    this.validation = training.validation;
    Object.freeze(this);
  }
}

/** The error of a training that was aborted or diverged. Its `history` is that of the finished epochs. */
export interface TrainTableError<T extends Task = Task> extends BackpropError {
  /** The model as far as it was trained: with the best parameters so far. */
  readonly model: TableModel<T>;
}

/** A checked copy of the units of layers. */
function copyHidden(given: unknown): number[] {
  return attempt("invalidOption", "hidden", () => {
    const length = requireFull("hidden", given, 100);
    return Array.from({ length }, (_, i) => {
      const units = (given as ArrayLike<number>)[i]!;
      requirePositiveInteger(`hidden[${i}]`, units);
      return units;
    });
  });
}

/** For options that are checked when they are copied, or by the functions of the library that get them. */
const checkedLater = () => {};

const OPTIONS: OptionsOf<TrainTableOptions> = {
  ...PREPROCESSING_OPTIONS,
  target: { check: checkedLater },
  task: { check: oneOf(["classification", "regression"]), default: undefined },
  log: { check: ofType("boolean"), default: false },
  validation: { check: requireBelowOne, default: 0.2 },
  seed: { check: (argument, value) => requireInteger(argument, value, 0, 2 ** 32 - 1), default: 0 },
  hidden: { check: checkedLater, default: [64, 32] },
  activation: { check: checkedLater, default: "relu" },
  dropout: { check: requireBelowOne, default: 0 },
  optimizer: { check: checkedLater, default: undefined },
  balanced: { check: ofType("boolean"), default: false },
  epochs: { check: requirePositiveInteger, default: 200 },
  batchSize: { check: requirePositiveInteger, default: undefined },
  patience: { check: requirePositiveInteger, default: 20 },
  dtype: { check: checkedLater, default: undefined },
  threads: { check: checkedLater, default: undefined },
  numerics: { check: checkedLater, default: undefined },
  onEpoch: { check: ofType("function"), default: undefined },
  checkpoint: { check: checkedLater, default: undefined },
  resume: { check: requireModel, default: undefined },
  signal: { check: checkedLater, default: undefined },
};

function requireModel(argument: string, value: unknown): void {
  if (value instanceof TableModel) return;
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected a model of loadTableModel.`,
  );
}

/** The checked options, with the defaults of all that have one. */
type Plan = TrainTableOptions &
  Required<Omit<TrainTableOptions, keyof PreprocessingOptions | Undecided | Absent>>;

/** The options whose default depends on others. */
type Undecided = "task" | "optimizer" | "batchSize" | "dtype" | "threads" | "numerics";

/** The options without a default. */
type Absent = "onEpoch" | "checkpoint" | "resume" | "signal";

/**
 * Trains a network that predicts one column of a table from the others: chooses the task, splits the rows, fits the
 * preprocessing to the training rows, trains with early stopping, and restores the best parameters. The same rows,
 * options and seed give the same bits.
 *
 * @param rows an array of objects, a table of `readTable`, or an object of columns
 * @throws BackpropError (rejects) `unknownName` for a target that is no column, `invalidData`, `invalidShape`,
 *   `invalidOption`; `aborted` or `diverged` with `model`: see `TrainTableError`. Exceptions of `onEpoch` pass through.
 */
export async function trainTable<T extends Task = Task>(
  rows: TableRows,
  options: TrainTableOptions<T>,
): Promise<TrainedModel<T>> {
  const plan = readOptions<TrainTableOptions>("trainTable", options, OPTIONS) as Plan;
  const { training, validation, preprocessor, target, reason, report, split } = prepare(rows, plan);
  const model = (plan.resume
    ? requireSameModel(plan.resume, preprocessor, target)
    : await createModel(preprocessor, target, plan)) as TableModel as TableModel<T>;
  try {
    const { batchSize } = report;
    const history = (await fit(model, training, validation, { ...plan, batchSize })) as TableHistory<T>;
    const evaluation = validation && model.evaluate(validation);
    return new TrainedModel(model, { reason, report, split, history, validation: evaluation });
  } catch (error) {
    if (error instanceof BackpropError && error.history) throw Object.assign(error, { model });
    if (!plan.resume) model.network.dispose();
    throw error;
  }
}

async function createModel(preprocessor: Preprocessor, target: Target, plan: Plan): Promise<TableModel> {
  const network = await createNetwork(describe(preprocessor, target, plan));
  clearUnknownCategories(network, preprocessor);
  return new TableModel(network, preprocessor, target);
}

/** @throws BackpropError `invalidOption` if the rows or the options were others. */
function requireSameModel(model: TableModel, preprocessor: Preprocessor, target: Target): TableModel {
  const { table } = metadataOf(preprocessor, target);
  if (JSON.stringify(model) === table) return model;
  throw new BackpropError(
    "invalidOption",
    "resume is a model that was trained on other rows, or with other options; expected the same ones. Leave out resume " +
      "to train a new model.",
  );
}

/** Rows and all that is learned from them before the training. */
interface Prepared {
  readonly training: Table;
  readonly validation: Table | undefined;
  readonly preprocessor: Preprocessor;
  readonly target: Target;
  readonly reason: string;
  readonly report: TableReport;
  readonly split: TableSplit;
}

function prepare(rows: TableRows, plan: Plan): Prepared {
  const plans = readColumnPlans(plan.columns);
  const all = tableOf("rows", rows, typesIn(plans));
  const present = rowsWithTarget(all, plan.target);
  const table = selectRows(all, present);
  const known = table.column(plan.target);
  const { task, reason } = chooseTask(known, plan.task);
  if (plan.log && task === "classification") throw notLog();
  const { stratified, ...numbers } = splitRowNumbers(known, task, plan);
  const training = selectRows(table, numbers.training);
  const validationRows = numbers.validation.length;
  const numbersInAll = (part: ArrayLike<number>) => Uint32Array.from(part, (row) => present[row]!);
  const preprocessor = fitColumns(withoutColumn(training, plan.target), plan, plans);
  return {
    training,
    validation: validationRows > 0 ? selectRows(table, numbers.validation) : undefined,
    preprocessor,
    // Classes that only validation rows have are classes, too.
    target: fitTarget(task === "classification" ? known : training.column(plan.target), task, plan.log),
    reason,
    split: { training: numbersInAll(numbers.training), validation: numbersInAll(numbers.validation) },
    report: {
      ...preprocessor.report,
      trainingRows: training.rows,
      validationRows,
      rowsWithoutTarget: all.rows - table.rows,
      stratified,
      batchSize: plan.batchSize ?? defaultBatchSize(training.rows),
    },
  };
}

function rowsWithTarget(table: Table, target: string): Uint32Array {
  const column = table.columns.find(({ name }) => name === target);
  if (!column) throw unknownColumn("target", target, namesOf(table.columns));
  const rows = rowsWithValue(column.values);
  if (rows.length > 0) return rows;
  throw new BackpropError(
    "invalidData",
    `The target ${show(target)} is missing in all rows; expected values.`,
  );
}

function withoutColumn({ columns }: Table, name: string): Column[] {
  return columns.filter((column) => column.name !== name);
}

function notLog(): BackpropError {
  return new BackpropError(
    "invalidOption",
    'log is true, but the task is a classification; expected log with task: "regression".',
  );
}

interface SplitRows {
  readonly training: ArrayLike<number>;
  readonly validation: ArrayLike<number>;
  /** Whether both have about the same share of each class. */
  readonly stratified: boolean;
}

/** The numbers of the rows to train on, and to validate on. */
function splitRowNumbers(known: Column, task: Task, { validation, seed }: Plan): SplitRows {
  const rows = Float64Array.from({ length: known.values.length }, (_, row) => row);
  if (validation === 0) return { training: rows, validation: [], stratified: false };
  const isClasses = task === "classification";
  const labels = isClasses ? encodeTarget(fitTarget(known, task, false), known.values) : rows;
  const stratify = isClasses && isDivisible(labels, validation);
  const parts = splitRows(rows, labels, { validation, seed, stratify });
  return { training: parts.training.rows, validation: parts.validation.rows, stratified: stratify };
}

/** Whether each part gets a row of each class. */
function isDivisible(labels: Float64Array, validation: number): boolean {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const smallest = counts.reduce((min, count) => Math.min(min, count));
  const validationRows = Math.ceil(validation * labels.length);
  return smallest > 1 && Math.min(validationRows, labels.length - validationRows) >= counts.length;
}

function describe(preprocessor: Preprocessor, target: Target, plan: Plan): NetworkOptions<readonly Layer[]> {
  const { inputs, embeddings } = preprocessor;
  const isClasses = target.task === "classification";
  const hidden = copyHidden(plan.hidden).flatMap((units): Layer[] => {
    const layer = dense(units, plan.activation);
    return plan.dropout > 0 ? [layer, dropout(plan.dropout)] : [layer];
  });
  const first = embeddings.length > 0 ? [embedding(embeddings)] : [];
  const output = isClasses ? dense(target.classes.length, "softmax") : dense(1);
  const { seed, dtype, threads, numerics } = plan;
  return {
    inputs: inputs.length,
    layers: [...first, ...hidden, output],
    loss: isClasses ? "sparseCategoricalCrossentropy" : "meanSquaredError",
    optimizer: plan.optimizer ?? adam(),
    seed,
    ...(dtype && { dtype }),
    ...(threads && { threads }),
    ...(numerics && { numerics }),
    metadata: metadataOf(preprocessor, target),
  };
}

/**
 * The vectors of unknown categories become 0, as their inputs of a one-hot encoding are. They stay 0 unless training
 * rows have missing values.
 */
function clearUnknownCategories(network: Network<readonly Layer[]>, { embeddings }: Preprocessor): void {
  const tables = Object.values(network.parameters[0] ?? {}) as Tensor[];
  for (const [i, { units }] of embeddings.entries()) tables[i]!.data.fill(0, 0, units);
}

const MIN_BATCH = 32;
const MAX_BATCH = 1024;
const MAX_STEPS = 200;

function defaultBatchSize(rows: number): number {
  let size = MIN_BATCH;
  while (size < MAX_BATCH && rows > size * MAX_STEPS) size *= 2;
  return size;
}

function fit(
  model: TableModel,
  training: Table,
  validation: Table | undefined,
  {
    epochs,
    batchSize,
    patience,
    balanced,
    onEpoch,
    checkpoint,
    resume,
    signal,
  }: Plan & { batchSize: number },
): Promise<History> {
  const { network, preprocessor, target } = model;
  const dataOf = (table: Table) =>
    [preprocessor.transform(table), encodeTarget(target, table.column(target.name).values)] as const;
  return network.fit(...dataOf(training), {
    epochs,
    batchSize,
    metrics: [target.task === "classification" ? "accuracy" : "r2"],
    classWeights: balanced ? "balanced" : undefined,
    ...(validation && { validationData: dataOf(validation), earlyStopping: { patience } }),
    onEpoch: onEpoch && ((info: EpochInfo) => onEpoch(info as TableEpoch, model)),
    checkpoint,
    resume: resume !== undefined,
    signal,
  });
}
