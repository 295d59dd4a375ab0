// The tables that commands read.

import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream, readFileSync } from "node:fs";
import { BackpropError, type ErrorCode } from "../index.js";
import {
  type ColumnType,
  readCsv,
  readParquet,
  readTable,
  readTables,
  type Table,
  type TableModel,
} from "../table.js";
import type { Settings } from "./settings.js";

type Types = Readonly<Record<string, ColumnType>>;

/** Reads the rows that a model is trained on. `path`: of a CSV or Parquet file, or "-" for CSV from standard input. */
export function readTrainingData(path: string, { categories = [] }: Settings): Promise<Table> {
  const types = Object.fromEntries(categories.map((name) => [name, "category"] as const));
  return withPath(path, () =>
    isParquet(path) ? readParquet(readBytes(path), { types }) : readTable(openFile(path), { types }),
  );
}

/** Reads all rows for a model, with the types that it needs. */
export function readDataFor(model: TableModel, path: string): Promise<Table> {
  return withPath(path, async () => {
    if (isParquet(path)) return readParquetColumns(path, typesOf(model));
    const { source, types } = await openFor(model, path);
    return readTable(source, { types });
  });
}

/**
 * Reads rows to predict, which need no target, in tables of some rows. Memory is bounded, but for Parquet files: they
 * are read at once.
 */
export async function* readTablesFor(model: TableModel, path: string): AsyncGenerator<Table, void, void> {
  const tables = isParquet(path)
    ? readOnce(() => readParquetColumns(path, featureTypesOf(model)))
    : readInTables(() => openFor(model, path));
  try {
    for (;;) {
      const { done, value } = await withPath(path, () => tables.next());
      if (done) return;
      yield value;
    }
  } finally {
    await tables.return();
  }
}

async function* readOnce(read: () => Promise<Table>): AsyncGenerator<Table, void, void> {
  yield await read();
}

async function* readInTables(open: () => Promise<OpenData>): AsyncGenerator<Table, void, void> {
  const { source, types } = await open();
  yield* readTables(source, { types });
}

/** The codes of errors that name the path. */
const NAMED: readonly ErrorCode[] = ["fileNotFound", "fileUnavailable"];

/** @throws BackpropError (rejects) with the path in its message. */
async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof BackpropError) || NAMED.includes(cause.code)) throw cause;
    throw new BackpropError(cause.code, `${nameOf(path)}: ${cause.message}`, { cause });
  }
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

function isParquet(path: string): boolean {
  return /\.parquet$/i.test(path);
}

function readParquetColumns(path: string, types: Types): Promise<Table> {
  return readParquet(readBytes(path), { columns: Object.keys(types), types });
}

function readBytes(path: string): Uint8Array {
  requireReadable(path);
  return readFileSync(path);
}

/** The chunks of a file, or of standard input. */
function openFile(path: string): AsyncIterable<Uint8Array> {
  if (path === "-") return process.stdin;
  requireReadable(path);
  return createReadStream(path);
}

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new BackpropError(
      code === "ENOENT" ? "fileNotFound" : "fileUnavailable",
      `The file ${path} cannot be read (${code}). Give the path of a CSV or Parquet file, or - for standard input.`,
      { cause },
    );
  }
}

interface OpenData {
  readonly source: AsyncIterable<Uint8Array>;
  /** The types of those of a model's columns that are there. */
  readonly types: Types;
}

async function openFor(model: TableModel, path: string): Promise<OpenData> {
  const chunks = openFile(path)[Symbol.asyncIterator]();
  const kept: Uint8Array[] = [];
  try {
    const names = await namesIn(read(chunks, kept));
    const types = Object.entries(typesOf(model)).filter(([name]) => names.includes(name));
    return { source: replay(kept, chunks), types: Object.fromEntries(types) };
  } catch (error) {
    await chunks.return?.();
    throw error;
  }
}

/** The chunks that are left, which are added to `kept`. Does not close their source. */
async function* read(
  chunks: AsyncIterator<Uint8Array>,
  kept?: Uint8Array[],
): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return;
    kept?.push(value);
    yield value;
  }
}

/** The chunks that were kept, and those that are left. */
async function* replay(
  kept: Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let chunk = kept.shift(); chunk; chunk = kept.shift()) yield chunk;
    yield* read(chunks);
  } finally {
    await chunks.return?.();
  }
}

async function namesIn(source: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  for await (const { names } of readCsv(source, { batchRows: 1 })) return names;
  return [];
}

/** The types in which a model reads its columns. */
function typesOf(model: TableModel): Types {
  const { target } = model;
  const isText = target.task === "classification" && typeof target.classes[0] === "string";
  return { ...featureTypesOf(model), [target.name]: isText ? "category" : "number" };
}

function featureTypesOf({ preprocessor }: TableModel): Types {
  return Object.fromEntries(preprocessor.features.map(({ name, type }) => [name, type]));
}

/** SHA-256 of the names, types and values of all columns, in their order. */
export function hashTable({ rows, columns }: Table): string {
  const hash = createHash("sha256").update(`${rows}\n`);
  for (const { name, type, values } of columns) {
    hash.update(`${JSON.stringify([name, type])}\n`);
    if (type === "category") for (const text of values) hash.update(`${JSON.stringify(text)}\n`);
    // No value is infinite, and the bits of a NaN depend on the engine.
    else hash.update(Float64Array.from(values, (x) => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : x)));
  }
  return hash.digest("hex");
}
