// The decision surface, and the line on which it changes from one class to the other.

import type { Surface } from "../../training/messages.js";
import type { Drawing } from "../canvas.js";
import { type Colours, rgbOf } from "../theme.js";
import { rampOf } from "./ramp.js";

/** A canvas with one pixel for each cell, which is drawn enlarged. */
const cells = document.createElement("canvas");

/**
 * @param classes The number of classes; 0 for numbers. Of more than two, the surface has the class itself.
 */
export function drawSurface(drawing: Drawing, surface: Surface, classes: number, colours: Colours): void {
  const { context, width, height } = drawing;
  const { columns, rows } = surface;
  Object.assign(cells, { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const pixelOf = classes > 2 ? classPixels(colours) : rampPixels(surface, colours);
  for (let row = 0; row < rows; row++) {
    const upwards = rows - 1 - row;
    for (let column = 0; column < columns; column++) {
      pixels[upwards * columns + column] = pixelOf(surface.values[row * columns + column]!);
    }
  }
  cells.getContext("2d")!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = classes <= 2;
  context.imageSmoothingQuality = "high";
  context.drawImage(cells, 0, 0, width, height);
  if (classes === 2) drawBoundary(drawing, surface, colours);
}

function rampPixels({ range: [low, high] }: Surface, colours: Colours): (value: number) => number {
  const { pixel } = rampOf(colours);
  return (value) => pixel((value - low) / (high - low));
}

function classPixels({ classes, plane }: Colours): (value: number) => number {
  const background = rgbOf(plane);
  const bytes = new Uint8ClampedArray(classes.length * 4);
  classes.forEach((colour, i) => {
    rgbOf(colour).forEach((value, c) => {
      bytes[4 * i + c] = background[c]! + (value - background[c]!) * 0.55;
    });
    bytes[4 * i + 3] = 255;
  });
  const pixels = new Uint32Array(bytes.buffer);
  return (value) => pixels[value % pixels.length]!;
}

/** Marching squares on the grid of the cells' middles, at the middle of the range. */
function drawBoundary({ context, width, height }: Drawing, surface: Surface, colours: Colours): void {
  const { columns, rows, values, range } = surface;
  const level = (range[0] + range[1]) / 2;
  const x = (column: number) => ((column + 0.5) / columns) * width;
  const y = (row: number) => height - ((row + 0.5) / rows) * height;
  context.beginPath();
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const [a, b, c, d] = [values[at]!, values[at + 1]!, values[at + columns + 1]!, values[at + columns]!];
      if (a < level === b < level && b < level === c < level && c < level === d < level) continue;
      const crossings: [number, number][] = [];
      const cross = (from: number, to: number, [column0, row0]: Corner, [column1, row1]: Corner) => {
        if (from < level === to < level) return;
        const share = (level - from) / (to - from);
        crossings.push([x(column0 + (column1 - column0) * share), y(row0 + (row1 - row0) * share)]);
      };
      cross(a, b, [column, row], [column + 1, row]);
      cross(b, c, [column + 1, row], [column + 1, row + 1]);
      cross(c, d, [column + 1, row + 1], [column, row + 1]);
      cross(d, a, [column, row + 1], [column, row]);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        context.moveTo(...crossings[i]!);
        context.lineTo(...crossings[i + 1]!);
      }
    }
  }
  context.strokeStyle = colours.text;
  context.lineWidth = 1.5;
  context.globalAlpha = 0.65;
  context.stroke();
  context.globalAlpha = 1;
}

type Corner = readonly [column: number, row: number];
