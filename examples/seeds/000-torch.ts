import { createNetwork, dense, type Network, sgd, torchLinear, torchRandom } from "backprop-wasm";
import type { Program, Trained, TrainOptions } from "./program.js";
import {
  curveOf,
  epochLabels,
  INPUT_LABELS,
  INPUTS,
  multiplesOf,
  predictAll,
  TARGETS,
  transposeOf,
} from "./xor.js";

const EPOCHS = 10_000;
const PRINTED_EPOCHS = multiplesOf(2000, 5);

export const torch000: Program = {
  name: "000-torch",
  title: "XOR in PyTorch",
  description:
    "The same network in float32 with the mean squared error, initialised like nn.Linear. The source sets no seed. A search through all 2³² seeds found this one.",
  epochs: EPOCHS,
  sourceSeed: 693943272,
  printouts: [
    {
      figure: "loss",
      labels: epochLabels(PRINTED_EPOCHS),
      decimals: 6,
      printed: [0.305019, 0.249498, 0.020588, 0.002713, 0.00137],
    },
    {
      figure: "predictions",
      labels: INPUT_LABELS,
      decimals: 4,
      printed: [0.0331, 0.9718, 0.9709, 0.0297],
    },
  ],
  train,
};

async function train({ seed, onEpoch }: TrainOptions): Promise<Trained> {
  const network = await create(seed);
  const { loss } = await network.fit(INPUTS, TARGETS, {
    epochs: EPOCHS,
    onProgress: ({ epoch }) => onEpoch(epoch),
  });
  const [hidden, output] = network.parameters;
  return {
    network,
    curve: curveOf("mean squared error", loss),
    figures: {
      loss: PRINTED_EPOCHS.map((epoch) => loss[epoch]!),
      predictions: predictAll(network),
      "hidden.weight": transposeOf(hidden!.kernel),
      "hidden.bias": hidden!.bias!.toArray(),
      "output.weight": transposeOf(output!.kernel),
      "output.bias": output!.bias!.toArray(),
    },
  };
}

function create(seed: number): Promise<Network> {
  const initializers = { kernelInitializer: torchLinear(), biasInitializer: torchLinear() };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "sigmoid", initializers), dense(1, "sigmoid", initializers)],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.5 }),
    dtype: "float32",
    random: torchRandom(seed),
  });
}
