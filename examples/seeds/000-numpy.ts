import { createNetwork, dense, type Network, sgd, uniform } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import { curveOf, epochLabels, fitAndPredict, INPUT_LABELS, multiplesOf, ROWS } from "./xor.js";

const EPOCHS = 10_000;
const PRINTED_EPOCHS = multiplesOf(2000, 5);

export const numpy000: Program = {
  name: "000-numpy",
  title: "XOR in NumPy",
  description: "Two sigmoid layers in float64. All parameters are drawn uniformly from [0, 1).",
  epochs: EPOCHS,
  sourceSeed: 42,
  printouts: [
    {
      figure: "loss",
      labels: epochLabels(PRINTED_EPOCHS),
      decimals: 6,
      printed: [0.324659, 0.002546, 0.000902, 0.000537, 0.00038],
    },
    {
      figure: "predictions",
      labels: INPUT_LABELS,
      decimals: 8,
      printed: [0.01890475, 0.98371361, 0.98369334, 0.01686123],
    },
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
    },
  };
}

function create(seed: number): Promise<Network> {
  const initializers = { kernelInitializer: uniform(), biasInitializer: uniform() };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "sigmoid", initializers), dense(1, "sigmoid", initializers)],
    loss: { name: "meanSquaredError", reduction: "sum" },
    // The source uses the gradient of half the sum of squares, with the learning rate 0.5.
    optimizer: sgd({ learningRate: 0.5 / 2 }),
    dtype: "float64",
    seed,
  });
}
