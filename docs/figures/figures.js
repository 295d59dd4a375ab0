// Draws the figures of the pages: `node docs/figures/figures.js`, after `npm run build`. The tests draw them again and
// compare each byte.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { readTable, trainTable } from "../../dist/table.js";

const { document } = parseHTML("<html></html>");

/** Colours of classes. They can be told apart on white and on black, and without seeing red or green. */
const COLORS = ["#2a78d6", "#e8871e", "#7b4fc9"];

const IRIS = new URL("../../examples/data/iris.csv", import.meta.url);
const [LENGTH, WIDTH] = ["petal length (cm)", "petal width (cm)"];
const SPECIES = ["setosa", "versicolor", "virginica"];

/** What the network has learned from two columns of iris.csv: the probability of each species. */
async function iris() {
  const table = await readTable(readFileSync(IRIS));
  const ignored = ["sepal length (cm)", "sepal width (cm)"].map((name) => [name, { type: "ignore" }]);
  const model = await trainTable(table, { target: "class", seed: 1, columns: Object.fromEntries(ignored) });
  const [x, y] = [
    { label: "petal length, cm", domain: [0.7, 7.2] },
    { label: "petal width, cm", domain: [-0.1, 2.7] },
  ];
  const [x1, x2, y1, y2] = [...extended(x.domain), ...extended(y.domain)];
  const cells = gridOf([x1, x2], [y1, y2]).map(([length, width]) => ({ [LENGTH]: length, [WIDTH]: width }));
  const predictions = model.predict(cells);
  const grid = { width: CELLS, height: CELLS, x1, x2, y1, y2, clip: true };
  const flowers = Array.from({ length: table.rows }, (_, row) => ({
    length: table.column(LENGTH).values[row],
    width: table.column(WIDTH).values[row],
    class: table.column("class").values[row],
  }));
  return draw({
    width: 480,
    height: 400,
    marginBottom: 44,
    x,
    y,
    marks: [
      SPECIES.map((_, i) =>
        Plot.contour(
          predictions.map(({ probabilities }) => probabilities[i]),
          { ...grid, value: Plot.identity, thresholds: LEVELS, fill: COLORS[i], fillOpacity: 0.13 },
        ),
      ),
      Plot.dot(flowers, {
        x: "length",
        y: "width",
        r: 3.2,
        fill: (flower) => COLORS[flower.class],
        stroke: "#fff",
        strokeWidth: 0.8,
      }),
    ],
  });
}

/** Each level above one half makes the colour of a class one step stronger. */
const LEVELS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.97];

/** Numbers in a row and in a column of a grid of predictions. */
const CELLS = 60;

/** The interval and a little more on both sides: contours close along the edge of the grid, which is then not visible. */
function extended([low, high]) {
  const edge = (high - low) / 20;
  return [low - edge, high + edge];
}

/** The centres of the cells, row by row from the lowest. */
function gridOf(xs, ys) {
  const centres = ([low, high]) =>
    Array.from({ length: CELLS }, (_, i) => low + ((i + 0.5) / CELLS) * (high - low));
  return centres(ys).flatMap((y) => centres(xs).map((x) => [x, y]));
}

function draw(options) {
  const svg = Plot.plot({ document, style: { fontSize: "12px", color: "#757575" }, ...options });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return rounded(svg.outerHTML);
}

/** With one decimal: the file is a fifth as large. */
function rounded(svg) {
  return svg.replace(/-?\d+\.\d\d+/g, (number) => String(Number(Number(number).toFixed(1))));
}

/** The figures by the names of their files. */
export const FIGURES = { "iris.svg": iris };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(FIGURES)) {
    writeFileSync(new URL(name, import.meta.url), `${await draw()}\n`);
  }
}
