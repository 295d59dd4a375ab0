// Reads the data sets of examples/data.

import { readFile } from "node:fs/promises";
import { csvParseRows } from "d3-dsv";

export type TableName = "iris" | "wine" | "breastCancer" | "digits" | "diabetes";

/** Numbers in rows. The last column of the file is the target: the number of a class, or a number to predict. */
export interface Table {
  /** The names of the columns of `inputs`. */
  readonly columns: readonly string[];
  readonly inputs: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

/** @throws Error if a row of the file has another length than the first, or a text that is no finite number. */
export async function readTable(name: TableName): Promise<Table> {
  return parseTable(await readFile(new URL(`../../../examples/data/${name}.csv`, import.meta.url), "utf8"));
}

/** `text`: comma-separated values. The first line names the columns. */
export function parseTable(text: string): Table {
  const [names = [], ...lines] = csvParseRows(text);
  const rows = lines.map((line, i) => {
    const numbers = line.map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
    if (numbers.length === names.length && numbers.every(Number.isFinite)) return numbers;
    throw new Error(`Line ${i + 2} is "${line}"; expected ${names.length} finite numbers.`);
  });
  return {
    columns: names.slice(0, -1),
    inputs: rows.map((row) => row.slice(0, -1)),
    targets: rows.map((row) => row.at(-1)!),
  };
}
