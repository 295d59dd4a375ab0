// Turns rows of a table into inputs of a network: fitted to the training rows, and kept with the model.

import { allocate } from "../dtype.js";
import { BackpropError, type EmbeddingColumn, type Matrix, Tensor } from "../index.js";
import { show } from "../show.js";
import {
  attempt,
  type OptionsOf,
  oneOf,
  readOptions,
  requireFull,
  requireInteger,
  requireObject,
} from "../validation.js";
import type { ColumnType } from "./cells.js";
import {
  type Cells,
  type Column,
  columnOf,
  namesOf,
  openCells,
  type TableRows,
  tableOf,
  unknownColumn,
} from "./columns.js";
import {
  type DropReason,
  FEATURE_OPTIONS,
  type Feature,
  type FeatureOptions,
  fitFeature,
  inputsOf,
  readFeature,
  writeInputs,
} from "./features.js";

export interface ColumnOptions extends FeatureOptions {
  /** "number" or "category": how the column is read; default: by its values. "ignore": it is not used. */
  readonly type?: ColumnType | "ignore";
}

export interface PreprocessingOptions extends Pick<FeatureOptions, "scale" | "indicator" | "encoding"> {
  /** Options of single columns, by name. They precede those of all columns. */
  readonly columns?: Readonly<Record<string, ColumnOptions>>;
}

/** What was found in the training rows. */
export interface PreprocessingReport {
  /** The columns that are not used. */
  readonly dropped: readonly { readonly column: string; readonly reason: DropReason }[];
  /** The columns with missing values: how many rows have none, and what replaces them ("" : nothing). */
  readonly imputed: readonly {
    readonly column: string;
    readonly rows: number;
    readonly by: number | string;
  }[];
}

/** A preprocessor as plain data. */
export interface PreprocessorState extends PreprocessingReport {
  readonly version: 1;
  readonly features: readonly Feature[];
}

const { scale, indicator, encoding } = FEATURE_OPTIONS;

export const PREPROCESSING_OPTIONS: OptionsOf<PreprocessingOptions> = {
  scale,
  indicator,
  encoding,
  // Checked when they are copied.
  columns: { check: () => {}, default: {} },
};

const COLUMN_OPTIONS: OptionsOf<ColumnOptions> = {
  ...FEATURE_OPTIONS,
  type: { check: oneOf(["number", "category", "ignore"]), default: undefined },
};

/** The checked options of columns, by name. */
export type ColumnPlans = ReadonlyMap<string, ColumnOptions>;

/** @throws BackpropError `invalidOption` or `unknownName`. */
export function readColumnPlans(given: unknown): ColumnPlans {
  return attempt("invalidOption", "columns", () => {
    requireObject("columns", given, 'an object such as { zip: { type: "category" } }');
    const plans = Object.entries(given as object).map(([name, options]) => {
      const path = `columns[${show(name)}]`;
      return [
        name,
        readOptions<ColumnOptions>(path, options, COLUMN_OPTIONS, { prefix: `${path}.` }),
      ] as const;
    });
    return new Map(plans);
  });
}

/** The types that the plans give. */
export function typesIn(plans: ColumnPlans): Map<string, ColumnType> {
  const types = [...plans].map(([name, { type }]) => [name, type] as const);
  return new Map(
    types.filter((entry): entry is [string, ColumnType] => entry[1] !== undefined && entry[1] !== "ignore"),
  );
}

/**
 * The preprocessor for these rows. Fit it to the training rows alone: otherwise the validation rows influence the
 * training.
 *
 * Columns that say nothing are dropped: those without values, with one value in all rows, and of texts that differ in
 * each row. `report` names them.
 *
 * @throws BackpropError `invalidShape`, `invalidData`, `invalidOption`, or `unknownName`.
 */
export function fitPreprocessor(rows: TableRows, options: PreprocessingOptions = {}): Preprocessor {
  const read = readOptions("fitPreprocessor", options, PREPROCESSING_OPTIONS);
  const plans = readColumnPlans(read.columns);
  return fitColumns(tableOf("rows", rows, typesIn(plans)).columns, read, plans);
}

/** `options` are checked. */
export function fitColumns(
  columns: readonly Column[],
  { scale, indicator, encoding }: PreprocessingOptions,
  plans: ColumnPlans,
): Preprocessor {
  for (const name of plans.keys()) {
    if (!columns.some((column) => column.name === name)) {
      throw unknownColumn("a name in columns", name, namesOf(columns));
    }
  }
  const features: Feature[] = [];
  const dropped: { column: string; reason: DropReason }[] = [];
  const imputed: { column: string; rows: number; by: number | string }[] = [];
  for (const column of columns) {
    const plan = plans.get(column.name);
    const { name } = column;
    const fitted =
      plan?.type === "ignore"
        ? { dropped: "ignored" as const, missing: 0 }
        : fitFeature(column, withoutUndefined({ scale, indicator, encoding }, plan));
    if (fitted.dropped) dropped.push({ column: name, reason: fitted.dropped });
    if (!("feature" in fitted) || !fitted.feature) continue;
    features.push(fitted.feature);
    if (fitted.missing > 0) imputed.push({ column: name, rows: fitted.missing, by: fitted.feature.missing });
  }
  if (features.length > 0) return new Preprocessor({ version: 1, features, dropped, imputed });
  const reasons = dropped.map(({ column, reason }) => `${show(column)} (${reason})`).join(", ");
  throw new BackpropError("invalidData", `No column is left to learn from: ${reasons || "there is none"}.`);
}

