// One fit with everything that a file must keep. It is interrupted and resumed in Node and in pages.

import { adam, batchNorm, cosineDecay, createNetwork, dense, dropout } from "backprop-wasm";

/** Large enough that threads share the work. */
const ROWS = Array.from({ length: 320 }, (_, i) =>
  Array.from({ length: 64 }, (_, j) => ((i * 31 + j * 17) % 61) / 61),
);
const LABELS = ROWS.map((_, i) => (i * i) % 10);

export function create(threads = 1) {
  return createNetwork({
    inputs: 64,
    layers: [dense(96, "relu"), batchNorm(), dropout(0.2), dense(10, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: cosineDecay({ learningRate: 0.01, epochs: 10 }) }),
    seed: 5,
    threads,
  });
}

/** Trains until 10 epochs are finished; with `resume`, those of the network before count. Early stopping may end it. */
export function train(network, options) {
  return network.fit(ROWS, LABELS, {
    epochs: 10,
    batchSize: 128,
    validationSplit: 0.2,
    metrics: ["accuracy"],
    earlyStopping: { monitor: "validationAccuracy", patience: 6 },
    ...options,
  });
}

/** Interrupts the fit after `epochs` epochs. */
export function trainUntil(network, epochs) {
  return train(network, { onEpoch: ({ epoch }) => epoch < epochs });
}

/** The bits of a network, and of its history without times. JSON has every bit of a number. */
export function stateOf(network) {
  const { parameters, buffers, epoch, history } = network;
  return JSON.stringify({ parameters, buffers, epoch, history: { ...history, milliseconds: 0, stopped: 0 } });
}

/** A file of the network, as text that a test can pass to a page. */
export function textOf(file) {
  return Array.from(file, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytesOf(text) {
  return Uint8Array.from(text.match(/../g), (digits) => Number.parseInt(digits, 16));
}
