import { createNetwork, dense, type Network, normal, sgd } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import { classesOf, curveOf, epochLabels, fitAndPredict, INPUT_LABELS, multiplesOf, ROWS } from "./xor.js";

const EPOCHS = 10_000;
const PRINTED_EPOCHS = multiplesOf(1000, 10);

export const program001: Program = {
  name: "001",
  title: "XOR into a local minimum",
  description:
    "Kernels are drawn from the normal distribution. With seed 42, gradient descent ends in a local minimum.",
  epochs: EPOCHS,
  sourceSeed: 42,
  printouts: [
    {
      figure: "loss",
      labels: epochLabels(PRINTED_EPOCHS),
      decimals: 4,
      printed: [0.2558, 0.2455, 0.1532, 0.1336, 0.1298, 0.1282, 0.1274, 0.1269, 0.1266, 0.1264],
    },
    { figure: "predictions", labels: INPUT_LABELS, decimals: 3, printed: [0.03, 0.498, 0.971, 0.501] },
    { figure: "classes", labels: INPUT_LABELS, decimals: 0, printed: [0, 0, 1, 1] },
  ],
  train,
};

async function train({ seed, onEpoch }: TrainOptions): Promise<Trained> {
  const network = await create(seed);
  const { loss, predictions } = await fitAndPredict(network, EPOCHS, onEpoch);
  const meanSquares = loss.map((sum) => sum / ROWS);
  const [hidden, output] = network.parameters;
  return {
    network,
    curve: curveOf("mean squared error", meanSquares),
    figures: {
      loss: PRINTED_EPOCHS.map((epoch) => meanSquares[epoch]!),
      predictions,
      W1: hidden!.kernel.toArray(),
      b1: hidden!.bias!.toArray(),
      W2: output!.kernel.toArray(),
      b2: output!.bias!.toArray(),
      classes: classesOf(predictions),
    },
  };
}

function create(seed: number): Promise<Network> {
  const initializer = { kernelInitializer: normal() };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "sigmoid", initializer), dense(1, "sigmoid", initializer)],
    // The source prints the mean of the squares, but uses the gradient of their sum.
    loss: { name: "meanSquaredError", reduction: "sum" },
    optimizer: sgd({ learningRate: 0.1 }),
    dtype: "float64",
    seed,
  });
}
