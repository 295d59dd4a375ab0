// Networks that a worker trains, in Node. test/browser/ has the tests in a browser.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Layer, Network, NetworkOptions, Rows } from "../src/index.js";
import type { NetworkInWorker } from "../src/inWorker.js";
import type * as Node from "../src/node.js";
import { library, loadInWorker, networkInWorker } from "./support/inWorker.js";

const node: typeof Node = await import(new URL("../dist/node.js", import.meta.url).href);
const {
  adam,
  BackpropError,
  batchNorm,
  createNetwork,
  customLoss,
  customMetric,
  dense,
  dropout,
  embedding,
  glorotUniform,
  loadNetwork,
  sgd,
  Tensor,
  topKAccuracy,
  torchLinear,
  torchRandom,
  warmup,
} = library;

type AnyOptions = NetworkOptions<readonly Layer[]>;
type AnyNetwork = Network<readonly Layer[]>;
type AnyInWorker = NetworkInWorker<readonly Layer[]>;

const INPUTS = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(i), i % 3]);
const LABELS = INPUTS.map((_, i) => i % 4);

/** Options of a network. Undefined ones count as left out. */
type Changes = { readonly [K in keyof AnyOptions]?: AnyOptions[K] | undefined };

const optionsOf = (changes: Changes = {}): AnyOptions =>
  ({
    inputs: 3,
    layers: [dense(12, "tanh"), dropout(0.2), batchNorm(), dense(4, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: 0.01, ema: 0.9 }),
    seed: 7,
    ...changes,
  }) as AnyOptions;

const FIT = { epochs: 8, validationSplit: 0.25, metrics: ["accuracy"] } as const;

/** A network on this thread, and the same one in a worker. Each gets options of its own: a stream has a state. */
async function createBoth(changes?: () => Changes): Promise<[AnyNetwork, AnyInWorker]> {
  const local = await createNetwork(optionsOf(changes?.()));
  const remote = await createRemote(changes?.());
  onTestFinished(() => local.dispose());
  return [local, remote];
}

async function createRemote(changes?: Changes): Promise<AnyInWorker> {
  const network = await networkInWorker(optionsOf(changes));
  onTestFinished(() => network.dispose());
  return network;
}

/** A value without what takes another time each time. JSON has every bit of a number. */
function comparable(value: unknown): string {
  return JSON.stringify(value, (key, each) => (key === "milliseconds" ? undefined : each));
}

async function expectSame(local: AnyNetwork, remote: AnyInWorker): Promise<void> {
  expect(comparable(await remote.parameters())).toBe(comparable(local.parameters));
  expect(comparable(await remote.averagedParameters())).toBe(comparable(local.averagedParameters));
  expect(comparable(await remote.buffers())).toBe(comparable(local.buffers));
  expect(comparable(await remote.predict(INPUTS))).toBe(comparable(local.predict(INPUTS)));
}

/** The exception that `promise` rejects with. */
function rejectionOf<E = InstanceType<typeof BackpropError>>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    () => expect.fail("no rejection"),
    (error: E) => error,
  );
}

