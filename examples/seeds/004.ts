import { createNetwork, dense, forwardDifferences, type Network, normal, sgd } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import { curveOf, INPUT_LABELS, INPUTS, predictAll, TARGETS } from "./xor.js";

const EPOCHS = 1000;
const PRINT_INTERVAL = 100;
const PRINTED_EPOCHS = Array.from({ length: EPOCHS / PRINT_INTERVAL }, (_, i) => (i + 1) * PRINT_INTERVAL);

export const program004: Program = {
  name: "004",
  title: "XOR by forward differences",
  description:
    "ReLU, then sigmoid. The gradient is computed by changing one parameter after the other, without derivatives.",
  epochs: EPOCHS,
  sourceSeed: null,
  printouts: [
    { figure: "loss", labels: PRINTED_EPOCHS.map((epoch) => `after epoch ${epoch}`), decimals: 4 },
    { figure: "predictions", labels: INPUT_LABELS, decimals: 4 },
  ],
  train,
};

async function train({ seed, onEpoch }: TrainOptions): Promise<Trained> {
  const network = await create(seed);
  const losses = trainByDifferences(network, onEpoch);
  const [hidden, output] = network.parameters;
  return {
    network,
    curve: curveOf("mean binary cross-entropy", losses),
    figures: {
      loss: PRINTED_EPOCHS.map((epoch) => losses[epoch]!),
      predictions: predictAll(network),
      W1: hidden!.kernel.toArray(),
      b1: hidden!.bias!.toArray(),
      W2: output!.kernel.toArray(),
      b2: output!.bias!.toArray(),
    },
  };
}

function create(seed: number): Promise<Network> {
  const initializers = { kernelInitializer: normal(), biasInitializer: normal() };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "relu", initializers), dense(1, "sigmoid", initializers)],
    loss: { name: "binaryCrossentropy", clip: 1e-15 },
    optimizer: sgd({ learningRate: 0.01 }),
    dtype: "float64",
    seed,
  });
}

/** The losses before the first epoch and after each. */
function trainByDifferences(network: Network, onEpoch: (epoch: number) => void): number[] {
  const losses: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const { loss, layers } = forwardDifferences(network, INPUTS, TARGETS, { epsilon: 1e-5 });
    network.applyGradients(layers);
    losses.push(loss);
    onEpoch(epoch + 1);
  }
  return [...losses, network.evaluate(INPUTS, TARGETS).loss];
}
