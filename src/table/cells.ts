// The values of cells: numbers, texts and missing values.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";

/** A value of a row. null, undefined and NaN are missing values. */
export type Cell = string | number | bigint | boolean | null | undefined;

/** "number", or "category" for texts. */
export type ColumnType = "number" | "category";

/** How texts are read. */
export interface CellFormat {
  /** The texts of missing values. */
  readonly missing: ReadonlySet<string>;
  /** What is between the whole part and the fraction of a number. */
  readonly decimal: "." | ",";
}

/** The format of texts in rows as objects. */
export const PLAIN_FORMAT: CellFormat = { missing: new Set([""]), decimal: "." };

const NUMBERS = {
  ".": /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ",": /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
};

/** The number in a cell, NaN for a missing value; undefined if the cell has no finite number. */
export function numberIn(cell: unknown, { missing, decimal }: CellFormat): number | undefined {
  if (typeof cell === "number") return Number.isNaN(cell) ? cell : finite(cell);
  if (typeof cell === "string") {
    const text = cell.trim();
    if (missing.has(text)) return Number.NaN;
    return NUMBERS[decimal].test(text) ? finite(Number(text.replace(",", "."))) : undefined;
  }
  if (typeof cell === "bigint") return finite(Number(cell));
  return cell === null || cell === undefined ? Number.NaN : undefined;
}

function finite(x: number): number | undefined {
  return Number.isFinite(x) ? x : undefined;
}

/** The text of a cell, "" for a missing value; undefined if the cell has no text. */
export function textIn(cell: unknown, { missing }: CellFormat): string | undefined {
  switch (typeof cell) {
    case "string": {
      const text = cell.trim();
      return missing.has(text) ? "" : text;
    }
    case "number":
      if (Number.isNaN(cell)) return "";
      return Number.isFinite(cell) ? String(cell) : undefined;
    case "bigint":
    case "boolean":
      return String(cell);
    default:
      return cell === null || cell === undefined ? "" : undefined;
  }
}

/** "number" if every cell has a number or is missing, also if all are missing; else "category". */
export function typeOf(cells: ArrayLike<unknown>, format: CellFormat): ColumnType {
  for (let i = 0; i < cells.length; i++) {
    if (numberIn(cells[i], format) === undefined) return "category";
  }
  return "number";
}

/** The error about a cell that is not of the type of its column. `where`: the place of the cell. */
export function misfit(where: string, cell: unknown, type: ColumnType): BackpropError {
  const expected =
    type === "number"
      ? "a finite number, or a missing value"
      : "text, a finite number, a boolean, or a missing value";
  return new BackpropError("invalidData", `${where} is ${show(cell)}; expected ${expected}.`);
}
