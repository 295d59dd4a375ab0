// Scalers: each column of a table is moved and scaled, so that networks train well on it.

import { BackpropError } from "../errors.js";
import {
  attempt,
  type OptionsOf,
  oneOf,
  readOptions,
  requireFinite,
  requireFull,
  requireInteger,
  requirePositive,
} from "../validation.js";
import { readRows, requireColumns } from "./matrix.js";
import type { Rows } from "./rows.js";
import { Tensor } from "./tensor.js";

const KINDS = ["standard", "minMax", "robust"] as const;

type ScalerKind = (typeof KINDS)[number];

/** A scaler as plain data. */
export interface ScalerState {
  readonly kind: ScalerKind;
  /** One number for each column. */
  readonly center: readonly number[];
  /** One number above 0 for each column. */
  readonly scale: readonly number[];
  /** The numbers of the columns that have no spread, such as those whose values are all equal. */
  readonly constantColumns: readonly number[];
}

/** A scaler that has not seen data. */
export interface ScalerFitter {
  /**
   * The scaler for these rows. Fit it to the training rows alone: otherwise the validation rows influence the training.
   * A column without spread gets the scale that a spread of 1 would give, and is named in `constantColumns`.
   *
   * @param rows [rows, columns]
   * @throws BackpropError `invalidShape` or `invalidData`, for example if the spread of a column is not finite.
   */
  fit(rows: Rows): Scaler;
}

/** The center and the spread of a column. */
interface Spread {
  readonly center: number;
  readonly spread: number;
  readonly isConstant: boolean;
}

/** The distance from 1 to the next float64: NumPy's `finfo(float64).eps`. */
const EPSILON = 2 ** -52;

/**
 * Scales each column to mean 0 and standard deviation 1, as scikit-learn's `StandardScaler`: (x − mean) / deviation,
 * with the deviation of the population (divided by the number of rows).
 */
export function standardScaler(): ScalerFitter {
  return fitterOf("standard", spreadAroundMean);
}

export interface MinMaxOptions {
  /** The scaled values of the smallest and the largest value of a column; default [0, 1]. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * Scales each column so that its smallest value becomes range[0] and its largest range[1], as scikit-learn's
 * `MinMaxScaler`. Values of other rows may leave the range.
 *
 * @throws BackpropError `invalidOption` unless the range is two finite numbers, the first below the second.
 */
export function minMaxScaler(options: MinMaxOptions = {}): ScalerFitter {
  const { range } = readOptions("minMaxScaler", options, MIN_MAX);
  const [low, high] = rangeOf(range);
  return fitterOf("minMax", spreadOfRange, low, high);
}

/**
 * Scales each column by its quartiles, which outliers hardly change, as scikit-learn's `RobustScaler`: (x − median) /
 * (75 % quantile − 25 % quantile). Quantiles between two values are interpolated linearly.
 */
export function robustScaler(): ScalerFitter {
  return fitterOf("robust", spreadOfQuartiles);
}

/**
 * The scaler whose `toJSON` returned `state`. It transforms to the same bits.
 *
 * @throws BackpropError `invalidOption` or `unknownName` for anything else.
 */
export function scalerFromJSON(state: ScalerState): Scaler {
  const { kind, ...given } = readOptions("scalerFromJSON", state, STATE, { isComplete: true });
  const center = copyNumbers("center", given.center);
  const scale = copyNumbers("scale", given.scale);
  const constantColumns = copyNumbers("constantColumns", given.constantColumns);
  for (const [i, x] of scale.entries()) requirePositive(`scale[${i}]`, x);
  if (center.length === 0 || center.length !== scale.length) {
    throw new BackpropError(
      "invalidOption",
      `center has ${center.length} numbers and scale has ${scale.length}; expected one of each for each column.`,
    );
  }
  for (const [i, x] of constantColumns.entries()) {
    requireInteger(`constantColumns[${i}]`, x, 0, center.length - 1);
  }
  return new Scaler({ kind, center, scale, constantColumns });
}

/**
 * Moves and scales columns: x becomes (x − center) / scale. Made by the `fit` of `standardScaler()`, `minMaxScaler()`
 * or `robustScaler()`.
 */
export class Scaler implements ScalerState {
  readonly kind: ScalerKind;
  readonly center: readonly number[];
  readonly scale: readonly number[];
  readonly constantColumns: readonly number[];

  /** @internal */
  constructor({ kind, center, scale, constantColumns }: ScalerState) {
    this.kind = kind;
    this.center = Object.freeze(center);
    this.scale = Object.freeze(scale);
    this.constantColumns = Object.freeze(constantColumns);
    Object.freeze(this);
  }

  /**
   * Scaled copies of the rows, of the same shape: a float32 tensor if they are in a Float32Array, else float64.
   *
   * @throws BackpropError `invalidShape` or `invalidData`.
   */
  transform(rows: Rows): Tensor {
    return this.#map(rows, (x, center, scale) => (x - center) / scale);
  }

