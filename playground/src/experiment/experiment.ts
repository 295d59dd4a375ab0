// An experiment as plain data: what the page edits, the worker trains, the address holds and the program writes.

import type { ActivationName, DType, LossName } from "backprop-wasm";
import type { DatasetName, LayerKind, OptimizerName, ScheduleName } from "./choices.js";
import type { Value, Values } from "./fields.js";

/** A point drawn on the plane: coordinates within ±MAX_COORDINATE, and class 0 or 1. */
export type Point = readonly [x: number, y: number, label: 0 | 1];

/** What is used of a CSV file. */
export interface TableChoice {
  /** The name of the file, for the program that reads it. */
  readonly file: string;
  /** SHA-256 of the bytes of the file, in hexadecimal. */
  readonly hash: string;
  /** The column to predict. */
  readonly target: string;
  /** The columns to predict from, in the order of the file; at least one, without the target. */
  readonly columns: readonly string[];
  /** How many classes the target has, 2 or more; 0: it is a number. */
  readonly classes: number;
}

export interface DataChoice {
  readonly dataset: DatasetName;
  /** The number of rows of a generated data set. */
  readonly rows: number;
  /** From 0 to 1: see the generators of `backprop-wasm/datasets`. */
  readonly noise: number;
  /** The share of all rows that is validated on, chosen at random with `seed`; 0: none. */
  readonly validation: number;
  /** Of the rows of a generated data set, and of the choice of rows for validation. */
  readonly seed: number;
  /** At most MAX_POINTS, added to the rows of data sets that take points. */
  readonly points: readonly Point[];
  /** For the data set `table`, else undefined. */
  readonly table: TableChoice | undefined;
}

/** A layer before the output layer: its kind, and its options by the names of LAYER_KINDS. */
export interface LayerChoice {
  readonly kind: LayerKind;
  readonly [option: string]: Value;
}

/** The output layer: a dense layer, whose units follow from the data and the loss. Options: OUTPUT_FIELDS. */
export interface OutputChoice {
  readonly activation: ActivationName;
  readonly [option: string]: Value;
}

/** A name, and the options that are not the defaults. */
export interface Named<Name extends string> {
  readonly name: Name;
  readonly options: Values;
}

export interface ScheduleSetting extends Named<ScheduleName> {
  /** Epochs of a linear rise before the schedule; 0: none. */
  readonly warmup: number;
}

/** Everything that determines what is trained. The same experiment gives the same hash in every engine. */
export interface Experiment {
  readonly data: DataChoice;
  readonly layers: readonly LayerChoice[];
  readonly output: OutputChoice;
  readonly loss: Named<LossName>;
  readonly optimizer: Named<OptimizerName>;
  readonly schedule: ScheduleSetting;
  readonly batchSize: number;
  /** How many epochs the page trains when somebody opens the address; 0: none. */
  readonly epochs: number;
  readonly seed: number;
  /** Whose random numbers the initial parameters are drawn from: NumPy's or PyTorch's. */
  readonly random: "numpy" | "torch";
  readonly dtype: DType;
  /** At most so many. One where the page is not cross-origin isolated. The bits are the same. */
  readonly threads: number;
  /** `forwardDifferences`: the gradient by changing one parameter after the other, of all rows in one batch. */
  readonly gradients: "backpropagation" | "forwardDifferences";
}

/**
 * What the page shows first. Addresses hold only what differs from it: when a default changes, VERSION of address.ts
 * must change too.
 */
export const DEFAULT_EXPERIMENT: Experiment = {
  data: { dataset: "xor", rows: 400, noise: 0, validation: 0.2, seed: 1, points: [], table: undefined },
  layers: [
    { kind: "dense", units: 8, activation: "tanh" },
    { kind: "dense", units: 8, activation: "tanh" },
  ],
  output: { activation: "sigmoid" },
  loss: { name: "sigmoidCrossentropy", options: {} },
  optimizer: { name: "adam", options: { learningRate: 0.01 } },
  schedule: { name: "none", options: {}, warmup: 0 },
  batchSize: 32,
  epochs: 0,
  seed: 1,
  random: "numpy",
  dtype: "float32",
  threads: 1,
  gradients: "backpropagation",
};
