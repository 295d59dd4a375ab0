// Comma-separated values, in batches of rows. Papa Parse finds rows and cells, and guesses the delimiter.

/// <reference path="./papaparse.d.ts" />
import Papa, { type Parsed, type Settings } from "papaparse";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import {
  attempt,
  type Check,
  type OptionsOf,
  ofType,
  readOptions,
  requireFull,
  requirePositiveInteger,
} from "../validation.js";
import { createDecoder, PIECE, readText, type TextSource } from "./text.js";

export interface CsvOptions {
  /** What separates cells: one character. Default: the one of , ; tab | that fits the first rows best. */
  readonly delimiter?: string;
  /** The encoding of bytes; default "utf-8". See `TextDecoder`. */
  readonly encoding?: string;
  /** The names of the columns; default: those in the first row. */
  readonly names?: readonly string[];
  /** Whether the first row has the names of the columns; default true, or false if `names` is given. */
  readonly header?: boolean;
}

export interface CsvBatchOptions extends CsvOptions {
  /** The rows of each batch; default 1024. The last batch has the remaining rows. */
  readonly batchRows?: number;
}

/** Some rows of a CSV file. */
export interface CsvBatch {
  /** The names of the columns. */
  readonly names: readonly string[];
  /** The cells as they are in the file, without quotes: one for each column. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file in which each row begins, from 1. */
  readonly lines: readonly number[];
}

const DELIMITERS = [",", ";", "\t", "|"];

/** How many characters a row may have. Bounds the memory that a quote without an end takes. */
const MAX_ROW = 2 ** 24;

const requireDelimiter: Check = (argument, value) => {
  if (typeof value === "string" && value.length === 1 && !/["\r\n\ufeff]/.test(value)) return;
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected one character, such as ";", and no quote and no line break.`,
  );
};

export const CSV_OPTIONS: OptionsOf<CsvOptions> = {
  delimiter: { check: requireDelimiter, default: undefined },
  // createDecoder() checks it.
  encoding: { check: () => {}, default: "utf-8" },
  // CsvParser checks them, because it copies them.
  names: { check: () => {}, default: undefined },
  header: { check: ofType("boolean"), default: undefined },
};

const BATCH_OPTIONS: OptionsOf<CsvBatchOptions> = {
  ...CSV_OPTIONS,
  batchRows: { check: requirePositiveInteger, default: 1024 },
};

/**
 * Reads comma-separated values in batches of rows. Memory is bounded by the rows of a batch and by the chunks of the
 * source: the file may be larger than memory. As in RFC 4180: cells may be in quotes, which may contain delimiters,
 * line breaks and doubled quotes. Lines end with CR LF, LF or (all) CR. A byte-order mark and empty lines are skipped; a
 * line of "" alone is a row with an empty cell.
 *
 * @param source text, bytes, a Blob or File, a Response, a ReadableStream, a stream of Node, or another iterable or
 *   async iterable of text or bytes. It is read once, and closed if the loop is left.
 * @throws BackpropError `invalidOption`; in the loop, with the line: `invalidShape` for a row with another number of
 *   cells, `invalidData` for a name of a column that is empty or occurs twice, for a quote that does not end, for a row
 *   of more than 2²⁴ characters, for a source without a row of names, for bytes of another encoding, and for a source
 *   that fails, with its exception as `cause`.
 */
export function readCsv(
  source: TextSource,
  options: CsvBatchOptions = {},
): AsyncGenerator<CsvBatch, void, void> {
  const read = readOptions("readCsv", options, BATCH_OPTIONS);
  return readBatches(source, createDecoder(read.encoding!), new CsvParser(read), read.batchRows!);
}

async function* readBatches(
  source: TextSource,
  decoder: TextDecoder,
  parser: CsvParser,
  batchRows: number,
): AsyncGenerator<CsvBatch, void, void> {
  let text = "";
  let enough = PIECE;
  for await (const piece of readText(source, decoder)) {
    text += piece;
    // Cells are views of this text. Beginning again with a row that has not ended takes twice its length.
    if (text.length < enough) continue;
    text = parser.parse(text, false);
    enough = Math.max(PIECE, 2 * text.length);
    yield* parser.takeBatches(batchRows);
  }
  parser.parse(text, true);
  yield* parser.takeBatches(batchRows);
  yield* parser.takeBatches(1, batchRows);
}

/** Finds the rows of a text that arrives in pieces. */
class CsvParser {
  #names: readonly string[] | undefined;
  #skipsRow: boolean;
  #delimiter: string | undefined;
  #newline: "\n" | "\r" | undefined;
  /** The line in which the next row begins. */
  #line = 1;
  #rows: string[][] = [];
  #lines: number[] = [];

  constructor({ names, header = names === undefined, delimiter }: CsvOptions) {
    this.#names = names && copyNames(names);
    this.#skipsRow = header;
    this.#delimiter = delimiter;
  }

  /** Reads the rows that are complete, or all. Returns the rest of the text. */
  parse(text: string, isLast: boolean): string {
    if (text !== "") this.#guess(text, isLast);
    const newline = this.#newline ?? "\n";
    const settings = { newline, delimiter: this.#delimiter ?? "," };
    const { data, errors, meta } = new Papa.Parser(settings).parse(text, 0, !isLast);
    const problems = new Map(errors.map(({ row, message }) => [row, message]));
    // Only quoted cells contain line breaks.
    const hasQuotes = text.includes('"');
    const quoted = hasQuotes && data.some(isEmpty) ? rowsWithQuotes(text, settings, !isLast) : undefined;
    for (const [i, row] of data.entries()) {
      const problem = problems.get(i);
      if (problem) throw invalid(`Line ${this.#line} is not CSV: ${lowered(problem)}.`);
      if (!isEmpty(row) || quoted?.has(i)) this.#add(row);
      this.#line += 1 + (hasQuotes ? row.reduce((sum, cell) => sum + count(cell, newline), 0) : 0);
    }
    if (isLast && !this.#names) throw invalid("source has no rows; expected the names of the columns.");
    const rest = isLast ? "" : text.slice(meta.cursor);
    if (rest.length <= MAX_ROW) return rest;
    throw invalid(
      `The row that begins in line ${this.#line} has more than ${MAX_ROW} characters; expected a shorter one. Does a ` +
        "quoted cell not end?",
    );
  }

  /** The rows so far, in batches of `size`, as long as there are `min`. */
  *takeBatches(min: number, size = min): Generator<CsvBatch, void, void> {
    const names = this.#names!;
    let begin = 0;
    for (; this.#rows.length - begin >= min; begin += size) {
      const end = begin + size;
      yield { names, rows: this.#rows.slice(begin, end), lines: this.#lines.slice(begin, end) };
    }
    if (begin === 0) return;
    this.#rows = this.#rows.slice(begin);
    this.#lines = this.#lines.slice(begin);
  }

  /** Guesses from the first rows. A row that is not complete would mislead. */
  #guess(text: string, isLast: boolean): void {
    // The last character may be half of CR LF.
    const whole = isLast ? text : text.slice(0, -1);
    this.#newline ??= whole.includes("\r") && !text.includes("\n") ? "\r" : "\n";
    if (this.#delimiter !== undefined) return;
    const newline = this.#newline;
    const end = isLast ? -1 : text.lastIndexOf(newline);
    const sample = end < 0 ? text : text.slice(0, end);
    this.#delimiter = Papa.parse(sample, {
      newline,
      preview: 10,
      skipEmptyLines: true,
      delimitersToGuess: DELIMITERS,
    }).meta.delimiter;
  }

  #add(row: string[]): void {
    const last = row.length - 1;
    if (row[last]!.endsWith("\r")) row[last] = row[last]!.slice(0, -1);
    const isHeader = this.#skipsRow;
    this.#skipsRow = false;
    if (!this.#names) {
      const names = isHeader ? row.map((name) => name.trim()) : row.map((_, i) => `column ${i + 1}`);
      requireNames(names, `Line ${this.#line}`);
      this.#names = Object.freeze(names);
    }
    if (row.length !== this.#names.length) throw this.#ragged(row.length, this.#names.length);
    if (isHeader) return;
    this.#rows.push(row);
    this.#lines.push(this.#line);
  }

  #ragged(cells: number, expected: number): BackpropError {
    return new BackpropError(
      "invalidShape",
      `Line ${this.#line} has ${cells} ${cells === 1 ? "cell" : "cells"}; expected ${expected}, one for each column. Cells ` +
        `are separated by ${show(this.#delimiter)}.`,
    );
  }
}

