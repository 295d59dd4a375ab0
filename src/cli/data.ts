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

type Types = Readonly<Record<string, ColumnType>>;

/**
 * Reads a CSV file, or standard input if `path` is "-". `types`: those of columns that may be there.
 *
 * @throws BackpropError (rejects) with the path in its message.
 */
export async function readData(path: string, types: Types = {}): Promise<Table> {
  const name = path === "-" ? "standard input" : path;
  const open = await openSource(path, name);
  try {
    const names = await namesIn(open());
    const known = Object.entries(types).filter(([column]) => names.includes(column));
    return await readTable(open(), { types: Object.fromEntries(known) });
  } catch (cause) {
    if (!(cause instanceof BackpropError)) throw cause;
    // The message is for programs: it names an option of readTable.
    const message = cause.message.replace(/types: \{ (".*"): "category" \}/, "--categories $1");
    throw new BackpropError(cause.code, `${name}: ${message}`, { cause });
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
export function typesOf({ preprocessor, target }: TableModel): Types {
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
