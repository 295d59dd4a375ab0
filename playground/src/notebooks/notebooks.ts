// The programs of the notebooks, with the figures that they print: see docs/notebooks.md.

import { DEFAULT_EXPERIMENT, type Experiment, type LayerChoice } from "../experiment/experiment.js";
import type { Values } from "../experiment/fields.js";
import type { Notebook, PrintedFigure } from "./notebook.js";

const ROW_LABELS = ["of 0, 0", "of 0, 1", "of 1, 0", "of 1, 1"];

/** A network of two hidden units and one output for the four rows of XOR, in one batch. */
function xor(hidden: string, initial: Values, changes: Partial<Experiment>): Experiment {
  return {
    ...DEFAULT_EXPERIMENT,
    data: { ...DEFAULT_EXPERIMENT.data, dataset: "truthTable", validation: 0 },
    layers: [{ kind: "dense", units: 2, activation: hidden, ...initial } as LayerChoice],
    output: { activation: "sigmoid", ...initial },
    dtype: "float64",
    epochs: 10_000,
    ...changes,
  };
}

function sgd(learningRate: number): Experiment["optimizer"] {
  return { name: "sgd", options: { learningRate } };
}

const SUM_OF_SQUARES: Experiment["loss"] = { name: "meanSquaredError", options: { reduction: "sum" } };

/** The losses of every `step`th epoch, counted from 0. */
function losses(step: number, decimals: number, divisor: number, printed: readonly number[]): PrintedFigure {
  const epochs = printed.map((_, i) => i * step);
  return {
    figure: "loss",
    labels: epochs.map((epoch) => `at epoch ${epoch}`),
    decimals,
    printed: printed.map((loss) => [loss]),
    source: { kind: "loss", epochs, divisor },
  };
}

/** Figures of the four rows. */
function ofRows(
  figure: "predictions" | "classes",
  after: number,
  decimals: number,
  printed?: readonly number[],
): PrintedFigure {
  return {
    figure,
    labels: ROW_LABELS,
    decimals,
    printed: printed?.map((value) => [value]),
    source: { kind: figure, after },
  };
}

function kernel(figure: string, layer: number, printed: readonly (readonly number[])[]): PrintedFigure {
  return {
    figure,
    labels: printed.map((_, unit) => `[${unit}]`),
    decimals: 8,
    printed,
    source: { kind: "kernel", after: 10_000, layer },
  };
}

function everyEpochs(
  figure: string,
  kind: "meanAbsoluteError" | "evaluatedLoss",
  decimals: number,
  after: readonly number[],
): PrintedFigure {
  return {
    figure,
    labels: after.map((epoch) => `after ${epoch} epochs`),
    decimals,
    printed: undefined,
    source: { kind, after },
  };
}

const UNIFORM = { kernelInitializer: "uniform()", biasInitializer: "uniform()" };
const LIKE_TORCH = { kernelInitializer: "torchLinear()", biasInitializer: "torchLinear()" };
const NORMAL = { kernelInitializer: "normal()" };
const WITHOUT_BIAS = { useBias: false, kernelInitializer: "transposed(uniform())" };
const AROUND_ZERO = { kernelInitializer: "transposed(uniform(-1, 1))", biasInitializer: "uniform(-1, 1)" };
const ALL_NORMAL = { kernelInitializer: "normal()", biasInitializer: "normal()" };

