// Draws the charts of the report as SVG.

import * as Plot from "@observablehq/plot";
import type { Network } from "backprop-wasm";
import { parseHTML } from "linkedom";
import type { Curve } from "../seeds/program.js";
import { INPUTS, predictAll, TARGETS } from "../seeds/xor.js";
import { DOT_COLORS, HIGH_COLOR, LOW_COLOR, MIDDLE_COLOR } from "./style.js";

const { document } = parseHTML("<html></html>");
const STYLE = { fontSize: "12px" };

const MAX_POINTS = 300;

/** From this ratio of the largest to the smallest loss, the axis is logarithmic: a linear one would show the end as zero. */
const LOGARITHMIC_FROM = 10;

const LOW = -0.5;
const HIGH = 1.5;
/** How far the grid extends beyond the chart. Contours close along the edge of the grid, which is then not visible. */
const EDGE = 0.1;
const RESOLUTION = 88;
const BANDS = Array.from({ length: 20 }, (_, i) => i / 20);
const INK = "#222";

export function lossChart({ label, points }: Curve): string {
  return Plot.plot({
    document,
    style: STYLE,
    width: 520,
    height: 260,
    marginTop: 28,
    marginLeft: 56,
    marginBottom: 40,
    x: { label: "epoch", domain: [0, points.at(-1)!.epoch], ticks: 5 },
    y: { ...lossScale(points.map(({ loss }) => loss)), label, grid: true },
    marks: [Plot.line(subsample(points), { x: "epoch", y: "loss", stroke: "var(--accent)", strokeWidth: 2 })],
  }).outerHTML;
}

function lossScale(losses: readonly number[]): Plot.ScaleOptions {
  const lowest = Math.min(...losses);
  const highest = Math.max(...losses);
  if (highest / lowest < LOGARITHMIC_FROM) return { type: "linear", ticks: 5, nice: true };
  const first = Math.floor(Math.log10(lowest));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(highest)) - first + 1 },
    (_, i) => 10 ** (first + i),
  );
  return { type: "log", domain: [decades[0]!, decades.at(-1)!], ticks: decades, tickFormat: "~g" };
}

/** The predictions over [−0.5, 1.5]², and the data as dots. */
export function surfaceChart(network: Network): string {
  return Plot.plot({
    document,
    style: STYLE,
    width: 380,
    height: 380,
    marginTop: 28,
    marginLeft: 40,
    marginBottom: 40,
    x: { label: "input a", domain: [LOW, HIGH], ticks: 4 },
    y: { label: "input b", domain: [LOW, HIGH], ticks: 4 },
    color: { type: "linear", domain: [0, 0.5, 1], range: [LOW_COLOR, MIDDLE_COLOR, HIGH_COLOR] },
    marks: [...surfaceMarks(network), ...dataMarks(predictAll(network))],
  }).outerHTML;
}

/** Bands of predictions, and the line at which the prediction is one half. */
function surfaceMarks(network: Network): Plot.Markish[] {
  const { data, ...grid } = sample(network);
  const line = { value: Plot.identity, thresholds: [0.5], stroke: INK, strokeWidth: 1.5 };
  return [
    Plot.contour(data, { ...grid, fill: Plot.identity, thresholds: BANDS }),
    Plot.contour(data, { ...grid, ...line }),
  ];
}

/** A dot for each input, in the colour of its target, and the prediction above the dot. */
function dataMarks(predictions: readonly number[]): Plot.Markish[] {
  const dot = { stroke: "#fff", strokeWidth: 2, r: 6.5 };
  const label = { dy: -16, fill: INK, stroke: "#fff" };
  return INPUTS.flatMap((input, i) => [
    Plot.dot([input], { ...dot, fill: DOT_COLORS[TARGETS[i]![0]!]! }),
    Plot.text([input], { ...label, text: [predictions[i]!.toFixed(2)] }),
  ]);
}

/** The predictions at the centres of a grid of cells, row by row from the lowest, and the extent of the grid. */
function sample(network: Network) {
  const begin = LOW - EDGE;
  const end = HIGH + EDGE;
  const centres = Array.from(
    { length: RESOLUTION },
    (_, i) => begin + ((i + 0.5) / RESOLUTION) * (end - begin),
  );
  const { data } = network.predict(centres.flatMap((b) => centres.map((a) => [a, b])));
  return { data, width: RESOLUTION, height: RESOLUTION, x1: begin, x2: end, y1: begin, y2: end, clip: true };
}

/** At most MAX_POINTS points at equal distances, and the last one. */
function subsample<T>(points: readonly T[]): T[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
}