/** Whether a row is an empty line, or an empty cell in quotes. The line may end with the half of CR LF. */
function isEmpty([cell, ...others]: readonly string[]): boolean {
  return others.length === 0 && (cell === "" || cell === "\r");
}

/** The numbers of the rows that have quotes. The cells do not tell: Papa Parse reads "" as it reads an empty line. */
function rowsWithQuotes(text: string, settings: Settings, ignoresLastRow: boolean): ReadonlySet<number> {
  const rows = new Set<number>();
  let row = 0;
  let begin = 0;
  const step = ({ meta: { cursor } }: Parsed) => {
    if (text.slice(begin, cursor).includes('"')) rows.add(row);
    row++;
    begin = cursor;
  };
  new Papa.Parser({ ...settings, step }).parse(text, 0, ignoresLastRow);
  return rows;
}

/** A checked copy of the option `names`. */
function copyNames(given: unknown): readonly string[] {
  return attempt("invalidOption", "names", () => {
    requireFull("names", given, MAX_ROW);
    const names = Array.from(given as ArrayLike<unknown>);
    requireNames(names, "names");
    return Object.freeze(names);
  });
}

/** Requires names of columns that are different and not empty. `where`: the place of the names. */
export function requireNames(names: readonly unknown[], where: string): asserts names is readonly string[] {
  const seen = new Map<unknown, number>();
  for (const [i, name] of names.entries()) {
    if (typeof name !== "string" || name === "") {
      throw invalid(`${where}: the name of column ${i + 1} is ${show(name)}; expected text. ${ADVICE}`);
    }
    const first = seen.get(name);
    if (first !== undefined) {
      throw invalid(
        `${where}: columns ${first + 1} and ${i + 1} have the name ${show(name)}; expected different names. ${ADVICE}`,
      );
    }
    seen.set(name, i);
  }
}

const ADVICE = "The option names replaces the names of a file.";

function invalid(message: string): BackpropError {
  return new BackpropError("invalidData", message);
}

function lowered(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}

function count(text: string, character: string): number {
  let found = 0;
  for (let i = text.indexOf(character); i >= 0; i = text.indexOf(character, i + 1)) found++;
  return found;
}
