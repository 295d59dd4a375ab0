// What an experiment can be made of: data sets, layers, losses, optimizers and schedules, with their options.

import type { ActivationName, LossName } from "backprop-wasm";
import { choice, type Fields, flag, integer, number, numbers } from "./fields.js";

/** What is predicted: one of some classes, or a number. */
export type Task = "classes" | "number";

export interface DatasetChoice {
  readonly label: string;
  /** The columns of the inputs; undefined for a table, whose file says it. */
  readonly inputs: number | undefined;
  /** undefined for a table, whose target says it. */
  readonly task: Task | undefined;
  /** Whether `rows`, `noise` and `seed` have an effect. */
  readonly isGenerated: boolean;
  /** Whether points can be drawn: two inputs and two classes. */
  readonly takesPoints: boolean;
}

const PLANE_OF_CLASSES = { inputs: 2, task: "classes", isGenerated: true, takesPoints: true } as const;

/** The data sets. `table` is a CSV file of the user's own; `digits` is one that the page has. */
export const DATASETS = {
  xor: { label: "XOR", ...PLANE_OF_CLASSES },
  circles: { label: "Circles", ...PLANE_OF_CLASSES },
  spiral: { label: "Spiral", ...PLANE_OF_CLASSES },
  moons: { label: "Moons", ...PLANE_OF_CLASSES },
  gaussians: { label: "Gaussians", ...PLANE_OF_CLASSES },
  sine: { label: "Noisy sine", inputs: 1, task: "number", isGenerated: true, takesPoints: false },
  plane: { label: "Plane", inputs: 2, task: "number", isGenerated: true, takesPoints: false },
  drawn: { label: "Points that you draw", ...PLANE_OF_CLASSES, isGenerated: false },
  truthTable: {
    label: "The four rows of XOR",
    inputs: 2,
    task: "classes",
    isGenerated: false,
    takesPoints: false,
  },
  digits: {
    label: "Digits (8 × 8)",
    inputs: undefined,
    task: "classes",
    isGenerated: false,
    takesPoints: false,
  },
  table: {
    label: "Your own CSV",
    inputs: undefined,
    task: undefined,
    isGenerated: false,
    takesPoints: false,
  },
} as const satisfies Readonly<Record<string, DatasetChoice>>;

export type DatasetName = keyof typeof DATASETS;

export const DATA_FIELDS = {
  dataset: choice("Data set", Object.keys(DATASETS), "xor"),
  rows: integer("Rows", 400, 10, 5000),
  noise: number("Noise", 0, 0, 1),
  validation: number("Share for validation", 0.2, 0, 0.9),
  seed: integer("Seed of the data", 1, 0, 2 ** 32 - 1),
} as const satisfies Fields;

/** The most points that can be drawn. */
export const MAX_POINTS = 500;

/** Drawn coordinates are within ±MAX_COORDINATE. */
export const MAX_COORDINATE = 2;

/** Every activation of the library, the most common ones first. */
export const ACTIVATION_NAMES = [
  ...(["tanh", "relu", "sigmoid", "linear", "leakyRelu", "elu", "gelu", "geluTanh", "silu"] as const),
  ...(["softplus", "softmax", "hardSigmoid", "hardTanh", "selu", "mish", "softsign", "exponential"] as const),
] as const satisfies readonly ActivationName[];

/**
 * The initializers, as a program writes them. `""`: the library's default for the layer.
 */
export const INITIALIZER_NAMES = [
  ...["", "glorotUniform()", "glorotNormal()", "heUniform()", "heNormal()", "lecunUniform()"],
  ...["lecunNormal()", "torchLinear()", "zeros()", "uniform()", "uniform(-1, 1)", "normal()"],
  ...["transposed(uniform())", "transposed(uniform(-1, 1))"],
] as const;

/** The options of the output layer: its units follow from the data and the loss. */
export const OUTPUT_FIELDS = {
  activation: choice("Activation", ACTIVATION_NAMES, "sigmoid"),
  useBias: flag("Bias", true),
  kernelInitializer: choice("Initial kernel", INITIALIZER_NAMES),
  biasInitializer: choice("Initial bias", INITIALIZER_NAMES),
  kernelL1: number("L1 penalty", 0, 0, 1),
  kernelL2: number("L2 penalty", 0, 0, 1),
} as const satisfies Fields;

