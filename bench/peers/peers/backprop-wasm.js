// This package through its public interface. All others are compared with it.

import { adam, createNetwork, dense, sgd } from "backprop-wasm";
import { versionOf } from "../version.js";

const version = versionOf("backprop-wasm");
const canRelax = await createNetwork({
  inputs: 1,
  layers: [dense(1)],
  loss: "huber",
  numerics: "relaxed",
}).then(
  (network) => network.dispose() ?? true,
  () => false,
);

export function describe(_task, numerics) {
  if (numerics === "relaxed" && !canRelax) return { version, refusal: "this Node has no relaxed SIMD" };
  return { version, isSame: true };
}

export async function create(task, numerics) {
  const { inputs, targets, batch } = task;
  const network = await createNetworkFor(task, numerics);
  const data = { data: Float32Array.from(inputs.flat()), shape: [inputs.length, inputs[0].length] };
  if (task.task === "predict") return (times) => predict(network, inputs[0], times);
  return async (epochs) => {
    const { loss } = await network.fit(data, targets, { epochs, batchSize: batch, shuffle: false });
    return [loss.at(-1)];
  };
}

async function createNetworkFor(task, numerics) {
  const { sizes, hidden, output, loss, optimizer, learningRate, dtype, parameters } = task;
  const network = await createNetwork({
    inputs: sizes[0],
    layers: sizes.slice(1).map((units, i) => dense(units, i < sizes.length - 2 ? hidden : output)),
    loss,
    optimizer: { sgd, adam }[optimizer]({ learningRate }),
    dtype,
    numerics,
  });
  network.setParameters(parameters);
  return network;
}

function predict(network, row, times) {
  let outputs;
  for (let i = 0; i < times; i++) outputs = network.predict([row]).data;
  return outputs;
}
