// How one column of a table becomes columns of a network's inputs. A feature is plain data.

import { BackpropError, minMaxScaler, robustScaler, standardScaler } from "../index.js";
import { show } from "../show.js";
import {
  type Check,
  type OptionsOf,
  ofType,
  oneOf,
  readOptions,
  requireFinite,
  requireFull,
  requirePositive,
  requirePositiveInteger,
} from "../validation.js";
import type { CategoryColumn, Column, NumberColumn } from "./columns.js";

export type ScaleName = "standard" | "minMax" | "robust" | "none";
export type ImputeName = "mean" | "median" | "mostFrequent" | "none";
export type EncodingName = "oneHot" | "embedding";

/** A column of numbers. It becomes (x − center) / scale. */
export interface NumberFeature {
  readonly name: string;
  readonly type: "number";
  /** Replaces missing values. */
  readonly missing: number;
  /** Whether another input is 1 where the value is missing, and 0 elsewhere. */
  readonly indicator: boolean;
  readonly center: number;
  readonly scale: number;
}

/**
 * A column of categories. One-hot: an input for each category, which is 1 for that category. Embedding: one input, the
 * number of the category from 1, which an `embedding` layer replaces by a vector. Missing values and unknown categories
 * are 0 in all inputs.
 */
export interface CategoryFeature {
  readonly name: string;
  readonly type: "category";
  /** Replaces missing values; "" if nothing does. */
  readonly missing: string;
  /** Whether another input is 1 where the value is missing, and 0 elsewhere. */
  readonly indicator: boolean;
  readonly encoding: EncodingName;
  /** In the order of their UTF-16 code units. */
  readonly categories: readonly string[];
  /** The length of the vectors of an embedding. */
  readonly units: number;
}

export type Feature = NumberFeature | CategoryFeature;

/** How columns are preprocessed. */
export interface FeatureOptions {
  /**
   * How numbers are scaled; default "standard". "standard": to mean 0 and deviation 1; "minMax": to 0 … 1; "robust": by
   * median and quartiles; see the scalers of the main entry.
   */
  readonly scale?: ScaleName;
  /**
   * What replaces missing values. For numbers "mean", "median" (the default) or "mostFrequent"; for categories
   * "mostFrequent" or "none" (the default): the category then is unknown.
   */
  readonly impute?: ImputeName;
  /** Whether a column with missing values in the training rows also gives an indicator of them; default true. */
  readonly indicator?: boolean;
  /** How categories are encoded; default "oneHot" for up to 32 categories, "embedding" for more. */
  readonly encoding?: EncodingName;
  /** The length of the vectors of an embedding; default √(categories + 1), rounded up, and at most 32. */
  readonly units?: number;
}

export const FEATURE_OPTIONS: OptionsOf<FeatureOptions> = {
  scale: { check: oneOf(["standard", "minMax", "robust", "none"]), default: undefined },
  impute: { check: oneOf(["mean", "median", "mostFrequent", "none"]), default: undefined },
  indicator: { check: ofType("boolean"), default: undefined },
  encoding: { check: oneOf(["oneHot", "embedding"]), default: undefined },
  units: { check: requirePositiveInteger, default: undefined },
};

/** Why a column is not used: "allDifferent" is a category in which each row has another text. */
export type DropReason = "ignored" | "constant" | "allMissing" | "allDifferent";

/** What a column of the training rows becomes. */
export interface FittedColumn {
  /** Undefined if the column is dropped. */
  readonly feature?: Feature;
  readonly dropped?: DropReason;
  /** The number of missing values. */
  readonly missing: number;
}

const MAX_ONE_HOT = 32;
const MAX_UNITS = 32;

/** A category with more rows than these and a different text in each of them is dropped. */
const MIN_NAMES = 20;

/** @throws BackpropError `invalidOption`, or `invalidData` for numbers that spread too far. */
export function fitFeature(column: Column, options: FeatureOptions): FittedColumn {
  return column.type === "number" ? fitNumbers(column, options) : fitCategories(column, options);
}

function fitNumbers(
  { name, values }: NumberColumn,
  { scale = "standard", impute = "median", indicator = true }: FeatureOptions,
): FittedColumn {
  if (impute === "none") throw notForType(name, impute, "a column of numbers");
  const present = values.filter((x) => !Number.isNaN(x)).sort();
  const missing = values.length - present.length;
  if (present.length === 0) return { dropped: "allMissing", missing };
  const hasIndicator = indicator && missing > 0;
  if (present[0] === present.at(-1) && !hasIndicator) return { dropped: "constant", missing };
  const filler = IMPUTERS[impute](present);
  if (!Number.isFinite(filler)) throw tooWide(name);
  const filled = values.map((x) => (Number.isNaN(x) ? filler : x));
  const scaling = scale === "none" ? { center: 0, scale: 1 } : fitScaler(name, scale, filled);
  return { feature: { name, type: "number", missing: filler, indicator: hasIndicator, ...scaling }, missing };
}

const SCALERS = { standard: standardScaler, minMax: minMaxScaler, robust: robustScaler };

function fitScaler(name: string, scale: keyof typeof SCALERS, values: Float64Array) {
  try {
    const scaler = SCALERS[scale]().fit(values);
    return { center: scaler.center[0]!, scale: scaler.scale[0]! };
  } catch (cause) {
    throw tooWide(name, cause);
  }
}

