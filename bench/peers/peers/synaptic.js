// https://github.com/cazala/synaptic

import synaptic from "synaptic";
import { flops } from "../../../build/bench/workloads.js";
import { versionOf } from "../version.js";

/**
 * The maximum number of operations of a forward pass. Above it, a step takes about a second. synaptic also generates
 * some lines of code for each weight, and compiling them takes long.
 */
const MAX_FLOPS = 2e6;

/** For 0, synaptic would use its default. */
const NO_THRESHOLD = Number.MIN_VALUE;

export function describe(task) {
  const version = versionOf("synaptic");
  if (flops({ ...task, task: "predict" }) > MAX_FLOPS) return { version, refusal: "too slow" };
  if (task.dtype === "float64") return { version, note: "online" };
  if (task.loss === "meanSquaredError") return { version, refusal: "float64 only" };
  return { version, note: "float64, online; all layers sigmoid, mean squared error" };
}

export function create({ task, sizes, learningRate, inputs, targets }) {
  const network = new synaptic.Architect.Perceptron(...sizes);
  const trainer = new synaptic.Trainer(network);
  const samples = inputs.map((input, row) => ({ input, output: targets[row] }));
  if (task === "train") {
    return (iterations) => [
      trainer.train(samples, { rate: learningRate, iterations, error: NO_THRESHOLD }).error,
    ];
  }
  return (times) => {
    let outputs;
    for (let i = 0; i < times; i++) outputs = network.activate(inputs[0]);
    return outputs;
  };
}