/** The largest number of units of a dense layer. */
export const MAX_UNITS = 1024;

/** The largest number of layers before the output layer. */
export const MAX_LAYERS = 12;

/** The largest number of trained parameters: above it, the page says that the network is too large. */
export const MAX_PARAMETERS = 2_000_000;

/** The kinds of layers with their options. */
export const LAYER_KINDS = {
  dense: {
    label: "Dense",
    fields: {
      units: integer("Units", 8, 1, MAX_UNITS),
      ...OUTPUT_FIELDS,
      activation: choice("Activation", ACTIVATION_NAMES, "tanh"),
    },
  },
  dropout: { label: "Dropout", fields: { rate: number("Rate", 0.2, 0, 0.95) } },
  gaussianNoise: { label: "Gaussian noise", fields: { deviation: number("Deviation", 0.1, 0, 10) } },
  layerNorm: { label: "Layer norm", fields: { epsilon: number("Epsilon", 1e-5, 1e-12, 1) } },
  batchNorm: {
    label: "Batch norm",
    fields: { momentum: number("Momentum", 0.1, 0, 1), epsilon: number("Epsilon", 1e-5, 1e-12, 1) },
  },
  prelu: { label: "PReLU", fields: {} },
} as const satisfies Readonly<Record<string, { label: string; fields: Fields }>>;

export type LayerKind = keyof typeof LAYER_KINDS;

export interface LossChoice {
  readonly label: string;
  readonly tasks: readonly Task[];
  /** The activation that the output layer must have; undefined: any. */
  readonly activation: ActivationName | undefined;
  /** The activation that suits, by task: what the page sets when the loss is chosen. */
  readonly suggested: ActivationName;
  /**
   * What the targets of classes are: `numbers` is 0 and 1 for two classes and one-hot rows for more; `signs` the same
   * with −1 in place of 0; `oneHot` always one-hot rows; `labels` one integer for each row.
   */
  readonly targets: "numbers" | "signs" | "oneHot" | "labels";
  readonly fields: Fields;
}

const REDUCTION = choice("Reduction", ["mean", "sum"]);
const SMOOTHING = number("Label smoothing", 0, 0, 0.9);
const BOTH_TASKS = ["classes", "number"] as const;
const CLASSES = ["classes"] as const;