function tooWide(name: string, cause?: unknown): BackpropError {
  return new BackpropError(
    "invalidData",
    `The column ${show(name)} spreads over more than float64 numbers do; expected smaller numbers.`,
    { cause },
  );
}

/** Each takes sorted numbers. */
const IMPUTERS = {
  mean: (sorted: Float64Array) => sorted.reduce((sum, x) => sum + x, 0) / sorted.length,
  median: (sorted: Float64Array) => (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2,
  mostFrequent: (sorted: Float64Array) => mostFrequent(sorted),
};

/** The first of the values that occur most often. */
function mostFrequent<T extends number | string>(sorted: Iterable<T>): T {
  const counts = [...countsOf(sorted)];
  return counts.reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

function countsOf<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function fitCategories(
  { name, values }: CategoryColumn,
  { impute = "none", indicator = true, encoding, units }: FeatureOptions,
): FittedColumn {
  if (impute !== "none" && impute !== "mostFrequent") throw notForType(name, impute, "a column of texts");
  const present = values.filter((text) => text !== "").sort();
  const missing = values.length - present.length;
  const categories = [...new Set(present)];
  const isName = categories.length === present.length && present.length > MIN_NAMES && !encoding;
  if (present.length === 0) return { dropped: "allMissing", missing };
  if (categories.length === 1 && missing === 0) return { dropped: "constant", missing };
  if (isName) return { dropped: "allDifferent", missing };
  const feature = {
    name,
    type: "category",
    missing: impute === "none" ? "" : mostFrequent(present),
    indicator: indicator && missing > 0,
    encoding: encoding ?? (categories.length > MAX_ONE_HOT ? "embedding" : "oneHot"),
    categories,
    units: units ?? Math.min(MAX_UNITS, Math.ceil(Math.sqrt(categories.length + 1))),
  } as const;
  return { feature, missing };
}

function notForType(name: string, impute: string, what: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `impute is ${show(impute)} for ${show(name)}, ${what}; expected "mean", "median" or "mostFrequent" for numbers, ` +
      '"mostFrequent" or "none" for texts.',
  );
}

/** The names of the inputs that a feature gives, in their order. */
export function inputsOf(feature: Feature): string[] {
  const { name } = feature;
  const indicators = feature.indicator ? [`${name} is missing`] : [];
  const isOneHot = feature.type === "category" && feature.encoding === "oneHot";
  return [
    ...(isOneHot ? feature.categories.map((category) => `${name} = ${category}`) : [name]),
    ...indicators,
  ];
}

/**
 * Writes the inputs of a feature, for each row, from `begin` on. `width`: all inputs of a row. `inputs` has zeros.
 */
export function writeInputs(
  feature: Feature,
  values: Column["values"],
  inputs: Float64Array,
  begin: number,
  width: number,
): void {
  const encode = encoderOf(feature);
  const indicator = begin + inputsOf(feature).length - 1;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const offset = row * width;
    const isMissing = value === "" || Number.isNaN(value);
    const [index, x] = encode(isMissing ? feature.missing : value);
    if (index >= 0) inputs[offset + begin + index] = x;
    if (isMissing && feature.indicator) inputs[offset + indicator] = 1;
  }
}

/** For a value: which input of its feature is not 0, or −1, and what it is. */
function encoderOf(feature: Feature): (value: string | number) => readonly [index: number, x: number] {
  if (feature.type === "number") {
    const { center, scale } = feature;
    return (value) => [0, ((value as number) - center) / scale];
  }
  const numbers = new Map(feature.categories.map((category, i) => [category, i]));
  const isOneHot = feature.encoding === "oneHot";
  return (value) => {
    const number = numbers.get(value as string) ?? -1;
    return isOneHot ? [number, 1] : [0, number + 1];
  };
}

const requireText: Check = (argument, value) => {
  if (typeof value === "string") return;
  throw new BackpropError("invalidOption", `${argument} is ${show(value)}; expected text.`);
};

const requireTexts: Check = (argument, value) => {
  const length = requireFull(argument, value, 2 ** 32 - 1);
  for (let i = 0; i < length; i++) requireText(`${argument}[${i}]`, (value as unknown[])[i]);
};

const NUMBER_STATE: OptionsOf<NumberFeature> = {
  name: { check: requireText },
  type: { check: oneOf(["number"]) },
  missing: { check: requireFinite },
  indicator: { check: ofType("boolean") },
  center: { check: requireFinite },
  scale: { check: requirePositive },
};

const CATEGORY_STATE: OptionsOf<CategoryFeature> = {
  name: { check: requireText },
  type: { check: oneOf(["category"]) },
  missing: { check: requireText },
  indicator: { check: ofType("boolean") },
  encoding: { check: oneOf(["oneHot", "embedding"]) },
  categories: { check: requireTexts },
  units: { check: requirePositiveInteger },
};

/** A checked copy of a feature. @throws BackpropError `invalidOption` or `unknownName`. */
export function readFeature(path: string, given: unknown): Feature {
  const reading = { prefix: `${path}.`, isComplete: true };
  const { type } = Object(given) as Feature;
  if (type !== "category") return Object.freeze(readOptions(path, given, NUMBER_STATE, reading));
  const feature = readOptions(path, given, CATEGORY_STATE, reading);
  return Object.freeze({ ...feature, categories: Object.freeze(Array.from(feature.categories)) });
}
