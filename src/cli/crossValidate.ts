// The command cv.

import { kFold, stratifiedFolds } from "../index.js";
import { type Table, type TableEvaluation, trainTable } from "../table.js";
import { readTrainingData } from "./data.js";
import { figure, note, print, printJson, type Status } from "./output.js";
import { type Settings, trainOptions } from "./settings.js";

export interface CrossValidationOptions {
  readonly folds: number;
  readonly threads?: number;
  readonly json?: boolean;
}

type Figures = Readonly<Record<string, number>>;

/** Trains on all folds but one, and evaluates on that one. Early stopping looks at a part of the training folds. */
export async function crossValidate(
  data: string,
  settings: Settings,
  options: CrossValidationOptions,
): Promise<Status> {
  const { folds, threads, json } = options;
  const table = await readTrainingData(data, settings);
  const figures: Figures[] = [];
  let task = settings.task;
  for (const { training, validation } of foldsOf(table, settings, folds)) {
    const model = await trainTable(table.select(training), {
      ...trainOptions(settings),
      ...(task && { task }),
      ...(threads !== undefined && { threads }),
    });
    if (!task) note(`${model.task}: ${model.reason}`);
    // The other folds have the same task, whatever their rows are.
    task = model.task;
    figures.push(numbersOf(model.evaluate(table.select(validation))));
    model.network.dispose();
    if (!json) print(`fold ${figures.length}/${folds}: ${describe(figures.at(-1)!)}`);
  }
  const mean = combine(figures, (values) => meanOf(values));
  const standardDeviation = combine(figures, (values) => {
    const center = meanOf(values);
    return Math.sqrt(meanOf(values.map((x) => (x - center) ** 2)));
  });
  if (json) printJson({ task, folds: figures, mean, standardDeviation });
  else print(`mean: ${describe(mean)}\nstandard deviation: ${describe(standardDeviation)}`);
  return 0;
}

/** Stratified if the target has classes of enough rows each. */
function foldsOf(table: Table, { target, task, seed = 0 }: Settings, folds: number) {
  const { values } = table.column(target);
  const present = Array.from({ length: table.rows }, (_, i) => i).filter((i) => {
    return values[i] !== "" && !Number.isNaN(values[i]);
  });
  const classes = [...new Set<string | number>(present.map((i) => values[i]!))];
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const labels = Uint32Array.from(present, (i) => numbers.get(values[i]!)!);
  const isStratified = task !== "regression" && classes.every((_, label) => countOf(labels, label) >= folds);
  const parts = isStratified
    ? stratifiedFolds(labels, { folds, seed })
    : kFold(present.length, { folds, seed });
  return Array.from(parts, ({ training, validation }) => ({
    training: Uint32Array.from(training, (i) => present[i]!),
    validation: Uint32Array.from(validation, (i) => present[i]!),
  }));
}

function countOf(labels: Uint32Array, label: number): number {
  return labels.reduce((count, each) => count + Number(each === label), 0);
}

function numbersOf(evaluation: TableEvaluation): Figures {
  return Object.fromEntries(Object.entries(evaluation).filter(([, value]) => typeof value === "number"));
}

function combine(figures: readonly Figures[], work: (values: number[]) => number): Figures {
  const names = Object.keys(figures[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, work(figures.map((each) => each[name]!))]));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function describe(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${figure(value)}`)
    .join(", ");
}