describe("a network in a worker", () => {
  it.each<[string, () => Changes]>([
    ["shuffled batches, Adam, dropout, batch norm and an average", () => ({})],
    ["float64", () => ({ dtype: "float64" })],
    ["two threads", () => ({ threads: 2, layers: [dense(96, "relu"), dense(4, "softmax")] })],
    [
      "an embedding",
      () => ({ layers: [embedding([{ column: 2, categories: 3, units: 2 }]), dense(4, "softmax")] }),
    ],
    ["a random stream without a seed", () => ({ seed: undefined, random: torchRandom(3) })],
    ["a random stream with a seed", () => ({ random: torchRandom(3) })],
    ["no seed", () => ({ seed: undefined })],
    [
      "initializers of the library and of the user",
      () => ({
        random: torchRandom(3),
        layers: [
          dense(5, "tanh", { kernelInitializer: torchLinear(), biasInitializer: torchLinear() }),
          dense(4, "softmax", { kernelInitializer: ({ values }) => void values.fill(0.25) }),
        ],
      }),
    ],
  ])("gives the bits of the same network on the calling thread: %s", async (_, changes) => {
    const [local, remote] = await createBoth(changes);
    const parametersBefore = comparable(await remote.parameters());
    expect(parametersBefore).toBe(comparable(local.parameters));
    for (let fits = 0; fits < 2; fits++) {
      const history = await remote.fit(INPUTS, LABELS, FIT);
      expect(comparable(history)).toBe(comparable(await local.fit(INPUTS, LABELS, FIT)));
    }
    await expectSame(local, remote);
    expect(comparable(await remote.parameters())).not.toBe(parametersBefore);
  });

  it("has the methods of a network, with the same results", async () => {
    const [local, remote] = await createBoth();
    const both: [unknown, Promise<unknown>][] = [
      [local.summary(), remote.summary()],
      [
        local.partialFit(INPUTS, LABELS, { batchSize: 50 }),
        remote.partialFit(INPUTS, LABELS, { batchSize: 50 }),
      ],
      [local.predict(INPUTS, { averaged: false }), remote.predict(INPUTS, { averaged: false })],
      [local.predictClasses(INPUTS), remote.predictClasses(INPUTS)],
      [
        local.evaluate(INPUTS, LABELS, { metrics: ["accuracy"], confusionMatrix: true }),
        remote.evaluate(INPUTS, LABELS, { metrics: ["accuracy"], confusionMatrix: true }),
      ],
      [local.gradients(INPUTS, LABELS), remote.gradients(INPUTS, LABELS)],
      [
        await local.learningRateRange(INPUTS, LABELS, { steps: 9 }),
        remote.learningRateRange(INPUTS, LABELS, { steps: 9 }),
      ],
    ];
    for (const [expected, actual] of both) expect(comparable(await actual)).toBe(comparable(expected));
    const { layers } = await remote.gradients(INPUTS, LABELS);
    await remote.applyGradients(layers);
    local.applyGradients(layers);
    await remote.setTrainable(0, false);
    local.setTrainable(0, false);
    await remote.setLearningRate(0.5);
    local.setLearningRate(0.5);
    expect(await remote.learningRate()).toBe(0.5);
    await remote.fit(INPUTS, LABELS);
    local.fitSync(INPUTS, LABELS);
    await remote.resetOptimizer();
    local.resetOptimizer();
    await expectSame(local, remote);
    await remote.setOptimizer(sgd({ momentum: 0.5 }));
    expect(await remote.optimizer()).toEqual(sgd({ momentum: 0.5 }));
    await remote.setParameters(local.parameters);
    expect(comparable(await remote.parameters())).toBe(comparable(local.parameters));
  });

  it("returns the inputs, loss, dtype and metadata that it was created with", async () => {
    const [local, remote] = await createBoth();
    expect(await remote.inputs()).toBe(local.inputs);
    expect(await remote.loss()).toEqual(local.loss);
    expect(await remote.dtype()).toBe(local.dtype);
    expect(await remote.metadata()).toEqual(local.metadata);
  });

  it("keeps keys that begin with $, as its messages use them", async () => {
    const metadata = { $: "dataset", $$: "tensor", $x: "signal", of: "rows" };
    const [local, remote] = await createBoth(() => ({ metadata }));
    expect(await remote.metadata()).toEqual(local.metadata);
    expect((await loadNetwork(await remote.save())).metadata).toEqual(metadata);
    // The worker refuses the option, as this thread does.
    const wrong = { ...FIT, $: "callback" } as typeof FIT;
    await expect(remote.fit(INPUTS, LABELS, wrong)).rejects.toThrow('fit has no option "$"');
  });

  it("has each method and property of a network, but fitSync, epochs, clone and layers", async () => {
    const [local, remote] = await createBoth();
    const namesOf = (network: object) => {
      const prototype: object = Object.getPrototypeOf(network);
      return [...Object.keys(network), ...Object.getOwnPropertyNames(prototype)].filter(
        (name) => !internal.has(name),
      );
    };
    // What the class has for other files of the library.
    const internal = new Set(["constructor", "trainable"]);
    // Layers have functions, their initializers, which cannot be sent.
    const missing = new Set(["fitSync", "epochs", "clone", "layers"]);
    expect(namesOf(remote).sort()).toEqual(
      namesOf(local)
        .filter((name) => !missing.has(name))
        .sort(),
    );
  });

  it.each<[string, Rows, Rows]>([
    ["arrays", INPUTS, LABELS],
    ["typed arrays", INPUTS.map((row) => Float32Array.from(row)), Uint8Array.from(LABELS)],
    ["flat arrays with shapes", { data: INPUTS.flat(), shape: [200, 3] }, { data: LABELS, shape: [200, 1] }],
    ["tensors", new Tensor([200, 3], Float64Array.from(INPUTS.flat())), LABELS],
  ])("takes rows in the forms that a network takes: %s", async (_, inputs, targets) => {
    const [local, remote] = await createBoth();
    const options = { validationData: [inputs, targets] as const };
    const history = await remote.fit(inputs, targets, options);
    expect(comparable(history)).toBe(comparable(await local.fit(inputs, targets, options)));
    expect(comparable(await remote.predict(inputs))).toBe(comparable(local.predict(inputs)));
  });

  it("takes bytes with a scale", async () => {
    const [local, remote] = await createBoth();
    const bytes = { data: Uint8Array.from({ length: 30 }, (_, i) => i), shape: [10, 3], scale: 1 / 255 };
    expect(comparable(await remote.predict(bytes))).toBe(comparable(local.predict(bytes)));
  });

  it("returns tensors of the library's class", async () => {
    const remote = await createRemote();
    const outputs = await remote.predict(INPUTS);
    expect(outputs).toBeInstanceOf(Tensor);
    expect(outputs.shape).toEqual([200, 4]);
    expect((await remote.parameters())[0]).toHaveProperty("kernel", expect.any(Tensor));
  });

  it("counts epochs during and after each fit", async () => {
    const remote = await createRemote();
    const epochs: number[] = [];
    await remote.fit(INPUTS, LABELS, { epochs: 3, onEpoch: () => void epochs.push(remote.epoch) });
    await remote.fit(INPUTS, LABELS, { epochs: 2 });
    expect([...epochs, remote.epoch]).toEqual([1, 2, 3, 5]);
  });

  it("takes topKAccuracy(k) as a metric", async () => {
    const remote = await createRemote();
    const { top2Accuracy, top3Accuracy } = (await remote.fit(INPUTS, LABELS, {
      metrics: [topKAccuracy(2), topKAccuracy(3)],
    })) as unknown as Record<string, number[]>;
    expect(top2Accuracy![0]).toBeLessThan(top3Accuracy![0]!);
  });

  it("reads options that are inherited from a prototype", async () => {
    const remote = await createRemote();
    const { loss } = await remote.fit(INPUTS, LABELS, Object.create({ epochs: 3 }));
    expect(loss).toHaveLength(3);
  });

  it("takes over buffers that are transferred", async () => {
    const remote = await createRemote();
    const data = Float32Array.from(INPUTS.flat());
    const { loss } = await remote.fit({ data, shape: [200, 3] }, LABELS, { transfer: [data.buffer] });
    expect(loss).toHaveLength(1);
    expect(data).toHaveLength(0);
  });
});