/** Every loss of the library. */
export const LOSS_CHOICES = {
  sigmoidCrossentropy: {
    label: "Sigmoid cross-entropy",
    tasks: CLASSES,
    activation: "sigmoid",
    suggested: "sigmoid",
    targets: "numbers",
    fields: { reduction: REDUCTION, labelSmoothing: SMOOTHING },
  },
  meanSquaredError: {
    label: "Mean squared error",
    tasks: BOTH_TASKS,
    activation: undefined,
    suggested: "linear",
    targets: "numbers",
    fields: { reduction: REDUCTION },
  },
  meanAbsoluteError: {
    label: "Mean absolute error",
    tasks: BOTH_TASKS,
    activation: undefined,
    suggested: "linear",
    targets: "numbers",
    fields: { reduction: REDUCTION },
  },
  huber: {
    label: "Huber",
    tasks: BOTH_TASKS,
    activation: undefined,
    suggested: "linear",
    targets: "numbers",
    fields: { reduction: REDUCTION, delta: number("Delta", 1, 0.001, 100) },
  },
  logCosh: {
    label: "Log-cosh",
    tasks: BOTH_TASKS,
    activation: undefined,
    suggested: "linear",
    targets: "numbers",
    fields: { reduction: REDUCTION },
  },
  quantile: {
    label: "Quantile",
    tasks: ["number"],
    activation: undefined,
    suggested: "linear",
    targets: "numbers",
    fields: { reduction: REDUCTION, quantile: number("Quantile", 0.5, 0.01, 0.99) },
  },
  poisson: {
    label: "Poisson",
    tasks: BOTH_TASKS,
    activation: undefined,
    suggested: "softplus",
    targets: "numbers",
    fields: { reduction: REDUCTION },
  },
  binaryCrossentropy: {
    label: "Binary cross-entropy",
    tasks: CLASSES,
    activation: undefined,
    suggested: "sigmoid",
    targets: "numbers",
    fields: { reduction: REDUCTION, labelSmoothing: SMOOTHING, clip: number("Clip", 1e-7, 1e-15, 0.4) },
  },
  focal: {
    label: "Focal",
    tasks: CLASSES,
    activation: "sigmoid",
    suggested: "sigmoid",
    targets: "numbers",
    fields: { reduction: REDUCTION, gamma: number("Gamma", 2, 0, 10) },
  },
  hinge: {
    label: "Hinge",
    tasks: CLASSES,
    activation: undefined,
    suggested: "linear",
    targets: "signs",
    fields: { reduction: REDUCTION },
  },
  sparseCategoricalCrossentropy: {
    label: "Categorical cross-entropy of labels",
    tasks: CLASSES,
    activation: "softmax",
    suggested: "softmax",
    targets: "labels",
    fields: { reduction: REDUCTION, labelSmoothing: SMOOTHING },
  },
  categoricalCrossentropy: {
    label: "Categorical cross-entropy",
    tasks: CLASSES,
    activation: "softmax",
    suggested: "softmax",
    targets: "oneHot",
    fields: { reduction: REDUCTION, labelSmoothing: SMOOTHING },
  },
  kullbackLeibler: {
    label: "Kullback–Leibler divergence",
    tasks: CLASSES,
    activation: "softmax",
    suggested: "softmax",
    targets: "oneHot",
    fields: { reduction: REDUCTION },
  },
} as const satisfies Readonly<Record<LossName, LossChoice>>;

export const LOSS_NAMES = Object.keys(LOSS_CHOICES) as readonly LossName[];

const rate = (value: number) => number("Learning rate", value, 0, 10);
const momentum = (value: number) => number("Momentum", value, 0, 0.999);
const weightDecay = (value: number) => number("Weight decay", value, 0, 1);
const belowOne = (label: string, value: number) => number(label, value, 0, 0.9999);
const epsilon = (value: number) => number("Epsilon", value, 1e-15, 1);

const ADAM_FIELDS = {
  learningRate: rate(0.001),
  beta1: belowOne("Beta 1", 0.9),
  beta2: belowOne("Beta 2", 0.999),
  epsilon: epsilon(1e-8),
  amsgrad: flag("AMSGrad"),
} as const satisfies Fields;

/** Every optimizer of the library, with its options and its defaults. */
export const OPTIMIZERS = {
  sgd: {
    label: "SGD",
    fields: {
      learningRate: rate(0.01),
      momentum: momentum(0),
      nesterov: flag("Nesterov momentum"),
      weightDecay: weightDecay(0),
    },
  },
  adam: { label: "Adam", fields: { ...ADAM_FIELDS, weightDecay: weightDecay(0) } },
  adamW: { label: "AdamW", fields: { ...ADAM_FIELDS, weightDecay: weightDecay(0.01) } },
  nadam: {
    label: "NAdam",
    fields: {
      learningRate: rate(0.002),
      beta1: belowOne("Beta 1", 0.9),
      beta2: belowOne("Beta 2", 0.999),
      epsilon: epsilon(1e-8),
      momentumDecay: number("Momentum decay", 0.004, 0, 1),
      weightDecay: weightDecay(0),
    },
  },
  rmsprop: {
    label: "RMSprop",
    fields: {
      learningRate: rate(0.01),
      alpha: belowOne("Alpha", 0.99),
      epsilon: epsilon(1e-8),
      centered: flag("Centered"),
      momentum: momentum(0),
      weightDecay: weightDecay(0),
    },
  },
  adagrad: {
    label: "Adagrad",
    fields: {
      learningRate: rate(0.01),
      learningRateDecay: number("Learning-rate decay", 0, 0, 1),
      initialAccumulator: number("Initial accumulator", 0, 0, 10),
      epsilon: epsilon(1e-10),
      weightDecay: weightDecay(0),
    },
  },
  adadelta: {
    label: "Adadelta",
    fields: {
      learningRate: rate(1),
      rho: belowOne("Rho", 0.9),
      epsilon: epsilon(1e-6),
      weightDecay: weightDecay(0),
    },
  },
  rprop: {
    label: "Rprop (full batches)",
    fields: {
      learningRate: rate(0.01),
      etas: numbers("Etas", [0.5, 1.2], 0.01, 10, [2, 2]),
      stepSizes: numbers("Step sizes", [1e-6, 50], 1e-12, 1000, [2, 2]),
    },
  },
} as const satisfies Readonly<Record<string, { label: string; fields: Fields }>>;

