import { describe, expect, it } from "vitest";
import {
  adam,
  type BatchInfo,
  batchNorm,
  type DataStream,
  dense,
  dropout,
  type EpochInfo,
  type StreamItem,
  sgd,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { type AnyNetwork, createRegressor, regressionRows } from "./support/regressor.js";

const ROWS = 300;
const { inputs, targets } = regressionRows(ROWS);

/** Items of so many rows, one after the other, until all rows are in one. */
function* itemsOf(...sizes: readonly number[]): Generator<StreamItem, void, void> {
  let begin = 0;
  for (let i = 0; begin < ROWS; i++) {
    const end = begin + sizes[i % sizes.length]!;
    yield { inputs: inputs.slice(begin, end), targets: targets.slice(begin, end) };
    begin = end;
  }
}

async function* asyncItemsOf(...sizes: readonly number[]): AsyncGenerator<StreamItem, void, void> {
  for (const item of itemsOf(...sizes)) {
    await new Promise((resolve) => setImmediate(resolve));
    yield item;
  }
}

function bits(network: AnyNetwork, ...more: (readonly number[])[]): string {
  return [valuesOf(network.parameters), ...more].map((values) => bitsOf(values)).join();
}

/** Batches of 20 rows whose weights are all 0: the last one of an item, and all of an item. */
const isIgnored = (row: number) => (row >= 80 && row < 100) || (row >= 100 && row < 160);
/** The rows of an item that is given without weights. */
const isPlain = (row: number) => row >= 200;
const sampleWeights = spread(ROWS, 0.1, 3, 0.4).map((weight, row) =>
  isPlain(row) ? 1 : isIgnored(row) || row % 7 === 0 ? 0 : weight ** 5,
);

/** All rows with these weights, in items of several batches of 20 rows. */
function* weightedItems(): Generator<StreamItem, void, void> {
  let begin = 0;
  for (const end of [100, 160, 200, ROWS]) {
    const weights = isPlain(begin) ? {} : { weights: sampleWeights.slice(begin, end) };
    yield { inputs: inputs.slice(begin, end), targets: targets.slice(begin, end), ...weights };
    begin = end;
  }
}

/** An iterator that counts how often it is asked and closed. */
function watched(items: Iterable<StreamItem>, afterwards: () => void = () => {}) {
  const calls = { next: 0, return: 0 };
  const iterator = items[Symbol.iterator]();
  const stream = () => ({
    [Symbol.iterator]: () => ({
      next: () => {
        calls.next++;
        const result = iterator.next();
        if (result.done) afterwards();
        return result;
      },
      return: () => {
        calls.return++;
        return { done: true as const, value: undefined };
      },
    }),
  });
  return { stream, calls };
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("not rejected"),
    (error: unknown) => error,
  );
}