describe("the callbacks of a fit", () => {
  it("run on the calling thread, each before training goes on", async () => {
    const remote = await createRemote();
    const events: string[] = [];
    await remote.fit(INPUTS, LABELS, {
      epochs: 2,
      batchSize: 100,
      onBatch: ({ epoch, batch }) => void events.push(`batch ${batch} of epoch ${epoch}`),
      onEpoch: async ({ epoch }) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        events.push(`epoch ${epoch}`);
      },
      onProgress: ({ epochs }) => void events.push(`progress of ${epochs}`),
    });
    expect(events.filter((event) => !event.startsWith("progress"))).toEqual([
      "batch 1 of epoch 1",
      "batch 2 of epoch 1",
      "epoch 1",
      "batch 1 of epoch 2",
      "batch 2 of epoch 2",
      "epoch 2",
    ]);
    expect(events.at(-1)).toBe("progress of 2");
  });

  it.each(["onEpoch", "onBatch"])("end the fit if %s returns false or a promise of it", async (name) => {
    const remote = await createRemote();
    for (const result of [false, Promise.resolve(false)]) {
      const { stopped } = await remote.fit(INPUTS, LABELS, { epochs: 9, [name]: () => result });
      expect(stopped).toBe("callback");
    }
  });

  it("may return values that cannot be sent", async () => {
    const remote = await createRemote();
    const { loss } = await remote.fit(INPUTS, LABELS, { epochs: 2, onEpoch: () => () => {} });
    expect(loss).toHaveLength(2);
  });

  it("end the fit by an exception, with which it rejects", async () => {
    const remote = await createRemote();
    const exception = Object.assign(new Error("mine"), { own: Symbol("own") });
    const failing = remote.fit(INPUTS, LABELS, {
      epochs: 9,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) throw exception;
      },
    });
    expect(await rejectionOf(failing)).toBe(exception);
    expect(remote.epoch).toBe(2);
  });

  it("may call what a network allows during a fit, with the same bits", async () => {
    const [local, remote] = await createBoth();
    const predictions: unknown[] = [];
    await local.fit(INPUTS, LABELS, {
      epochs: 4,
      onEpoch: ({ epoch }) => {
        predictions.push(local.predict(INPUTS));
        local.setLearningRate(0.1 / epoch);
      },
    });
    const predictionsInWorker: unknown[] = [];
    await remote.fit(INPUTS, LABELS, {
      epochs: 4,
      onEpoch: async ({ epoch }) => {
        predictionsInWorker.push(await remote.predict(INPUTS));
        await remote.setLearningRate(0.1 / epoch);
      },
    });
    expect(comparable(predictionsInWorker)).toBe(comparable(predictions));
    await expectSame(local, remote);
  });
});

