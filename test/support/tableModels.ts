// Models of tables with every kind of column, for the exporters.

import type { DType } from "../../src/index.js";
import {
  type ClassPrediction,
  type Prediction,
  type TableModel,
  type TableRow,
  type TrainTableOptions,
  trainTable,
} from "../../src/table.js";
import { spread } from "./floats.js";

const CITIES = ["Rome", "Oslo", "Zürich", 'say "hi"', "a\\b??/*/", "日本"];

/** Columns of every kind. Some have names that are keywords, and others that C and comments cannot have. */
function rowOf(i: number): Record<string, string | number | boolean | null> {
  const [u, v, w] = spread(3, -3, 3, (i * 0.37) % 1) as [number, number, number];
  return {
    // Cancels in float32.
    time: 1.7e9 + 10 * u,
    int: i % 7 === 0 ? null : 1000 * v,
    "größe (cm)": w,
    raw: u * v,
    "*/ */ \n#error": (i * 13) % 11,
    constant: 5,
    "constant or missing": i % 5 === 0 ? null : 5,
    class: i % 6 === 0 ? null : CITIES[(i * 5) % CITIES.length]!,
    __proto: i % 9 === 0 ? null : ["x", "y", "z"][i % 3]!,
    zip: 8000 + (i % 5),
    isNew: i % 2 === 0,
    name: i % 11 === 0 ? null : `name ${(i * 7) % 50}`,
    NAN: `code ${(i * 3) % 40}`,
  };
}

const COLUMNS: TrainTableOptions["columns"] = {
  "größe (cm)": { scale: "minMax" },
  raw: { scale: "none" },
  "*/ */ \n#error": { scale: "robust" },
  __proto: { impute: "mostFrequent" },
  zip: { type: "category" },
  NAN: { encoding: "embedding", units: 2, indicator: false },
};

interface TableCase {
  readonly options: Omit<TrainTableOptions, "target">;
  readonly rowOf: (i: number) => TableRow;
  readonly targetOf: (i: number) => string | number;
}

const SMALL = (i: number) => ({ x: spread(1, 0, 9, (i * 0.37) % 1)[0]! });

/** The models by their names. The target is the column "target". */
export const TABLES: Readonly<Record<string, TableCase>> = {
  "texts from columns of every kind": {
    options: { columns: COLUMNS },
    rowOf,
    targetOf: (i) => ["no", "Ja", 'm"aybe'][(i + (i >> 2)) % 3]!,
  },
  "a logarithm from columns of every kind": {
    options: { columns: COLUMNS, log: true },
    rowOf,
    targetOf: (i) => Math.exp(5 + (i % 10)),
  },
  "a number from one column of numbers": {
    options: { task: "regression" },
    rowOf: SMALL,
    targetOf: (i) => -1e6 * SMALL(i).x,
  },
  "whole numbers from one column of texts": {
    options: {},
    rowOf: (i) => ({ city: CITIES[i % 3]! }),
    targetOf: (i) => (i + (i >> 2)) % 4,
  },
  "numbers as classes": {
    options: { task: "classification" },
    rowOf: SMALL,
    targetOf: (i) => (i % 3) - 0.5,
  },
  "an embedding alone": {
    options: { encoding: "embedding", hidden: [3], activation: "tanh" },
    rowOf: (i) => ({ city: CITIES[(i * 5) % 4]! }),
    targetOf: (i) => (i % 3 === 0 ? "a" : "b"),
  },
};

export async function trainCase(name: string, dtype: DType): Promise<TableModel> {
  const { options, rowOf, targetOf } = TABLES[name]!;
  const rows = Array.from({ length: 150 }, (_, i) => ({ ...rowOf(i), target: targetOf(i) }));
  return trainTable(rows, { ...options, target: "target", dtype, epochs: 3, seed: 1 });
}

/** Rows with missing values, unknown categories and large numbers, for `trainCase`. */
export function rowsOfCase(name: string): TableRow[] {
  const { rowOf } = TABLES[name]!;
  const rows = Array.from({ length: 24 }, (_, i) => rowOf(200 + i));
  const [first] = rows as [TableRow];
  const changed = (change: (cell: TableRow[string]) => TableRow[string]) =>
    Object.fromEntries(Object.entries(first).map(([column, cell]) => [column, change(cell)]));
  return [
    ...rows,
    changed(() => null),
    changed((cell) => (typeof cell === "string" ? "unknown" : cell)),
    changed((cell) => (typeof cell === "number" ? -50 * cell : cell)),
    ...Object.keys(first).map((column) => ({ ...first, [column]: null })),
  ];
}

/** The numbers of an answer: the probabilities of the classes, or the number. */
export function numbersOf(prediction: Prediction): number[] {
  return typeof prediction === "number" ? [prediction] : Object.values(prediction.probabilities);
}

/** The class of an answer; undefined for a number. */
export function classOf(prediction: Prediction): ClassPrediction["class"] | undefined {
  return typeof prediction === "number" ? undefined : prediction.class;
}
