// https://www.tensorflow.org/js, the core API: variables, and an optimizer that minimizes a function.

import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { versionOf } from "../version.js";

const ACTIVATIONS = { relu: tf.relu, sigmoid: tf.sigmoid };

export function describe({ dtype }) {
  const version = versionOf("@tensorflow/tfjs");
  if (dtype === "float64") return { version, refusal: "float32 only" };
  return { version, isSame: true };
}

export async function create(task, backend) {
  setThreadsCount(1);
  await tf.setBackend(backend);
  const { inputs, targets, rows, batch, learningRate } = task;
  const layers = task.parameters.map(({ kernel, bias }) => ({
    kernel: tf.variable(tf.tensor2d(kernel)),
    bias: tf.variable(tf.tensor1d(bias)),
  }));
  if (task.task === "predict") return (times) => predict(layers, task, times);
  const optimizer = tf.train.sgd(learningRate);
  const batches = Array.from({ length: rows / batch }, (_, i) => ({
    x: tf.tensor2d(inputs.slice(i * batch, (i + 1) * batch)),
    y: tf.tensor2d(targets.slice(i * batch, (i + 1) * batch)),
  }));
  return async (epochs) => {
    let losses = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      tf.dispose(losses);
      losses = batches.map(({ x, y }) => optimizer.minimize(() => lossOf(layers, task, x, y), true));
    }
    const loss = await tf.tidy(() => tf.stack(losses).mean()).data();
    tf.dispose(losses);
    return loss;
  };
}

/** The logits: the outputs before the activation of the last layer. */
function logitsOf(layers, { hidden }, x) {
  return layers.reduce((a, { kernel, bias }, i) => {
    const z = tf.add(tf.matMul(a, kernel), bias);
    return i < layers.length - 1 ? ACTIVATIONS[hidden](z) : z;
  }, x);
}

function lossOf(layers, task, x, y) {
  const logits = logitsOf(layers, task, x);
  if (task.loss === "meanSquaredError") return tf.sigmoid(logits).sub(y).square().mean();
  return tf.losses.softmaxCrossEntropy(y, logits);
}

async function predict(layers, task, times) {
  let outputs;
  for (let i = 0; i < times; i++) {
    const predictions = tf.tidy(() => tf.softmax(logitsOf(layers, task, tf.tensor2d([task.inputs[0]]))));
    outputs = predictions.dataSync();
    predictions.dispose();
  }
  return outputs;
}
