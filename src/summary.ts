import type { NetworkDescription } from "./description.js";
import { definitionOf, layerWidths } from "./layers/stack.js";

/** A table with the kind, activation or options, output shape and parameter count of each layer, and the totals. */
export function summarize({ dtype, inputs, layers, loss, parameters }: NetworkDescription): string {
  const widths = layerWidths(inputs, layers);
  const counts = layers.map(() => 0);
  for (const { layer, begin, end } of parameters) counts[layer]! += end - begin;
  const total = parameters.at(-1)?.end ?? 0;
  const rows = [
    ["layer", "activation", "output", "parameters"],
    ["input", "", `[rows, ${inputs}]`, ""],
    ...layers.map((layer, i) => [
      `${layer.kind} ${i}`,
      definitionOf(layer).summarize(layer),
      `[rows, ${widths[i + 1]}]`,
      counts[i]!.toLocaleString("en"),
    ]),
  ];
  const bytes = total * (dtype === "float32" ? 4 : 8);
  return [
    ...alignColumns(rows),
    `${total.toLocaleString("en")} parameters, ${dtype}, ${bytes.toLocaleString("en")} bytes; ` +
      `loss ${loss.name} (${loss.reduction})`,
  ].join("\n");
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const last = widths.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === last ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}
