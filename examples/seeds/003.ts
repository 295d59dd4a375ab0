import { createNetwork, dense, type Network, sgd, transposed, uniform } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import { epochLabels, fitAndPredict, INPUT_LABELS, ROWS, TARGETS, transposeOf } from "./xor.js";

const EPOCHS = 180_000;
const PRINT_INTERVAL = 10_000;
/** The source counts epochs from 0 and prints every 10 000 epochs. */
const PRINTED_EPOCHS = Array.from(
  { length: EPOCHS / PRINT_INTERVAL },
  (_, i) => (i + 1) * PRINT_INTERVAL - 1,
);

export const program003: Program = {
  name: "003",
  title: "XOR over 180,000 epochs",
  description:
    "All parameters are drawn uniformly from [−1, 1). The mean absolute error is computed every 10,000 epochs.",
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
  for (let begin = 0; begin < EPOCHS; begin += PRINT_INTERVAL) {
    const part = await fitAndPredict(network, PRINT_INTERVAL, (epoch) => onEpoch(begin + epoch));
    predictions = part.predictions;
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
    // The source uses the gradient of half the sum of squares, with the learning rate 0.1.
    optimizer: sgd({ learningRate: 0.1 / 2 }),
    dtype: "float64",
    seed,
  });
}

function meanAbsoluteError(predictions: readonly number[]): number {
  return predictions.reduce((sum, prediction, i) => sum + Math.abs(TARGETS[i]![0]! - prediction), 0) / ROWS;
}
