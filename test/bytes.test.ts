import { afterEach, describe, expect, it, vi } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import { createNetwork, type DType, dense, embedding, type Network, type Rows, sgd } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { Heap } from "../src/wasm/heap.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

/** Every byte occurs in a long enough sequence. */
function bytesOf(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 37 + (i >> 8)) & 255);
}

/** The product of byte and scale, where the scale is rounded to the dtype, and so is the product. */
function product(dtype: DType, byte: number, scale: number): number {
  return dtype === "float32" ? Math.fround(byte * Math.fround(scale)) : byte * scale;
}

function pairOf(dtype: DType, rows: number, columns: number, scale: number): readonly [Rows, Rows] {
  const data = bytesOf(rows * columns);
  const shape = [rows, columns];
  const numbers = floats(
    dtype,
    Array.from(data, (byte) => product(dtype, byte, scale)),
  );
  return [
    { data, shape, scale },
    { data: numbers, shape },
  ];
}

function create(dtype: DType, inputs: number, threads = 1): Promise<Network> {
  return createNetwork({
    inputs,
    layers: [dense(6, "tanh"), dense(2)],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.01 }),
    dtype,
    threads,
  });
}

afterEach(() => void vi.restoreAllMocks());

describe.each(DTYPES)("inputs that are bytes with a scale, in %s,", (dtype) => {
  it("give the bits of the products of byte and scale, for every width and number of rows", async () => {
    for (const columns of [1, 2, 3, 4, 5, 6, 7, 8, 11, 33]) {
      for (const rows of [1, 2, 3, 4, 5, 31, 129, 260]) {
        const scale = columns % 2 ? 1 / 255 : 0.3;
        const targets = { data: spread(rows * 2), shape: [rows, 2] };
        const results = [];
        for (const inputs of pairOf(dtype, rows, columns, scale)) {
          const network = await create(dtype, columns);
          const before = [
            ...network.predict(inputs).data,
            network.evaluate(inputs, targets).loss,
            ...valuesOf(network.gradients(inputs, targets).layers),
          ];
          const { loss } = await network.fit(inputs, targets, { epochs: 2, batchSize: 7 });
          const single = await network.fit(inputs, targets, { batchSize: 1 });
          results.push(bitsOf([...before, ...loss, ...single.loss, ...valuesOf(network.parameters)]));
          network.dispose();
        }
        expect(results[0], `${rows} rows of ${columns}`).toBe(results[1]);
      }
    }
  });

  it("takes every byte", async () => {
    const [bytes, numbers] = pairOf(dtype, 256, 1, 1 / 255);
    const network = await createNetwork({ inputs: 1, layers: [dense(1)], loss: "meanSquaredError", dtype });
    network.setParameters([{ kernel: [[1]], bias: [0] }]);
    const outputs = network.predict(bytes).data;
    expect(bitsOf(outputs)).toBe(bitsOf(network.predict(numbers).data));
    expect(new Set(outputs).size).toBe(256);
    network.dispose();
  });

  it("are stored as bytes", async () => {
    const network = await create(dtype, 800);
    const [bytes, numbers] = pairOf(dtype, 500, 800, 1 / 255);
    const largest = (inputs: Rows) => {
      const allocate = vi.spyOn(Heap.prototype, "allocate");
      network.predict(inputs);
      const sizes = allocate.mock.calls.map(([bytes]) => bytes);
      allocate.mockRestore();
      return Math.max(...sizes);
    };
    const size = dtype === "float32" ? 4 : 8;
    // The two targets of each example and the struct are stored too.
    const rest = 500 * 2 * size + 200;
    expect(largest(bytes)).toBeLessThan(500 * 800 + rest);
    expect(largest(numbers)).toBeGreaterThan(500 * 800 * size);
    network.dispose();
  });

  it("are read no further than their last row, at the end of memory", async () => {
    const core = await sharedCore();
    for (const columns of [1, 3, 4, 7]) {
      const rows = 9;
      const layers = [dense(6, "tanh"), dense(2)];
      const network = new CoreNetwork(core, { dtype, inputs: columns, layers, loss: "meanSquaredError" });
      const samples = network.createSamples(spread(rows * columns), spread(rows * 2));
      const data = bytesOf(rows * columns);
      const memory = new Uint8Array(network.host.heap.buffer);
      const place = memory.length - data.length;
      const saved = memory.slice(place);
      memory.set(data, place);
      samples.struct.set({ inputs: place, elementType: 1, scale: 0.5 });
      const out = network.allocate(rows * 2 * 8);
      const status = network.kernels.predict(
        network.address,
        network.workspace,
        samples.address,
        0,
        rows,
        out,
      );
      expect(status).toBe(StatusNumber.Ok);
      samples.struct.set({ inputs: place + 1 });
      const refused = network.kernels.predict(
        network.address,
        network.workspace,
        samples.address,
        0,
        rows,
        out,
      );
      expect(refused).toBe(StatusNumber.InvalidAddress);
      new Uint8Array(network.host.heap.buffer).set(saved, place);
      network.dispose();
    }
  });
});

it("training on bytes has the same bits for 1, 2, 3 and 5 threads", async () => {
  const inputs = { data: bytesOf(300 * 203), shape: [300, 203], scale: 1 / 255 };
  const targets = { data: spread(600), shape: [300, 2] };
  const bits = new Set<string>();
  for (const threads of [1, 2, 3, 5]) {
    const network = await create("float32", 203, threads);
    const teams =
      threads > 1 ? watchTeams(await sharedCore(undefined, { numerics: "strict", threads: true })) : [];
    const losses = [...(await network.fit(inputs, targets, { batchSize: 100 })).loss];
    await teams[0]?.assemble(threads - 1);
    losses.push(...(await network.fit(inputs, targets, { batchSize: 100, epochs: 2 })).loss);
    bits.add(bitsOf([...losses, ...valuesOf(network.parameters)]));
    network.dispose();
  }
  expect(bits.size).toBe(1);
});

