// The layers as columns of units, and the weights as lines between them.

import type { LayerShape, LayerWeights, UnitAddress } from "../../training/messages.js";
import type { Drawing } from "../canvas.js";
import type { Colours } from "../theme.js";

/** The most units that a column shows. */
export const MAX_SHOWN = 10;

export interface Column {
  /** -1: the inputs. */
  readonly layer: number;
  readonly kind: string;
  readonly units: number;
  /** How many of them are shown: the first ones. */
  readonly shown: number;
  /** From 0 to 1, from left to right. */
  readonly x: number;
}

export function columnsOf(inputs: number, layers: readonly LayerShape[]): readonly Column[] {
  const shapes = [{ kind: "input", units: inputs }, ...layers];
  return shapes.map(({ kind, units }, i) => ({
    layer: i - 1,
    kind,
    units,
    shown: units > MAX_SHOWN ? MAX_SHOWN - 1 : units,
    x: (i + 0.5) / shapes.length,
  }));
}

/** Whether the units of a column are drawn as circles: other layers change the units before them, and are bars. */
export function hasUnits({ kind }: Column): boolean {
  return kind === "dense" || kind === "input";
}

/** The height of a unit, from 0 to 1, from top to bottom. */
export function heightOf({ units, shown }: Column, unit: number): number {
  const places = units > shown ? shown + 1 : shown;
  const spacing = Math.min(0.125, 0.94 / places);
  return 0.5 + (unit - (places - 1) / 2) * spacing;
}

/** Thickness grows with the size of the weight, from 0.4 up to 6 pixels. */
function thicknessOf(weight: number): number {
  const size = Math.abs(weight);
  return 0.4 + (5.6 * size) / (size + 1.5);
}

export function drawNetwork(
  { context, width, height }: Drawing,
  columns: readonly Column[],
  weights: readonly LayerWeights[],
  hovered: UnitAddress | undefined,
  colours: Colours,
): void {
  let source: Column | undefined;
  context.lineCap = "round";
  for (const column of columns) {
    const kernel = weights[column.layer]?.kernel;
    if (hasUnits(column)) {
      if (source && kernel) drawLines(source, column, kernel);
      source = column;
    }
  }
  context.globalAlpha = 1;

  function drawLines(from: Column, to: Column, kernel: Float32Array): void {
    const [left, right] = [from.x * width + 11, to.x * width - 11];
    const bend = (right - left) * 0.45;
    for (let unit = 0; unit < to.shown; unit++) {
      const isFaint = hovered !== undefined && !(hovered.layer === to.layer && hovered.unit === unit);
      for (let input = 0; input < from.shown; input++) {
        const weight = kernel[input * to.units + unit]!;
        const [top, bottom] = [heightOf(from, input) * height, heightOf(to, unit) * height];
        context.beginPath();
        context.moveTo(left, top);
        context.bezierCurveTo(left + bend, top, right - bend, bottom, right, bottom);
        context.strokeStyle = colours.classes[weight < 0 ? 0 : 1]!;
        context.globalAlpha = isFaint ? 0.12 : 0.25 + 0.6 * Math.min(1, Math.abs(weight) / 2);
        context.lineWidth = thicknessOf(weight);
        context.stroke();
      }
    }
  }
}
