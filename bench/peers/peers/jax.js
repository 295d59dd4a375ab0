// https://jax-js.com: a jitted step of valueAndGrad and the update. Using an array frees it; `.ref` keeps it.

import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { versionOf } from "../version.js";

export function describe({ dtype }) {
  const version = versionOf("@jax-js/jax");
  if (dtype === "float64") return { version, note: "float64, but exp is exact to 1e-8 only" };
  return { version, isSame: true };
}

export async function create(task) {
  await init("wasm");
  defaultDevice("wasm");
  const array = (values) => np.array(values).astype(np[task.dtype]);
  let layers = task.parameters.map(({ kernel, bias }) => ({ kernel: array(kernel), bias: array(bias) }));
  const { inputs, targets, rows, batch } = task;
  if (task.task === "predict") {
    const outputsOf = jit((layers, x) => nn.softmax(logitsOf(layers, task, x)));
    return (times) => {
      let outputs;
      for (let i = 0; i < times; i++) outputs = outputsOf(tree.ref(layers), array([inputs[0]])).dataSync();
      return outputs;
    };
  }
  const step = createStep(task);
  const batches = Array.from({ length: rows / batch }, (_, i) => ({
    x: array(inputs.slice(i * batch, (i + 1) * batch)),
    y: array(targets.slice(i * batch, (i + 1) * batch)),
  }));
  return (epochs) => {
    let loss = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      loss = 0;
      for (const { x, y } of batches) {
        const [lossOfBatch, updated] = step(layers, x.ref, y.ref);
        layers = updated;
        // Read after each step: jax-js computes arrays only when they are read, and a queue of steps takes far longer.
        loss += lossOfBatch.dataSync()[0] / batches.length;
      }
    }
    return [loss];
  };
}

function createStep(task) {
  const gradient = valueAndGrad((layers, x, y) => lossOf(layers, task, x, y));
  return jit((layers, x, y) => {
    const [loss, gradients] = gradient(tree.ref(layers), x, y);
    const update = (parameter, gradient) => parameter.sub(gradient.mul(task.learningRate));
    return [loss, tree.map(update, layers, gradients)];
  });
}

/** The logits: the outputs before the activation of the last layer. */
function logitsOf(layers, { hidden }, x) {
  return layers.reduce((a, { kernel, bias }, i) => {
    const z = np.dot(a, kernel).add(bias);
    return i < layers.length - 1 ? nn[hidden](z) : z;
  }, x);
}

function lossOf(layers, task, x, y) {
  const logits = logitsOf(layers, task, x);
  if (task.loss === "meanSquaredError") return np.mean(np.square(nn.sigmoid(logits).sub(y)));
  return nn.logSoftmax(logits).mul(y).sum(-1).mean().neg();
}
