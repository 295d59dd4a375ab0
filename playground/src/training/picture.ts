// What a network predicts, as a picture: over the plane or a line, or by class, or beside the targets.

import type { Data, DataPart } from "../data/data.js";
import { classesOf, targetFormOf } from "../experiment/outputs.js";
import type { Bounds, FittedCurve, Picture, Surface } from "./messages.js";
import type { AnyNetwork, LoadedPart, Model } from "./model.js";

/** Cells along one side of a surface: fewer for larger networks, so that a picture takes a few milliseconds. */
const MAX_SIDE = 64;
const MIN_SIDE = 16;
/** Multiplications for one picture. */
const MAX_PRODUCTS = 20_000_000;

const CURVE_POINTS = 200;

/** The outputs of a network for rows: [rows · outputs]. */
export interface Outputs {
  readonly data: ArrayLike<number>;
  readonly width: number;
}

/** The predictions for a part of the rows. */
export interface Predicted extends LoadedPart {
  readonly of: "training" | "validation";
  readonly outputs: Outputs;
}

/** Draws pictures of one model. */
export class Painter {
  readonly #model: Model;
  readonly #bounds: Bounds | undefined;
  readonly #side: number;
  /** The inputs for which pictures are computed: the cells of a surface, or the points of a curve. */
  readonly #grid: { readonly data: Float32Array; readonly shape: readonly number[] } | undefined;

