// The commands that use a model: predict and evaluate.

import type { ClassPrediction, TableModel } from "../table.js";
import { readDataFor, readTablesFor } from "./data.js";
import { loadModel } from "./modelFile.js";
import {
  figure,
  isOutputClosed,
  note,
  print,
  printJson,
  printTable,
  STANDARD_OUTPUT,
  type Status,
} from "./output.js";
import { openOutput } from "./outputFile.js";
import { createRowProgress } from "./progress.js";

/** Predicts some rows after the others, and writes as it goes: the data may be larger than memory. */
export async function predict(
  file: string,
  data: string,
  { out }: { readonly out?: string },
): Promise<Status> {
  const model = await loadModel(file);
  const output = out === undefined ? STANDARD_OUTPUT : openOutput(out);
  const progress = createRowProgress();
  let rows = 0;
  try {
    for await (const table of readTablesFor(model, data)) {
      const lines = linesOf(model.predict(table));
      if (rows === 0) lines.unshift(headOf(model));
      await output.write(`${lines.join("\n")}\n`);
      if (isOutputClosed()) break;
      rows += table.rows;
      progress.show(rows);
    }
    output.end();
  } finally {
    progress.end();
    output.discard();
  }
  if (out !== undefined) note(`${rows} predictions: ${out}`);
  return 0;
}

/** The names of the columns of `linesOf`. */
function headOf({ target }: TableModel): string {
  const names = target.task === "classification" ? [target.name, "probability"] : [target.name];
  return names.map(cellOf).join(",");
}

/** A line for each prediction. */
function linesOf(predictions: readonly (ClassPrediction | number)[]): string[] {
  return predictions.map((answer) =>
    typeof answer === "number" ? cellOf(answer) : `${cellOf(answer.class)},${answer.probability}`,
  );
}

/** RFC 4180. */
function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export async function evaluate(
  file: string,
  data: string,
  { json }: { readonly json?: boolean },
): Promise<Status> {
  const model = await loadModel(file);
  const table = await readDataFor(model, data);
  const evaluation = model.evaluate(table);
  const { confusionMatrix, ...figures } = { confusionMatrix: undefined, ...evaluation };
  const matrix = confusionMatrix && rowsOf(confusionMatrix.data, model.classes.length);
  if (json) {
    printJson({
      task: model.task,
      target: model.target.name,
      rows: table.rows,
      ...figures,
      ...(matrix && { classes: model.classes, confusionMatrix: matrix }),
    });
    return 0;
  }
  const text = Object.entries(figures).map(([name, value]) => `${name} ${figure(value as number)}`);
  print(`${model.task} of ${model.target.name}, ${table.rows} rows: ${text.join(", ")}`);
  if (!matrix) return 0;
  const head = ["actual \\ predicted", ...model.classes];
  printTable([head, ...matrix.map((counts, i) => [model.classes[i]!, ...counts])]);
  return 0;
}

function rowsOf(data: ArrayLike<number>, width: number): number[][] {
  const values = Array.from(data);
  return Array.from({ length: width }, (_, i) => values.slice(i * width, (i + 1) * width));
}
