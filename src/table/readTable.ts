// Reads a CSV file into columns.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import {
  attempt,
  type OptionsOf,
  oneOf,
  readOptions,
  requireFull,
  requireObject,
  requirePositiveInteger,
} from "../validation.js";
import { type CellFormat, type ColumnType, misfit, numberIn, textIn, typeOf } from "./cells.js";
import { type Column, Table, unknownColumn } from "./columns.js";
import { CSV_OPTIONS, type CsvBatch, type CsvOptions, readCsv } from "./csv.js";
import type { TextSource } from "./text.js";

export interface TableOptions extends CsvOptions {
  /**
   * The types of columns: "number" or "category". Default: a column is numbers if each of its first 10 000 cells is a
   * number or a missing value; else it is a category.
   */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** The texts of missing values; default "", NA, N/A, n/a, NaN, nan, NULL, null and ?. */
  readonly missing?: readonly string[];
  /** What is between the whole part and the fraction of numbers: "." (the default) or ",". */
  readonly decimal?: "." | ",";
}

const MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?"];

const TYPES: readonly ColumnType[] = ["number", "category"];

const OPTIONS: OptionsOf<TableOptions> = {
  ...CSV_OPTIONS,
  // Checked when they are copied.
  types: { check: () => {}, default: {} },
  missing: { check: () => {}, default: MISSING },
  decimal: { check: oneOf([".", ","]), default: "." },
};

export interface TablesOptions extends TableOptions {
  /** The rows of each table; default 10 000. The last one has the remaining rows. */
  readonly tableRows?: number;
}

const TABLES_OPTIONS: OptionsOf<TablesOptions> = {
  ...OPTIONS,
  tableRows: { check: requirePositiveInteger, default: 10_000 },
};

/** The types of the columns are decided from this many rows. Until then, cells are kept as texts. */
const DECIDING_ROWS = 10_000;
const BATCH_ROWS = DECIDING_ROWS / 10;

/**
 * Reads comma-separated values into columns of numbers and of texts. Spaces around cells are ignored. A number is digits
 * with an optional sign, fraction and exponent. Memory: 8 bytes for each number or text, up to three times that while
 * reading, and each different text once.
 *
 * @param source see `readCsv`
 * @throws BackpropError (rejects) as `readCsv`; `invalidData`, with the line, for a text after the first 10 000 rows of a
 *   column of numbers; `invalidShape` for no rows; `unknownName` for a type of a column that does not exist.
 */
export async function readTable(source: TextSource, options: TableOptions = {}): Promise<Table> {
  const read = readOptions("readTable", options, OPTIONS);
  const { value } = await readInParts(source, read, Number.POSITIVE_INFINITY).next();
  return value as Table;
}

/**
 * `readTable` for files of any size: tables of some rows, one after the other, with the same columns and types. Memory
 * is bounded by `tableRows`, 10 000 unless it is given. Types that are not given are decided from the first table, or
 * from the first 10 000 rows of it.
 *
 * @throws BackpropError in the loop as `readTable`; `invalidOption`.
 */
export function readTables(
  source: TextSource,
  options: TablesOptions = {},
): AsyncGenerator<Table, void, void> {
  const { tableRows, ...read } = readOptions("readTables", options, TABLES_OPTIONS);
  return readInParts(source, read, tableRows!);
}

/** Tables of `tableRows` rows, and one of the rest. `options` are checked, but for those that are copied. */
function readInParts(
  source: TextSource,
  { types, missing, decimal, ...csv }: TableOptions,
  tableRows: number,
): AsyncGenerator<Table, void, void> {
  const format = { missing: new Set(copyTexts(missing)), decimal: decimal! };
  const batchRows = Number.isFinite(tableRows) ? tableRows : BATCH_ROWS;
  return collect(readCsv(source, { ...csv, batchRows }), copyTypes(types), format, tableRows);
}

async function* collect(
  batches: AsyncIterable<CsvBatch>,
  given: ReadonlyMap<string, ColumnType>,
  format: CellFormat,
  tableRows: number,
): AsyncGenerator<Table, void, void> {
  let waiting: CsvBatch[] = [];
  let rows = 0;
  let columns: ColumnReader[] | undefined;
  const take = () => {
    columns ??= createReaders(waiting, given, format);
    waiting = [];
    const table = new Table(
      rows,
      columns.map((column) => column.take()),
    );
    rows = 0;
    return table;
  };
  for await (const batch of batches) {
    rows += batch.rows.length;
    if (columns) add(columns, batch);
    else waiting.push(batch);
    if (!columns && rows >= DECIDING_ROWS) {
      columns = createReaders(waiting, given, format);
      waiting = [];
    }
    if (rows >= tableRows) yield take();
  }
  if (rows > 0) yield take();
  else if (!columns) throw noRows();
}

