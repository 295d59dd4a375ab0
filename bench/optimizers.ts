// Measures a step with each optimizer, in turns.

import {
  adadelta,
  adagrad,
  adam,
  adamW,
  type DType,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "backprop-wasm";
import { measureRounds } from "./rounds.js";
import { round4 } from "./statistics.js";
import { createTrainer } from "./trainer.js";
import { classification, type Workload } from "./workloads.js";

/** A line of `--json`. */
export interface OptimizerMeasurement {
  readonly work: string;
  readonly batch: number;
  readonly dtype: DType;
  readonly optimizer: string;
  readonly build: "strict";
  readonly threads: 1;
  /** The fastest round. */
  readonly microsecondsPerStep: number;
  /** The time divided by that of plain SGD. */
  readonly ratioToSgd: number;
  /** The time divided by that of Adam. */
  readonly ratioToAdam: number;
}

/** By the name in the table. The first is plain SGD. */
const OPTIMIZERS: Readonly<Record<string, Optimizer>> = {
  sgd: sgd(),
  "sgd, momentum": sgd({ momentum: 0.9 }),
  "sgd, nesterov": sgd({ momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop(),
  "rmsprop, centered, momentum": rmsprop({ centered: true, momentum: 0.9 }),
  adagrad: adagrad(),
  adadelta: adadelta(),
  adam: adam(),
  "adam, amsgrad": adam({ amsgrad: true }),
  "adam, clipNorm": adam({ clipNorm: 1 }),
  "adam, ema": adam({ ema: 0.999 }),
  adamW: adamW(),
  nadam: nadam(),
  // With larger steps the loss falls to 0, and the time of subnormal gradients is measured.
  rprop: rprop({ learningRate: 1e-4, stepSizes: [1e-6, 1e-3] }),
};

/** Their optimizer is replaced by each of OPTIMIZERS. */
export const OPTIMIZER_WORKLOADS: readonly Workload[] = [
  classification([64, 32, 10], 32),
  classification([784, 128, 10], 32),
];

/** The text that `--only` searches. */
export function optimizersLabel({ name, batch, dtype }: Workload): string {
  return `${name} optimizers b${batch} ${dtype}`;
}

/** Many short rounds, of which the fastest counts: a shared machine is slow at times. */
export const ROUNDS = 51;

/** One measurement for each optimizer. Each takes about `milliseconds`. */
export async function measureOptimizers(
  workload: Workload,
  milliseconds: number,
): Promise<OptimizerMeasurement[]> {
  const entries = Object.entries(OPTIMIZERS);
  const trainers = await Promise.all(
    entries.map(([, optimizer]) => createTrainer({ ...workload, optimizer }, "wasm")),
  );
  try {
    const times = measureRounds(trainers, ROUNDS, milliseconds / ROUNDS);
    const fastest = times.map((rounds) => Math.min(...rounds));
    const timeOf = (name: string) => fastest[entries.findIndex(([key]) => key === name)]!;
    return entries.map(([name]) => ({
      work: workload.name,
      batch: workload.batch,
      dtype: workload.dtype,
      optimizer: name,
      build: "strict",
      threads: 1,
      microsecondsPerStep: round4(1e3 * timeOf(name)),
      ratioToSgd: round4(timeOf(name) / timeOf("sgd")),
      ratioToAdam: round4(timeOf(name) / timeOf("adam")),
    }));
  } finally {
    for (const trainer of trainers) trainer.dispose();
  }
}
