import type { LayerDescription, NetworkDescription } from "./engine/engine.js";

/** A table of the layers: what they compute, their output shape, how many parameters they have. */
export function describeNetwork({ dtype, inputs, layers, loss }: NetworkDescription): string {
  const counts = layers.map((layer, i) => countParameters(layer, layers[i - 1]?.units ?? inputs));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rows = [
    ["layer", "activation", "output", "parameters"],
    ["input", "", `[rows, ${inputs}]`, ""],
    ...layers.map((layer, i) => [
      `dense ${i}`,
      layer.activation,
      `[rows, ${layer.units}]`,
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

function countParameters({ units, useBias }: LayerDescription, inputs: number): number {
  return (inputs + Number(useBias)) * units;
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