  /** Undoes `transform`, up to rounding. @throws BackpropError as `transform`. */
  inverse(rows: Rows): Tensor {
    return this.#map(rows, (x, center, scale) => x * scale + center);
  }

  /** Plain data, for `scalerFromJSON`. */
  toJSON(): ScalerState {
    return { ...this };
  }

  #map(rows: Rows, change: (x: number, center: number, scale: number) => number): Tensor {
    const given = readRows("rows", rows);
    const { data, columns } = given;
    requireColumns("rows", given, [this.center.length]);
    for (let i = 0; i < data.length; i++) {
      data[i] = change(data[i]!, this.center[i % columns]!, this.scale[i % columns]!);
    }
    return new Tensor(given.isList ? [given.rows] : [given.rows, columns], data);
  }
}

/** Makes a fitter that maps `center` … `center` + `spread` of each column to `low` … `high`. */
function fitterOf(
  kind: ScalerKind,
  spreadOf: (values: Float64Array) => Spread,
  low = 0,
  high = 1,
): ScalerFitter {
  return Object.freeze({
    fit(rows: Rows): Scaler {
      const { data, columns } = readRows("rows", rows);
      const state = { kind, center: [] as number[], scale: [] as number[], constantColumns: [] as number[] };
      for (let column = 0; column < columns; column++) {
        const values = Float64Array.from(
          { length: data.length / columns },
          (_, i) => data[i * columns + column]!,
        );
        const { center, spread, isConstant } = spreadOf(values);
        const scale = (isConstant ? 1 : spread) / (high - low);
        requireScalable(column, center - low * scale, scale);
        state.center.push(center - low * scale);
        state.scale.push(scale);
        if (isConstant) state.constantColumns.push(column);
      }
      return new Scaler(state);
    },
  });
}

function requireScalable(column: number, center: number, scale: number): void {
  if (Number.isFinite(center) && Number.isFinite(scale)) return;
  throw new BackpropError(
    "invalidData",
    `column ${column} of rows spreads over more than float64 numbers do; expected smaller numbers.`,
  );
}

/**
 * In two passes, with the rounding error of the mean taken out, and the bound below which a variance is rounding alone:
 * T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for Computing the Sample Variance: Analysis and
 * Recommendations", The American Statistician 37 (1983).
 */
function spreadAroundMean(values: Float64Array): Spread {
  const count = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  const error = values.reduce((sum, x) => sum + (x - mean), 0);
  const squares = values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0);
  const variance = (squares - (error * error) / count) / count;
  const rounding = count * mean * EPSILON;
  const isConstant = variance <= count * EPSILON * variance + rounding * rounding;
  return { center: mean, spread: Math.sqrt(variance), isConstant };
}

function spreadOfRange(values: Float64Array): Spread {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return { center: low, spread: high - low, isConstant: isNearZero(high - low) };
}

function spreadOfQuartiles(values: Float64Array): Spread {
  values.sort();
  const spread = quantile(values, 0.75) - quantile(values, 0.25);
  return { center: quantile(values, 0.5), spread, isConstant: isNearZero(spread) };
}

/** The quantile of sorted values, interpolated as in NumPy's `quantile` by default. */
function quantile(values: Float64Array, share: number): number {
  const place = share * (values.length - 1);
  const index = Math.floor(place);
  const low = values[index]!;
  const high = values[index + 1] ?? low;
  return low + (high - low) * (place - index);
}

/** Uses scikit-learn's bound, which does not depend on the size of the values. */
function isNearZero(spread: number): boolean {
  return spread < 10 * EPSILON;
}

const MAX_COLUMNS = 2 ** 32 - 1;

/** For options that are checked when they are copied. */
const checkedLater = () => {};

const MIN_MAX: OptionsOf<MinMaxOptions> = {
  range: { check: checkedLater, default: [0, 1] },
};

/** A checked copy of a range. */
function rangeOf(range: unknown): readonly [low: number, high: number] {
  const numbers = copyNumbers("range", range);
  const [low = 0, high = 0] = numbers;
  if (numbers.length === 2 && low < high && Number.isFinite(high - low)) return [low, high];
  throw new BackpropError(
    "invalidOption",
    `range is [${numbers.slice(0, 3).join(", ")}]; expected two finite numbers, the first below the second.`,
  );
}

const STATE: OptionsOf<ScalerState> = {
  kind: { check: oneOf(KINDS) },
  center: { check: checkedLater },
  scale: { check: checkedLater },
  constantColumns: { check: checkedLater },
};

function copyNumbers(argument: string, list: unknown): number[] {
  return attempt("invalidOption", argument, () => {
    const length = requireFull(argument, list, MAX_COLUMNS);
    const numbers = Array.from({ length }, (_, i) => (list as ArrayLike<number>)[i]!);
    for (const [i, x] of numbers.entries()) requireFinite(`${argument}[${i}]`, x);
    return numbers;
  });
}