describe("during a fit", () => {
  it("predicts between two pieces of it, and refuses a second fit", async () => {
    const remote = await createRemote();
    const controller = new AbortController();
    const fit = rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 1e6, signal: controller.signal }));
    expect((await remote.predict(INPUTS)).shape).toEqual([200, 4]);
    expect(await rejectionOf(remote.fit(INPUTS, LABELS))).toMatchObject({ code: "busy" });
    expect(await rejectionOf(remote.setParameters([]))).toMatchObject({ code: "busy" });
    controller.abort();
    expect(await fit).toMatchObject({ code: "aborted" });
  });

  it("is aborted by the signal, and keeps what was trained", async () => {
    const remote = await createRemote();
    const controller = new AbortController();
    const reason = { why: () => "a reason that cannot be sent" };
    setTimeout(() => controller.abort(reason), 100);
    const error = await rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 1e6, signal: controller.signal }));
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ code: "aborted", epoch: remote.epoch, history: { stopped: "aborted" } });
    expect(error.cause).toBe(reason);
    expect(error.history!.loss).toHaveLength(remote.epoch);
    expect(remote.epoch).toBeGreaterThan(0);
    expect((await remote.fit(INPUTS, LABELS)).loss[0]).toBeLessThan(error.history!.loss[0]!);
  });

  it("is not begun if the signal was aborted before", async () => {
    const remote = await createRemote();
    const error = await rejectionOf(remote.fit(INPUTS, LABELS, { signal: AbortSignal.abort("before") }));
    expect(error).toMatchObject({ code: "aborted", epoch: 0, cause: "before" });
  });
});

