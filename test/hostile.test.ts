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

const accumulator = () => ({ add: () => {}, result: () => 1 });

/** A metric with one hostile part. */
const metrics: Readonly<Record<string, (value: unknown) => object>> = {
  name: (name) => ({ name }),
  direction: (direction) => ({ direction }),
  create: (create) => ({ create }),
  "create result": (value) => ({ create: () => value }),
  add: (add) => ({ create: () => ({ ...accumulator(), add }) }),
  "add result": (value) => ({ create: () => ({ ...accumulator(), add: () => value }) }),
  result: (result) => ({ create: () => ({ ...accumulator(), result }) }),
  "result result": (value) => ({ create: () => ({ ...accumulator(), result: () => value }) }),
};

/** A stream with the iterator. */
const streamOf = (iterator: unknown) => () => ({ [Symbol.iterator]: () => iterator });

/** A stream of one item, whose iterator has other methods or results. */
function streamWith(result: object, methods: object = {}): unknown {
  const item = { inputs: INPUTS, targets: TARGETS };
  const results = [{ done: false, value: item, ...result }, { done: true }];
  return streamOf({ next: () => results.shift(), ...methods });
}

/** A stream with one hostile part. */
const streams: Readonly<Record<string, (value: unknown) => unknown>> = {
  result: (value) => () => value,
  "Symbol.iterator": (value) => () => ({ [Symbol.iterator]: value }),
  "Symbol.asyncIterator": (value) => () => ({ [Symbol.asyncIterator]: value }),
  iterator: (value) => streamOf(value),
  next: (next) => streamWith({}, { next }),
  "next result": (value) => streamWith({}, { next: () => value }),
  done: (done) => streamWith({ done }),
  item: (value) => streamWith({ value }),
  inputs: (inputs) => streamWith({ value: { inputs, targets: TARGETS } }),
  targets: (targets) => streamWith({ value: { inputs: INPUTS, targets } }),
  weights: (weights) => streamWith({ value: { inputs: INPUTS, targets: TARGETS, weights } }),
  return: (value) => streamWith({}, { return: value }),
  "return result": (value) => streamWith({}, { return: () => value }),
};

/** Layers that draw from the stream by this method. */
function layersWith(method: string): readonly Layer[] {
  const kernelInitializer = method === "fillNormal" ? library.normal() : library.glorotUniform();
  return [dense(3, "softmax", { kernelInitializer })];
}

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
  for (const method of ["fitSync", "fit"] as const) {
    const call = (stream: unknown, options = {}) => (network[method] as Call).call(network, stream, options);
    for (const [part, streamOf] of Object.entries(streams))
      yield [`${method} stream ${part}`, (value) => call(streamOf(value), { onBatch: () => false })];
    for (const [part, metricOf] of Object.entries(metrics)) {
      const metric: Call = (value) => ({
        name: "own",
        direction: "max",
        create: accumulator,
        ...metricOf(value),
      });
      yield [
        `${method} metric ${part}`,
        (value) => (network[method] as Call).call(network, INPUTS, TARGETS, { metrics: [metric(value)] }),
      ];
    }
  }
  yield ["scalerFromJSON", (value) => library.scalerFromJSON(value)];
  const state = { kind: "standard", center: [0], scale: [1], constantColumns: [] };
  for (const part of Object.keys(state)) {
    yield [`scaler ${part}`, (value) => library.scalerFromJSON({ ...state, [part]: value } as Anything)];
    yield [`scaler ${part}[0]`, (value) => library.scalerFromJSON({ ...state, [part]: [value] } as Anything)];
  }
  yield ["minMaxScaler range", (value) => library.minMaxScaler({ range: value })];
  for (const part of ["fillUniform", "fillNormal"]) {
    const random = { fillUniform: () => {}, fillNormal: () => {} };
    yield [`random ${part}`, (value) => tryToCreate({ random: { ...random, [part]: value } })];
    yield [
      `random ${part} result`,
      (value) => tryToCreate({ random: { ...random, [part]: () => value }, layers: layersWith(part) }),
    ];
  }
  yield ["loadCore source", (value) => library.loadCore(value)];
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

/** Arguments that may be functions of a stream or metric. */
const FUNCTION = /^(fit|fitSync) (validationData|stream (next|return)|metric (create|add|result))$/;

/** Its iterator throws an exception of its own. */
const DETACHED = /^(fit|fitSync) stream result a detached/;

describe("a hostile argument", () => {
  it.each([...calls()])("is accepted, or refused with a BackpropError: %s", async (name, call) => {
    const { memory } = await sharedCore();
    for (const [kind, make] of Object.entries(HOSTILE)) {
      const size = memory.buffer.byteLength;
      const value = make();
      const error: unknown = await (async () => void (await call(value)))().catch((error: unknown) => error);
      const isFunction = FUNCTION.test(name) && typeof value === "function";
      const isOwn = OWN.test(name) || isFunction || DETACHED.test(`${name} ${kind}`);
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
