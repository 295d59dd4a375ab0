// What a training depends on besides its rows: plain data, so that a model's file keeps it.

import {
  type ActivationName,
  adadelta,
  adagrad,
  adam,
  adamW,
  type DType,
  type Numerics,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "../index.js";
import type { Task, TrainTableOptions } from "../table.js";

type CreateOptimizer = (options: { readonly learningRate?: number }) => Optimizer;

/** The optimizers by their names on the command line. */
export const OPTIMIZERS = { sgd, adam, adamW, nadam, rmsprop, adagrad, adadelta, rprop } satisfies Record<
  string,
  CreateOptimizer
>;

export type OptimizerName = keyof typeof OPTIMIZERS;

/**
 * The options of `train` and `cv` that the bits depend on. Those that are missing have the defaults of `trainTable`.
 */
export interface Settings {
  readonly target: string;
  readonly task?: Task;
  readonly log?: boolean;
  readonly hidden?: readonly number[];
  readonly activation?: ActivationName;
  readonly dropout?: number;
  readonly optimizer?: OptimizerName;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
  readonly patience?: number;
  readonly balanced?: boolean;
  readonly validation?: number;
  readonly seed?: number;
  readonly dtype?: DType;
  readonly numerics?: Numerics;
  /** Columns that are read as texts. */
  readonly categories?: readonly string[];
  /** Columns that are not used. */
  readonly ignore?: readonly string[];
}

/** The options of trainTable for these settings. `categories` is left out: `readTrainingData` has applied it. */
export function trainOptions(settings: Settings): TrainTableOptions {
  const { optimizer = "adam", learningRate, categories: _, ignore = [], ...others } = settings;
  return {
    ...others,
    optimizer: OPTIMIZERS[optimizer](learningRate === undefined ? {} : { learningRate }),
    columns: Object.fromEntries(ignore.map((name) => [name, { type: "ignore" }] as const)),
  };
}
