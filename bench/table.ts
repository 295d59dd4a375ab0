// Tables in Markdown, aligned so that terminals can show them as they are.

export interface Column {
  readonly name: string;
  readonly alignment: "left" | "right";
}

export function left(name: string): Column {
  return { name, alignment: "left" };
}

/** For numbers. */
export function right(name: string): Column {
  return { name, alignment: "right" };
}

export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = [columns.map(({ name }) => name), ...rows];
  const widths = columns.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  const [header, ...body] = table.map((row) =>
    formatRow(row.map((cell, i) => pad(cell, widths[i]!, columns[i]!.alignment))),
  );
  const rule = formatRow(columns.map(({ alignment }, i) => formatRule(widths[i]!, alignment)));
  return [header, rule, ...body].join("\n");
}

/** Three digits, so that numbers from XOR's to the largest network's can be read below each other. */
export function formatNumber(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(decimals, 3));
}

function formatRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function formatRule(width: number, alignment: Column["alignment"]): string {
  return alignment === "left" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`;
}

function pad(cell: string, width: number, alignment: Column["alignment"]): string {
  return alignment === "left" ? cell.padEnd(width) : cell.padStart(width);
}
