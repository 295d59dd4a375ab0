// Lines over epochs, with axes.

import type { Drawing } from "../canvas.js";
import { formatTick } from "../format.js";
import type { Series } from "../series.js";
import type { Colours } from "../theme.js";
import { powersOf, scaleOf, ticksOf } from "./scale.js";

export interface Line {
  readonly series: Series;
  readonly colour: string;
  readonly isDashed: boolean;
}

const MARGIN = { left: 44, right: 10, top: 8, bottom: 20 };

/** @param isLog Whether the vertical axis is logarithmic; values of 0 or less are left out then. */
export function drawChart(drawing: Drawing, lines: readonly Line[], isLog: boolean, colours: Colours): void {
  const { context, width, height } = drawing;
  const lastX = Math.max(1, ...lines.map(({ series }) => series.x.at(-1) ?? 0));
  const range = rangeOf(lines, isLog);
  const place = isLog ? Math.log10 : (value: number) => value;
  const x = scaleOf([0, lastX], MARGIN.left, width - MARGIN.right);
  const onScale = scaleOf([place(range[0]), place(range[1])], height - MARGIN.bottom, MARGIN.top);
  const y = (value: number) => onScale(place(value));

  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.muted;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const powers = isLog ? powersOf(range) : [];
  for (const value of powers.length > 1 ? powers : ticksOf(range, 3)) {
    if (isLog && value <= 0) continue;
    const top = Math.round(y(value)) + 0.5;
    context.beginPath();
    context.moveTo(MARGIN.left, top);
    context.lineTo(width - MARGIN.right, top);
    context.stroke();
    context.fillText(formatTick(value), MARGIN.left - 6, top);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const value of ticksOf([0, lastX], 4)) context.fillText(formatTick(value), x(value), height - 5);
  for (const line of lines) drawLine(context, line, x, y, isLog);
}

function drawLine(
  context: CanvasRenderingContext2D,
  { series, colour, isDashed }: Line,
  x: (value: number) => number,
  y: (value: number) => number,
  isLog: boolean,
): void {
  context.beginPath();
  series.x.forEach((value, i) => {
    const height = series.y[i]!;
    if (!isLog || height > 0) context.lineTo(x(value), y(height));
  });
  context.strokeStyle = colour;
  context.lineWidth = 1.8;
  context.lineJoin = "round";
  context.setLineDash(isDashed ? [5, 3] : []);
  context.stroke();
  context.setLineDash([]);
}

function rangeOf(lines: readonly Line[], isLog: boolean): readonly [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { series } of lines) {
    for (const value of series.y) {
      if (isLog && value <= 0) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return isLog ? [0.1, 1] : [0, 1];
  if (isLog) return min === max ? [min / 2, max * 2] : [min, max];
  const margin = (max - min) * 0.05 || 0.5;
  return [min - margin, max + margin];
}
