// Reads a Parquet file into columns. The package hyparquet does it: it is imported when it is needed.

import type { FileMetaData } from "hyparquet";
import { BackpropError } from "../index.js";
import { reasonOf, show } from "../show.js";
import { attempt, type OptionsOf, readOptions, requireFull } from "../validation.js";
import type { ColumnType } from "./cells.js";
import { type Cells, columnOf, Table, unknownColumn } from "./columns.js";
import { requireNames } from "./csv.js";
import { copyTypes } from "./readTable.js";
import { bytesOf } from "./text.js";

/** A file that is read in parts, as hyparquet's `asyncBufferFromFile` and `asyncBufferFromUrl` return it. */
export interface AsyncBuffer {
  /** The size of the file. */
  readonly byteLength: number;
  /** The bytes `start` … `end` − 1; without `end`, all from `start`. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

export type ParquetSource = Uint8Array | ArrayBuffer | Blob | AsyncBuffer;

export interface ParquetOptions {
  /** The names of the columns to read, in their order in the table; default: all. Others are not read. */
  readonly columns?: readonly string[];
  /** The types of columns: "number" or "category". Default: see `readParquet`. */
  readonly types?: Readonly<Record<string, ColumnType>>;
}

const OPTIONS: OptionsOf<ParquetOptions> = {
  // Checked when they are copied.
  columns: { check: () => {}, default: undefined },
  types: { check: () => {}, default: {} },
};

/** The compressions that hyparquet reads alone. */
const OWN_CODECS: readonly string[] = ["UNCOMPRESSED", "SNAPPY"];

/** Some values of a column, from a row on. */
interface Piece {
  readonly columnName: string;
  readonly columnData: ArrayLike<unknown>;
  readonly rowStart: number;
}

/**
 * Reads a Parquet file into columns of numbers and of texts. It needs the package hyparquet, which you install
 * (`npm install hyparquet`); for other compressions than Snappy, such as zstd, hyparquet-compressors too.
 *
 * Columns of numbers (also decimals and integers of 64 bits, which are rounded) are numbers. Texts, booleans ("true",
 * "false"), dates ("2026-11-28") and times ("2026-11-28T12:00:00.000Z") are categories. Spaces around texts are ignored.
 * null, NaN and "" are missing values.
 *
 * @param source the bytes of the file, a Blob or File, or an object with `byteLength` and `slice(start, end)`, as
 *   hyparquet's `asyncBufferFromUrl` returns it. Of the last two, only the columns that are needed are read.
 * @throws BackpropError (rejects) `unsupported` if a package is missing; `invalidData` if the source is no Parquet file,
 *   and for a cell that is a list, an object, bytes or infinite; `invalidShape` for no rows; `unknownName` for a column
 *   that does not exist; `invalidOption`.
 */
export async function readParquet(source: ParquetSource, options: ParquetOptions = {}): Promise<Table> {
  const { types, columns } = readOptions("readParquet", options, OPTIONS);
  const givenTypes = copyTypes(types);
  const givenColumns = columns && copyNames(columns);
  const file = openFile(source);
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await import("hyparquet").catch(
    missing("hyparquet"),
  );
  const metadata = await parquetMetadataAsync(file).catch(unreadable);
  const all = parquetSchema(metadata).children.map(({ element }) => element.name);
  requireNames(all, "source");
  const names = givenColumns ?? all;
  requireIn("a column to read", names, all);
  requireIn("a name in types", [...givenTypes.keys()], all);
  const compressors = needsCompressors(metadata)
    ? (await import("hyparquet-compressors").catch(missing("hyparquet-compressors"))).compressors
    : {};
  const pieces: Piece[] = [];
  await parquetRead({
    file,
    metadata,
    columns: [...names],
    compressors,
    parsers: { dateFromDays: dayOf as unknown as (days: number) => Date },
    onChunk: (piece) => pieces.push(piece),
  }).catch(unreadable);
  return tableOf(names, pieces, givenTypes);
}

function tableOf(
  names: readonly string[],
  pieces: readonly Piece[],
  types: ReadonlyMap<string, ColumnType>,
): Table {
  const values = new Map(names.map((name) => [name, joined(pieces, name)]));
  const count = values.get(names[0] ?? "")?.length ?? 0;
  if (count === 0) throw new BackpropError("invalidShape", "source has no rows; expected at least one.");
  const cells: Cells = {
    count,
    names,
    column: (name) => values.get(name),
    place: (name, row) => `source: ${show(name)} of row ${row}`,
  };
  const columns = names.map((name) => {
    const column = values.get(name)!;
    if (column.length !== count) unreadable(new Error(`${show(name)} has ${column.length} of ${count} rows`));
    return columnOf(column, name, types.get(name) ?? typeOf(column), cells);
  });
  return new Table(count, columns);
}

/** All values of a column. */
function joined(pieces: readonly Piece[], name: string): unknown[] {
  const own = pieces.filter(({ columnName }) => columnName === name).sort((a, b) => a.rowStart - b.rowStart);
  return own.flatMap(({ columnData }) => Array.from(columnData, cellOf));
}

/** hyparquet reads times as dates, whose text depends on the time zone. */
function cellOf(value: unknown): unknown {
  return value instanceof Date ? textOf(value) : value;
}

function textOf(time: Date): string | undefined {
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

const DAY = 86_400_000;

function dayOf(days: number): string | undefined {
  return textOf(new Date(days * DAY))?.replace(/T.*/, "");
}

/** "category" if a cell has text: the file says what are texts, and "0815" is not a number. */
function typeOf(cells: readonly unknown[]): ColumnType {
  const isNumber = (cell: unknown) => typeof cell !== "string" && typeof cell !== "boolean";
  return cells.every(isNumber) ? "number" : "category";
}

/** `argument`: what names a column that does not exist. */
function requireIn(argument: string, names: readonly string[], all: readonly string[]): void {
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw unknownColumn(argument, unknown, all);
}

function copyNames(given: unknown): readonly string[] {
  return attempt("invalidOption", "columns", () => {
    requireFull("columns", given, 2 ** 16);
    const names: readonly unknown[] = Array.from(given as ArrayLike<unknown>);
    requireNames(names, "columns");
    return names;
  });
}

function openFile(source: unknown): AsyncBuffer {
  return attempt("invalidData", "source", () => {
    const bytes = bytesOf(source);
    if (bytes) return { byteLength: bytes.length, slice: (...range) => bytes.slice(...range).buffer };
    const { size, byteLength, slice } = Object(source) as Partial<Blob & AsyncBuffer>;
    if (typeof slice === "function" && typeof byteLength === "number") return source as AsyncBuffer;
    if (typeof slice === "function" && typeof size === "number") {
      return { byteLength: size, slice: (...range) => (source as Blob).slice(...range).arrayBuffer() };
    }
    throw new BackpropError(
      "invalidData",
      `source is ${show(source)}; expected the bytes of a Parquet file, a Blob, or an object with byteLength and slice.`,
    );
  });
}

function needsCompressors({ row_groups: groups }: FileMetaData): boolean {
  const codecs = groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec));
  return codecs.some((codec) => codec !== undefined && !OWN_CODECS.includes(codec));
}

function missing(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new BackpropError(
      "unsupported",
      `readParquet needs the package ${name} for this file, which could not be imported. Install it: npm install ${name}`,
      { cause },
    );
  };
}

function unreadable(cause: unknown): never {
  throw new BackpropError(
    "invalidData",
    `source is not a Parquet file that hyparquet can read: ${reasonOf(cause)}. Write it again, with other options.`,
    { cause },
  );
}
