// The prediction for a single input, as a curve; and predictions against targets.

import type { FittedCurve, Scatter } from "../../training/messages.js";
import type { Drawing } from "../canvas.js";
import type { Colours } from "../theme.js";
import { scaleOf } from "./scale.js";

export function drawCurve({ context, width, height }: Drawing, curve: FittedCurve, colours: Colours): void {
  const x = scaleOf(curve.bounds.x, 0, width);
  const y = scaleOf(curve.bounds.y, height, 0);
  context.beginPath();
  curve.x.forEach((value, i) => {
    context.lineTo(x(value), y(curve.y[i]!));
  });
  context.lineJoin = "round";
  context.strokeStyle = colours.plane;
  context.lineWidth = 7;
  context.stroke();
  context.strokeStyle = colours.accent;
  context.lineWidth = 3;
  context.stroke();
}

export function drawScatter({ context, width, height }: Drawing, scatter: Scatter, colours: Colours): void {
  const x = scaleOf(scatter.range, 8, width - 8);
  const y = scaleOf(scatter.range, height - 8, 8);
  context.strokeStyle = colours.muted;
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(0, height);
  context.lineTo(width, 0);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.7;
  scatter.targets.forEach((target, i) => {
    context.beginPath();
    context.arc(x(target), y(scatter.predictions[i]!), 3, 0, 2 * Math.PI);
    context.fill();
  });
  context.globalAlpha = 1;
}
