// Trains the networks whose bits must be the same in Node, in a page and in a worker. All three run this file.

import { createNetwork, dense, heNormal, lecunUniform, sgd, torchLinear, torchRandom } from "backprop-wasm";

const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const XOR = [[0], [1], [1], [0]];

/** Slightly moved corners: five batches of 16, the last one smaller. */
const SCATTERED = Array.from({ length: 70 }, (_, i) =>
  CORNERS[i % 4].map((value, column) => value + (((i * (7 + 4 * column)) % 31) - 15) / 100),
);
const SCATTERED_XOR = SCATTERED.map((_, i) => XOR[i % 4]);

const PLAIN = {
  network: () => ({
    layers: [dense(4, "sigmoid"), dense(1, "sigmoid")],
    loss: { name: "meanSquaredError", reduction: "sum" },
    optimizer: sgd({ learningRate: 1 }),
    seed: 42,
  }),
  inputs: CORNERS,
  targets: XOR,
  options: { epochs: 5000 },
};

const MIXED = {
  network: () => ({
    layers: [
      dense(9, "tanh", { kernelInitializer: torchLinear(), biasInitializer: torchLinear() }),
      dense(6, "gelu"),
      dense(5, "softplus", { kernelInitializer: lecunUniform() }),
      dense(11, "relu", { kernelInitializer: heNormal() }),
      dense(1, "sigmoid"),
    ],
    loss: "sigmoidCrossentropy",
    optimizer: sgd({ learningRate: 0.1 }),
    random: torchRandom(7),
  }),
  inputs: SCATTERED,
  targets: SCATTERED_XOR,
  options: { epochs: 200, batchSize: 16 },
};

const CLASSES = {
  network: () => ({
    layers: [dense(7, "silu"), dense(5, "elu"), dense(6, "leakyRelu"), dense(3, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd({ learningRate: 0.1 }),
    seed: 3,
  }),
  inputs: SCATTERED,
  targets: SCATTERED_XOR.map(([value], i) => (i % 5 === 0 ? 2 : value)),
  options: { epochs: 200, batchSize: 16 },
};

/** Large enough that threads share the work. */
const LARGE = {
  network: () => ({
    inputs: 64,
    layers: [dense(96, "relu"), dense(10, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd({ learningRate: 0.1 }),
    seed: 5,
  }),
  inputs: Array.from({ length: 300 }, (_, i) =>
    Array.from({ length: 64 }, (_, j) => ((i * 31 + j * 17) % 61) / 61),
  ),
  targets: Array.from({ length: 300 }, (_, i) => (i * i) % 10),
  options: { epochs: 5, batchSize: 128 },
};

const PROBLEMS = { plain: PLAIN, mixed: MIXED, classes: CLASSES };

/**
 * Trains every problem in both dtypes by `method`, "fit" or "fitSync", of networks that `create` creates. Returns all
 * results as hexadecimal digits.
 */
export async function trainAll(method, create = createNetwork) {
  const bits = {};
  for (const [name, problem] of Object.entries(PROBLEMS)) {
    for (const dtype of ["float32", "float64"]) {
      for (const [what, values] of Object.entries(await train(problem, { dtype, method, create }))) {
        bits[`${what} of ${name} in ${dtype}`] = hexOf(values);
      }
    }
  }
  return bits;
}

/**
 * Trains with `threads` threads in two fits. Calls `between` between the fits, so that workers can join, and `after`
 * after both fits, while the workers still run. Returns all results as hexadecimal digits.
 */
export async function trainTogether(threads, between = () => {}, after = () => {}, create = createNetwork) {
  const { network: describe, inputs, targets, options } = LARGE;
  const network = await create({ ...describe(), threads });
  const first = await network.fit(inputs, targets, options);
  await between();
  const second = await network.fit(inputs, targets, options);
  after();
  const values = {
    ...(await resultOf(network, inputs)),
    loss: Float64Array.of(...first.loss, ...second.loss),
  };
  network.dispose();
  return Object.fromEntries(Object.entries(values).map(([what, each]) => [what, hexOf(each)]));
}

/** Trains a network on XOR. Returns its predictions. */
export async function learnXor() {
  const { predictions } = await train(PLAIN, { dtype: "float64", method: "fit" });
  return Array.from(predictions);
}

async function train(
  { network: describe, inputs, targets, options },
  { dtype, method, create = createNetwork },
) {
  const network = await create({ inputs: 2, ...describe(), dtype });
  const { loss } = await network[method](inputs, targets, options);
  const result = await resultOf(network, inputs);
  network.dispose();
  return { ...result, loss: Float64Array.from(loss) };
}

/** `parameters` is a method of a network in a worker. */
async function resultOf(network, inputs) {
  const layers = Array.isArray(network.parameters) ? network.parameters : await network.parameters();
  const { data: predictions } = await network.predict(inputs);
  return { ...Object.fromEntries(layers.flatMap(namedTensors)), predictions };
}

function namedTensors({ kernel, bias }, layer) {
  return [
    [`kernel ${layer}`, kernel.data.slice()],
    [`bias ${layer}`, bias.data.slice()],
  ];
}

function hexOf({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