describe("an error in the worker", () => {
  const data = [[1, 2, 0]];

  // As AnyInWorker: its methods take what those of a network take.
  it.each<[string, (network: AnyInWorker) => unknown]>([
    ["a wrong shape", (network) => network.predict([[1]])],
    ["rows of two widths", (network) => network.predict([[1, 2, 0], [1]])],
    ["no rows", (network) => network.predict([])],
    ["empty rows", (network) => network.predict([[]])],
    ["a row that is missing", (network) => network.predict(new Array(2).with(0, [1, 2, 0]))],
    ["text", (network) => network.predict([["1", "2", "0"]] as never)],
    ["nothing", (network) => network.predict(undefined as never)],
    ["a wrong label", (network) => network.fit(data, [9])],
    ["a number that is not finite", (network) => network.evaluate([[1, Number.NaN, 0]], [1])],
    ["an unknown option", (network) => network.fit(data, [1], { epoch: 5 } as object)],
    ["a signal that is none", (network) => network.fit(data, [1], { signal: 5 as never })],
    ["parameters that are missing", (network) => network.setParameters([])],
  ])("has the code and the message of the same error on the calling thread: %s", async (_, work) => {
    const [local, remote] = await createBoth();
    const expected = await rejectionOf((async () => work(local as unknown as AnyInWorker))());
    const actual = await rejectionOf(work(remote) as Promise<unknown>);
    expect(actual).toBeInstanceOf(BackpropError);
    expect({ ...actual, message: actual.message }).toEqual({ ...expected, message: expected.message });
  });

  it("has the epoch, batch, layer and history of a fit that diverged", async () => {
    const [local, remote] = await createBoth(() => ({
      layers: [dense(5), dense(1)],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: 9 }),
    }));
    const expected = await rejectionOf(local.fit(INPUTS, LABELS, { epochs: 99 }));
    const actual = await rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 99 }));
    expect(expected.code).toBe("diverged");
    expect(actual).toBeInstanceOf(BackpropError);
    expect(comparable({ ...actual, message: actual.message })).toBe(
      comparable({ ...expected, message: expected.message }),
    );
    await expectSame(local, remote);
  });
});

describe("a stream", () => {
  const items = [0, 1, 2].map((i) => ({
    inputs: INPUTS.slice(50 * i, 50 * i + 50),
    targets: LABELS.slice(50 * i, 50 * i + 50),
  }));

  it.each([
    ["an array", () => items],
    [
      "an async generator",
      async function* () {
        yield* items;
      },
    ],
  ])("is read on the calling thread, with the same bits: %s", async (_, stream) => {
    const [local, remote] = await createBoth();
    const options = { epochs: 3, batchSize: 20, validationData: stream };
    const history = await remote.fit(stream, options);
    expect(comparable(history)).toBe(comparable(await local.fit(stream, options)));
    await expectSame(local, remote);
  });

  it("is closed when the fit ends before it does", async () => {
    const remote = await createRemote();
    let closed = 0;
    async function* stream() {
      try {
        yield* items;
      } finally {
        closed++;
      }
    }
    await remote.fit(stream, { epochs: 5, onBatch: () => false });
    expect(closed).toBe(1);
  });

  it("ends the fit by its exception", async () => {
    const remote = await createRemote();
    const exception = new Error("mine");
    const failing = remote.fit(() => {
      throw exception;
    });
    expect(await rejectionOf(failing)).toBe(exception);
  });

  it.each<[string, unknown, object]>([
    [
      "no iterable",
      5,
      { code: "invalidOption", message: expect.stringContaining("returned 5; expected an iterable") },
    ],
    [
      "an item that is none",
      [5],
      { code: "invalidOption", message: expect.stringContaining("items[0] is given 5") },
    ],
    [
      "an item that cannot be sent",
      [{ inputs: () => {}, targets: [1] }],
      { code: "unsupported", message: expect.stringContaining("a function, inputs,") },
    ],
  ])("is refused if it gives %s", async (_, items, error) => {
    const remote = await createRemote();
    const rejection = await rejectionOf(remote.fit(() => items as never));
    expect(rejection).toBeInstanceOf(BackpropError);
    expect(rejection).toMatchObject(error);
  });
});