  constructor(model: Model) {
    const { inputs, parameters } = model.opened;
    this.#model = model;
    this.#side = Math.min(MAX_SIDE, Math.max(MIN_SIDE, Math.floor(Math.sqrt(MAX_PRODUCTS / parameters))));
    if (inputs > 2) return;
    this.#bounds = boundsOf(model);
    const data = inputs === 2 ? cells(this.#bounds, this.#side) : line(this.#bounds.x, CURVE_POINTS);
    this.#grid = { data, shape: [data.length / inputs, inputs] };
  }

  /** What the network predicts. @param predicted Its outputs for validation rows, or without these for training rows. */
  paint(predicted: Predicted): Picture {
    const { network, data, experiment, opened } = this.#model;
    if (!this.#grid)
      return opened.task === "classes" ? confusion(predicted, this.#model) : scatter(predicted, data);
    const { data: outputs, shape } = network.predict(this.#grid);
    const values = valuesOf({ data: outputs, width: shape[1]! }, this.#model);
    return this.#picture(values, opened.task === "classes" ? classRange(experiment) : rangeOf(data));
  }

  /** The outputs of one unit of a network whose last layer has it; undefined for more than two inputs. */
  paintUnit(network: AnyNetwork, unit: number): Surface | FittedCurve | undefined {
    if (!this.#grid) return undefined;
    const { data, shape } = network.predict(this.#grid);
    const values = column({ data, width: shape[1]! }, unit);
    return this.#picture(values, spanOf(values));
  }

  #picture(values: Float32Array, range: readonly [number, number]): Surface | FittedCurve {
    const bounds = this.#bounds!;
    if (this.#model.opened.inputs === 2) {
      return { kind: "surface", bounds, columns: this.#side, rows: this.#side, values, range };
    }
    return { kind: "curve", bounds, x: this.#grid!.data.slice(), y: values };
  }
}

/** Numbers: in the units of the data. Two classes: the output for class 1. More: the class. */
function valuesOf(outputs: Outputs, { data: { scale }, opened }: Model): Float32Array {
  if (opened.task === "number") return column(outputs, 0).map((value) => scale.offset + scale.factor * value);
  if (opened.classes.length === 2) return column(outputs, outputs.width - 1);
  return Float32Array.from({ length: outputs.data.length / outputs.width }, (_, row) =>
    largest(outputs, row),
  );
}

function column({ data, width }: Outputs, index: number): Float32Array {
  return Float32Array.from({ length: data.length / width }, (_, row) => data[row * width + index]!);
}

function largest({ data, width }: Outputs, row: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) {
    if (data[row * width + i]! > data[row * width + best]!) best = i;
  }
  return best;
}

/** The output that means class 0, and the one that means class 1 (of more classes: the last class). */
function classRange(experiment: Model["experiment"]): readonly [number, number] {
  const classes = classesOf(experiment.data);
  if (classes > 2) return [0, classes - 1];
  return targetFormOf(experiment) === "signs" ? [-1, 1] : [0, 1];
}

/** The predicted class of each row. */
export function predictedClasses(outputs: Outputs, { experiment }: Model): number[] {
  const rows = outputs.data.length / outputs.width;
  if (outputs.width > 1) return Array.from({ length: rows }, (_, row) => largest(outputs, row));
  const [low, high] = classRange(experiment);
  return Array.from(outputs.data, (output) => Number(output > (low + high) / 2));
}

/** The predicted numbers, in the units of the data. */
export function predictedNumbers({ data }: Outputs, { scale }: Data): Float32Array {
  return Float32Array.from(data, (output) => scale.offset + scale.factor * output);
}

function confusion({ of, outputs, part }: Predicted, model: Model): Picture {
  const classes = model.opened.classes.length;
  const counts = new Float64Array(classes * classes);
  for (const [row, label] of predictedClasses(outputs, model).entries()) {
    counts[part.values[row]! * classes + label]!++;
  }
  return { kind: "confusion", of, counts };
}

function scatter({ of, outputs, part }: Predicted, data: Data): Picture {
  const predictions = predictedNumbers(outputs, data);
  return { kind: "scatter", of, targets: Float32Array.from(part.values), predictions, range: rangeOf(data) };
}

/** The least and the largest target of all rows. */
function rangeOf({ training, validation }: Data): [number, number] {
  return spanOf([...Array.from(training.values), ...Array.from(validation?.values ?? [])]);
}

function spanOf(values: ArrayLike<number>): [min: number, max: number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  return [min, max];
}

/** The rectangle that is drawn. Generated data sets: a square around 0. */
function boundsOf({ data, opened, experiment }: Model): Bounds {
  const parts = [data.training, ...(data.validation ? [data.validation] : [])];
  const x = spanOf(parts.flatMap((part) => coordinate(part, 0)));
  const isTable = experiment.data.table !== undefined;
  if (opened.inputs === 1) {
    return { x: isTable ? widened(x, 0.05) : square(x), y: widened(rangeOf(data), 0.2) };
  }
  const y = spanOf(parts.flatMap((part) => coordinate(part, 1)));
  if (isTable) return { x: widened(x, 0.05), y: widened(y, 0.05) };
  const both = square([Math.min(x[0], y[0]), Math.max(x[1], y[1])]);
  return { x: both, y: both };
}

function coordinate({ inputs: { data, shape } }: DataPart, index: number): number[] {
  return Array.from({ length: shape[0]! }, (_, row) => data[row * shape[1]! + index]!);
}

/** ±1.2, or more if the points are further out. */
function square([min, max]: readonly [number, number]): [number, number] {
  const reach = Math.max(1.2, Math.ceil(10 * Math.max(-min, max)) / 10);
  return [-reach, reach];
}

function widened([min, max]: readonly [number, number], share: number): [number, number] {
  const margin = max > min ? share * (max - min) : 1;
  return [min - margin, max + margin];
}

/** The middles of side · side cells, row by row. */
function cells({ x, y }: Bounds, side: number): Float32Array {
  const middle = ([min, max]: readonly [number, number], i: number) => min + ((i + 0.5) / side) * (max - min);
  const points = new Float32Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      points[2 * (row * side + column)] = middle(x, column);
      points[2 * (row * side + column) + 1] = middle(y, row);
    }
  }
  return points;
}

function line([min, max]: readonly [number, number], points: number): Float32Array {
  return Float32Array.from({ length: points }, (_, i) => min + (i / (points - 1)) * (max - min));
}
