// The rows of a CSV file, preprocessed by the library.

import { type Scaler, standardScaler } from "backprop-wasm";
import { type Column, fitPreprocessor, type Preprocessor, readTable, type Table } from "backprop-wasm/table";
import type { Experiment, TableChoice } from "../experiment/experiment.js";
import { ExperimentError } from "../experiment/fields.js";
import { targetFormOf } from "../experiment/outputs.js";
import type { TableColumn, TableInfo } from "../training/messages.js";
import { type Data, type DataPart, encodeTargets, type Scale, splitNumbers } from "./data.js";

const MAX_BYTES = 50_000_000;

/** As `trainTable`: at most so many different whole numbers are classes, if each has so many rows on average. */
const MAX_NUMBER_CLASSES = 20;
const MIN_ROWS_OF_CLASS = 5;

/** Different values are counted up to this number. */
const MAX_DISTINCT = 1000;

/**
 * What a CSV file contains.
 *
 * @throws ExperimentError or BackpropError with a sentence.
 */
export async function inspectTable(file: Uint8Array): Promise<TableInfo> {
  const [hash, table] = await Promise.all([hashOf(file), read(file)]);
  return { hash, rows: table.rows, columns: table.columns.map(describeColumn) };
}

function describeColumn({ name, type, values: all }: Column): TableColumn {
  const values = Array.from<string | number>(all).filter((value) => !isMissing(value));
  const distinct = new Set<string | number>(values).size;
  return {
    name,
    type,
    distinct: Math.min(distinct, MAX_DISTINCT),
    classes: isClasses(type, values, distinct) ? Math.min(distinct, MAX_DISTINCT) : 0,
  };
}

function isMissing(value: string | number): boolean {
  return value === "" || Number.isNaN(value);
}

function isClasses(type: string, values: ArrayLike<string | number>, distinct: number): boolean {
  if (type === "category") return true;
  const isBinary = Array.from(values).every((value) => value === 0 || value === 1);
  const isWhole = Array.from(values).every(Number.isInteger);
  return (
    isBinary || (isWhole && distinct <= MAX_NUMBER_CLASSES && values.length >= MIN_ROWS_OF_CLASS * distinct)
  );
}

/** SHA-256 in hexadecimal. */
async function hashOf(file: Uint8Array): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new ExperimentError(
      "Browsers hash files only on pages of https or of this machine: open this page from one.",
    );
  }
  const digest = await crypto.subtle.digest("SHA-256", file as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function read(file: Uint8Array): Promise<Table> {
  if (file.length > MAX_BYTES) {
    const size = (file.length / 1e6).toFixed(0);
    throw new ExperimentError(
      `The file has ${size} MB; expected at most ${MAX_BYTES / 1e6} MB. The command line takes larger ones.`,
    );
  }
  const table = await readTable(file);
  if (table.columns.length < 2) {
    throw new ExperimentError(
      "The file has one column; expected two or more, separated by a comma, semicolon, tab or |.",
    );
  }
  return table;
}

/**
 * The rows of a file that have a target: training rows fit the preprocessing, and validation rows go through it.
 *
 * @throws ExperimentError or BackpropError with a sentence.
 */
export async function prepareTable(
  experiment: Experiment,
  choice: TableChoice,
  file: Uint8Array,
): Promise<Data> {
  const { data } = experiment;
  const hash = await hashOf(file);
  if (hash !== choice.hash) {
    throw new ExperimentError(
      `The file has the hash ${hash.slice(0, 8)}…, but the experiment was made with ${choice.file}, whose hash is ` +
        `${choice.hash.slice(0, 8)}…: choose that file.`,
    );
  }
  const all = await read(file);
  const table = withTarget(all, choice.target);
  const rowsWithoutTarget = all.rows - table.rows;
  const target = targetOf(table, choice);
  const numbers = splitNumbers(table.rows, data);
  const training = table.select(numbers.training);
  const preprocessor = fitPreprocessor(training, {
    encoding: "oneHot",
    columns: ignoredColumns(table, choice),
  });
  const scaler =
    choice.classes === 0 ? standardScaler().fit(select(target.values, numbers.training)) : undefined;
  const form = targetFormOf(experiment);
  const partOf = (rows: Uint32Array): DataPart => {
    const values = select(target.values, rows);
    const scaled = scaler ? Array.from(scaler.transform(values).data) : values;
    return {
      inputs: preprocessor.transform(table.select(rows)),
      targets: encodeTargets(scaled, form, choice.classes),
      values,
    };
  };
  return {
    training: partOf(numbers.training),
    validation: numbers.validation && partOf(numbers.validation),
    inputNames: preprocessor.inputs,
    classes: target.classes.map(String),
    scale: scaler ? scaleOf(scaler) : { offset: 0, factor: 1 },
    rowsWithoutTarget,
    notes: [...noteOfTarget(choice.target, rowsWithoutTarget), ...notesOf(preprocessor)],
  };
}

function scaleOf(scaler: Scaler): Scale {
  const [offset, one] = scaler.inverse([0, 1]).data;
  return { offset: offset!, factor: one! - offset! };
}

/** The option `columns` of `fitPreprocessor` that leaves out all columns but the chosen ones. */
function ignoredColumns(table: Table, { columns }: TableChoice) {
  for (const name of columns) table.column(name);
  const others = table.columns.filter(({ name }) => !columns.includes(name));
  return Object.fromEntries(others.map(({ name }) => [name, { type: "ignore" as const }]));
}

/** @throws ExperimentError if no row has a target. */
function withTarget(table: Table, target: string): Table {
  const { values } = table.column(target);
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !isMissing(values[row]!));
  if (rows.length === table.rows) return table;
  if (rows.length > 0) return table.select(rows);
  throw new ExperimentError(
    `The target ${JSON.stringify(target)} is missing in every row: choose another target.`,
  );
}

interface Target {
  /** In the order of labels; empty for numbers. */
  readonly classes: readonly (string | number)[];
  /** For each row its label, or the number. */
  readonly values: readonly number[];
}

function targetOf(table: Table, { target, classes: expected }: TableChoice): Target {
  const { values, type } = table.column(target);
  const given = Array.from<string | number>(values);
  if (expected === 0) {
    if (type === "number") return { classes: [], values: given as number[] };
    throw new ExperimentError(`The target ${JSON.stringify(target)} has texts; expected numbers.`);
  }
  const classes = [...new Set(given)].sort((a, b) => (a < b ? -1 : 1));
  if (classes.length !== expected || expected < 2) {
    throw new ExperimentError(
      `The target ${JSON.stringify(target)} has ${classes.length} classes; expected ${Math.max(expected, 2)}.`,
    );
  }
  const labels = new Map(classes.map((name, label) => [name, label]));
  return { classes, values: given.map((value) => labels.get(value)!) };
}

function select(values: readonly number[], rows: Uint32Array): number[] {
  return Array.from(rows, (row) => values[row]!);
}

function noteOfTarget(target: string, rows: number): string[] {
  if (rows === 0) return [];
  return [
    `The target ${target} is missing in ${rows} ${rows === 1 ? "row, which is" : "rows, which are"} left out.`,
  ];
}

function notesOf({ report: { dropped, imputed } }: Preprocessor): string[] {
  return [
    ...dropped
      .filter(({ reason }) => reason !== "ignored")
      .map(({ column, reason }) => `The column ${column} is not used: ${reason}.`),
    ...imputed.map(
      ({ column, rows, by }) =>
        `The column ${column} is missing in ${rows} rows, and replaced by ${by || "none"}.`,
    ),
  ];
}