describe("a dataset in the worker", () => {
  it("is sent once and used by several calls, with the same bits", async () => {
    const [local, remote] = await createBoth();
    const dataset = await remote.createDataset(INPUTS, LABELS);
    expect(dataset.rows).toBe(200);
    const history = await remote.fit(dataset, { epochs: 3, validationData: dataset });
    const expected = await local.fit(INPUTS, LABELS, { epochs: 3, validationData: [INPUTS, LABELS] });
    expect(comparable(history)).toBe(comparable(expected));
    expect(await remote.evaluate(dataset)).toEqual(local.evaluate(INPUTS, LABELS));
    expect(comparable(await remote.predict(dataset))).toBe(comparable(local.predict(INPUTS)));
  });

  it("is refused after dispose(), and by the worker of another network", async () => {
    const remote = await createRemote();
    const dataset = await remote.createDataset(INPUTS, LABELS);
    const other = await createRemote();
    expect(await rejectionOf(other.fit(dataset))).toMatchObject({ code: "invalidOption" });
    dataset.dispose();
    expect(await rejectionOf(remote.fit(dataset))).toMatchObject({ code: "disposed" });
  });
});

describe("what a worker cannot get", () => {
  const half = () => 0.5;
  const loss = customLoss(() => 0);
  const metric = customMetric({ name: "mine", direction: "max", compute: () => 0 });

  it.each<[string, (network: AnyInWorker) => Promise<unknown>, RegExp]>([
    [
      "a loss",
      () => networkInWorker(optionsOf({ loss })),
      /^networkInWorker is given a function, loss\.compute,/,
    ],
    [
      "a learning rate",
      () => networkInWorker(optionsOf({ optimizer: adam({ learningRate: half }) })),
      /^networkInWorker is given a function, optimizer\.learningRate,/,
    ],
    [
      "a learning rate after a warm-up",
      (network) => network.setOptimizer(sgd({ learningRate: warmup(half, { epochs: 3 }) })),
      /^setOptimizer is given a function, learningRate\.after,/,
    ],
    [
      "a learning rate",
      (network) => network.setLearningRate(half as never),
      /^setLearningRate is given a function,/,
    ],
    [
      "a metric",
      (network) => network.fit(INPUTS, LABELS, { metrics: [metric] }),
      /^fit is given a function, metrics\[0\]\.create,/,
    ],
  ])("is refused: a function as %s", async (_, work, message) => {
    const error = await rejectionOf(work(await createRemote()));
    expect(error).toBeInstanceOf(BackpropError);
    expect(error.code).toBe("unsupported");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("see docs/guide/worker.md");
  });

  it("is refused if it cannot be cloned", async () => {
    const remote = await createRemote();
    const error = await rejectionOf(remote.fit([[Symbol("x")]] as never, LABELS));
    expect(error).toMatchObject({ code: "invalidOption" });
    expect(error.message).toMatch(/^What fit is given cannot be sent to the worker: Symbol\(x\)/);
    const throwing = rejectionOf(
      remote.fit(INPUTS, LABELS, {
        get epochs(): number {
          throw new Error("from a getter");
        },
      }),
    );
    expect((await throwing).message).toContain("from a getter");
    expect(await remote.fit(INPUTS, LABELS)).toHaveProperty("loss.length", 1);
  });

  it.each<[string, unknown]>([
    ["returns a function, because its parentheses are missing", glorotUniform],
    ["returns a promise", async () => {}],
    ["writes NaN", ({ values }: { values: Float32Array }) => void values.fill(Number.NaN)],
  ])("refuses an initializer as createNetwork does: it %s", async (_, kernelInitializer) => {
    const layers = [dense(2), dense(4, "softmax", { kernelInitializer: kernelInitializer as never })];
    const expected = await rejectionOf(createNetwork(optionsOf({ layers })));
    const actual = await rejectionOf(networkInWorker(optionsOf({ layers })));
    expect(actual).toMatchObject({ code: "invalidOption", message: expected.message });
  });

  it.each<[string, unknown]>([
    ["no options", undefined],
    ["an unknown option", { ...optionsOf(), layer: 5 }],
    ["a seed that is none", optionsOf({ seed: -1 })],
    ["a stream that is none", optionsOf({ random: 5 as never })],
  ])("refuses options as createNetwork does: %s", async (_, options) => {
    const expected = await rejectionOf(createNetwork(options as AnyOptions));
    const actual = await rejectionOf(networkInWorker(options as AnyOptions));
    expect(actual).toBeInstanceOf(BackpropError);
    expect(actual).toMatchObject({ code: expected.code, message: expected.message });
  });
});

