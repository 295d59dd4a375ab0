// https://github.com/BrainJS/brain.js

import brain from "brain.js";
import { versionOf } from "../version.js";

/** brain.js requires numbers above 0. These are too small to have an effect. */
const NO_MOMENTUM = 1e-9;
const NO_THRESHOLD = Number.MIN_VALUE;

export function describe({ dtype, loss }) {
  const version = versionOf("brain.js");
  if (dtype === "float64") return { version, refusal: "float32 only" };
  if (loss === "meanSquaredError") return { version, note: "online" };
  return { version, note: "online; all layers relu, mean squared error" };
}

export function create({ task, sizes, hidden, learningRate, inputs, targets }) {
  const network = new brain.NeuralNetwork({ hiddenLayers: sizes.slice(1, -1), activation: hidden });
  const samples = inputs.map((input, row) => ({ input, output: targets[row] }));
  const train = (iterations) => {
    const options = { iterations, learningRate, momentum: NO_MOMENTUM, errorThresh: NO_THRESHOLD };
    return [network.train(samples, options).error];
  };
  if (task === "train") return train;
  train(1);
  return (times) => {
    let outputs;
    for (let i = 0; i < times; i++) outputs = network.run(inputs[0]);
    return outputs;
  };
}
