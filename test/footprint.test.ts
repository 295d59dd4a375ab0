// The memory that training needs: linear memory, counted at each allocation, and the JavaScript heap.

import { getHeapStatistics } from "node:v8";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createNetwork, type DType, dense } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { Heap } from "../src/wasm/heap.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { spread, strideOf } from "./support/floats.js";

/** Rows of a microbatch. Larger batches are processed in several. */
const MICROBATCH = 128;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Counts the bytes of linear memory that are allocated from now on. Returns a function that returns their maximum. */
function countBytes(): () => number {
  const { allocate, free } = Heap.prototype;
  const sizes = new Map<number, number>();
  let held = 0;
  let max = 0;
  vi.spyOn(Heap.prototype, "allocate").mockImplementation(function (this: Heap, bytes) {
    const address = allocate.call(this, bytes);
    sizes.set(address, bytes);
    held += bytes;
    max = Math.max(max, held);
    return address;
  });
  vi.spyOn(Heap.prototype, "free").mockImplementation(function (this: Heap, address) {
    held -= sizes.get(address) ?? 0;
    sizes.delete(address);
    free.call(this, address);
  });
  return () => max;
}

/**
 * The bytes that a classifier with relu layers and a fused softmax needs at least:
 *
 *     network     parameters and their gradients
 *     optimizer   nothing: plain SGD has no state
 *     workspace   for one microbatch: inputs, targets, each layer's outputs, the gradients of two neighbouring layers,
 *                 with the cache line that keeps the rows of a tensor apart
 *     samples     inputs and targets
 *
 * Transposed copies, scratch, alignment, the order of the rows and the history are not counted.
 */
function partsOf(sizes: readonly number[], rows: number, dtype: DType): number {
  const [inputs, ...units] = sizes as [number, ...number[]];
  const outputs = units.at(-1)!;
  const parameters = units.reduce((sum, width, i) => sum + (sizes[i]! + 1) * width, 0);
  const activations = units.reduce((sum, width) => sum + width, 0);
  const gradients = 2 * Math.max(...units);
  const network = 2 * parameters;
  const optimizer = 0;
  const workspace = strideOf(dtype, MICROBATCH) * (inputs + outputs + activations + gradients);
  const samples = rows * (inputs + outputs);
  return (dtype === "float32" ? 4 : 8) * (network + optimizer + workspace + samples);
}

/** Rows of zeros, all of the first class. */
function zeros(sizes: readonly number[], rows: number): { inputs: Float32Array[]; targets: Float32Array[] } {
  const target = new Float32Array(sizes.at(-1)!);
  target[0] = 1;
  const input = new Float32Array(sizes[0]!);
  return { inputs: Array(rows).fill(input), targets: Array(rows).fill(target) };
}

describe("linear memory", () => {
  it.each([
    [[64, 32, 10], 1797, "float32"],
    [[64, 32, 10], 1797, "float64"],
    [[784, 128, 10], 1000, "float32"],
    [[784, 128, 10], 1000, "float64"],
    [[784, 512, 512, 10], 256, "float32"],
    [[1024, 1024, 1024, 10], 256, "float32"],
    [[16, 32, 10], 20_000, "float32"],
  ] as const)(
    "of the network %j with %i rows of %s exceeds its parts by at most a tenth",
    async (sizes, rows, dtype) => {
      const maxBytes = countBytes();
      const layers = sizes
        .slice(1)
        .map((units, i) => dense(units, i < sizes.length - 2 ? "relu" : "softmax"));
      const network = await createNetwork({
        inputs: sizes[0],
        layers,
        loss: "categoricalCrossentropy",
        dtype,
      });
      try {
        const { inputs, targets } = zeros(sizes, rows);
        network.fitSync(inputs, targets, { batchSize: 200 });
      } finally {
        network.dispose();
      }
      const ratio = maxBytes() / partsOf(sizes, rows, dtype);
      expect(ratio).toBeGreaterThanOrEqual(1);
      expect(ratio).toBeLessThanOrEqual(1.1);
    },
  );
});

describe("a step", () => {
  const STEPS = 10_000;
  const ROUNDS = 21;

  it.each([0, 1])("allocates nothing (shuffles: %i)", async (shuffles) => {
    const core = await sharedCore();
    const { memory } = core;
    const layers = [dense(2, "sigmoid"), dense(1, "sigmoid")];
    const network = new CoreNetwork(core, { dtype: "float32", inputs: 2, layers, loss: "meanSquaredError" });
    network.parameters().set(spread(network.parameterCount));
    const samples = network.createSamples([0, 0, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0]);
    const until = STEPS * (ROUNDS + 1);
    const run = network.createRun(samples, { until, shuffles, ...(shuffles ? { order: [] } : {}) });
    const units = 1 + shuffles;
    const pages = memory.buffer;
    const allocate = vi.spyOn(Heap.prototype, "allocate");
    const growths = Array.from({ length: ROUNDS }, () => {
      const before = getHeapStatistics().used_heap_size;
      for (let i = 0; i < STEPS; i++) run.advance(units);
      return getHeapStatistics().used_heap_size - before;
    });
    expect(run.get("epoch")).toBe(STEPS * ROUNDS);
    expect(allocate).not.toHaveBeenCalled();
    // If memory had grown, it would have a new buffer.
    expect(memory.buffer).toBe(pages);
    // Allocations by vitest and garbage collections change single rounds, but not the median. An object takes at least
    // 12 bytes.
    const median = growths.toSorted((a, b) => a - b)[ROUNDS >> 1]!;
    expect(median / STEPS).toBeLessThan(1);
    network.dispose();
  });
});