function noRows(): BackpropError {
  return new BackpropError(
    "invalidShape",
    "source has no rows after the names of its columns. A text is the CSV itself, not the path of a file.",
  );
}

function add(columns: readonly ColumnReader[], { rows, lines }: CsvBatch): void {
  for (const [i, column] of columns.entries()) column.add(rows, lines, i);
}

/** Readers that have read these batches. */
function createReaders(
  batches: readonly CsvBatch[],
  given: ReadonlyMap<string, ColumnType>,
  format: CellFormat,
): ColumnReader[] {
  const { names } = batches[0]!;
  for (const name of given.keys()) {
    if (!names.includes(name)) throw unknownColumn("a name in types", name, names);
  }
  const rows = batches.flatMap((batch) => batch.rows);
  const columns = names.map((name, i) => {
    const type =
      given.get(name) ??
      typeOf(
        rows.map((row) => row[i]),
        format,
      );
    return type === "number" ? new NumberReader(name, format) : new TextReader(name, format);
  });
  for (const batch of batches) add(columns, batch);
  return columns;
}

interface ColumnReader {
  /** Reads cell number `index` of each row. */
  add(rows: CsvBatch["rows"], lines: CsvBatch["lines"], index: number): void;
  /** The column of the rows since the last call. */
  take(): Column;
}

class NumberReader implements ColumnReader {
  readonly #name: string;
  readonly #format: CellFormat;
  #numbers: number[] = [];

  constructor(name: string, format: CellFormat) {
    this.#name = name;
    this.#format = format;
  }

  add(rows: CsvBatch["rows"], lines: CsvBatch["lines"], index: number): void {
    for (const [i, row] of rows.entries()) {
      const number = numberIn(row[index], this.#format);
      if (number === undefined) throw this.#notNumber(lines[i]!, row[index]);
      this.#numbers.push(number);
    }
  }

  take(): Column {
    const values = Float64Array.from(this.#numbers);
    this.#numbers = [];
    return { name: this.#name, type: "number", values };
  }

  #notNumber(line: number, cell: unknown): BackpropError {
    const { code, message } = misfit(`Line ${line}: ${show(this.#name)}`, cell, "number");
    const advice = `types: { ${JSON.stringify(this.#name)}: "category" } reads the column as texts.`;
    return new BackpropError(code, `${message} ${advice}`);
  }
}

class TextReader implements ColumnReader {
  readonly #name: string;
  readonly #format: CellFormat;
  #texts: string[] = [];
  /** One copy of each text. Otherwise each cell would keep the piece of the file that it is a part of. */
  readonly #copies = new Map<string, string>();

  constructor(name: string, format: CellFormat) {
    this.#name = name;
    this.#format = format;
  }

  add(rows: CsvBatch["rows"], _lines: unknown, index: number): void {
    for (const row of rows) this.#texts.push(this.#copyOf(textIn(row[index], this.#format)!));
  }

  take(): Column {
    const values = Object.freeze(this.#texts);
    this.#texts = [];
    this.#copies.clear();
    return { name: this.#name, type: "category", values };
  }

  #copyOf(text: string): string {
    const known = this.#copies.get(text);
    if (known !== undefined) return known;
    const copy = Array.from(text).join("");
    this.#copies.set(copy, copy);
    return copy;
  }
}

function copyTexts(given: unknown): string[] {
  return attempt("invalidOption", "missing", () => {
    requireFull("missing", given, 2 ** 16);
    return Array.from(given as ArrayLike<unknown>, (text, i) => {
      if (typeof text === "string") return text.trim();
      throw new BackpropError("invalidOption", `missing[${i}] is ${show(text)}; expected text.`);
    });
  });
}

/** A checked copy of the option `types`. */
export function copyTypes(given: unknown): ReadonlyMap<string, ColumnType> {
  return attempt("invalidOption", "types", () => {
    requireObject("types", given, 'an object such as { zip: "category" }');
    const types = new Map(Object.entries(given as Record<string, ColumnType>));
    for (const [name, type] of types) oneOf(TYPES)(`types[${show(name)}]`, type);
    return types;
  });
}
