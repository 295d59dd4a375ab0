// A model of a table: a network with all that its rows need before and after it.

import {
  BackpropError,
  type EmbeddingLayer,
  type Layer,
  type LoadOptions,
  loadNetwork,
  type Matrix,
  type Network,
  type SaveOptions,
} from "../index.js";
import { show } from "../show.js";
import { attempt, type OptionsOf, readOptions, requireInteger } from "../validation.js";
import { type Cells, openCells, selectValues, Table, type TableRow, type TableRows } from "./columns.js";
import {
  type Preprocessor,
  type PreprocessorState,
  preprocessorFromJSON,
  requireColumn,
} from "./preprocessor.js";
import {
  type ClassName,
  type ClassTarget,
  decodeNumber,
  encodeTarget,
  readTarget,
  type Target,
  type Task,
  typeOfTarget,
} from "./target.js";

/** The answer of a classification. */
export interface ClassPrediction {
  /** The class of the largest probability; the first wins ties. */
  readonly class: ClassName;
  readonly probability: number;
  /** The probability of each class, by its name. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** A class with its probability, or a number in the units of the table. */
export type Prediction<T extends Task = Task> = T extends "classification" ? ClassPrediction : number;

export interface ClassEvaluation {
  readonly loss: number;
  readonly accuracy: number;
  /** [actual][predicted], in the order of `model.classes`. */
  readonly confusionMatrix: Matrix;
}

export interface NumberEvaluation {
  /** The loss of the network, whose targets are scaled. */
  readonly loss: number;
  /** 1 − Σ(t − a)² / Σ(t − mean t)². 1 is perfect; 0 is as good as the mean. */
  readonly r2: number;
  /** √(mean (t − a)²), in the units of the table. */
  readonly rmse: number;
  /** mean |t − a|, in the units of the table. */
  readonly mae: number;
}

/** How good predictions are. */
export type TableEvaluation<T extends Task = Task> = T extends "classification"
  ? ClassEvaluation
  : NumberEvaluation;

/** A model without its network, as plain data. */
export interface TableModelState {
  readonly version: 1;
  readonly target: Target;
  readonly preprocessor: PreprocessorState;
}

/** A network that predicts one column of a table from others. Made by `trainTable` and `tableModelFromJSON`. */
export class TableModel<T extends Task = Task> {
  readonly network: Network<readonly Layer[]>;
  readonly preprocessor: Preprocessor;
  readonly target: Target;

  /** @internal */
  constructor(network: Network<readonly Layer[]>, preprocessor: Preprocessor, target: Target) {
    this.network = network;
    this.preprocessor = preprocessor;
    this.target = target;
  }

  /** "classification" or "regression". */
  get task(): T {
    return this.target.task as T;
  }

  /** The names of the classes; empty for a regression. */
  get classes(): readonly ClassName[] {
    return this.target.task === "classification" ? this.target.classes : [];
  }

  /**
   * Predicts one row, `{ age: 31, city: "Rome" }`, or rows. For classes: the class, its probability and those of all
   * classes. For numbers: the number, in the units of the table. Other columns than those that the model uses are
   * ignored. A missing value is null, undefined, NaN or "". A category that the training rows did not have counts as
   * unknown: its inputs are 0.
   *
   * @throws BackpropError `invalidData` for a column that is not there or a text in a column of numbers; `invalidShape`,
   *   `disposed`.
   */
  predict(row: TableRow): Prediction<T>;
  predict(rows: TableRows): Prediction<T>[];
  predict(given: TableRow | TableRows): Prediction<T> | Prediction<T>[] {
    const isRow = attempt("invalidData", "rows", () => isOneRow(given));
    const cells = openCells(isRow ? "row" : "rows", isRow ? [given] : given);
    const outputs = this.network.predict(this.preprocessor.transformCells(isRow ? "row" : "rows", cells));
    const predictions = predictionsOf(this.target, outputs) as Prediction<T>[];
    return isRow ? predictions[0]! : predictions;
  }

