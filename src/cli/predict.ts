// The commands that use a model: predict and evaluate.

import { once } from "node:events";
import { saveFile } from "../node.js";
import type { ClassPrediction, TableModel } from "../table.js";
import { readDataFor } from "./data.js";
import { loadModel } from "./modelFile.js";
import { figure, isOutputClosed, note, print, printJson, printTable, type Status } from "./output.js";

/** Lines that are written at once. */
const CHUNK = 4096;

export async function predict(
  file: string,
  data: string,
  { out }: { readonly out?: string },
): Promise<Status> {
  const model = await loadModel(file);
  const lines = linesOf(model, model.predict(await readDataFor(model, data)));
  if (out === undefined) {
    await writeLines(lines);
    return 0;
  }
  await saveFile(new TextEncoder().encode(`${lines.join("\n")}\n`), out);
  note(`${lines.length - 1} predictions: ${out}`);
  return 0;
}

/** A line with the names of the columns, and one for each prediction. */
function linesOf({ target }: TableModel, predictions: readonly (ClassPrediction | number)[]): string[] {
  const names = target.task === "classification" ? [target.name, "probability"] : [target.name];
  const rows = predictions.map((answer) =>
    typeof answer === "number" ? [answer] : [answer.class, answer.probability],
  );
  return [names, ...rows].map((row) => row.map(cellOf).join(","));
}

/** RFC 4180. */
function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function writeLines(lines: readonly string[]): Promise<void> {
  for (let begin = 0; begin < lines.length && !isOutputClosed(); begin += CHUNK) {
    const isWritten = process.stdout.write(`${lines.slice(begin, begin + CHUNK).join("\n")}\n`);
    if (!isWritten)
      await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(() => {});
  }
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
