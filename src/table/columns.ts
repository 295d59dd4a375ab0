// Tables: columns of numbers or of texts, with names.

import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, requireFull, requireInteger } from "../validation.js";
import { type Cell, type ColumnType, misfit, numberIn, PLAIN_FORMAT, textIn, typeOf } from "./cells.js";
import { requireNames } from "./csv.js";

export interface NumberColumn {
  readonly name: string;
  readonly type: "number";
  /** One number for each row. NaN is a missing value. */
  readonly values: Float64Array;
}

export interface CategoryColumn {
  readonly name: string;
  readonly type: "category";
  /** One text for each row. "" is a missing value. */
  readonly values: readonly string[];
}

export type Column = NumberColumn | CategoryColumn;

/** A row as an object: its cells by the names of their columns. */
export type TableRow = Readonly<Record<string, Cell>>;

/** Rows as objects, a table, or an object of columns of equal length: `{ age: [31, 27], city: ["Rome", "Oslo"] }`. */
export type TableRows = readonly TableRow[] | Table | Readonly<Record<string, ArrayLike<Cell>>>;

/** Columns with names and types. Made by `readTable` and `createTable`. */
export class Table {
  readonly rows: number;
  readonly columns: readonly Column[];

  /** @internal */
  constructor(rows: number, columns: readonly Column[]) {
    this.rows = rows;
    this.columns = Object.freeze(columns.map((column) => Object.freeze(column)));
    Object.freeze(this);
  }

  /** The column of that name. @throws BackpropError `unknownName`. */
  column(name: string): Column {
    const found = this.columns.find((column) => column.name === name);
    if (found) return found;
    throw unknownColumn("name", name, namesOf(this.columns));
  }

  /** The table of the rows of these numbers, from 0, in this order. @throws BackpropError `invalidOption`. */
  select(rows: ArrayLike<number>): Table {
    return attempt("invalidOption", "rows", () => {
      const length = requireFull("rows", rows, 2 ** 32);
      for (let i = 0; i < length; i++) requireInteger(`rows[${i}]`, rows[i], 0, this.rows - 1);
      return selectRows(this, rows);
    });
  }
}

export function namesOf(columns: readonly { readonly name: string }[]): string[] {
  return columns.map(({ name }) => name);
}

/** `argument`: what names a column that does not exist. */
export function unknownColumn(argument: string, name: unknown, names: readonly string[]): BackpropError {
  const some = names.slice(0, 20).map(show).join(", ");
  const more = names.length > 20 ? ` and ${names.length - 20} others` : "";
  return new BackpropError("unknownName", `${argument} is ${show(name)}; expected a column: ${some}${more}.`);
}

/** Cells by column, and what messages call them. */
export interface Cells {
  readonly count: number;
  readonly names: readonly string[];
  /** The types of the columns, if they are known. */
  readonly types?: ReadonlyMap<string, ColumnType>;
  /** The cells of a column; undefined if there is none. */
  column(name: string): ArrayLike<unknown> | undefined;
  /** What messages call a cell, such as `rows[3].age`. */
  place(name: string, row: number): string;
}

/**
 * The columns of rows as objects, or of columns. A column is numbers if every cell is a number, the text of one, or
 * missing; else it is a category. null, undefined, NaN and "" are missing.
 *
 * @throws BackpropError `invalidShape` for no rows or for columns of different lengths, `invalidData` for other cells.
 */
export function createTable(rows: TableRows): Table {
  return tableOf("rows", rows);
}

/** `types`: of columns for which the cells do not decide it. */
export function tableOf(argument: string, rows: TableRows, types?: ReadonlyMap<string, ColumnType>): Table {
  return attempt("invalidData", argument, () => {
    if (rows instanceof Table && !types?.size) return rows;
    const cells = openCells(argument, rows);
    const columns = cells.names.map((name) => {
      const values = cells.column(name)!;
      const type = types?.get(name) ?? cells.types?.get(name) ?? typeOf(values, PLAIN_FORMAT);
      return columnOf(values, name, type, cells);
    });
    return new Table(cells.count, columns);
  });
}

/** @throws BackpropError `invalidShape` or `invalidData`. */
export function openCells(argument: string, rows: unknown): Cells {
  return attempt("invalidData", argument, () => {
    if (rows instanceof Table) return cellsOfTable(argument, rows);
    const isObject = typeof rows === "object" && rows !== null;
    if (!isObject || ArrayBuffer.isView(rows)) throw notRows(argument, rows);
    return Array.isArray(rows) ? cellsOfRows(argument, rows) : cellsOfColumns(argument, rows);
  });
}

