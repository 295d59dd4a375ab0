import {
  createNetwork,
  dense,
  type Network,
  type NumpyRandom,
  numpyRandom,
  sgd,
  transposed,
  uniform,
} from "backprop-wasm";
import type { Figures, Printout, Program, Trained, TrainOptions } from "./program.js";
import {
  classesOf,
  curveOf,
  INPUT_LABELS,
  INPUTS,
  multiplesOf,
  predictAll,
  TARGETS,
  transposeOf,
} from "./xor.js";

const EPOCHS = 10_000;
const FIGURE_EPOCHS = [...multiplesOf(1000, 10), EPOCHS - 1];

/** The notebook also prints the numbers that its stream gives after the weights. */
const DRAWS: readonly Printout[] = [
  { figure: "rand()", labels: [""], decimals: 16, printed: [0.2046486340378425] },
  {
    figure: "rand(5)",
    labels: [""],
    decimals: 8,
    printed: [[0.61927097, 0.29965467, 0.26682728, 0.62113383, 0.52914209]],
  },
  {
    figure: "rand(2, 5)",
    labels: [""],
    decimals: 8,
    printed: [
      [
        ...[0.13457995, 0.51357812, 0.18443987, 0.78533515, 0.85397529],
        ...[0.49423684, 0.84656149, 0.07964548, 0.50524609, 0.0652865],
      ],
    ],
  },
  {
    figure: "rand(2, 3, 5)",
    labels: [""],
    decimals: 8,
    printed: [
      [
        ...[0.42812233, 0.09653092, 0.12715997, 0.59674531, 0.226012],
        ...[0.10694568, 0.22030621, 0.34982629, 0.46778748, 0.20174323],
        ...[0.64040673, 0.48306984, 0.50523672, 0.38689265, 0.79363745],
        ...[0.58000418, 0.1622986, 0.70075235, 0.96455108, 0.50000836],
        ...[0.88952006, 0.34161365, 0.56714413, 0.42754596, 0.43674726],
        ...[0.77655918, 0.53560417, 0.95374223, 0.54420816, 0.08209492],
      ],
    ],
  },
];

export const program002: Program = {
  name: "002",
  title: "XOR without biases",
  description: "Mean binary cross-entropy, samples as columns, no biases.",
  epochs: EPOCHS,
  sourceSeed: 2,
  printouts: [
    {
      figure: "w1",
      labels: ["[0]", "[1]"],
      decimals: 8,
      printed: [
        [0.6945972, 0.69298621],
        [4.95603514, 4.90910154],
      ],
    },
    { figure: "w2", labels: ["[0]"], decimals: 8, printed: [[-8.76869413, 6.71602913]] },
    { figure: "classes", labels: INPUT_LABELS, decimals: 0, printed: [0, 1, 1, 0] },
    ...DRAWS,
  ],
  train,
};

async function train({ seed, onEpoch }: TrainOptions): Promise<Trained> {
  const random = numpyRandom(seed);
  const network = await create(random);
  const extraFigures = draw(random);
  const { loss } = await network.fit(INPUTS, TARGETS, {
    epochs: EPOCHS,
    onProgress: ({ epoch }) => onEpoch(epoch),
  });
  const [hidden, output] = network.parameters;
  const predictions = predictAll(network);
  return {
    network,
    curve: curveOf("mean binary cross-entropy", loss),
    figures: {
      loss: FIGURE_EPOCHS.map((epoch) => loss[epoch]!),
      w1: transposeOf(hidden!.kernel),
      w2: transposeOf(output!.kernel),
      predictions,
      classes: classesOf(predictions),
    },
    extraFigures,
  };
}

function create(random: NumpyRandom): Promise<Network> {
  const options = { useBias: false, kernelInitializer: transposed(uniform()) };
  return createNetwork({
    inputs: 2,
    layers: [dense(2, "sigmoid", options), dense(1, "sigmoid", options)],
    loss: "sigmoidCrossentropy",
    optimizer: sgd({ learningRate: 0.1 }),
    dtype: "float64",
    random,
  });
}

function draw(random: NumpyRandom): Figures {
  return {
    "rand()": [Array.from(random.rand())],
    "rand(5)": [Array.from(random.rand(5))],
    "rand(2, 5)": [Array.from(random.rand(2, 5))],
    "rand(2, 3, 5)": [Array.from(random.rand(2, 3, 5))],
  };
}
