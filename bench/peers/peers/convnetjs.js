// https://cs.stanford.edu/people/karpathy/convnetjs/

import convnetjs from "convnetjs";
import { versionOf } from "../version.js";

export function describe({ dtype, loss }) {
  const version = versionOf("convnetjs");
  if (dtype === "float64") return { version, note: "linear output, half the squared error" };
  if (loss === "meanSquaredError") return { version, refusal: "float64 only" };
  return { version, note: "float64", isSame: true };
}

export function create({ task, sizes, batch, hidden, loss, learningRate, inputs, targets, parameters }) {
  const network = new convnetjs.Net();
  network.makeLayers([
    { type: "input", out_sx: 1, out_sy: 1, out_depth: sizes[0] },
    ...sizes.slice(1, -1).map((units) => ({ type: "fc", num_neurons: units, activation: hidden })),
    loss === "meanSquaredError"
      ? { type: "regression", num_neurons: sizes.at(-1) }
      : { type: "softmax", num_classes: sizes.at(-1) },
  ]);
  setParameters(network, parameters);
  if (task === "predict") return (times) => predict(network, inputs[0], times);
  const options = { method: "sgd", learning_rate: learningRate, momentum: 0, batch_size: batch };
  const trainer = new convnetjs.Trainer(network, options);
  const rows = inputs.map((row) => new convnetjs.Vol(row));
  const labels = targets.map((target) => (loss === "meanSquaredError" ? target : target.indexOf(1)));
  return (epochs) => {
    let sum = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      sum = 0;
      for (let row = 0; row < rows.length; row++) sum += trainer.train(rows[row], labels[row]).loss;
    }
    return [sum / rows.length];
  };
}

function predict(network, row, times) {
  let outputs;
  for (let i = 0; i < times; i++) outputs = network.forward(new convnetjs.Vol(row)).w;
  return outputs;
}

/** convnetjs stores a kernel as one filter for each unit. */
function setParameters(network, parameters) {
  const layers = network.layers.filter(({ layer_type }) => layer_type === "fc");
  layers.forEach(({ filters, biases }, i) => {
    const { kernel, bias } = parameters[i];
    biases.w.set(bias);
    filters.forEach(({ w }, unit) => {
      w.set(kernel.map((weights) => weights[unit]));
    });
  });
}