/** The workers that Node starts from now on. `script`: what they run instead of the library's script. */
function watchWorkers(script?: string): Worker[] {
  const workers: Worker[] = [];
  class Watched extends Worker {
    constructor(url: URL, options: WorkerOptions) {
      super(script ? new URL(script, url) : url, options);
      workers.push(this);
    }
  }
  const { getBuiltinModule } = process;
  const spy = vi.spyOn(process, "getBuiltinModule");
  spy.mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { Worker: Watched } : getBuiltinModule(name)) as never);
  onTestFinished(() => spy.mockRestore());
  return workers;
}

describe("the end of a network", () => {
  it("rejects the calls that have not ended, and all later ones", async () => {
    const workers = watchWorkers();
    const remote = await createRemote();
    const ended = new Promise((resolve) => workers[0]!.once("exit", resolve));
    let calls = 0;
    const fit = rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 1e6, onEpoch: () => void calls++ }));
    while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const predictions = rejectionOf(remote.predict(INPUTS));
    remote.dispose();
    remote.dispose();
    const callsBefore = calls;
    const error = { code: "disposed", message: expect.stringContaining("networkInWorker") };
    expect(await fit).toMatchObject(error);
    expect(await predictions).toMatchObject(error);
    expect(await rejectionOf(remote.summary())).toMatchObject(error);
    await ended;
    expect(calls).toBe(callsBefore);
  });

  it("ends its threads", async () => {
    const remote = await createRemote({ threads: 2, layers: [dense(256, "relu"), dense(4, "softmax")] });
    const fit = rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 1e6 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    remote.dispose();
    expect(await fit).toMatchObject({ code: "disposed" });
  });
});

describe("a worker that fails", () => {
  it("makes the calls that have not ended reject, and all later ones", async () => {
    const workers = watchWorkers();
    const remote = await createRemote();
    const fit = rejectionOf(remote.fit(INPUTS, LABELS, { epochs: 1e6 }));
    await workers[0]!.terminate();
    const error = {
      code: "coreUnavailable",
      message: expect.stringMatching(/^The worker of the network has failed: it ended unexpectedly\. Create/),
    };
    expect(await fit).toBeInstanceOf(BackpropError);
    expect(await fit).toMatchObject(error);
    expect(await rejectionOf(remote.predict(INPUTS))).toMatchObject(error);
  });

  it("is a typed error if its script is missing", async () => {
    watchWorkers("./missing.js");
    const error = await rejectionOf(networkInWorker(optionsOf()));
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ code: "coreUnavailable", message: expect.stringContaining("missing.js") });
  });
});

