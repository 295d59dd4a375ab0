// Passes every hostile value for every argument of the public functions. Each call must return or throw a BackpropError
// at once, and must not change trained parameters.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as library from "../src/index.js";
import { BackpropError, createNetwork, dense, type Layer, type Network } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { HOSTILE } from "./support/hostile.js";

/** A value of any type, as a caller in JavaScript may pass it. */
// biome-ignore lint/suspicious/noExplicitAny: the types are what is attacked.
type Anything = any;

type Call = (...values: Anything[]) => unknown;

const INPUTS = [[1, 2]];
const TARGETS = [[0, 0, 1]];

function create(changes: object = {}): Promise<Network<readonly Layer[]>> {
  const layers = [dense(2, "tanh"), dense(3, "softmax")];
  return createNetwork({ inputs: 2, layers, loss: "categoricalCrossentropy", ...changes } as Anything);
}

/** Creates a network and disposes it. */
async function tryToCreate(changes: object): Promise<void> {
  (await create(changes)).dispose();
}

let network: Network<readonly Layer[]>;
let parameters: string;

beforeAll(async () => {
  network = await create();
  parameters = JSON.stringify(network.parameters);
});
afterAll(() => {
  network.dispose();
});

const { numpyRandom, torchRandom, sgd, adam, dropout, embedding, gaussianNoise, prelu } = library;
const { checkGradients, forwardDifferences, centralDifferences } = library;
const differences = { checkGradients, forwardDifferences, centralDifferences };
const initializers = {
  constant: library.constant,
  uniform: library.uniform,
  normal: library.normal,
  transposed: library.transposed,
};
const floats = () => [new Float32Array(20), new Float64Array(20)];