/** The five seed programs; the first has a version in NumPy and one in PyTorch. */
export const NOTEBOOKS: readonly Notebook[] = [
  {
    name: "000-numpy",
    title: "XOR in NumPy",
    description: "Two sigmoid layers in float64. All parameters are drawn uniformly from [0, 1).",
    // The notebook uses the gradient of half the sum of squares, with the learning rate 0.5.
    experiment: xor("sigmoid", UNIFORM, { loss: SUM_OF_SQUARES, optimizer: sgd(0.5 / 2), seed: 42 }),
    figures: [
      losses(2000, 6, 4, [0.324659, 0.002546, 0.000902, 0.000537, 0.00038]),
      // Predicted before the update of the last epoch.
      ofRows("predictions", 9999, 8, [0.01890475, 0.98371361, 0.98369334, 0.01686123]),
    ],
  },
  {
    name: "000-torch",
    title: "XOR in PyTorch",
    description:
      "The same network in float32 with the mean squared error, initialised like nn.Linear. The notebook sets no seed. A search " +
      "through all 2³² seeds found this one.",
    experiment: xor("sigmoid", LIKE_TORCH, {
      loss: { name: "meanSquaredError", options: {} },
      optimizer: sgd(0.5),
      dtype: "float32",
      seed: 693943272,
      random: "torch",
    }),
    figures: [
      losses(2000, 6, 1, [0.305019, 0.249498, 0.020588, 0.002713, 0.00137]),
      ofRows("predictions", 10_000, 4, [0.0331, 0.9718, 0.9709, 0.0297]),
    ],
  },
  {
    name: "001",
    title: "XOR into a local minimum",
    description:
      "Kernels are drawn from the normal distribution. With seed 42, gradient descent ends in a local minimum.",
    // The notebook prints the mean of the squares, but uses the gradient of their sum.
    experiment: xor("sigmoid", NORMAL, { loss: SUM_OF_SQUARES, optimizer: sgd(0.1), seed: 42 }),
    figures: [
      losses(1000, 4, 4, [0.2558, 0.2455, 0.1532, 0.1336, 0.1298, 0.1282, 0.1274, 0.1269, 0.1266, 0.1264]),
      ofRows("predictions", 9999, 3, [0.03, 0.498, 0.971, 0.501]),
      ofRows("classes", 9999, 0, [0, 0, 1, 1]),
    ],
  },
  {
    name: "002",
    title: "XOR without biases",
    description: "Mean binary cross-entropy, samples as columns, no biases.",
    experiment: xor("sigmoid", WITHOUT_BIAS, {
      loss: { name: "sigmoidCrossentropy", options: {} },
      optimizer: sgd(0.1),
      seed: 2,
    }),
    figures: [
      kernel("w1", 0, [
        [0.6945972, 0.69298621],
        [4.95603514, 4.90910154],
      ]),
      kernel("w2", 1, [[-8.76869413, 6.71602913]]),
      ofRows("classes", 10_000, 0, [0, 1, 1, 0]),
    ],
  },
  {
    name: "003",
    title: "XOR over 180,000 epochs",
    description:
      "All parameters are drawn uniformly from [−1, 1). The mean absolute error is computed every 10,000 epochs. The notebook " +
      "shows its figures as an image.",
    // The notebook uses the gradient of half the sum of squares, with the learning rate 0.1.
    experiment: xor("sigmoid", AROUND_ZERO, {
      loss: SUM_OF_SQUARES,
      optimizer: sgd(0.1 / 2),
      epochs: 180_000,
    }),
    figures: [
      // Computed before the update of each 10,000th epoch.
      everyEpochs(
        "mean absolute error",
        "meanAbsoluteError",
        5,
        Array.from({ length: 18 }, (_, i) => (i + 1) * 10_000 - 1),
      ),
      ofRows("predictions", 179_999, 5),
    ],
  },
  {
    name: "004",
    title: "XOR by forward differences",
    description:
      "ReLU, then sigmoid. The gradient is computed by changing one parameter after the other, without derivatives. The notebook " +
      "shows its figures as an image.",
    experiment: xor("relu", ALL_NORMAL, {
      loss: { name: "binaryCrossentropy", options: { clip: 1e-15 } },
      optimizer: sgd(0.01),
      epochs: 1000,
      gradients: "forwardDifferences",
    }),
    figures: [
      everyEpochs(
        "loss",
        "evaluatedLoss",
        4,
        Array.from({ length: 10 }, (_, i) => (i + 1) * 100),
      ),
      ofRows("predictions", 1000, 4),
    ],
  },
];
