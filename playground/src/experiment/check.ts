// Whether an experiment can be: every value by the tables, and what concerns several values.

import {
  COMMON_OPTIMIZER_FIELDS,
  DATA_FIELDS,
  DATASETS,
  type DatasetChoice,
  LAYER_KINDS,
  LOSS_CHOICES,
  type LossChoice,
  MAX_COORDINATE,
  MAX_LAYERS,
  MAX_POINTS,
  OPTIMIZERS,
  OUTPUT_FIELDS,
  SCHEDULES,
  TRAINING_FIELDS,
  WARMUP_FIELD,
} from "./choices.js";
import type { Experiment } from "./experiment.js";
import {
  checkValue,
  checkValues,
  ExperimentError,
  type Fields,
  integer,
  requireObject,
  show,
} from "./fields.js";

const EXPERIMENT_KEYS = [
  ...["data", "layers", "output", "loss", "optimizer", "schedule"],
  ...Object.keys(TRAINING_FIELDS),
];

/**
 * The same experiment, if it can be.
 *
 * @throws ExperimentError with a sentence that names the value, what came and what was expected.
 */
export function checkExperiment(value: unknown): Experiment {
  requireKeys("The experiment", value, EXPERIMENT_KEYS);
  const { data, layers, output, loss, optimizer, schedule, ...training } = value;
  checkComplete("experiment", TRAINING_FIELDS, training);
  checkData(data);
  checkLayers(layers);
  checkValues("output", OUTPUT_FIELDS, output);
  checkNamed("loss", LOSS_CHOICES, {}, loss);
  checkNamed("optimizer", OPTIMIZERS, COMMON_OPTIMIZER_FIELDS, optimizer);
  checkSchedule(schedule);
  const experiment = value as unknown as Experiment;
  checkTogether(experiment);
  return experiment;
}

function checkData(data: unknown): void {
  requireKeys("data", data, [...Object.keys(DATA_FIELDS), "points", "table"], ["table"]);
  const { points, table, ...values } = data;
  checkComplete("data", DATA_FIELDS, values);
  checkPoints(points);
  if (table !== undefined) checkTable(table);
}

function checkPoints(points: unknown): void {
  if (!Array.isArray(points) || points.length > MAX_POINTS) {
    throw new ExperimentError(`data.points is ${show(points)}; expected at most ${MAX_POINTS} points.`);
  }
  const isPoint = (point: unknown) =>
    Array.isArray(point) &&
    point.length === 3 &&
    point.slice(0, 2).every((x) => typeof x === "number" && x >= -MAX_COORDINATE && x <= MAX_COORDINATE) &&
    (point[2] === 0 || point[2] === 1);
  const wrong = points.findIndex((point) => !isPoint(point));
  if (wrong < 0) return;
  throw new ExperimentError(
    `data.points[${wrong}] is ${show(points[wrong])}; expected [x, y, class], with x and y from ` +
      `${-MAX_COORDINATE} to ${MAX_COORDINATE} and the class 0 or 1.`,
  );
}

const CLASSES = integer("Classes", 2, 2, 1000);

function checkTable(table: unknown): void {
  requireKeys("data.table", table, ["file", "hash", "target", "columns", "classes"]);
  const { file, hash, target, columns, classes } = table;
  if (classes !== 0) checkValue("data.table.classes", CLASSES, classes);
  for (const [name, text] of Object.entries({ file, target })) {
    if (typeof text !== "string" || text === "") {
      throw new ExperimentError(`data.table.${name} is ${show(text)}; expected a text.`);
    }
  }
  if (/[/\\]/.test(file as string)) {
    // The program reads this file.
    throw new ExperimentError(
      `data.table.file is ${show(file)}; expected the name of a file, without a folder.`,
    );
  }
  if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new ExperimentError(`data.table.hash is ${show(hash)}; expected 64 hexadecimal digits.`);
  }
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every((name) => typeof name === "string")) {
    throw new ExperimentError(
      `data.table.columns is ${show(columns)}; expected the names of one or more columns.`,
    );
  }
  if (new Set(columns).size < columns.length || columns.includes(target as string)) {
    throw new ExperimentError(
      "data.table.columns names a column twice, or the target; expected each column once.",
    );
  }
}

