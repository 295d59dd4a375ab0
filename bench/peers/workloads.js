// The workloads, a selection of those of `npm run bench`, and the tasks that peers get for them.

import { createParameters, createSamples } from "../../build/bench/samples.js";
import { findWorkload } from "../../build/bench/workloads.js";

export { ADAM_WORKLOADS, label } from "../../build/bench/workloads.js";

/** @typedef {import("../../build/bench/workloads.js").Workload} Workload */

/**
 * @typedef {object} Task A workload with its rows and initial parameters, as JSON.
 * @property {"train" | "predict"} task
 * @property {number[]} sizes The sizes of the layers, inputs first.
 * @property {number} batch Rows of a step.
 * @property {"float32" | "float64"} dtype
 * @property {"sigmoid" | "relu" | "tanh"} hidden The activation of all layers but the last.
 * @property {"sigmoid" | "softmax" | "linear"} output The activation of the last layer.
 * @property {"meanSquaredError" | "categoricalCrossentropy"} loss
 * @property {"sgd" | "adam"} optimizer
 * @property {number} learningRate
 * @property {number} rows
 * @property {number[][]} inputs
 * @property {number[][]} targets
 * @property {{ kernel: number[][], bias: number[] }[]} parameters Kernels [inputs, units], biases [units].
 */

/** More than one batch, because some peers prepare a batch only once if it is the whole data set. */
const MIN_BATCHES = 2;
const MIN_ROWS = 64;

/** @type {readonly Workload[]} */
export const WORKLOADS = [
  "2-2-1 b4 float64",
  "2-2-1 b4 float32",
  "64-32-10 b32 float32",
  "784-128-10 b32 float32",
  "784-128-10 b128 float32",
  "784-512-512-10 b128 float32",
  "64-32-10 b1 float32",
  "64-32-10 predict b1 float32",
].map(findWorkload);

/** The steps of one run of a peer: the steps of an epoch, or one prediction. @param {Task} task */
export function stepsPerRun({ task, rows, batch }) {
  return task === "predict" ? 1 : Math.ceil(rows / batch);
}

/** @param {Workload} workload @returns {Task} */
export function createTask(workload) {
  const { task, sizes, batch, dtype, layers, loss, optimizer } = workload;
  const { rows, inputs, targets } = createSamples(
    workload,
    workload.rows ?? Math.max(MIN_BATCHES * batch, MIN_ROWS),
  );
  return {
    task,
    sizes,
    batch,
    dtype,
    hidden: layers[0].activation,
    output: layers.at(-1).activation,
    loss,
    optimizer: optimizer.name,
    learningRate: optimizer.learningRate,
    rows,
    inputs: toRows(inputs, sizes[0]),
    targets: toRows(targets, sizes.at(-1)),
    parameters: splitParameters(sizes, createParameters(workload)),
  };
}

/** Splits a flat array into the kernel and the bias of each layer. */
function splitParameters(sizes, values) {
  let begin = 0;
  return sizes.slice(1).map((units, i) => {
    const end = begin + (sizes[i] + 1) * units;
    const rows = toRows(values.subarray(begin, end), units);
    begin = end;
    return { kernel: rows.slice(0, -1), bias: rows.at(-1) };
  });
}

/** Splits a flat array into rows of `width` numbers. */
function toRows(values, width) {
  return Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
}
