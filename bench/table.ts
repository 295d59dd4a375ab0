// Tables in Markdown, aligned so that they can be read in a terminal.

import { markdownTable } from "markdown-table";

export interface Column {
  readonly name: string;
  /** As `markdownTable` takes it: no colon in the rule, or one on the right. */
  readonly align: "" | "right";
}

export function left(name: string): Column {
  return { name, align: "" };
}

/** For numbers. */
export function right(name: string): Column {
  return { name, align: "right" };
}

export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  return markdownTable([columns.map(({ name }) => name), ...rows], {
    align: columns.map(({ align }) => align),
  });
}

/** Three digits, so that numbers from XOR's to the largest network's can be read below each other. */
export function formatNumber(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(decimals, 3));
}

/** A median, and the best in parentheses. */
export function formatTime(time: { readonly microsecondsPerStep: number; readonly best: number }): string {
  return `${formatNumber(time.microsecondsPerStep)} (${formatNumber(time.best)})`;
}
