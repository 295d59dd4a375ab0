// https://github.com/mljs/feedforward-neural-networks

import FeedForwardNeuralNetworks from "ml-fnn";
import { Matrix } from "ml-matrix";
import { versionOf } from "../version.js";
import { stepsPerRun } from "../workloads.js";

/** For 0, ml-fnn would use its default. */
const NO_REGULARIZATION = 1e-30;

export function describe({ task, dtype, loss, batch }) {
  const version = versionOf("ml-fnn");
  if (task === "train" && batch === 1)
    return { version, refusal: "full batch only, and its classes are those of the batch" };
  if (dtype === "float64") return { version, note: "tanh, then softmax of two outputs" };
  if (loss === "meanSquaredError") return { version, refusal: "float64 only" };
  return { version, note: "float64; tanh; the same full batch at each step; predicts labels only" };
}

export function create(task) {
  const { sizes, batch, learningRate, inputs, targets } = task;
  const rows = task.task === "predict" ? inputs : inputs.slice(0, batch);
  const labels = targets.slice(0, rows.length).map(labelOf);
  const network = new FeedForwardNeuralNetworks({
    hiddenLayers: sizes.slice(1, -1),
    iterations: stepsPerRun(task),
    // The gradients of ml-fnn are sums over the rows.
    learningRate: learningRate / rows.length,
    regularization: NO_REGULARIZATION,
  });
  if (task.task === "train") {
    return (times) => {
      network.iterations = times * stepsPerRun(task);
      network.train(rows, labels);
      return [crossentropy(network, rows, labels)];
    };
  }
  network.train(rows, labels);
  return (times) => {
    let outputs;
    for (let i = 0; i < times; i++) outputs = network.predict([inputs[0]]);
    return outputs;
  };
}

function labelOf(target) {
  return target.length === 1 ? target[0] : target.indexOf(1);
}

/** `predict` returns only the label of the highest probability, so this reads the probabilities. Label i is class i. */
function crossentropy(network, rows, labels) {
  const probabilities = network.propagate(Matrix.checkMatrix(rows));
  const sum = labels.reduce((sum, label, row) => sum - Math.log(probabilities.get(row, label)), 0);
  return sum / labels.length;
}