describe("a process", () => {
  /** The output of a program, which ends by itself. */
  async function outputOf(program: string): Promise<string> {
    const file = (name: string) => JSON.stringify(new URL(`../dist/${name}.js`, import.meta.url).href);
    const source = `
      import { dense } from ${file("index")};
      import { networkInWorker } from ${file("inWorker")};
      const network = await networkInWorker({ inputs: 1, layers: [dense(1)], loss: "meanSquaredError" });
      ${program}`;
    const flags = ["--input-type=module", "--eval", source];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 50_000 });
    return stdout;
  }

  it("ends although a network was not disposed", async () => {
    expect(await outputOf(`process.on("exit", () => console.log("ended"));`)).toBe("ended\n");
  });

  it("ends after the calls that are under way", async () => {
    const program = `network.fit([1, 2], [3, 4], { epochs: 20000 }).then(({ loss }) => console.log(loss.length));`;
    expect(await outputOf(program)).toBe("20000\n");
  });
});

it("ends the worker of a network that is no longer referenced, but not during a call", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const workers = watchWorkers();
  const fit = (await networkInWorker(optionsOf())).fit(INPUTS, LABELS, { epochs: 500 });
  const ended = new Promise((resolve) => workers[0]!.once("exit", resolve));
  const timer = setInterval(collect, 20);
  onTestFinished(() => clearInterval(timer));
  expect((await fit).loss).toHaveLength(500);
  await ended;
});

describe("files of a network in a worker", () => {
  const { fileCheckpoint, loadCheckpoint, saveFile, loadFile } = node;

  it("are those of a network on this thread, and load on either side", async () => {
    const [local, remote] = await createBoth();
    await local.fit(INPUTS, LABELS, FIT);
    await remote.fit(INPUTS, LABELS, FIT);
    expect(Buffer.compare(await remote.saveWeights(), local.saveWeights())).toBe(0);
    expect(comparable(await remote.history())).toBe(comparable(local.history));
    const loaded = await loadNetwork(await remote.save());
    const sent = await loadInWorker(local.save(), { threads: 1 });
    onTestFinished(() => sent.dispose());
    for (const network of [local, loaded]) await network.fit(INPUTS, LABELS, FIT);
    for (const network of [remote, sent]) await network.fit(INPUTS, LABELS, FIT);
    await expectSame(local, remote);
    await expectSame(loaded, remote);
    await expectSame(local, sent);
  });

  it("are written by the page: checkpoints, from which either side resumes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "in worker "));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "checkpoint");
    const [local, remote] = await createBoth();
    const interrupted = {
      onEpoch: ({ epoch }: { epoch: number }) => epoch < 3,
      checkpoint: fileCheckpoint(path),
    };
    await remote.fit(INPUTS, LABELS, { ...FIT, ...interrupted });
    const resumed = await loadInWorker(await readFile(path));
    onTestFinished(() => resumed.dispose());
    const loaded = await loadCheckpoint(path);
    const resume = { ...FIT, resume: true };
    const histories = [
      await local.fit(INPUTS, LABELS, FIT),
      await resumed.fit(INPUTS, LABELS, resume),
      await loaded.fit(INPUTS, LABELS, resume),
    ].map(comparable);
    expect(histories).toEqual([histories[0], histories[0], histories[0]]);
    await expectSame(local, resumed);
    await saveFile(resumed, path);
    await expectSame(await loadFile(path), resumed);
  });

  it("are refused as by loadNetwork, and functions as by networkInWorker", async () => {
    const [local] = await createBoth();
    const bytes = local.save();
    const cases = [
      [() => loadInWorker(bytes.subarray(1)), "invalidFile", /^The bytes are not a whole safetensors file/],
      [() => loadInWorker(bytes, { seed: 1 }), "invalidOption", /^loadNetwork is given seed/],
      [
        () => loadInWorker(bytes, { learningRate: () => 1 }),
        "unsupported",
        /^loadInWorker is given a function/,
      ],
    ] as const;
    for (const [load, code, message] of cases) {
      const error = await load().catch((error) => error);
      expect(error).toBeInstanceOf(BackpropError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });
});