  /**
   * How good the predictions for rows with a target are: accuracy and confusion matrix, or R² and errors. Rows whose
   * target is missing do not count.
   *
   * @throws BackpropError as `predict`; `invalidLabel` for an unknown class.
   */
  evaluate(rows: TableRows): TableEvaluation<T> {
    const cells = openCells("rows", rows);
    const column = requireColumn("rows", cells, this.target.name, typeOfTarget(this.target));
    const order = rowsWithValue(column.values);
    if (order.length === 0) {
      throw new BackpropError(
        "invalidData",
        `${show(this.target.name)} is missing in all rows; expected values.`,
      );
    }
    const { values } = selectValues(column, order);
    const inputs = this.preprocessor.transformCells("rows", selectCells(cells, order));
    const targets = encodeTarget(this.target, values);
    return (
      this.target.task === "classification"
        ? this.network.evaluate(inputs, targets, { metrics: ["accuracy"], confusionMatrix: true })
        : {
            loss: this.network.evaluate(inputs, targets).loss,
            ...errorsOf(
              values as Float64Array,
              predictionsOf(this.target, this.network.predict(inputs)) as number[],
            ),
          }
    ) as TableEvaluation<T>;
  }

  /** All but the network as plain data, for `tableModelFromJSON`. */
  toJSON(): TableModelState {
    return stateOf(this.preprocessor, this.target);
  }

  /**
   * The model as the bytes of one file, for `loadTableModel`: the file of `network.save`, with the model's JSON as its
   * metadata `table`.
   *
   * @throws BackpropError as `network.save`.
   */
  save(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    const metadata = { ...metadataOf(this.preprocessor, this.target), ...options.metadata };
    return this.network.save({ metadata });
  }
}

function stateOf(preprocessor: Preprocessor, target: Target): TableModelState {
  return { version: 1, target, preprocessor: preprocessor.toJSON() };
}

/** The metadata of a model's files. */
export function metadataOf(preprocessor: Preprocessor, target: Target): { readonly table: string } {
  return { table: JSON.stringify(stateOf(preprocessor, target)) };
}

/**
 * The model of a file that `model.save` or a checkpoint of `trainTable` made. It predicts the same bits.
 *
 * @param options of `loadNetwork`, such as `threads`
 * @throws BackpropError (rejects) `invalidFile` if the bytes are not a whole file, were altered, or are not of a model of
 *   a table; and as `loadNetwork`.
 */
export async function loadTableModel(
  bytes: Uint8Array | ArrayBuffer,
  options?: LoadOptions,
): Promise<TableModel> {
  const network = await loadNetwork(bytes, options);
  try {
    return attempt("invalidFile", "the file", () => {
      const { table } = network.metadata;
      if (table !== undefined) return tableModelFromJSON(JSON.parse(table) as TableModelState, network);
      throw new BackpropError(
        "invalidFile",
        "The file has a network without a table; expected one of trainTable. Use loadNetwork.",
      );
    });
  } catch (error) {
    network.dispose();
    throw error;
  }
}

const STATE: OptionsOf<TableModelState> = {
  version: { check: (argument, value) => requireInteger(argument, value, 1, 1) },
  // Checked when they are copied.
  target: { check: () => {} },
  preprocessor: { check: () => {} },
};

/**
 * The model whose `toJSON` returned `state`, with its network. It predicts the same bits.
 *
 * @throws BackpropError `invalidOption` or `unknownName` for another state, or for a network whose inputs, embedding or
 *   outputs do not fit it; `disposed`.
 */
export function tableModelFromJSON(state: TableModelState, network: Network<readonly Layer[]>): TableModel {
  const given = readOptions("tableModelFromJSON", state, STATE, { isComplete: true });
  const preprocessor = preprocessorFromJSON(given.preprocessor);
  const target = attempt("invalidOption", "target", () => readTarget(given.target));
  requireFit(network, preprocessor, target);
  return new TableModel(network, preprocessor, target);
}

/** @throws BackpropError `invalidOption` unless the network takes what the preprocessor makes, and predicts the target. */
function requireFit(
  network: Network<readonly Layer[]>,
  { inputs, embeddings }: Preprocessor,
  target: Target,
): void {
  const outputs = target.task === "classification" ? target.classes.length : 1;
  const noun = target.task === "classification" ? "one for each class" : "one number";
  if (network.inputs !== inputs.length) {
    throw misfit(`takes rows of ${network.inputs} inputs, and the preprocessor makes ${inputs.length}`);
  }
  if (columnsIn(network.layers[0]) !== columnsIn({ kind: "embedding", columns: embeddings })) {
    throw misfit("has an embedding of other columns or categories than the preprocessor");
  }
  const [, width] = network.predict({
    data: new Float64Array(inputs.length),
    shape: [1, inputs.length],
  }).shape;
  if (width === outputs) return;
  throw misfit(`predicts rows of ${width}, and the target ${show(target.name)} needs ${outputs}, ${noun}`);
}

/** The columns of an embedding, and the categories of each, as text. */
function columnsIn(layer: Pick<EmbeddingLayer, "kind" | "columns"> | Layer | undefined): string {
  if (layer?.kind !== "embedding") return "";
  return layer.columns.map(({ column, categories }) => `${column}: ${categories}`).join();
}

function misfit(what: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `The network ${what}. Give the network of the model with that state.`,
  );
}