describe("a stream", () => {
  const cases = DTYPES.flatMap((dtype) =>
    // Batches of one row, of one microbatch, and of several, with a smaller last one.
    [1, 32, 130].map((batchSize) => ({ dtype, batchSize })),
  );

  it.each(cases)("of batches trains with the bits of arrays: $dtype, $batchSize rows", async (of) => {
    const { dtype, batchSize } = of;
    const network = await createRegressor({ dtype });
    const [asynchronous, synchronous] = [network.clone(), network.clone()];
    const common = { epochs: 3, metrics: ["accuracy"] } as const;
    const options = { ...common, shuffle: false, batchSize };
    const expected = network.fitSync(inputs, targets, options);
    const loss = await asynchronous.fit(() => asyncItemsOf(batchSize), common);
    const lossSync = synchronous.fitSync(() => itemsOf(batchSize), common);
    const times = { milliseconds: expect.anything() };
    expect(loss).toEqual({ ...expected, ...times });
    expect(lossSync).toEqual({ ...expected, ...times });
    expect(bits(asynchronous, loss.loss)).toBe(bits(network, expected.loss));
    expect(bits(synchronous)).toBe(bits(network));
    expect(synchronous.epoch).toBe(3);
  });

  it("whose items are split into batches trains with the bits of arrays", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    const { loss } = network.fitSync(() => itemsOf(128, 64), { batchSize: 32, epochs: 2 });
    const expected = twin.fitSync(inputs, targets, { batchSize: 32, epochs: 2, shuffle: false });
    expect(bits(network, loss)).toBe(bits(twin, expected.loss));
  });

  it.each(DTYPES)("of items with weights trains with the bits of sampleWeights: %s", async (dtype) => {
    const train = async (...data: readonly unknown[]) => {
      const network = await createRegressor({
        dtype,
        layers: [dense(8, "tanh", { kernelL2: 0.01 }), dropout(0.2), dense(2)],
        optimizer: adam({ learningRate: (step, epoch) => 0.01 / (1 + step + 10 * epoch) }),
      });
      const batches: BatchInfo[] = [];
      const history = network.fitSync(...(data as [number[][], number[][]]), {
        ...{ batchSize: 20, epochs: 3, metrics: ["mae"], onBatch: (info) => void batches.push(info) },
        ...(data.length > 1 && { shuffle: false, sampleWeights }),
      });
      const { loss, mae, learningRate } = history as typeof history & { mae: number[] };
      const steps = batches.flatMap((info) => [info.epoch, info.batch, info.loss, info.learningRate]);
      return bits(network, loss, mae, learningRate, steps);
    };
    expect(await train(weightedItems)).toBe(await train(inputs, targets));
  });

  it("whose last item has weight 0 reports a layer that is dead", async () => {
    const network = await createRegressor({ layers: [dense(4, "relu", { trainable: false }), dense(2)] });
    network.setParameters([
      { kernel: Array(3).fill([0, 0, 0, 0]), bias: [-1, -1, -1, -1] },
      {
        kernel: Array(4).fill([0, 0]),
        bias: [0, 0],
      },
    ]);
    const [item] = itemsOf(ROWS);
    const ignored = { inputs: [inputs[0]!], targets: [targets[0]!], weights: [0] };
    const { warnings } = network.fitSync(() => [item!, ignored]);
    expect(warnings).toMatchObject([{ kind: "deadLayer", layer: 0 }]);
  });

  it.each(["mean", "sum"] as const)(
    "of validation rows with weights gives the loss and metrics of weighted arrays, reduction %s",
    async (reduction) => {
      const layers = [dense(4, "tanh", { kernelL2: 0.1 }), dense(2)];
      const loss = { name: "meanSquaredError", reduction } as const;
      const network = await createRegressor({ layers, loss, dtype: "float64" });
      const options = { metrics: ["mae"] } as const;
      const history = await network.fit(inputs, targets, { ...options, validationData: weightedItems });
      const expected = network.evaluate(inputs, targets, { ...options, sampleWeights });
      expect(history.validationLoss[0]! / expected.loss).toBeCloseTo(1, 13);
      expect(history.validationMae[0]).toBe(expected.mae);
    },
  );

  it.each([undefined, 40])(
    "trains a batch norm at scheduled rates with the bits of arrays, batchSize %s",
    async (batchSize) => {
      const network = await createRegressor({
        layers: [dense(8, "tanh"), batchNorm(), dense(2)],
        optimizer: adam({ learningRate: (step, epoch) => 0.01 / (1 + step + epoch) }),
      });
      const twin = network.clone();
      // Larger than a microbatch, and of two sizes.
      const { loss } = network.fitSync(() => itemsOf(160), { epochs: 2, ...(batchSize && { batchSize }) });
      const options = { epochs: 2, batchSize: batchSize ?? 160, shuffle: false };
      const expected = twin.fitSync(inputs, targets, options);
      expect(bits(network, loss)).toBe(bits(twin, expected.loss));
    },
  );

  it("asks a function for the rate of each step once, in order, and keeps the rate of each epoch", async () => {
    const asked: (readonly [number, number])[] = [];
    const learningRate = (step: number, epoch: number) => {
      asked.push([step, epoch]);
      return 0.01 / (1 + step + epoch);
    };
    const network = await createRegressor({ optimizer: adam({ learningRate }) });
    asked.length = 0;
    const history = network.fitSync(() => itemsOf(50), { epochs: 3, batchSize: 20 });
    // Each of the six items has three batches.
    const steps = Array.from({ length: 3 * 18 }, (_, step) => [step, Math.floor(step / 18)] as const);
    expect(asked).toEqual(steps);
    expect(history.learningRate).toEqual([17, 35, 53].map((step, epoch) => 0.01 / (1 + step + epoch)));
  });

  it("names the item that has a batch of one row, which a batch norm refuses", async () => {
    const network = await createRegressor({ layers: [dense(8), batchNorm(), dense(2)] });
    const small = [...itemsOf(50, 1, 249)];
    expect(errorOf(() => network.fitSync(() => small))).toMatchObject({
      code: "invalidShape",
      message: expect.stringMatching(/^items\[1\]\.inputs has one row, but/),
    });
    expect(errorOf(() => network.fitSync(() => itemsOf(100, 40), { batchSize: 39 }))).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining(
        "a last batch of one of 40 rows of items[1], but layers[1] is a batchNorm",
      ),
    });
  });

  it("gives the same bits with three threads", async () => {
    const train = async (threads: number) => {
      const network = await createRegressor({ threads });
      const { loss } = network.fitSync(() => itemsOf(130), { epochs: 2 });
      const result = bits(network, loss);
      network.dispose();
      return result;
    };
    expect(await train(3)).toBe(await train(1));
  });

  it("is called again for each epoch, after the validation of the last one", async () => {
    const network = await createRegressor();
    const events: string[] = [];
    const stream = () => {
      events.push("stream");
      return itemsOf(100);
    };
    const validationData = () => {
      events.push("validation");
      return asyncItemsOf(150);
    };
    await network.fit(stream, { epochs: 2, validationData, onEpoch: () => void events.push("epoch") });
    expect(events).toEqual(["stream", "validation", "epoch", "stream", "validation", "epoch"]);
  });

  it.each(["mean", "sum"] as const)("validates with the loss of arrays, reduction %s", async (reduction) => {
    const layers = [dense(4, "tanh", { kernelL2: 0.1 }), dense(2, "linear", { biasL1: 0.2 })];
    const loss = { name: "meanSquaredError", reduction } as const;
    const network = await createRegressor({ layers, loss, dtype: "float64", optimizer: adam({ ema: 0.5 }) });
    const twin = network.clone();
    const options = { epochs: 3, metrics: ["accuracy"] } as const;
    const actual = await network.fit(inputs, targets, {
      ...options,
      validationData: () => asyncItemsOf(7, 130),
    });
    const expected = twin.fitSync(inputs, targets, { ...options, validationData: [inputs, targets] });
    actual.validationLoss.forEach((value, i) => {
      expect(Math.abs(value / expected.validationLoss[i]! - 1)).toBeLessThan(1e-14);
    });
    expect(actual.validationAccuracy).toEqual(expected.validationAccuracy);
    expect(bits(network)).toBe(bits(twin));
  });

  it("counts batches through the items of an epoch", async () => {
    const network = await createRegressor();
    const batches: BatchInfo[] = [];
    const epochs: EpochInfo[] = [];
    await network.fit(() => itemsOf(100), {
      epochs: 2,
      batchSize: 60,
      onBatch: (info) => void batches.push(info),
      onEpoch: (info) => void epochs.push(info),
    });
    expect(batches.map(({ epoch, batch }) => [epoch, batch])).toEqual(
      [1, 2].flatMap((epoch) => [1, 2, 3, 4, 5, 6].map((batch) => [epoch, batch])),
    );
    expect(batches[0]!.batches).toBeUndefined();
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it("ends at the target loss, by early stopping, by a callback, and in a loop that is left", async () => {
    const network = await createRegressor({ optimizer: sgd({ learningRate: 0 }), layers: [dense(2)] });
    const stream = () => asyncItemsOf(100);
    const { loss } = network.evaluate(inputs, targets);
    expect(await network.fit(stream, { epochs: 5, targetLoss: loss * 1.01 })).toMatchObject({
      stopped: "targetLoss",
      loss: [expect.closeTo(loss, 5)],
    });
    const stopped = await network.fit(stream, { epochs: 9, earlyStopping: { patience: 2 } });
    expect(stopped).toMatchObject({ stopped: "earlyStopping", bestEpoch: 0 });
    expect(stopped.loss).toHaveLength(3);
    expect((await network.fit(stream, { epochs: 9, onEpoch: () => false })).stopped).toBe("callback");
    const limited = await network.fit(stream, { epochs: 1e6, maxSeconds: 0.02 });
    expect(limited.stopped).toBe("maxSeconds");
    let count = 0;
    for await (const _ of network.epochs(stream, { epochs: 9 })) if (++count === 2) break;
    expect(count).toBe(2);
  });

  it("is closed when the fit ends early, and not when it has ended", async () => {
    const network = await createRegressor();
    const early = watched(itemsOf(50));
    network.fitSync(early.stream, { onBatch: () => false });
    expect(early.calls).toEqual({ next: 1, return: 1 });
    const whole = watched(itemsOf(50));
    network.fitSync(whole.stream);
    expect(whole.calls).toEqual({ next: 7, return: 0 });
  });

  it("passes its exceptions through, and leaves the network as trained until then", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    const failure = new Error("the disk is on fire");
    const events: string[] = [];
    async function* failing() {
      try {
        yield* itemsOf(100);
        throw failure;
      } finally {
        events.push("closed");
      }
    }
    expect(await rejectionOf(network.fit(failing))).toBe(failure);
    expect(events).toEqual(["closed"]);
    twin.fitSync(() => itemsOf(100));
    expect(bits(network)).toBe(bits(twin));
    expect([network.epoch, twin.epoch]).toEqual([0, 1]);
    expect(
      errorOf(() =>
        network.fitSync(() => {
          throw errorOf(() => network.predict([]));
        }),
      ),
    ).toMatchObject({ code: "invalidShape" });
    network.fitSync(inputs, targets);
  });

  it("is closed after an exception, which counts more than one of closing", async () => {
    const network = await createRegressor();
    const failure = new Error("of a callback");
    const closing = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: { inputs, targets } }),
        return: () => {
          throw new Error("of closing");
        },
      }),
    };
    const onBatch = () => {
      throw failure;
    };
    expect(await rejectionOf(network.fit(() => closing, { onBatch }))).toBe(failure);
    await expect(network.fit(() => closing, { onBatch: () => false })).rejects.toThrow("of closing");
    network.fitSync(inputs, targets);
  });

  it("that never answers can be aborted, and is closed", async () => {
    const network = await createRegressor();
    const controller = new AbortController();
    const calls: string[] = [];
    const stream: DataStream = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => {
          setTimeout(() => controller.abort("enough"), 1);
          return new Promise<never>(() => {});
        },
        return: () => {
          calls.push("return");
          return new Promise<never>(() => {});
        },
      }),
    });
    expect(await rejectionOf(network.fit(stream, { signal: controller.signal }))).toMatchObject({
      code: "aborted",
      cause: "enough",
      epoch: 0,
      history: { loss: [] },
    });
    expect(calls).toEqual(["return"]);
    network.fitSync(inputs, targets);
  });

  it("can be aborted between two items, also while it validates", async () => {
    const network = await createRegressor();
    for (const aborting of ["training", "validation"]) {
      const controller = new AbortController();
      async function* stream(name: string) {
        for (const item of itemsOf(100)) {
          yield item;
          if (name === aborting && network.epoch > 0) controller.abort();
        }
      }
      const { signal } = controller;
      const validationData = () => stream("validation");
      const fit = network.fit(() => stream("training"), { epochs: 1e6, validationData, signal });
      expect(await rejectionOf(fit)).toMatchObject({ code: "aborted", history: { stopped: "aborted" } });
    }
  });

  it("can be read while the network is used, and ends when it is disposed", async () => {
    const network = await createRegressor();
    async function* using() {
      for (const item of itemsOf(100)) {
        network.predict(inputs);
        yield item;
        network.evaluate(item.inputs, item.targets);
      }
    }
    const twin = network.clone();
    await network.fit(using);
    twin.fitSync(() => itemsOf(100));
    expect(bits(network)).toBe(bits(twin));
    async function* disposing() {
      yield* itemsOf(100);
      network.dispose();
      yield* itemsOf(100);
    }
    expect(await rejectionOf(network.fit(disposing))).toMatchObject({ code: "disposed" });
  });

  it("needs memory for one item at a time", async () => {
    const network = await createRegressor({ layers: [dense(2)] });
    const rows = 20_000;
    const item = { inputs: zeros(rows, 3), targets: zeros(rows, 2) };
    network.fitSync(() => [item]);
    const { memory } = await sharedCore();
    const { byteLength } = memory.buffer;
    const larger = { inputs: zeros(rows - 1, 3), targets: zeros(rows - 1, 2) };
    network.fitSync(() => Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? item : larger)), { epochs: 2 });
    expect(memory.buffer.byteLength - byteLength).toBeLessThan(rows * 5 * 4);
  });

  it("may give promises of items, or come as a promise, for fit", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    const promises = () => [...itemsOf(100)].map((item) => Promise.resolve(item));
    await network.fit((async () => promises()) as never);
    twin.fitSync(() => itemsOf(100));
    expect(bits(network)).toBe(bits(twin));
  });

  it("diverges with the number of its batch", async () => {
    const network = await createRegressor({ optimizer: sgd({ learningRate: 1e30 }), layers: [dense(2)] });
    const error = errorOf(() => network.fitSync(() => itemsOf(100), { batchSize: 60 }));
    expect(error).toMatchObject({ code: "diverged", epoch: 0, history: { stopped: "diverged" } });
    expect(error.message).toMatch(/batch \d[,;]/);
    expect(error.batch).toBeGreaterThan(0);
  });

  it.each<[string, unknown, object, object]>([
    ["shuffle: true", () => itemsOf(100), { shuffle: true }, { code: "invalidOption" }],
    ["validationSplit", () => itemsOf(100), { validationSplit: 0.1 }, { code: "invalidOption" }],
    [
      "no items",
      () => [],
      {},
      { code: "invalidData", message: expect.stringContaining("There are no items") },
    ],
    ["another thing", () => 5, {}, { code: "invalidOption", message: expect.stringContaining("returned 5") }],
    [
      "items that are none",
      () => [5],
      {},
      { code: "invalidOption", message: expect.stringContaining("items[0] is given 5") },
    ],
    [
      "items with an unknown property",
      () => [{ inputs, targets, sampleWeights: [] }],
      {},
      { code: "invalidOption", message: expect.stringContaining('items[0] has no option "sampleWeights"') },
    ],
    [
      "too few weights",
      () => [...itemsOf(150), { inputs, targets, weights: [1, 2] }],
      {},
      {
        code: "invalidShape",
        message: expect.stringContaining("items[2].inputs has 300 rows and items[2].weights has 2"),
      },
    ],
    [
      "a negative weight",
      () => [{ inputs: [[1, 2, 3]], targets: [[1, 2]], weights: [-1] }],
      {},
      { code: "invalidData", message: expect.stringContaining("items[0].weights[0] is -1") },
    ],
    [
      "an epoch whose weights are all 0",
      () => [{ inputs: [[1, 2, 3]], targets: [[1, 2]], weights: [0] }],
      {},
      { code: "invalidData", message: expect.stringContaining("All weights of items are 0") },
    ],
    [
      "an epoch of validation whose weights are all 0",
      () => itemsOf(100),
      { validationData: () => [{ inputs: [[1, 2, 3]], targets: [[1, 2]], weights: [0] }] },
      { code: "invalidData", message: expect.stringContaining("All weights of validationData are 0") },
    ],
    [
      "rows that are none",
      () => [...itemsOf(150), { inputs: [[1, 2]], targets: [[1, 2]] }],
      {},
      { code: "invalidShape", message: expect.stringContaining("items[2].inputs has rows") },
    ],
    [
      "NaN",
      () => [{ inputs: [[1, Number.NaN, 2]], targets: [[1, 2]] }],
      {},
      { code: "invalidData", message: expect.stringContaining("items[0].inputs[0][1] is NaN") },
    ],
    [
      "different numbers of rows",
      () => [{ inputs, targets: [[1, 2]] }],
      {},
      {
        code: "invalidShape",
        message: expect.stringContaining("items[0].inputs has 300 rows and items[0].targets has 1"),
      },
    ],
    [
      "an iterator that returns a number",
      () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }),
      {},
      { code: "invalidData", message: expect.stringContaining("returned 5") },
    ],
  ])("is refused with %s", async (_, stream, options, refused) => {
    const network = await createRegressor();
    expect(errorOf(() => network.fitSync(stream as DataStream, options))).toMatchObject(refused);
    expect(await rejectionOf((async () => network.fit(stream as DataStream, options))())).toMatchObject(
      refused,
    );
    network.fitSync(() => itemsOf(100));
  });

  it("is refused in its second epoch if it gives its items only once", async () => {
    const network = await createRegressor();
    const items = itemsOf(100);
    const error = errorOf(() => network.fitSync(() => items, { epochs: 2 }));
    expect(error).toMatchObject({ code: "invalidData", message: expect.stringContaining("a new iterable") });
    expect(network.epoch).toBe(1);
  });

  it("that comes asynchronously is refused by fitSync", async () => {
    const network = await createRegressor();
    const refused = { code: "invalidOption", message: expect.stringContaining("Use fit") };
    const streams: unknown[] = [
      () => asyncItemsOf(100),
      async () => itemsOf(100),
      () => [Promise.reject(new Error("not seen"))],
      () => ({ [Symbol.iterator]: () => asyncItemsOf(100) }),
    ];
    for (const stream of streams) {
      expect(errorOf(() => network.fitSync(stream as DataStream))).toMatchObject(refused);
    }
    const validationData = () => asyncItemsOf(100);
    expect(errorOf(() => network.fitSync(inputs, targets, { validationData }))).toMatchObject(refused);
  });

  it("is refused by evaluate, gradients, predict and createDataset, and together with targets", async () => {
    const network = await createRegressor();
    const stream = (() => itemsOf(100)) as never;
    expect(errorOf(() => network.evaluate(stream, targets))).toMatchObject({ code: "invalidShape" });
    expect(errorOf(() => network.gradients(stream))).toMatchObject({ code: "invalidShape" });
    expect(errorOf(() => network.predict(stream))).toMatchObject({ code: "invalidShape" });
    expect(await rejectionOf(network.createDataset(stream, targets))).toMatchObject({ code: "invalidShape" });
    expect(errorOf(() => network.fitSync(stream, targets as never))).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining("fitSync(stream, options)"),
    });
  });
});

function zeros(rows: number, columns: number) {
  return { data: new Float32Array(rows * columns), shape: [rows, columns] };
}
