// The report: one HTML page that loads no other files.

import { type ComparisonRow, compare, markOf } from "../comparison.js";
import type { Result } from "../run.js";
import { lossChart, surfaceChart } from "./charts.js";
import { STYLE } from "./style.js";

export function renderReport(results: readonly Result[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Six networks learn XOR</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Six networks learn XOR</h1>
<p>Five notebooks train a small network to compute whether two inputs differ; one of them does it twice. backprop-wasm
trains the same networks from the same random numbers. The tables compare its figures with the ones that the notebooks
print.</p>
</header>
<main>
${overview(results)}
${results.map(programSection).join("\n")}
</main>
</body>
</html>
`;
}

function overview(results: readonly Result[]): string {
  return `<div class="scrolling"><table class="overview">
<thead><tr><th></th><th>Program</th><th>Epochs</th><th>Time</th><th>Final loss</th><th>Equal figures</th></tr></thead>
<tbody>${results.map(overviewRow).join("\n")}</tbody>
</table></div>`;
}

function overviewRow(result: Result): string {
  const { program, curve, milliseconds } = result;
  const cells = [
    `<code>${program.name}</code>`,
    `<a href="#program-${program.name}">${program.title}</a>`,
    program.epochs.toLocaleString("en"),
    `${milliseconds.toFixed(0)} ms`,
    curve.points.at(-1)!.loss.toPrecision(3),
    agreement(compare(result).rows),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function agreement(rows: readonly ComparisonRow[]): string {
  const comparable = rows.filter(({ agrees }) => agrees !== undefined);
  if (comparable.length === 0) return "–";
  return `${comparable.filter(({ agrees }) => agrees).length} of ${comparable.length}`;
}

function programSection(result: Result): string {
  const { program, curve, network } = result;
  const { rows, verdict } = compare(result);
  return `<section id="program-${program.name}">
<h2><code>${program.name}</code>${program.title}</h2>
<p>${program.description}</p>
<div class="columns">
<div>
<figure><figcaption>Loss</figcaption>${lossChart(curve)}</figure>
<figure><figcaption>Prediction</figcaption>
<div class="surface">${surfaceChart(network)}<div class="legend">1<div class="ramp"></div>0</div></div>
<p class="note">Dots: the data, in the colour of their target. Line: the prediction is one half.</p></figure>
</div>
<div>
<div class="scrolling"><table>
<thead><tr><th>Figure</th><th>Printed</th><th>Ours</th><th></th></tr></thead>
<tbody>${rows.map(tableRow).join("\n")}</tbody>
</table></div>
<p class="note">${verdict}</p>
</div>
</div>
</section>`;
}

function tableRow(row: ComparisonRow): string {
  const kind = row.agrees ? "good" : "bad";
  return `<tr><td>${row.label}</td><td>${row.printed}</td><td>${row.ours}</td><td class="${kind}">${markOf(row)}</td></tr>`;
}