/** One call for each argument or option: [name, call]. */
function* calls(): Generator<[string, Call]> {
  for (const option of ["layers", "loss", "optimizer", "dtype", "seed", "random", "numerics"])
    yield [`createNetwork ${option}`, (value) => tryToCreate({ [option]: value })];
  yield ["createNetwork", (value) => createNetwork(value)];
  yield ["createNetwork layers[0]", (value) => tryToCreate({ layers: [value] })];
  for (const option of ["kind", "activation", "useBias", "alpha"])
    yield [`layer ${option}`, (value) => tryToCreate({ layers: [{ ...dense(3), [option]: value }] })];
  for (const option of ["name", "reduction", "clip", "delta", "quantile", "gamma", "alpha", "labelSmoothing"])
    yield [`loss ${option}`, (value) => tryToCreate({ loss: { name: "huber", [option]: value } })];
  for (const option of ["name", "learningRate", "beta1", "beta2", "epsilon"])
    yield [`optimizer ${option}`, (value) => tryToCreate({ optimizer: { ...adam(), [option]: value } })];
  for (const option of ["learningRate", "beta1", "beta2", "epsilon"])
    yield [`adam ${option}`, (value) => adam({ [option]: value })];
  for (const option of ["useBias", "kernelInitializer", "biasInitializer", "alpha"])
    yield [`dense ${option}`, (value) => dense(1, "elu", { [option]: value })];
  yield ["dense units", (value) => dense(value)];
  yield ["dense activation", (value) => dense(1, value)];
  for (const make of [
    sgd,
    adam,
    dropout,
    embedding,
    gaussianNoise,
    prelu,
    numpyRandom,
    torchRandom,
    library.loadCore.bind(null, undefined),
  ])
    yield [`${make.name} options`, (value) => make(value)];
  for (const [name, make] of Object.entries(initializers)) yield [name, (value) => (make as Call)(value)];
  yield ["initializer", (value) => library.glorotUniform()(value)];
  yield ["Tensor shape", (value) => new library.Tensor(value, new Float32Array(4)).toArray()];
  yield ["Tensor data", (value) => new library.Tensor([4], value).toArray()];

  for (const method of ["predict", "setParameters", "applyGradients"] as const)
    yield [method, (value) => network[method](value)];
  for (const method of ["evaluate", "gradients", "fitSync", "fit"] as const) {
    const call: Call = (...values) => (network[method] as Call).apply(network, values);
    yield [`${method} inputs`, (value) => call(value, TARGETS)];
    yield [`${method} targets`, (value) => call(INPUTS, value)];
    yield [`${method} row`, (value) => call([value], [value])];
    yield [`${method} number`, (value) => call([[1, value]], [[0, value, 0]])];
  }
  for (const key of ["kernel", "bias"])
    yield [
      `setParameters ${key}`,
      (value) => network.setParameters([{ ...network.parameters[0], [key]: value }, {}]),
    ];
  for (const method of ["fitSync", "fit"] as const) {
    const call = (options: unknown) => (network[method] as Call).call(network, INPUTS, TARGETS, options);
    yield [`${method} options`, call];
    for (const option of [
      "batchSize",
      "shuffle",
      "validationData",
      "validationSplit",
      "metrics",
      "earlyStopping",
      "targetLoss",
      "maxSeconds",
      "signal",
    ])
      yield [`${method} ${option}`, (value) => call({ [option]: value })];
    yield [`${method} progress`, (value) => call({ onProgress: () => value })];
  }
  for (const option of ["monitor", "patience", "minDelta", "restoreBest"])
    yield [
      `earlyStopping ${option}`,
      (value) => network.fitSync(INPUTS, TARGETS, { earlyStopping: { [option]: value } }),
    ];
  for (const option of ["averaged", "metrics", "confusionMatrix"])
    yield [`evaluate ${option}`, (value) => network.evaluate(INPUTS, TARGETS, { [option]: value })];
  for (const [name, differ] of Object.entries(differences)) {
    yield [`${name} network`, (value) => differ(value, INPUTS, TARGETS)];
    yield [`${name} inputs`, (value) => differ(network, value, TARGETS)];
    yield [`${name} options`, (value) => differ(network, INPUTS, TARGETS, value)];
    yield [`${name} epsilon`, (value) => differ(network, INPUTS, TARGETS, { epsilon: value })];
  }
  for (const create of [numpyRandom, torchRandom] as const) {
    for (const method of ["fillUniform", "fillNormal"] as const) {
      yield [`${create.name} ${method}`, (value) => create(1)[method](value, 0, 1)];
      yield [
        `${create.name} ${method} first`,
        (value) => floats().map((to) => create(1)[method](to, value, 1)),
      ];
      yield [
        `${create.name} ${method} last`,
        (value) => floats().map((to) => create(1)[method](to, 0, value)),
      ];
    }
  }
  yield ["numpyRandom shuffle", (value) => numpyRandom(1).shuffle(value)];
  yield ["numpyRandom permutation", (value) => numpyRandom(1).permutation(value)];
  yield ["numpyRandom rand", (value) => numpyRandom(1).rand(value)];
  yield ["torchRandom randperm", (value) => torchRandom(1).randperm(value)];
}

/** Exceptions of the user's own functions, which the library passes on. */
const OWN = /^(fit|fitSync) (progress|signal)$/;

/** Arguments that may be streams: functions of the user. */
const STREAM = /^(fit|fitSync) validationData$/;

describe("a hostile argument", () => {
  it.each([...calls()])("is accepted, or refused with a BackpropError: %s", async (name, call) => {
    const { memory } = await sharedCore();
    for (const [kind, make] of Object.entries(HOSTILE)) {
      const size = memory.buffer.byteLength;
      const value = make();
      const error: unknown = await (async () => void (await call(value)))().catch((error: unknown) => error);
      const isOwn = OWN.test(name) || (STREAM.test(name) && typeof value === "function");
      if (error !== undefined && !isOwn) {
        expect(error, kind).toBeInstanceOf(BackpropError);
        expect((error as BackpropError).message.length, kind).toBeLessThan(600);
      }
      expect(memory.buffer.byteLength, kind).toBe(size);
    }
    if (!name.startsWith("fit")) expect(JSON.stringify(network.parameters)).toBe(parameters);
    parameters = JSON.stringify(network.parameters);
    expect(network.predict(INPUTS).data.every(Number.isFinite)).toBe(true);
  });
});
