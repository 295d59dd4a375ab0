import { createNetwork, dense, type Network, sgd, transposed, uniform } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import { epochLabels, fitAndWatch, INPUT_LABELS, ROWS, TARGETS, transposeOf } from "./xor.js";

const EPOCHS = 180_000;
const EPOCHS_A_PRINT = 10_000;
/** The source counts from 0, and prints in every ten-thousandth epoch. */
const PRINTED_EPOCHS = Array.from(
  { length: EPOCHS / EPOCHS_A_PRINT },
  (_, i) => (i + 1) * EPOCHS_A_PRINT - 1,
);

export const program003: Program = {
  name: "003",
  title: "XOR, eighteen times as long",
  description:
    "Every parameter drawn uniformly from [−1, 1); the mean absolute error is taken every 10,000 epochs.",
  epochs: EPOCHS,
  sourceSeed: null,
  printouts: [
    { figure: "meanAbsoluteError", labels: epochLabels(PRINTED_EPOCHS), decimals: 5 },
    { figure: "predictions", labels: INPUT_LABELS, decimals: 5 },
  ],
  train,
};

async function train({ seed, onEpoch }: TrainOptions): Promise<Trained> {
  const network = await create(seed);
  const errors: number[] = [];
  let predictions: number[] = [];
  for (let begin = 0; begin < EPOCHS; begin += EPOCHS_A_PRINT) {
    const watched = await fitAndWatch(network, EPOCHS_A_PRINT, (epoch) => onEpoch(begin + epoch));
    predictions = watched.predictions;
    errors.push(meanAbsoluteError(predictions));
  }
  const [hidden, output] = network.parameters;
  return {
    network,
    curve: {
      label: "mean absolute error",
      points: errors.map((loss, i) => ({ epoch: PRINTED_EPOCHS[i]!, loss })),
    },
    figures: {
      meanAbsoluteError: errors,
      predictions,
      w1: transposeOf(hidden!.kernel),
      b1: hidden!.bias!.toArray(),
      w2: transposeOf(output!.kernel),
      b2: output!.bias!.toArray(),
    },
  };
}

function create(seed: number): Promise<Network> {
  const initializers = { kernelInitializer: transposed(uniform(-1, 1)), biasInitializer: uniform(-1, 1) };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "sigmoid", initializers), dense(1, "sigmoid", initializers)],
    loss: { name: "meanSquaredError", reduction: "sum" },
    // The source descends half the sum of squares with 0.1.
    optimizer: sgd({ learningRate: 0.1 / 2 }),
    dtype: "float64",
    seed,
  });
}

function meanAbsoluteError(predictions: readonly number[]): number {
  return predictions.reduce((sum, prediction, i) => sum + Math.abs(TARGETS[i]![0]! - prediction), 0) / ROWS;
}
