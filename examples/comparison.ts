// Compares the figures that the source of a program prints with ours.

import type { Nested } from "backprop-wasm";
import type { Result } from "./run.js";
import type { Printout } from "./seeds/program.js";

export interface Comparison {
  readonly rows: readonly ComparisonRow[];
  readonly verdict: string;
}

export interface ComparisonRow {
  readonly label: string;
  /** The figure that the source prints; a dash if its text has none. Of more than two numbers, the first and the last. */
  readonly printed: string;
  /** Our figure, with the same number of digits. */
  readonly ours: string;
  /** Whether both are equal; undefined if the source prints none, or if the seeds differ. */
  readonly agrees: boolean | undefined;
}

export function compare(result: Result): Comparison {
  const rows = result.program.printouts.flatMap((printout) => compareFigure(result, printout));
  return { rows, verdict: verdictOf(result, rows) };
}

export function markOf({ agrees }: ComparisonRow): string {
  if (agrees === undefined) return "";
  return agrees ? "✓" : "✗";
}

function headingOf({ program, seed, milliseconds }: Result): string {
  const epochs = program.epochs.toLocaleString("en");
  return `${program.name}  ${program.title}: ${epochs} epochs in ${milliseconds.toFixed(0)} ms, seed ${seed}`;
}

/** The comparison as text for a terminal. */
export function formatComparison(result: Result): string {
  const { rows, verdict } = compare(result);
  const table = [
    ["", "printed", "ours", ""],
    ...rows.map((row) => [row.label, row.printed, row.ours, markOf(row)]),
  ];
  return [headingOf(result), ...alignColumns(table), `  ${verdict}`, ""].join("\n");
}

function compareFigure(result: Result, { figure, labels, decimals, printed }: Printout): ComparisonRow[] {
  const ours = { ...result.figures, ...result.extraFigures }[figure]!;
  const isSameSeed = result.seed === result.program.sourceSeed;
  return labels.map((label, i) => {
    const oursFormatted = format(ours[i]!, decimals);
    const printedFormatted = printed && format(printed[i]!, decimals);
    return {
      label: `${figure} ${label}`.trim(),
      printed: printedFormatted ? shorten(printedFormatted) : "–",
      ours: shorten(oursFormatted),
      agrees: printedFormatted && isSameSeed ? printedFormatted.join() === oursFormatted.join() : undefined,
    };
  });
}

function format(figure: Nested, decimals: number): string[] {
  return [figure].flat().map((value) => (value as number).toFixed(decimals));
}

function shorten(numbers: readonly string[]): string {
  return numbers.length > 2 ? `${numbers[0]} … ${numbers.at(-1)}` : numbers.join(" ");
}

function verdictOf({ program, seed }: Result, rows: readonly ComparisonRow[]): string {
  const { sourceSeed, printouts } = program;
  if (!printouts.some(({ printed }) => printed)) {
    return "The source sets no seed and has no figures as text, so there is nothing to compare.";
  }
  if (sourceSeed !== seed) return `The printed figures belong to seed ${sourceSeed}.`;
  const agreeing = rows.filter(({ agrees }) => agrees).length;
  return agreeing === rows.length
    ? "Every printed figure is reproduced to the last digit."
    : `${agreeing} of ${rows.length} lines equal the printed ones.`;
}

function alignColumns(table: readonly (readonly string[])[]): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map(([label, ...cells]) => {
    const numbers = cells.map((cell, i) => cell.padStart(widths[i + 1]!));
    return `  ${[label!.padEnd(widths[0]!), ...numbers].join("   ")}`.trimEnd();
  });
}
