// What the examples with real data have in common.

import type { Layer, Network } from "backprop-wasm";
import { type Split, splitRows, standardizer } from "./rows.js";
import { accuracy, rSquared } from "./scores.js";
import { readTable, type TableName } from "./table.js";

export interface Example {
  readonly name: string;
  /** What it predicts from what. */
  readonly title: string;
  readonly score: "accuracy" | "R²";
  /** The least mean score. */
  readonly goal: number;
  /** All epochs together, for the progress. */
  readonly epochs: number;
  /** Trains, and returns the test score of each split. `onEpoch`: called with the number of finished epochs. */
  run(onEpoch: (epoch: number) => void): Promise<number[]>;
}

/** How a network is trained on a table. Classes are predicted from probabilities, numbers from standardized numbers. */
export interface TableTraining {
  readonly table: TableName;
  readonly title: string;
  readonly score: Example["score"];
  readonly goal: number;
  readonly epochs: number;
  readonly batchSize: number;
  createNetwork(): Promise<Network<readonly Layer[]>>;
}

const SPLITS = 5;
const SEED = 0;

/** An example that trains a new network for each of five splits of a table. */
export function tableExample(training: TableTraining): Example {
  const { table, title, score, goal, epochs } = training;
  return {
    name: table,
    title,
    score,
    goal,
    epochs: SPLITS * epochs,
    async run(onEpoch) {
      const splits = splitRows(await readTable(table), SPLITS, SEED);
      const scores: number[] = [];
      for (const [i, split] of splits.entries()) {
        scores.push(await trainSplit(training, split, (epoch) => onEpoch(i * epochs + epoch)));
      }
      return scores;
    },
  };
}

/** Scales by the training rows alone: nothing is learned from the test rows. */
async function trainSplit(
  { score, epochs, batchSize, createNetwork }: TableTraining,
  { train, test }: Split,
  onEpoch: (epoch: number) => void,
): Promise<number> {
  const scaleInputs = standardizer(train.inputs);
  const scaleTargets = score === "R²" ? columnScaler(train.targets) : (targets: readonly number[]) => targets;
  const network = await createNetwork();
  await network.fit(scaleInputs(train.inputs), scaleTargets(train.targets), {
    epochs,
    batchSize,
    onProgress: ({ epoch }) => onEpoch(epoch),
  });
  const predictions = network.predict(scaleInputs(test.inputs));
  const targets = scaleTargets(test.targets);
  network.dispose();
  // R² is the same for scaled and unscaled targets.
  return score === "R²" ? rSquared(predictions, targets) : accuracy(predictions, targets);
}

function columnScaler(values: readonly number[]): (values: readonly number[]) => readonly number[] {
  const toRows = (values: readonly number[]) => values.map((value) => [value]);
  const scale = standardizer(toRows(values));
  return (values) => scale(toRows(values)).flat();
}