describe("bytes", () => {
  const data = bytesOf(6);
  const shape = [3, 2];

  it("may be a Uint8ClampedArray, as those of an ImageData, and without a scale they are numbers", async () => {
    const network = await create("float32", 2);
    const { data: expected } = network.predict({ data: Float32Array.from(data, (x) => x / 2), shape });
    const clamped = new Uint8ClampedArray(data);
    expect(network.predict({ data: clamped, shape, scale: 0.5 }).data).toEqual(expected);
    const whole = network.predict({ data: Float32Array.from(data), shape }).data;
    expect(network.predict({ data, shape }).data).toEqual(whole);
    network.dispose();
  });

  it("are divided by a validationSplit, kept by a dataset and read by warnings", async () => {
    const inputs = {
      data: Uint8Array.from({ length: 60 }, (_, i) => (i % 3 ? (i * 37) % 256 : i % 2)),
      shape: [20, 3],
    };
    const numbers = { data: Float64Array.from(inputs.data, (byte) => byte * 0.01), shape: inputs.shape };
    const targets = spread(20);
    const results = [];
    for (const rows of [{ ...inputs, scale: 0.01 }, numbers]) {
      for (const keeps of [true, false]) {
        const layers = [dense(1)];
        const network = await createNetwork({
          inputs: 3,
          layers,
          loss: "meanSquaredError",
          dtype: "float64",
        });
        const options = { batchSize: 4, epochs: 2, validationSplit: 0.35 };
        const dataset = await network.createDataset(rows, targets);
        const history = await (keeps ? network.fit(dataset, options) : network.fit(rows, targets, options));
        const predictions = network.predict(keeps ? dataset : rows).data;
        results.push({
          bits: bitsOf([...history.loss, ...history.validationLoss, ...predictions]),
          warnings: history.warnings,
        });
        dataset.dispose();
        network.dispose();
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it("are refused by a network with an embedding, also in a dataset", async () => {
    const network = await createNetwork({
      inputs: 2,
      layers: [embedding([{ column: 0, categories: 9, units: 2 }]), dense(1)],
      loss: "meanSquaredError",
    });
    const inputs = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2], scale: 1 };
    expect(() => network.predict(inputs)).toThrow(
      "Only inputs of a network without an embedding may be bytes",
    );
    const other = await createNetwork({ inputs: 2, layers: [dense(1)], loss: "meanSquaredError" });
    const dataset = await other.createDataset(inputs, [1, 2]);
    expect(() => network.predict(dataset)).toThrow("this network takes rows of 2 numbers, with categories");
    dataset.dispose();
    network.dispose();
    other.dispose();
  });

  it.each<[string, unknown, string, string]>([
    [
      "a scale of 0",
      { data, shape, scale: 0 },
      "invalidOption",
      "inputs.scale is 0; expected a finite number above 0.",
    ],
    ["a negative scale", { data, shape, scale: -1 }, "invalidOption", "inputs.scale is -1; expected"],
    ["a NaN as scale", { data, shape, scale: Number.NaN }, "invalidOption", "inputs.scale is NaN; expected"],
    ["a text as scale", { data, shape, scale: "1" }, "invalidOption", 'inputs.scale is "1"; expected'],
    [
      "a scale that is 0 in float32",
      { data, shape, scale: 1e-50 },
      "invalidOption",
      "which is too small for float32",
    ],
    [
      "a scale too large for 255",
      { data, shape, scale: 1e37 },
      "invalidOption",
      "255 times inputs.scale is 2.55e+39",
    ],
    [
      "a scale of other numbers",
      { data: new Float32Array(6), shape, scale: 0.5 },
      "invalidOption",
      "with the scale 0.5; expected a Uint8Array. Multiply other numbers by the scale.",
    ],
    [
      "too few bytes",
      { data: bytesOf(5), shape, scale: 1 },
      "invalidShape",
      "inputs has 5 numbers for shape [3, 2]",
    ],
    [
      "rows of another width",
      { data, shape: [2, 3], scale: 1 },
      "invalidShape",
      "inputs has shape [2, 3]; expected",
    ],
  ])("with %s are refused", async (_, inputs, code, message) => {
    const network = await create("float32", 2);
    const error = errorOf(() => network.predict(inputs as Rows));
    expect(error).toMatchObject({ name: "BackpropError", code, message: expect.stringContaining(message) });
    network.dispose();
  });

  it("with a scale are refused as targets", async () => {
    const network = await create("float32", 2);
    const bytes = { data, shape, scale: 0.5 };
    expect(() => network.evaluate(bytes, bytes)).toThrow(
      "targets has the scale 0.5; expected numbers without one. Only inputs of a network without an embedding may be bytes with a scale.",
    );
    network.dispose();
  });

  it("are named in the error of a fit that diverges on large ones", async () => {
    const network = await createNetwork({
      inputs: 2,
      layers: [dense(1)],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: 1e20 }),
    });
    const inputs = { data: Uint8Array.of(200, 100, 50, 25), shape: [2, 2], scale: 1 };
    await expect(network.fit(inputs, [1, 2], { epochs: 20 })).rejects.toThrow(
      "The inputs reach 200: scale them",
    );
    network.dispose();
  });
});
