// What a model predicts: classes or numbers. A target is plain data.

import { BackpropError, standardScaler } from "../index.js";
import { exp, log } from "../random/elementary.js";
import { show } from "../show.js";
import {
  type OptionsOf,
  ofType,
  oneOf,
  readOptions,
  requireFinite,
  requireFull,
  requirePositive,
} from "../validation.js";
import type { ColumnType } from "./cells.js";
import type { Column } from "./columns.js";

export type Task = "classification" | "regression";

/** A class, as it is in the table. */
export type ClassName = string | number;

/** Classes: the network predicts the probability of each. */
export interface ClassTarget {
  readonly name: string;
  readonly task: "classification";
  /** In increasing order; texts in the order of their UTF-16 code units. */
  readonly classes: readonly ClassName[];
}

/** Numbers: the network predicts (y − center) / scale, or (log y − center) / scale. */
export interface NumberTarget {
  readonly name: string;
  readonly task: "regression";
  readonly log: boolean;
  readonly center: number;
  readonly scale: number;
}

export type Target = ClassTarget | NumberTarget;

/** A task, and why it was chosen. */
export interface Choice {
  readonly task: Task;
  readonly reason: string;
}

/** Whole numbers are classes if there are at most this many different ones … */
const MAX_CLASSES = 20;

/** … and each is in at least this many rows, on average. 0 and 1 are always classes. */
const MIN_ROWS = 5;

/** The smallest normal number: `log` does not know smaller ones. */
const MIN_NORMAL = 2 ** -1022;

/** `column`: without missing values. @throws BackpropError `invalidOption` or `invalidData` if the task cannot be. */
export function chooseTask(column: Column, given: Task | undefined): Choice {
  const found = guessTask(column);
  const task = given ?? found.task;
  const classes = new Set<ClassName>(column.values).size;
  const name = show(column.name);
  if (task === "regression" && column.type === "category") {
    throw new BackpropError(
      "invalidOption",
      `task is "regression", but ${name} has texts, such as ${show(column.values[0])}; expected numbers.`,
    );
  }
  if (task === "classification" && classes < 2) {
    throw new BackpropError(
      "invalidData",
      `${name} is ${show(column.values[0])} in all rows; expected two classes or more.`,
    );
  }
  if (task === "classification" && classes === column.values.length && classes > MAX_CLASSES) {
    throw new BackpropError(
      "invalidData",
      `${name} has ${classes} classes in ${classes} rows; expected several rows of each class.`,
    );
  }
  return given ? { task, reason: `the option task is ${show(given)}` } : found;
}

function guessTask({ name, type, values }: Column): Choice {
  const different = new Set<ClassName>(values);
  const count = `${different.size} different`;
  if (type === "category") {
    return { task: "classification", reason: `${show(name)} has texts, ${count} ones` };
  }
  const isBinary = [...different].every((value) => value === 0 || value === 1);
  const isWhole = [...different].every(Number.isInteger);
  if (isBinary) return { task: "classification", reason: `${show(name)} is 0 or 1` };
  const isEnough = different.size <= MAX_CLASSES && values.length >= MIN_ROWS * different.size;
  const numbers = `${count} ${isWhole ? "whole " : ""}numbers in ${values.length} rows`;
  return {
    task: isWhole && isEnough ? "classification" : "regression",
    reason: `${show(name)} has ${numbers}`,
  };
}

/** The type in which the target's column is read. */
export function typeOfTarget(target: Target): ColumnType {
  return target.task === "classification" && typeof target.classes[0] === "string" ? "category" : "number";
}

/** `column`: all rows, without missing values, for classes; the training rows for numbers. */
export function fitTarget({ name, values }: Column, task: Task, isLog: boolean): Target {
  if (task === "classification") {
    const classes = [...new Set<ClassName>(values)].sort(ascending);
    return { name, task, classes: Object.freeze(classes) };
  }
  const numbers = isLog ? logarithmsOf(name, values as Float64Array) : (values as Float64Array);
  const scaler = standardScaler().fit(numbers);
  return { name, task, log: isLog, center: scaler.center[0]!, scale: scaler.scale[0]! };
}

/** -1, 0 or 1: two numbers, or two texts. */
function ascending(a: ClassName, b: ClassName): number {
  return a < b ? -1 : Number(a > b);
}

function logarithmsOf(name: string, values: Float64Array): Float64Array {
  return values.map((value) => {
    if (value >= MIN_NORMAL) return log(value);
    throw new BackpropError(
      "invalidData",
      `log is true, but ${show(name)} is ${value} in a row; expected numbers above 0.`,
    );
  });
}

/** The targets of the network [rows]: labels, or scaled numbers. @throws BackpropError `invalidLabel`, `invalidData`. */
export function encodeTarget(target: Target, values: Column["values"]): Float64Array {
  if (target.task === "regression") {
    const { name, log: isLog, center, scale } = target;
    const numbers = isLog ? logarithmsOf(name, values as Float64Array) : (values as Float64Array);
    return numbers.map((y) => (y - center) / scale);
  }
  const labels = new Map(target.classes.map((name, label) => [name, label]));
  return Float64Array.from(values as Iterable<number>, (value) => {
    const label = labels.get(value);
    if (label !== undefined) return label;
    throw new BackpropError(
      "invalidLabel",
      `${show(target.name)} is ${show(value)} in a row; expected one of ${target.classes.slice(0, 20).map(show).join(", ")}.`,
    );
  });
}

/** A number in original units from an output of the network. */
export function decodeNumber({ log: isLog, center, scale }: NumberTarget, output: number): number {
  const number = output * scale + center;
  return isLog ? exp(number) : number;
}

const checkedLater = () => {};

const requireName = (argument: string, value: unknown) => {
  if (typeof value === "string") return;
  throw new BackpropError("invalidOption", `${argument} is ${show(value)}; expected the name of a column.`);
};

const CLASS_STATE: OptionsOf<ClassTarget> = {
  name: { check: requireName },
  task: { check: oneOf(["classification"]) },
  classes: { check: checkedLater },
};

const NUMBER_STATE: OptionsOf<NumberTarget> = {
  name: { check: requireName },
  task: { check: oneOf(["regression"]) },
  log: { check: ofType("boolean") },
  center: { check: requireFinite },
  scale: { check: requirePositive },
};

/** A checked copy of a target. @throws BackpropError `invalidOption` or `unknownName`. */
export function readTarget(given: unknown): Target {
  const reading = { prefix: "target.", isComplete: true };
  const { task } = Object(given) as Target;
  if (task !== "classification") return Object.freeze(readOptions("target", given, NUMBER_STATE, reading));
  const read = readOptions("target", given, CLASS_STATE, reading);
  requireFull("target.classes", read.classes, 2 ** 20);
  const classes = Array.from(read.classes);
  const type = typeof classes[0];
  const isValid = classes.every(
    (name) => typeof name === type && (type === "string" || Number.isFinite(name)),
  );
  if (isValid && new Set(classes).size === classes.length && classes.length > 1) {
    return Object.freeze({ ...read, classes: Object.freeze(classes) });
  }
  throw new BackpropError(
    "invalidOption",
    `target.classes is ${show(given)}; expected two or more different texts, or numbers.`,
  );
}
