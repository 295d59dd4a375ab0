import { describe, expect, expectTypeOf, it } from "vitest";
import {
  adam,
  createNetwork,
  type Dataset,
  dense,
  embedding,
  type Layer,
  type NetworkOptions,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { heapOf } from "../src/wasm/host.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { type AnyNetwork, createRegressor } from "./support/regressor.js";

/** Few enough that copies of them would be kept for the next call. */
const ROWS = 100;

function createRows() {
  const inputs = { data: Float64Array.from(spread(ROWS * 3)), shape: [ROWS, 3] };
  const targets = { data: Float64Array.from(spread(ROWS * 2, -1, 1, 0.3)), shape: [ROWS, 2] };
  return { inputs, targets };
}

const { inputs, targets } = createRows();

function bits(network: AnyNetwork, ...more: (readonly number[])[]): string {
  return [valuesOf(network.parameters), ...more].map((values) => bitsOf(values)).join();
}

/** Two networks of the same bits, and a dataset of the first. */
async function createPair() {
  const network = await createRegressor();
  const twin = network.clone();
  const dataset = await network.createDataset(inputs, targets);
  return { network, twin, dataset };
}

describe("a dataset", () => {
  it("trains, evaluates and predicts with the bits of its rows", async () => {
    const { network, twin, dataset } = await createPair();
    expect(dataset.rows).toBe(ROWS);
    const options = { epochs: 3, metrics: ["accuracy"] } as const;
    const history = network.fitSync(dataset, options);
    const expected = twin.fitSync(inputs, targets, options);
    expectTypeOf(history).toEqualTypeOf<typeof expected>();
    expect(history).toEqual({ ...expected, milliseconds: expect.anything() });
    await network.fit(dataset);
    await twin.fit(inputs, targets);
    for await (const { epoch } of network.epochs(dataset, { epochs: 2 })) expect(epoch).toBeGreaterThan(0);
    twin.fitSync(inputs, targets, { epochs: 2 });
    expect(bits(network)).toBe(bits(twin));
    expect(network.evaluate(dataset)).toEqual(twin.evaluate(inputs, targets));
    expect(network.evaluate(dataset, { training: true })).toEqual(
      twin.evaluate(inputs, targets, { training: true }),
    );
    expect(bitsOf(network.predict(dataset).data)).toBe(bitsOf(twin.predict(inputs).data));
    const gradients = network.gradients(dataset);
    expect(bitsOf(valuesOf(gradients.layers))).toBe(bitsOf(valuesOf(twin.gradients(inputs, targets).layers)));
  });

  it("is copied once: later changes of the rows do not matter", async () => {
    const network = await createRegressor();
    const twin = network.clone();
    const rows = createRows();
    const dataset = await network.createDataset(rows.inputs, rows.targets);
    rows.inputs.data.fill(Number.NaN);
    rows.targets.data.fill(0);
    const others = { data: new Float64Array(3 * ROWS), shape: [ROWS, 3] };
    for (let i = 0; i < 2; i++) {
      network.fitSync(dataset);
      network.predict(others);
      twin.fitSync(inputs, targets);
    }
    expect(bits(network)).toBe(bits(twin));
  });

  it("validates on all or some of its rows", async () => {
    const { network, twin, dataset } = await createPair();
    const { validationLoss } = network.fitSync(inputs, targets, { validationData: dataset, epochs: 2 });
    const expected = twin.fitSync(inputs, targets, { validationData: [inputs, targets], epochs: 2 });
    expect(validationLoss).toEqual(expected.validationLoss);
    const split = network.fitSync(dataset, { validationSplit: 0.25 });
    expect(split.validationLoss).toEqual(
      twin.fitSync(inputs, targets, { validationSplit: 0.25 }).validationLoss,
    );
    expect(bits(network)).toBe(bits(twin));
  });

  it("needs no memory for its rows in a fit, a validation or an evaluation", async () => {
    const network = await createRegressor({ layers: [dense(1)], optimizer: adam() });
    const rows = 100_000;
    const dataset = await network.createDataset(
      { data: new Float32Array(3 * rows), shape: [rows, 3] },
      new Float32Array(rows),
    );
    const { memory } = await sharedCore();
    const use = () => {
      network.fitSync(dataset, { validationData: dataset, shuffle: false });
      network.evaluate(dataset);
    };
    // All that is free is taken, so that a copy of the rows would make memory grow.
    const heap = heapOf(await sharedCore());
    const filler = heap.allocate(memory.buffer.byteLength);
    const before = memory.buffer.byteLength;
    use();
    use();
    expect(memory.buffer.byteLength - before).toBeLessThan(4 * rows);
    heap.free(filler);
    dataset.dispose();
  });

  it("serves other networks, two fits at a time, and evaluations during a shuffled fit", async () => {
    const { network, twin, dataset } = await createPair();
    const other = await createRegressor({
      seed: 9,
      layers: [dense(5, "relu"), dense(2, "tanh")],
      loss: "huber",
    });
    const otherTwin = other.clone();
    const { loss } = twin.evaluate(inputs, targets);
    let seen: number | undefined;
    const onBatch = () => {
      seen ??= other.evaluate(dataset).loss;
    };
    const expected = other.evaluate(inputs, targets).loss;
    await Promise.all([
      network.fit(dataset, { epochs: 5, onBatch }),
      other.fit(dataset, { epochs: 5, onEpoch: () => new Promise((resolve) => setTimeout(resolve, 2)) }),
    ]);
    expect(seen).toBe(expected);
    twin.fitSync(inputs, targets, { epochs: 5 });
    otherTwin.fitSync(inputs, targets, { epochs: 5 });
    expect(loss).not.toBe(twin.evaluate(inputs, targets).loss);
    expect(bits(network)).toBe(bits(twin));
    expect(bits(other)).toBe(bits(otherTwin));
  });

  it("stays when the network that created it is disposed", async () => {
    const { network, twin, dataset } = await createPair();
    const expected = twin.evaluate(inputs, targets);
    network.dispose();
    expect(twin.evaluate(dataset)).toEqual(expected);
  });

  it("keeps its memory until the fits that use it have ended", async () => {
    const { network, twin, dataset } = await createPair();
    let rows: Dataset | undefined;
    await network.fit(dataset, {
      epochs: 3,
      onEpoch: async () => {
        if (rows) return;
        dataset.dispose();
        // Takes the memory of the dataset if it is free.
        rows = await twin.createDataset({ data: new Float32Array(3 * ROWS), shape: [ROWS, 3] }, targets);
      },
    });
    twin.fitSync(inputs, targets, { epochs: 3 });
    expect(bits(network)).toBe(bits(twin));
  });

  it("gives back its memory", async () => {
    const network = await createRegressor();
    const heap = heapOf(await sharedCore());
    // Where the next dataset would be: the first free place that is large enough.
    const freePlace = () => {
      const address = heap.allocate(4 * 5 * ROWS);
      heap.free(address);
      return address;
    };
    const use = async () => {
      const dataset = await network.createDataset(inputs, targets);
      network.predict(dataset);
      network.fitSync(dataset, { validationSplit: 0.5, onEpoch: () => dataset.dispose() });
      dataset.dispose();
      return dataset;
    };
    await use();
    const place = freePlace();
    // Not garbage-collected, which would give back the memory, too.
    const datasets = [await use(), await use()];
    expect(freePlace()).toBe(place);
    expect(datasets).toHaveLength(2);
  });

  it("is refused after dispose", async () => {
    const { network, dataset } = await createPair();
    dataset.dispose();
    const refused = { code: "disposed", message: expect.stringContaining("The dataset was disposed") };
    expect(errorOf(() => network.fitSync(dataset))).toMatchObject(refused);
    expect(errorOf(() => network.predict(dataset))).toMatchObject(refused);
    // The network is not left busy.
    network.fitSync(inputs, targets);
  });

  it.each<[string, Partial<NetworkOptions<readonly Layer[]>>, string, string]>([
    ["dtype", { dtype: "float64" }, "invalidOption", "another dtype"],
    ["number of threads", { threads: 2 }, "invalidOption", "with threads where this one has none"],
    [
      "width of inputs",
      { inputs: 4 },
      "invalidShape",
      "The inputs of the dataset are rows of 3 numbers; this network takes rows of 4",
    ],
    [
      "width of targets",
      { layers: [dense(1)] },
      "invalidShape",
      "The targets of the dataset are rows of 2 numbers; this network takes rows of 1 number",
    ],
    [
      "labels",
      { layers: [dense(2, "softmax")], loss: "sparseCategoricalCrossentropy" },
      "invalidShape",
      "this network takes labels from 0 to 1",
    ],
  ])("is refused by a network of another %s", async (_, options, code, message) => {
    const { dataset } = await createPair();
    const other = await createRegressor(options);
    const refused = { code, message: expect.stringContaining(message) };
    expect(errorOf(() => other.fitSync(dataset))).toMatchObject(refused);
    expect(errorOf(() => other.evaluate(dataset))).toMatchObject(refused);
  });

  it("is refused by a network that embeds other columns than the one that checked it", async () => {
    const create = (layers: readonly Layer[]) =>
      createNetwork<readonly Layer[]>({ inputs: 2, layers, loss: "meanSquaredError" });
    const plain = await create([dense(1)]);
    const embedded = await create([embedding([{ column: 1, categories: 3, units: 2 }]), dense(1)]);
    const dataset = await plain.createDataset([[0.5, 7]], [1]);
    expect(() => embedded.predict(dataset)).toThrow(
      "The inputs of the dataset are rows of 2 numbers; this network takes rows of 2 numbers, with categories: 3 in column 1.",
    );
    for (const each of [dataset, plain, embedded]) each.dispose();
  });

  it("is refused together with targets", async () => {
    const { network, dataset } = await createPair();
    const refused = { code: "invalidOption", message: expect.stringContaining("fitSync(dataset, options)") };
    expect(errorOf(() => network.fitSync(dataset, targets.data as never))).toMatchObject({
      code: "invalidOption",
    });
    expect(errorOf(() => network.fitSync(dataset, [[1]] as never))).toMatchObject(refused);
    expect(errorOf(() => network.fitSync(dataset as never, targets, {}))).toMatchObject(refused);
  });

  it("checks its rows", async () => {
    const network = await createRegressor();
    await expect(network.createDataset([[1, 2, Number.NaN]], [[0, 0]])).rejects.toMatchObject({
      code: "invalidData",
    });
    await expect(network.createDataset(inputs, [[0, 0]])).rejects.toMatchObject({ code: "invalidShape" });
  });
});