export type OptimizerName = keyof typeof OPTIMIZERS;

/** The options that every optimizer takes besides its own. 0: without. */
export const COMMON_OPTIMIZER_FIELDS = {
  clipNorm: number("Largest norm of gradients (0: any)", 0, 0, 1000),
  clipValue: number("Largest gradient (0: any)", 0, 0, 1000),
  ema: belowOne("Average of parameters (0: none)", 0),
} as const satisfies Fields;

const epochs = (value: number) => integer("Epochs", value, 1, 1_000_000);
const minLearningRate = number("Smallest learning rate", 0, 0, 10);

/** The learning-rate schedules. They begin with the learning rate of the optimizer. */
export const SCHEDULES = {
  none: { label: "None", fields: {} },
  cosineDecay: { label: "Cosine decay", fields: { epochs: epochs(200), minLearningRate } },
  cosineRestarts: {
    label: "Cosine with restarts",
    fields: { epochs: epochs(50), minLearningRate, multiplier: integer("Multiplier", 1, 1, 10) },
  },
  oneCycle: {
    label: "One cycle",
    fields: { epochs: epochs(200), pctStart: number("Share of the rise", 0.3, 0.01, 0.99) },
  },
  stepDecay: { label: "Step decay", fields: { epochs: epochs(100), gamma: number("Gamma", 0.1, 0.001, 1) } },
  multiStepDecay: {
    label: "Decay at given epochs",
    fields: {
      epochs: numbers("Epochs", [100, 200], 1, 1_000_000, [1, 10]),
      gamma: number("Gamma", 0.1, 0.001, 1),
    },
  },
  exponentialDecay: {
    label: "Exponential decay",
    fields: { epochs: epochs(1), gamma: number("Gamma", 0.99, 0.001, 1) },
  },
  polynomialDecay: {
    label: "Polynomial decay",
    fields: { epochs: epochs(200), minLearningRate, power: number("Power", 1, 0.1, 10) },
  },
  constantRate: {
    label: "Lower at first",
    fields: { epochs: epochs(10), factor: number("Factor", 0.1, 0.001, 1) },
  },
  reduceOnPlateau: {
    label: "Reduce on a plateau of the loss",
    fields: {
      factor: number("Factor", 0.1, 0.001, 0.999),
      patience: integer("Patience (epochs)", 10, 0, 100_000),
      minLearningRate,
    },
  },
} as const satisfies Readonly<Record<string, { label: string; fields: Fields }>>;

export type ScheduleName = keyof typeof SCHEDULES;

/** Epochs of a linear rise before any schedule but none; 0: without. */
export const WARMUP_FIELD = integer("Epochs of warm-up", 0, 0, 100_000);

/** The remaining fields of an experiment. */
export const TRAINING_FIELDS = {
  batchSize: integer("Batch size", 32, 1, 5000),
  epochs: integer("Epochs", 0, 0, 10_000_000),
  seed: integer("Seed of the network", 1, 0, 2 ** 32 - 1),
  random: choice("Random numbers of", ["numpy", "torch"]),
  dtype: choice("Numbers", ["float32", "float64"]),
  threads: integer("Threads", 1, 1, 8),
  gradients: choice("Gradients by", ["backpropagation", "forwardDifferences"]),
} as const satisfies Fields;