function notRows(argument: string, rows: unknown): BackpropError {
  return new BackpropError(
    "invalidData",
    `${argument} is ${show(rows)}; expected an array of objects, an object of columns, or a table of readTable.`,
  );
}

function requireRows(argument: string, count: number): void {
  if (count > 0) return;
  throw new BackpropError("invalidShape", `${argument} has no rows; expected at least one.`);
}

function cellsOfTable(argument: string, { rows: count, columns }: Table): Cells {
  requireRows(argument, count);
  const byName = new Map<string, Column>(columns.map((column) => [column.name, column]));
  return {
    count,
    names: namesOf(columns),
    types: new Map(columns.map(({ name, type }) => [name, type])),
    column: (name) => byName.get(name)?.values,
    place: (name, row) => `${argument}: ${show(name)} of row ${row}`,
  };
}

function cellsOfRows(argument: string, rows: readonly unknown[]): Cells {
  requireRows(argument, rows.length);
  const names = new Set<string>();
  for (let row = 0; row < rows.length; row++) {
    const object = rows[row];
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      throw new BackpropError(
        "invalidData",
        `${argument}[${row}] is ${show(object)}; expected an object, such as { age: 31, city: "Rome" }.`,
      );
    }
    for (const name of Object.keys(object)) names.add(name);
  }
  const place = (name: string, row: number) => `${argument}[${row}][${show(name)}]`;
  return {
    count: rows.length,
    names: [...names],
    column(name) {
      return attempt("invalidData", argument, () => {
        const has = (row: unknown): row is TableRow => Object.hasOwn(row as object, name);
        return rows.some(has) ? rows.map((row) => (has(row) ? row[name] : undefined)) : undefined;
      });
    },
    place,
  };
}

function cellsOfColumns(argument: string, given: object): Cells {
  const columns = new Map<string, ArrayLike<unknown>>(Object.entries(given));
  const names = [...columns.keys()];
  requireNames(names, argument);
  const [first = ""] = names;
  const count = columns.get(first)?.length ?? 0;
  for (const [name, values] of columns) {
    if (typeof values !== "object" || values === null || values.length !== count || !isDense(values)) {
      throw new BackpropError(
        "invalidShape",
        `${argument}[${show(name)}] is ${show(values)}; expected an array of ${count} cells, as many as ${show(first)} has.`,
      );
    }
  }
  requireRows(argument, count);
  return {
    count,
    names,
    column(name) {
      const values = columns.get(name);
      return values && attempt("invalidData", argument, () => Array.from(values));
    },
    place: (name, row) => `${argument}[${show(name)}][${row}]`,
  };
}

/** Whether values are a list. A huge list of holes ends the search at its first hole. */
function isDense(values: ArrayLike<unknown>): boolean {
  const { length } = values;
  if (!Number.isSafeInteger(length) || length < 0) return false;
  if (ArrayBuffer.isView(values)) return true;
  for (let i = 0; i < length; i++) if (!(i in values)) return false;
  return true;
}

/** A column with these cells. @throws BackpropError `invalidData` for a cell of another type. */
export function columnOf(values: ArrayLike<unknown>, name: string, type: ColumnType, cells: Cells): Column {
  const place = (row: number) => cells.place(name, row);
  return type === "number"
    ? { name, type, values: numbersOf(values, place) }
    : { name, type, values: textsOf(values, place) };
}

/** `place`: what messages call the cell of a row. */
function numbersOf(cells: ArrayLike<unknown>, place: (row: number) => string): Float64Array {
  const numbers = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const number = numberIn(cells[row], PLAIN_FORMAT);
    if (number === undefined) throw misfit(place(row), cells[row], "number");
    numbers[row] = number;
  }
  return numbers;
}

/** `place`: what messages call the cell of a row. */
function textsOf(cells: ArrayLike<unknown>, place: (row: number) => string): string[] {
  return Array.from({ length: cells.length }, (_, row) => {
    const text = textIn(cells[row], PLAIN_FORMAT);
    if (text === undefined) throw misfit(place(row), cells[row], "category");
    return text;
  });
}

/** The rows of these numbers, in this order. */
export function selectRows(table: Table, order: ArrayLike<number>): Table {
  return new Table(
    order.length,
    table.columns.map((column) => selectValues(column, order)),
  );
}

/** The column of the rows of these numbers, in this order. */
export function selectValues(column: Column, order: ArrayLike<number>): Column {
  const { name, type, values } = column;
  if (type === "number") return { name, type, values: Float64Array.from(order, (row) => values[row]!) };
  return { name, type, values: Array.from(order, (row) => values[row]!) };
}