function checkLayers(layers: unknown): void {
  if (!Array.isArray(layers) || layers.length > MAX_LAYERS) {
    throw new ExperimentError(
      `The network has ${Array.isArray(layers) ? layers.length : show(layers)} layers before its output layer; expected at most ` +
        `${MAX_LAYERS}.`,
    );
  }
  layers.forEach((layer: unknown, i) => {
    const path = `layers[${i}]`;
    requireObject(path, layer);
    const { kind, ...values } = layer;
    const fields = entryOf(`${path}.kind`, LAYER_KINDS, kind).fields;
    checkValues(path, fields, values);
  });
}

function checkSchedule(schedule: unknown): void {
  requireKeys("schedule", schedule, ["name", "options", "warmup"]);
  const { warmup, ...named } = schedule;
  checkValue("schedule.warmup", WARMUP_FIELD, warmup);
  checkNamed("schedule", SCHEDULES, {}, named);
}

type NamedTable = Readonly<Record<string, { readonly fields: Fields }>>;

function checkNamed(path: string, table: NamedTable, common: Fields, value: unknown): void {
  requireKeys(path, value, ["name", "options"]);
  const { name, options } = value;
  const { fields } = entryOf(`${path}.name`, table, name);
  checkValues(path, { ...fields, ...common }, options);
}

function entryOf<Entry>(path: string, table: Readonly<Record<string, Entry>>, name: unknown): Entry {
  if (typeof name === "string" && Object.hasOwn(table, name)) return table[name]!;
  throw new ExperimentError(`${path} is ${show(name)}; expected one of ${Object.keys(table).join(", ")}.`);
}

/** What concerns several values. */
function checkTogether({ data, loss, output, optimizer, schedule, gradients, layers }: Experiment): void {
  const { task, takesPoints }: DatasetChoice = DATASETS[data.dataset];
  if ((data.dataset === "table") !== (data.table !== undefined)) {
    throw new ExperimentError('data.table must be given for the data set "table", and for no other.');
  }
  if (data.points.length > 0 && !takesPoints) {
    throw new ExperimentError(`Points cannot be drawn on the data set "${data.dataset}": remove them.`);
  }
  const { tasks, activation, label }: LossChoice = LOSS_CHOICES[loss.name];
  if (task && !tasks.includes(task)) {
    throw new ExperimentError(
      `The loss "${label}" is for ${tasks.join(" or ")}, but the data set "${data.dataset}" is for ${task}: choose another loss.`,
    );
  }
  if (activation && output.activation !== activation) {
    throw new ExperimentError(
      `The loss "${label}" needs the output activation "${activation}", but it is "${output.activation}".`,
    );
  }
  const { nesterov, momentum } = optimizer.options;
  if (nesterov && !momentum) {
    throw new ExperimentError("Nesterov momentum needs a momentum above 0.");
  }
  const isPlain =
    schedule.name === "none" && schedule.warmup === 0 && layers.every(({ kind }) => kind === "dense");
  if (gradients === "forwardDifferences" && !isPlain) {
    throw new ExperimentError("Gradients by forward differences are for dense layers without a schedule.");
  }
}

/** Requires a value for every field. */
function checkComplete(path: string, fields: Fields, values: Readonly<Record<string, unknown>>): void {
  for (const [name, field] of Object.entries(fields)) checkValue(`${path}.${name}`, field, values[name]);
}

/** Requires an object with these keys and no other. */
function requireKeys(
  path: string,
  value: unknown,
  keys: readonly string[],
  optional: readonly string[] = [],
): asserts value is Readonly<Record<string, unknown>> {
  requireObject(path, value);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new ExperimentError(`${path} has no ${show(unknown)}; it has ${keys.join(", ")}.`);
  const missing = keys.find((key) => !Object.hasOwn(value, key) && !optional.includes(key));
  if (missing !== undefined) throw new ExperimentError(`${path} lacks ${show(missing)}.`);
}
