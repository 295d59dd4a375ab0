// What the examples with real data have in common.

import {
  type EpochInfo,
  kFold,
  type Layer,
  type Network,
  numpyRandom,
  type Rows,
  standardScaler,
  stratifiedFolds,
} from "backprop-wasm";
import { readTable, type Table, type TableName } from "./table.js";

export interface Example {
  readonly name: string;
  /** What it predicts from what. */
  readonly title: string;
  /** What the test rows are scored by. */
  readonly metric: "accuracy" | "r2";
  /** The least mean score. */
  readonly goal: number;
  /** Trains with progress on stderr, and returns the test score of each split. */
  run(): Promise<number[]>;
}

export interface Samples {
  readonly inputs: Rows;
  /** The number of a class, or a number to predict. */
  readonly targets: Rows;
}

/** How a network is trained on a table. */
export interface TableTraining extends Omit<Example, "name" | "run"> {
  readonly table: TableName;
  /** `samples`: standardized rows in random order. Numbers to predict are standardized too. */
  train(samples: Samples): Promise<Network<readonly Layer[]>>;
}

const SEED = 0;
const EPOCHS_SHOWN = 20;

/** An example that trains a new network for each of five splits of a table. Each row is a test row of exactly one split. */
export function tableExample({ table, train, ...about }: TableTraining): Example {
  const { metric } = about;
  return {
    ...about,
    name: table,
    async run() {
      const { inputs, targets } = await readTable(table);
      // In random order, because `validationSplit` takes the last rows, and the files are sorted by class.
      const rows = take({ inputs, targets }, numpyRandom(SEED).permutation(targets.length));
      const folds = metric === "r2" ? kFold(targets.length) : stratifiedFolds(rows.targets);
      const scores: number[] = [];
      for (const { training, validation } of folds) {
        console.error(`Split ${scores.length + 1}`);
        const trainingRows = take(rows, training);
        const standardize = standardizer(metric, trainingRows);
        const network = await train(standardize(trainingRows));
        scores.push(testScore(network, metric, standardize(take(rows, validation))));
        network.dispose();
      }
      return scores;
    },
  };
}

/** The score of rows that were not used in training. */
export function testScore(
  network: Network<readonly Layer[]>,
  metric: Example["metric"],
  { inputs, targets }: Samples,
): number {
  const score = network.evaluate(inputs, targets, { metrics: [metric] })[metric];
  console.error(`${network.epoch} epochs, test ${metric} ${score.toFixed(4)}`);
  return score;
}

/** Prints some epochs of a fit: "epoch 20: loss 0.2731, validationLoss 0.2514, validationAccuracy 0.9583". */
export function showEpoch(info: EpochInfo): void {
  const { epoch, epochs, loss } = info;
  if (epoch % Math.ceil(epochs / EPOCHS_SHOWN) !== 0) return;
  const validation = Object.entries(info).filter(([name]) => name.startsWith("validation"));
  const figures = [["loss", loss] as const, ...validation].map(([name, x]) => `${name} ${x.toFixed(4)}`);
  console.error(`epoch ${epoch}: ${figures.join(", ")}`);
}

type TableRows = Pick<Table, "inputs" | "targets">;

function take({ inputs, targets }: TableRows, rows: Uint32Array): TableRows {
  return {
    inputs: Array.from(rows, (row) => inputs[row]!),
    targets: Array.from(rows, (row) => targets[row]!),
  };
}

/** Scales by the training rows alone: nothing is learned from the test rows. R² is the same for scaled targets. */
function standardizer(metric: Example["metric"], training: TableRows): (rows: TableRows) => Samples {
  const inputScaler = standardScaler().fit(training.inputs);
  const targetScaler = metric === "r2" ? standardScaler().fit(training.targets) : undefined;
  return ({ inputs, targets }) => ({
    inputs: inputScaler.transform(inputs),
    targets: targetScaler?.transform(targets) ?? targets,
  });
}
