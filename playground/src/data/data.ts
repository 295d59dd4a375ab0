// The rows of an experiment, ready for `fit`.

import { oneHot, type Rows, splitRows, type Tensor } from "backprop-wasm";
import {
  circles,
  type DatasetOptions,
  gaussians,
  moons,
  plane,
  sine,
  spiral,
  xor,
} from "backprop-wasm/datasets";
import type { DatasetName } from "../experiment/choices.js";
import type { DataChoice, Experiment } from "../experiment/experiment.js";
import { ExperimentError } from "../experiment/fields.js";
import { classesOf, type TargetForm, tableOf, targetFormOf } from "../experiment/outputs.js";
import { TRUTH_TABLE } from "./truthTable.js";

/** Rows to train on or to validate on. */
export interface DataPart {
  readonly inputs: Matrix;
  /** In the form that the network takes. */
  readonly targets: Rows;
  /** For each row its class, or the number to predict in the units of the data. */
  readonly values: ArrayLike<number>;
}

/** Numbers [rows, columns], row-major. */
export interface Matrix {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export interface Scale {
  readonly offset: number;
  readonly factor: number;
}

export interface Data {
  readonly training: DataPart;
  /** undefined if no rows are validated on. */
  readonly validation: DataPart | undefined;
  readonly inputNames: readonly string[];
  /** The names of the classes; empty for numbers. */
  readonly classes: readonly string[];
  /** The number to predict, in the units of the data, is offset + factor · output of the network. */
  readonly scale: Scale;
  /** How many rows were left out, because their target is missing. */
  readonly rowsWithoutTarget: number;
  /** What preprocessing changed, in sentences. */
  readonly notes: readonly string[];
}

/**
 * The rows of an experiment.
 *
 * @param file The bytes of the CSV file, for the data sets `table` and `digits`.
 * @throws ExperimentError or BackpropError with a sentence.
 */
export async function prepareData(experiment: Experiment, file: Uint8Array | undefined): Promise<Data> {
  const table = tableOf(experiment.data);
  if (!table) return prepareRows(experiment);
  if (!file)
    throw new ExperimentError(`This experiment needs the file ${table.file}: choose it, or drop it here.`);
  // Only who uses a table loads its code.
  const { prepareTable } = await import("./table.js");
  return prepareTable(experiment, table, file);
}

function prepareRows(experiment: Experiment): Data {
  const { data } = experiment;
  const rows = rowsOf(data);
  const form = targetFormOf(experiment);
  const classes = classesOf(data);
  const partOf = ({ inputs, targets }: Given): DataPart => ({
    inputs,
    targets: encodeTargets(targets.data, form, classes),
    values: targets.data,
  });
  const { training, validation } = split(rows, data);
  return {
    training: partOf(training),
    validation: validation && partOf(validation),
    inputNames: rows.inputs.shape[1] === 1 ? ["x"] : ["x", "y"],
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    scale: { offset: 0, factor: 1 },
    rowsWithoutTarget: 0,
    notes: [],
  };
}

interface Given {
  readonly inputs: Matrix;
  readonly targets: Matrix;
}

const GENERATORS: Partial<Record<DatasetName, (options: DatasetOptions) => Given>> = {
  xor,
  circles,
  spiral,
  moons,
  gaussians,
  sine,
  plane,
};

/** All rows of a data set that is no table, drawn points last. */
function rowsOf({ dataset, rows, noise, seed, points }: DataChoice): Given {
  const given = GENERATORS[dataset]?.({ rows, noise, seed }) ?? fixedRows(dataset);
  if (points.length === 0) return given;
  const inputs = [...Array.from(given.inputs.data), ...points.flatMap((point) => point.slice(0, 2))];
  const targets = [...Array.from(given.targets.data), ...points.map(([, , label]) => label)];
  return { inputs: matrix(inputs, 2), targets: matrix(targets, 1) };
}

function fixedRows(dataset: string): Given {
  const { inputs, targets } = dataset === "truthTable" ? TRUTH_TABLE : { inputs: [], targets: [] };
  return { inputs: matrix(inputs.flat(), 2), targets: matrix(targets, 1) };
}

function matrix(data: readonly number[], columns: number): Matrix {
  return { data, shape: [data.length / columns, columns] };
}

function split(
  rows: Given,
  { validation, seed }: DataChoice,
): { training: Given; validation: Given | undefined } {
  if (rows.inputs.shape[0] === 0)
    throw new ExperimentError("There are no points yet: draw some on the plane.");
  if (validation === 0) return { training: rows, validation: undefined };
  return splitRows(rows.inputs, rows.targets, { validation, seed });
}

/** The row numbers of a table that are trained on and validated on, as `splitRows` chooses them. */
export function splitNumbers(rows: number, { validation, seed }: DataChoice) {
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  if (validation === 0) return { training: all, validation: undefined };
  const parts = splitRows(all, all, { validation, seed });
  return { training: parts.training.rows, validation: parts.validation.rows };
}

/** Labels or numbers as the targets that the network takes: see TargetForm. */
export function encodeTargets(values: ArrayLike<number>, form: TargetForm, classes: number): Rows {
  const signs = (targets: ArrayLike<number>) => Array.from(targets, (target) => 2 * target - 1);
  if (form === "values") return Array.from(values);
  if (form === "signs") return signs(values);
  const rows: Tensor = oneHot(Array.from(values), classes);
  return form === "oneHot" ? rows : { data: signs(rows.data), shape: rows.shape };
}
