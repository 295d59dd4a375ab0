// The tables that commands read.

import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream } from "node:fs";
import { BackpropError } from "../index.js";
import {
  type ColumnType,
  readCsv,
  readTable,
  type Table,
  type TableModel,
  type TextSource,
} from "../table.js";
import type { Settings } from "./settings.js";

type Types = Readonly<Record<string, ColumnType>>;

/** Reads the rows that a model is trained on. `path`: of a CSV file, or "-" for standard input. */
export async function readTrainingData(path: string, { categories = [] }: Settings): Promise<Table> {
  const types = Object.fromEntries(categories.map((name) => [name, "category"] as const));
  return readData(path, () => types);
}

/** Reads rows for a model, with the types that it needs. Which columns must be there, depends on what is done with them. */
export async function readDataFor(model: TableModel, path: string): Promise<Table> {
  const types = Object.entries(typesOf(model));
  return readData(path, (names) => Object.fromEntries(types.filter(([name]) => names.includes(name))));
}

/** @throws BackpropError (rejects) with the path in its message. */
async function readData(path: string, typesFor: (names: readonly string[]) => Types): Promise<Table> {
  const name = path === "-" ? "standard input" : path;
  const open = await openSource(path, name);
  try {
    const types = typesFor(await namesIn(open()));
    return await readTable(open(), { types });
  } catch (cause) {
    if (!(cause instanceof BackpropError)) throw cause;
    throw new BackpropError(cause.code, `${name}: ${cause.message}`, { cause });
  }
}

/** Returns a function that reads the source from its beginning. */
async function openSource(path: string, name: string): Promise<() => TextSource> {
  if (path === "-") {
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
    const bytes = Buffer.concat(chunks);
    return () => bytes;
  }
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `The file ${name} cannot be read (${code}). Give the path of a CSV file, or - for standard input.`;
    throw new BackpropError(code === "ENOENT" ? "fileNotFound" : "fileUnavailable", message, { cause });
  }
  return () => createReadStream(path);
}

async function namesIn(source: TextSource): Promise<readonly string[]> {
  for await (const { names } of readCsv(source, { batchRows: 1 })) return names;
  return [];
}

/** The types in which a model reads its columns. */
function typesOf({ preprocessor, target }: TableModel): Types {
  const features = preprocessor.features.map(({ name, type }) => [name, type] as const);
  const isText = target.task === "classification" && typeof target.classes[0] === "string";
  return Object.fromEntries([...features, [target.name, isText ? "category" : "number"]]) as Types;
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
