// Fits that wait for a promise of a callback or a stream that never settles.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { AsyncFitOptions, StreamItem } from "../src/index.js";
import { Heap } from "../src/wasm/heap.js";
import { bitsOf } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { type AnyNetwork, createRegressor, regressionRows } from "./support/regressor.js";

const { inputs, targets } = regressionRows(200);
const item: StreamItem = { inputs, targets };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Records the blocks of linear memory that are allocated from now on and not freed. */
function watchBlocks(): Set<number> {
  const { allocate, free } = Heap.prototype;
  const blocks = new Set<number>();
  vi.spyOn(Heap.prototype, "allocate").mockImplementation(function (this: Heap, bytes) {
    const address = allocate.call(this, bytes);
    blocks.add(address);
    return address;
  });
  vi.spyOn(Heap.prototype, "free").mockImplementation(function (this: Heap, address) {
    blocks.delete(address);
    free.call(this, address);
  });
  return blocks;
}

const aTask = () => new Promise((resolve) => setTimeout(resolve));

interface Waiting {
  /** Resolves when the fit has begun to wait. */
  readonly begun: Promise<void>;
  readonly never: () => PromiseLike<never>;
  readonly reject: (reason: unknown) => void;
}

function createWaiting(): Waiting {
  let begin = () => {};
  let reject: Waiting["reject"] = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const never = () => {
    begin();
    return new Promise<never>((_, fail) => {
      reject = fail;
    });
  };
  return { begun, never, reject: (reason) => reject(reason) };
}

type Start = (network: AnyNetwork, never: Waiting["never"], options: AsyncFitOptions) => Promise<unknown>;

const iterator = (methods: object) => (() => ({ [Symbol.asyncIterator]: () => methods })) as never;

const WAITS: Readonly<Record<string, Start>> = {
  onEpoch: (network, onEpoch, options) => network.fit(inputs, targets, { ...options, onEpoch }),
  onBatch: (network, onBatch, options) => network.fit(inputs, targets, { ...options, onBatch }),
  onProgress: (network, onProgress, options) => network.fit(inputs, targets, { ...options, onProgress }),
  "onEpoch of epochs": async (network, onEpoch, options) => {
    for await (const _ of network.epochs(inputs, targets, { ...options, onEpoch }));
  },
  "a stream": (network, never, options) => network.fit(never as never, options),
  "the first item": (network, next, options) => network.fit(iterator({ next }), options),
  "the second item": (network, never, options) => {
    const results = [{ done: false, value: item }];
    return network.fit(iterator({ next: () => results.shift() ?? never() }), options);
  },
  "a promise of an item": (network, never, options) =>
    network.fit(iterator({ next: () => ({ done: false, value: never() }) }), options),
  "an item of validationData": (network, next, options) =>
    network.fit(inputs, targets, { ...options, validationData: iterator({ next }) }),
};

describe.each(Object.entries(WAITS))("a fit that waits for %s", (_, start) => {
  it("rejects and frees its memory when the network is disposed", async () => {
    const blocks = watchBlocks();
    const network = await createRegressor();
    const { begun, never, reject } = createWaiting();
    const fit = start(network, never, { epochs: 1000 });
    await begun;
    network.dispose();
    await expect(fit).rejects.toMatchObject({ code: "disposed" });
    expect(blocks.size).toBe(0);
    reject(new Error("too late"));
    await aTask();
  });

  it("rejects when it is aborted, and leaves a network that can be trained", async () => {
    const network = await createRegressor();
    const { begun, never, reject } = createWaiting();
    const controller = new AbortController();
    const fit = start(network, never, { epochs: 1000, signal: controller.signal });
    await begun;
    controller.abort("enough");
    await expect(fit).rejects.toMatchObject({
      code: "aborted",
      cause: "enough",
      history: { stopped: "aborted" },
    });
    const twin = network.clone();
    reject(new Error("too late"));
    for (const each of [network, twin]) await each.fit(inputs, targets);
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    network.dispose();
  });
});

describe("a wait", () => {
  it("that is aborted after the last epoch does not change the result", async () => {
    const network = await createRegressor();
    const { begun, never } = createWaiting();
    const controller = new AbortController();
    const fit = network.fit(inputs, targets, { onEpoch: never, signal: controller.signal });
    await begun;
    controller.abort();
    expect(await fit).toMatchObject({ stopped: "epochs", loss: [expect.any(Number)] });
    network.dispose();
  });

  it("for onBatch that is aborted at the end of an epoch calls no onEpoch", async () => {
    const network = await createRegressor();
    const { begun, never } = createWaiting();
    const controller = new AbortController();
    const onEpoch = vi.fn();
    const options = { epochs: 2, batchSize: 200, onBatch: never, onEpoch, signal: controller.signal };
    const fit = network.fit(inputs, targets, options);
    await begun;
    controller.abort();
    await expect(fit).rejects.toMatchObject({ code: "aborted" });
    expect(onEpoch).not.toHaveBeenCalled();
    network.dispose();
  });

  it("does not begin after an abort, and the rejection of the callback is ignored", async () => {
    const network = await createRegressor();
    const controller = new AbortController();
    const onEpoch = async () => {
      controller.abort();
      throw new Error("not seen");
    };
    const fit = network.fit(inputs, targets, { epochs: 2, onEpoch, signal: controller.signal });
    await expect(fit).rejects.toMatchObject({ code: "aborted" });
    network.dispose();
  });

  it("for an iterator that is closed ends when the network is disposed", async () => {
    const network = await createRegressor();
    const { begun, never } = createWaiting();
    const next = () => ({ done: false, value: item });
    const fit = network.fit(iterator({ next, return: never }), { onBatch: () => false });
    await begun;
    network.dispose();
    expect(await fit).toMatchObject({ stopped: "callback" });
  });

  it("leaves no listeners at the signal", async () => {
    const network = await createRegressor();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await network.fit(inputs, targets, { epochs: 5, onEpoch: aTask, signal });
    expect(added).toHaveBeenCalledTimes(5);
    expect(removed).toHaveBeenCalledTimes(5);
    network.dispose();
  });
});
