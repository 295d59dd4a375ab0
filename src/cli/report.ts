// The report of a training: one page of HTML that needs no other file.

import type { Matrix } from "../index.js";
import type { Table, TrainedModel } from "../table.js";
import { escapeHtml, lineChart, scatterChart } from "./chart.js";
import { permutationImportance } from "./importance.js";
import { figure } from "./output.js";

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}
svg{font-size:12px;margin:0 1em 1em 0}table{border-collapse:collapse}
td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}.bar{background:#2563eb;height:10px}
pre{background:#f5f5f5;padding:1em;overflow:auto}`;

/** More points than these make the page slow. */
const MAX_POINTS = 2000;

/** `table`: the one that the model was trained on. */
export function reportOf(model: TrainedModel, table: Table): string {
  const { target, task, reason, report, history, network, split } = model;
  const rows = table.select(split.validation.length > 0 ? split.validation : split.training);
  const part = split.validation.length > 0 ? "validation" : "training";
  const title = `${target.name}: ${task}`;
  const sections = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(reason)}. ${report.trainingRows} training rows, ${report.validationRows} validation rows. ` +
      `${history.loss.length} epochs, ended by ${history.stopped}.</p>`,
    listOf(model),
    "<h2>Training</h2><p>The dashed line is the best epoch.</p>",
    curvesOf(model),
    `<h2>${task === "classification" ? "Confusion matrix" : "Residuals"} of the ${part} rows</h2>`,
    answersOf(model, rows),
    "<h2>Importance of the columns</h2>" +
      `<p>By how much ${task === "classification" ? "the accuracy" : "R²"} of the ${part} rows falls if the values ` +
      "of a column are permuted.</p>",
    importanceTable(model, rows),
    `<h2>Network</h2><pre>${escapeHtml(network.summary())}</pre>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body>
${sections.join("\n")}
</body></html>
`;
}

function listOf({ validation, report }: TrainedModel): string {
  const figures = Object.entries(validation ?? {}).filter(([, value]) => typeof value === "number");
  const items = [
    ...figures.map(([name, value]) => `validation ${name}: ${figure(value)}`),
    ...report.dropped.map(({ column, reason }) => `dropped: ${column} (${reason})`),
    ...report.imputed.map(({ column, rows }) => `missing values: ${column} in ${rows} rows`),
  ];
  return `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

function curvesOf({ history }: TrainedModel): string {
  const { loss, validationLoss, bestEpoch } = history;
  const mark = bestEpoch === undefined ? undefined : bestEpoch + 1;
  const chart = (name: string, training: readonly number[], validation: readonly number[]) =>
    lineChart(
      name,
      [
        { name: `training ${name}`, values: training },
        { name: `validation ${name}`, values: validation },
      ],
      mark,
    );
  const metric =
    "accuracy" in history
      ? chart("accuracy", history.accuracy, history.validationAccuracy)
      : chart("R²", history.r2, history.validationR2);
  return chart("loss", loss, validationLoss) + metric;
}

function answersOf(model: TrainedModel, rows: Table): string {
  const { target } = model;
  const evaluation = model.evaluate(rows);
  if ("confusionMatrix" in evaluation) return confusionTable(model.classes, evaluation.confusionMatrix);
  const actual = rows.column(target.name).values as Float64Array;
  const predictions = (model.predict(rows) as number[]).slice(0, MAX_POINTS);
  const residuals = predictions.map((prediction, i) => actual[i]! - prediction);
  return scatterChart("residuals", predictions, residuals, "prediction; upwards: actual − predicted");
}

function confusionTable(classes: TrainedModel["classes"], { data }: Matrix): string {
  const head = classes.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
  const rows = classes.map((name, i) => {
    const counts = Array.from(data.subarray(i * classes.length, (i + 1) * classes.length));
    return `<tr><th>${escapeHtml(name)}</th>${counts.map((count) => `<td>${count}</td>`).join("")}</tr>`;
  });
  return `<table><tr><th>actual \\ predicted</th>${head}</tr>${rows.join("")}</table>`;
}

function importanceTable(model: TrainedModel, rows: Table): string {
  const importances = permutationImportance(model, rows);
  const largest = Math.max(...importances.map(({ drop }) => drop), Number.MIN_VALUE);
  const cells = importances.map(({ column, drop }) => {
    const width = Math.max(0, Math.round((200 * drop) / largest));
    const bar = `<div class="bar" style="width:${width}px"></div>`;
    return `<tr><td>${escapeHtml(column)}</td><td>${figure(drop)}</td><td>${bar}</td></tr>`;
  });
  return `<table>${cells.join("")}</table>`;
}
