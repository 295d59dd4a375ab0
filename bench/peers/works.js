// What is measured: networks, batches and dtypes, with the rows and the initial parameters that all are given.

import { numpyRandom } from "backprop-wasm";

/**
 * @typedef {object} Work
 * @property {string} name The layer sizes, input first; " predict" behind them where no training step is measured.
 * @property {"train" | "predict"} task
 * @property {number[]} sizes
 * @property {number} batch Rows a step.
 * @property {"float32" | "float64"} dtype
 * @property {"sigmoid" | "relu"} hidden The activation of all layers but the last.
 * @property {"sigmoid" | "softmax"} output That of the last.
 * @property {"meanSquaredError" | "categoricalCrossentropy"} loss
 * @property {number} learningRate
 */

/**
 * @typedef {object} Samples
 * @property {number} rows
 * @property {number[][]} inputs
 * @property {number[][]} targets
 * @property {{ kernel: number[][], bias: number[] }[]} parameters Kernels [inputs, units], biases [units].
 */

/** @typedef {Work & Samples} Task A work with all that a peer needs to do it. */

const SAMPLES_SEED = 1;
const PARAMETERS_SEED = 2;

/** More than one batch, since some keep a batch prepared that is all of the data. */
const FEWEST_BATCHES = 2;
const FEWEST_ROWS = 64;

const XOR = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  targets: [[0], [1], [1], [0]],
};

/** @type {readonly Work[]} */
export const WORKS = [
  xor("float64"),
  xor("float32"),
  classification([64, 32, 10], 32),
  classification([784, 128, 10], 32),
  classification([784, 128, 10], 128),
  classification([784, 512, 512, 10], 128),
  classification([64, 32, 10], 1),
  { ...classification([64, 32, 10], 1), name: "64-32-10 predict", task: "predict" },
];

/** What `--only` looks in. @param {Work} work */
export function label({ name, batch, dtype }) {
  return `${name} b${batch} ${dtype}`;
}

/** The steps of one run of a peer: those of an epoch, or one prediction. @param {Task} task */
export function stepsPerRun({ task, rows, batch }) {
  return task === "predict" ? 1 : rows / batch;
}

/** Multiply-adds of a forward pass of one batch. @param {Work} work */
export function multiplyAdds({ sizes, batch }) {
  return batch * sizes.slice(1).reduce((sum, units, i) => sum + units * sizes[i], 0);
}

/** @param {Work} work @returns {Task} */
export function createTask(work) {
  const { inputs, targets } = work.loss === "meanSquaredError" ? XOR : createSamples(work);
  return { ...work, rows: inputs.length, inputs, targets, parameters: createParameters(work) };
}

/** Normal inputs; classes in turn, so that every batch of ten rows has them all. @param {Work} work */
function createSamples({ sizes, batch }) {
  const rows = Math.max(FEWEST_BATCHES * batch, FEWEST_ROWS);
  const classes = sizes.at(-1);
  return {
    inputs: toRows(numpyRandom(SAMPLES_SEED).randn(rows, sizes[0]), sizes[0]),
    targets: Array.from({ length: rows }, (_, row) =>
      Array.from({ length: classes }, (_, i) => Number(i === row % classes)),
    ),
  };
}

/** Uniform within ±1/√inputs. @param {Work} work */
function createParameters({ sizes }) {
  const random = numpyRandom(PARAMETERS_SEED);
  return sizes.slice(1).map((units, i) => {
    const inputs = sizes[i];
    const draw = (...shape) => random.uniform(-1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs), ...shape);
    return { kernel: toRows(draw(inputs, units), units), bias: [...toFloat32(draw(units))] };
  });
}

function toRows(values, width) {
  const flat = toFloat32(values);
  return Array.from({ length: flat.length / width }, (_, row) => [
    ...flat.subarray(row * width, (row + 1) * width),
  ]);
}

/** So that peers of both dtypes begin with the same numbers. */
function toFloat32(values) {
  return Float32Array.from(values);
}

function xor(dtype) {
  return {
    name: "2-2-1",
    task: "train",
    sizes: [2, 2, 1],
    batch: 4,
    dtype,
    hidden: "sigmoid",
    output: "sigmoid",
    loss: "meanSquaredError",
    learningRate: 0.5,
  };
}

function classification(sizes, batch) {
  return {
    name: sizes.join("-"),
    task: "train",
    sizes,
    batch,
    dtype: "float32",
    hidden: "relu",
    output: "softmax",
    loss: "categoricalCrossentropy",
    learningRate: 0.01,
  };
}
