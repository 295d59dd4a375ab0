// Formats tables in Markdown whose columns are aligned, for reading in a terminal.

import { markdownTable } from "markdown-table";

export interface Column {
  readonly name: string;
  /** The alignment for `markdownTable`. */
  readonly align: "" | "right";
}

/** A left-aligned column, for text. */
export function left(name: string): Column {
  return { name, align: "" };
}

/** A right-aligned column, for numbers. */
export function right(name: string): Column {
  return { name, align: "right" };
}

export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  return markdownTable([columns.map(({ name }) => name), ...rows], {
    align: columns.map(({ align }) => align),
  });
}

/** Three significant digits, and at most three decimals. */
export function formatNumber(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(decimals, 3));
}

/** The median, and the fastest in parentheses. */
export function formatTime(time: { readonly microsecondsPerStep: number; readonly best: number }): string {
  return `${formatNumber(time.microsecondsPerStep)} (${formatNumber(time.best)})`;
}
