// Networks that are dropped without `dispose`: their memory is freed when they are garbage-collected.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createNetwork, dense, type NetworkOptions } from "../src/index.js";
import { Block } from "../src/wasm/block.js";
import { sharedCore } from "../src/wasm/core.js";
import { heapOf } from "../src/wasm/host.js";
import { errorOf } from "./support/errorOf.js";

const PAGE = 65536;
const MEBIBYTE = 2 ** 20;
/** A network of about 1 MiB. */
const OPTIONS: NetworkOptions = { inputs: 784, layers: [dense(64), dense(10)], loss: "meanSquaredError" };

let collect: () => void;

beforeAll(() => {
  setFlagsFromString("--expose-gc");
  collect = runInNewContext("gc");
});

afterEach(() => {
  vi.restoreAllMocks();
});

/**
 * From now on, memory can grow by at most `bytes`, and the engine collects garbage before it refuses. Returns a
 * function that returns the number of refusals.
 */
async function limitMemory(bytes: number, onRefusal = () => {}): Promise<() => number> {
  const { memory } = await sharedCore();
  const limit = memory.buffer.byteLength + bytes;
  const { grow } = WebAssembly.Memory.prototype;
  let refusals = 0;
  vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(function (
    this: WebAssembly.Memory,
    pages,
  ) {
    if (this.buffer.byteLength + pages * PAGE <= limit) return grow.call(this, pages);
    refusals++;
    collect();
    queueMicrotask(onRefusal);
    throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
  });
  return () => refusals;
}

/** Samples whose inputs take `bytes` bytes or slightly more. */
function samplesOf(bytes: number) {
  const rows = Math.ceil(bytes / (784 * 4));
  return [
    { data: new Float32Array(rows * 784), shape: [rows, 784] },
    { data: new Float32Array(rows * 10), shape: [rows, 10] },
  ] as const;
}

describe("networks that were not disposed", () => {
  it("do not exhaust memory while others are created", async () => {
    const refusals = await limitMemory(10 * MEBIBYTE);
    for (let i = 0; i < 40; i++) await createNetwork(OPTIONS);
    expect(refusals()).toBeGreaterThan(0);
  });

  it("do not exhaust memory while another is trained", async () => {
    const network = await createNetwork(OPTIONS);
    const refusals = await limitMemory(40 * MEBIBYTE);
    new Block(heapOf(await sharedCore()), 30 * MEBIBYTE);
    await network.fit(...samplesOf(25 * MEBIBYTE));
    expect(refusals()).toBe(1);
    network.dispose();
  });

  it.each([
    ["samples", 200 * MEBIBYTE, 1],
    ["the losses of its epochs", MEBIBYTE, 25 * MEBIBYTE],
  ])(
    "a fit that waits for memory for %s rejects if its own network is disposed",
    async (_, bytes, epochs) => {
      const network = await createNetwork(OPTIONS);
      await network.fit(...samplesOf(MEBIBYTE));
      const refusals = await limitMemory(0, () => network.dispose());
      const fitting = network.fit(...samplesOf(bytes), { epochs });
      await expect(fitting).rejects.toMatchObject({ name: "BackpropError", code: "disposed" });
      expect(refusals()).toBe(1);
    },
  );

  it("are mentioned in the error of a call that does not wait", async () => {
    const network = await createNetwork(OPTIONS);
    await limitMemory(0);
    const [inputs, targets] = samplesOf(200 * MEBIBYTE);
    for (const call of [
      () => network.predict(inputs),
      () => network.evaluate(inputs, targets),
      () => network.gradients(inputs, targets),
      () => network.fitSync(inputs, targets),
    ]) {
      const error = errorOf(call);
      expect(error.code).toBe("outOfMemory");
      expect(error.message).toMatch(/Call dispose\(\) on networks .+ until it is garbage-collected/);
    }
    network.dispose();
  });
});
