// Generated data sets. They use only the random numbers and the elementary functions of the library, so that they have
// the same bits in every engine.

import { type NumpyRandom, numpyRandom, Tensor } from "../index.js";
import { cos, sin } from "../random/elementary.js";
import {
  integerWithin,
  type OptionsOf,
  readOptions,
  requireInteger,
  requireNotNegative,
} from "../validation.js";

export interface DatasetOptions {
  /** The number of rows, from 1 to 10 million; default 200. */
  readonly rows?: number;
  /**
   * The standard deviation of the normal noise that is added; 0 or more, default 0. For classes, it is added to each
   * coordinate after the class was chosen; for numbers, to the target.
   */
  readonly noise?: number;
  /** An integer from 0 to 2³² − 1; default 0. The numbers are drawn from `numpyRandom(seed)`. */
  readonly seed?: number;
}

/** Rows for `fit`, in float64. */
export interface GeneratedRows {
  /** [rows, inputs], about within [−1, 1]. */
  readonly inputs: Tensor;
  /** [rows, 1]. The class, 0 or 1, or the number to predict. */
  readonly targets: Tensor;
}

const OPTIONS: OptionsOf<DatasetOptions> = {
  rows: { check: integerWithin(1, 10_000_000), default: 200 },
  noise: { check: requireNotNegative, default: 0 },
  seed: { check: (argument, value) => requireInteger(argument, value, 0, 2 ** 32 - 1), default: 0 },
};

/** Draws the inputs of row number `row`. */
type Draw = (random: NumpyRandom, row: number) => readonly number[];

/**
 * XOR of signs: points in the square, at least 0.1 from both axes; class 1 where x and y have different signs. Each
 * quadrant has a quarter of the rows.
 *
 * @throws BackpropError `invalidOption`, as all functions of this entry point, for options out of their range.
 */
export function xor(options: DatasetOptions = {}): GeneratedRows {
  return classes("xor", options, (random, row) => {
    const [x, y] = [between(random, 0.1, 1), between(random, 0.1, 1)];
    return [row % 4 < 2 ? x : -x, row % 4 === 0 || row % 4 === 3 ? y : -y];
  });
}

/** A ring of radius 0.75 to 1, class 0, around a disk of radius 0.5, class 1. Both are evenly filled. */
export function circles(options: DatasetOptions = {}): GeneratedRows {
  return classes("circles", options, (random, row) => {
    const square = row % 2 === 0 ? between(random, 0.75 * 0.75, 1) : between(random, 0, 0.25);
    return polar(Math.sqrt(square), between(random, 0, 1));
  });
}

/**
 * Two arms of an Archimedean spiral, each of one and a half turns: radius t and t · 1.5 turns, for t uniform in [0, 1).
 * The arm of class 1 is the other one rotated by half a turn.
 */
export function spiral(options: DatasetOptions = {}): GeneratedRows {
  return classes("spiral", options, (random, row) => {
    const t = between(random, 0, 1);
    return polar(t, 1.5 * t + 0.5 * (row % 2));
  });
}

/**
 * Two interleaving half circles, as scikit-learn's `make_moons`, moved and scaled: (x − 0.5) / 1.5 and (y − 0.25) / 1.5.
 */
export function moons(options: DatasetOptions = {}): GeneratedRows {
  return classes("moons", options, (random, row) => {
    const [x, y] = polar(1, between(random, 0, 0.5));
    return row % 2 === 0 ? [(x - 0.5) / 1.5, (y - 0.25) / 1.5] : [(0.5 - x) / 1.5, (0.25 - y) / 1.5];
  });
}

/** Two normal distributions of deviation 0.15: class 0 around (−0.5, −0.5), class 1 around (0.5, 0.5). */
export function gaussians(options: DatasetOptions = {}): GeneratedRows {
  return classes("gaussians", options, (random, row) => {
    const middle = (row % 2) - 0.5;
    return [normal(random, middle, 0.15), normal(random, middle, 0.15)];
  });
}

/** sin(2πx), for x uniform in [−1, 1). */
export function sine(options: DatasetOptions = {}): GeneratedRows {
  return numbers("sine", options, 1, ([x]) => sin(radians(x!)));
}

/** (x + y) / 2, for x and y uniform in [−1, 1). */
export function plane(options: DatasetOptions = {}): GeneratedRows {
  return numbers("plane", options, 2, ([x, y]) => (x! + y!) / 2);
}

/** Rows of the classes 0, 1, 0, 1, …: both have the same number of rows, or class 0 one more. */
function classes(name: string, options: DatasetOptions, draw: Draw): GeneratedRows {
  return generate(name, options, 2, (random, row, noise) => ({
    inputs: draw(random, row).map((coordinate) => noisy(random, coordinate, noise)),
    target: row % 2,
  }));
}

function numbers(
  name: string,
  options: DatasetOptions,
  columns: number,
  targetOf: (inputs: readonly number[]) => number,
): GeneratedRows {
  return generate(name, options, columns, (random, _, noise) => {
    const inputs = Array.from({ length: columns }, () => between(random, -1, 1));
    return { inputs, target: noisy(random, targetOf(inputs), noise) };
  });
}

function generate(
  name: string,
  options: DatasetOptions,
  columns: number,
  draw: (random: NumpyRandom, row: number, noise: number) => { inputs: readonly number[]; target: number },
): GeneratedRows {
  const { rows, noise, seed } = readOptions(name, options, OPTIONS) as Required<DatasetOptions>;
  const random = numpyRandom(seed);
  const inputs = new Float64Array(rows * columns);
  const targets = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const drawn = draw(random, row, noise);
    inputs.set(drawn.inputs, row * columns);
    targets[row] = drawn.target;
  }
  return { inputs: new Tensor([rows, columns], inputs), targets: new Tensor([rows, 1], targets) };
}

/** Uniform in [low, high). */
function between(random: NumpyRandom, low: number, high: number): number {
  return random.uniform(low, high)[0]!;
}

function normal(random: NumpyRandom, mean: number, deviation: number): number {
  return mean + deviation * random.randn()[0]!;
}

function noisy(random: NumpyRandom, value: number, noise: number): number {
  return noise === 0 ? value : normal(random, value, noise);
}

function polar(radius: number, turns: number): [x: number, y: number] {
  const angle = radians(turns);
  return [radius * cos(angle), radius * sin(angle)];
}

/** An angle of [0, 2π], from any number of turns. */
function radians(turns: number): number {
  return 2 * Math.PI * (turns - Math.floor(turns));
}