/** Whether an object is a row, and not an object of columns. */
function isOneRow(given: unknown): given is TableRow {
  if (typeof given !== "object" || given === null || Array.isArray(given) || given instanceof Table)
    return false;
  return !Object.values(given).some((value) => Array.isArray(value) || ArrayBuffer.isView(value));
}

/** The numbers of the rows whose value is not missing. */
export function rowsWithValue(values: ArrayLike<string | number>): Uint32Array {
  const rows = Array.from({ length: values.length }, (_, row) => row);
  return Uint32Array.from(rows.filter((row) => values[row] !== "" && !Number.isNaN(values[row])));
}

function selectCells(cells: Cells, order: Uint32Array): Cells {
  return {
    ...cells,
    count: order.length,
    column(name) {
      const column = cells.column(name);
      return column && Array.from(order, (row) => column[row]);
    },
    place: (name, row) => cells.place(name, order[row]!),
  };
}

function predictionsOf(target: Target, { data, shape }: Matrix): Prediction[] {
  const [rows = 0, outputs = 1] = shape;
  return Array.from({ length: rows }, (_, row) =>
    target.task === "classification"
      ? classPrediction(target, data.subarray(row * outputs, (row + 1) * outputs))
      : decodeNumber(target, data[row]!),
  );
}

function classPrediction({ classes }: ClassTarget, probabilities: ArrayLike<number>): ClassPrediction {
  const numbers = Array.from(probabilities);
  const best = numbers.reduce((best, p, i) => (p > numbers[best]! ? i : best), 0);
  return {
    class: classes[best]!,
    probability: numbers[best]!,
    probabilities: Object.fromEntries(classes.map((name, i) => [name, numbers[i]!])),
  };
}

function errorsOf(targets: Float64Array, predictions: readonly number[]): Omit<NumberEvaluation, "loss"> {
  const mean = targets.reduce((sum, t) => sum + t, 0) / targets.length;
  let [squares, spread, absolute] = [0, 0, 0];
  for (const [i, t] of targets.entries()) {
    const error = t - predictions[i]!;
    squares += error * error;
    absolute += Math.abs(error);
    spread += (t - mean) * (t - mean);
  }
  // As in scikit-learn if all targets are equal.
  const r2 = spread > 0 ? 1 - squares / spread : Number(squares === 0);
  return { r2, rmse: Math.sqrt(squares / targets.length), mae: absolute / targets.length };
}