/** The options that are given; those of the column precede. */
function withoutUndefined(...options: (object | undefined)[]): FeatureOptions {
  const entries = options.flatMap((each) => Object.entries(each ?? {}));
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Turns rows into inputs of a network. Made by `fitPreprocessor` and `preprocessorFromJSON`. */
export class Preprocessor {
  readonly features: readonly Feature[];
  readonly report: PreprocessingReport;
  /** The names of the inputs, in their order, such as "age", "age is missing" and "city = Rome". */
  readonly inputs: readonly string[];
  /** For the layer `embedding`: the inputs that are numbers of categories. Empty if there are none. */
  readonly embeddings: readonly EmbeddingColumn[];

  /** @internal */
  constructor({ features, dropped, imputed }: PreprocessorState) {
    this.features = Object.freeze(features);
    this.report = Object.freeze({ dropped, imputed });
    this.inputs = Object.freeze(features.flatMap(inputsOf));
    this.embeddings = Object.freeze(embeddingsOf(features));
    Object.freeze(this);
  }

  /**
   * The inputs [rows, inputs] for rows. Columns that are not used need not be there. A missing value is null, undefined,
   * NaN or "".
   *
   * @throws BackpropError `invalidData` for a column that no row has, or a text in a column of numbers; `invalidShape`, `outOfMemory`.
   */
  transform(rows: TableRows): Matrix {
    return this.transformCells("rows", openCells("rows", rows));
  }

  /** @internal */
  transformCells(argument: string, cells: Cells): Matrix {
    const width = this.inputs.length;
    const data = allocate("float64", cells.count * width);
    let begin = 0;
    for (const feature of this.features) {
      const { values } = requireColumn(argument, cells, feature.name, feature.type);
      writeInputs(feature, values, data, begin, width);
      begin += inputsOf(feature).length;
    }
    return new Tensor([cells.count, width], data) as Matrix;
  }

  /** Plain data, for `preprocessorFromJSON`. */
  toJSON(): PreprocessorState {
    return { version: 1, features: this.features, ...this.report };
  }
}

/** @throws BackpropError `invalidData` if no row has the column, or a cell is not of its type. */
export function requireColumn(argument: string, cells: Cells, name: string, type: ColumnType): Column {
  const values = cells.column(name);
  if (values) return columnOf(values, name, type, cells);
  throw new BackpropError(
    "invalidData",
    `${argument} has no ${show(name)}, only ${cells.names.slice(0, 20).map(show).join(", ") || "nothing"}; expected each ` +
      "column that the model was trained on. A missing value is null.",
  );
}

function embeddingsOf(features: readonly Feature[]): EmbeddingColumn[] {
  let column = 0;
  return features.flatMap((feature) => {
    const begin = column;
    column += inputsOf(feature).length;
    if (feature.type === "number" || feature.encoding === "oneHot") return [];
    // Number 0 is an unknown category.
    return [{ column: begin, categories: feature.categories.length + 1, units: feature.units }];
  });
}

const STATE: OptionsOf<PreprocessorState> = {
  version: { check: (argument, value) => requireInteger(argument, value, 1, 1) },
  // Checked when they are copied.
  features: { check: () => {} },
  dropped: { check: () => {} },
  imputed: { check: () => {} },
};

/**
 * The preprocessor whose `toJSON` returned `state`. It transforms to the same bits.
 *
 * @throws BackpropError `invalidOption` or `unknownName` for anything else.
 */
export function preprocessorFromJSON(state: PreprocessorState): Preprocessor {
  return attempt("invalidOption", "state", () => {
    const read = readOptions("preprocessorFromJSON", state, STATE, { isComplete: true });
    const length = requireFull("features", read.features, 2 ** 24);
    const features = Array.from({ length }, (_, i) => readFeature(`features[${i}]`, read.features[i]));
    return new Preprocessor({
      version: 1,
      features,
      dropped: copyList("dropped", read.dropped),
      imputed: copyList("imputed", read.imputed),
    });
  });
}

function copyList<T>(argument: string, given: readonly T[]): readonly T[] {
  requireFull(argument, given, 2 ** 24);
  return structuredClone(given);
}
