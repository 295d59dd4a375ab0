// Rows of data as points: circles of class 0, diamonds of class 1, then circles again. Rows for validation are hollow.

import type { Bounds, PlottedRows } from "../../training/messages.js";
import type { Drawing } from "../canvas.js";
import type { Colours } from "../theme.js";
import { rampOf } from "./ramp.js";
import { scaleOf } from "./scale.js";

interface Style {
  readonly colour: string;
  readonly isDiamond: boolean;
  readonly isHollow: boolean;
}

/**
 * @param classes The number of classes; 0: targets are numbers, coloured within `range`, or all alike without it.
 */
export function drawPoints(
  drawing: Drawing,
  rows: PlottedRows,
  bounds: Bounds,
  classes: number,
  range: readonly [number, number] | undefined,
  colours: Colours,
): void {
  const { context, width, height } = drawing;
  const x = scaleOf(bounds.x, 0, width);
  const y = scaleOf(bounds.y, height, 0);
  const { css } = rampOf(colours);
  const count = rows.targets.length;
  const radius = radiusOf(count) * Math.min(1, width / 340);
  const share = range ? scaleOf(range, 0, 1) : () => 0;
  for (let i = 0; i < count; i++) {
    const target = rows.targets[i]!;
    const colour = classes > 0 ? colours.classes[target % colours.classes.length]! : css(share(target));
    const isHollow = rows.isValidation[i] === 1;
    const isDiamond = classes > 0 && target % 2 === 1;
    const [left, top] = [x(rows.points[2 * i]!), y(rows.points[2 * i + 1]!)];
    drawPoint(context, left, top, radius, { colour, isDiamond, isHollow }, colours.plane);
  }
}

/** In pixels, for a width of 340: fewer points are larger. */
function radiusOf(count: number): number {
  if (count <= 50) return 5.5;
  return count <= 500 ? 3.4 : 2.4;
}

export function drawPoint(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  { colour, isDiamond, isHollow }: Style,
  background: string,
): void {
  context.beginPath();
  if (isDiamond) {
    const reach = radius * 1.25;
    context.moveTo(x, y - reach);
    context.lineTo(x + reach, y);
    context.lineTo(x, y + reach);
    context.lineTo(x - reach, y);
    context.closePath();
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fillStyle = isHollow ? background : colour;
  context.strokeStyle = isHollow ? colour : background;
  context.lineWidth = isHollow ? 1.6 : 1;
  context.fill();
  context.stroke();
}
