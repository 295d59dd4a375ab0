import { beforeAll, describe, expect, it } from "vitest";
import { OptimizerKindNumber } from "../src/abi/structs.js";
import { type Assembly, compileAssembly } from "./support/compile.js";
import { descriptionSize, writeDescription } from "./support/descriptions.js";
import { DTYPES } from "./support/floats.js";
import { optimizerHeadSize } from "./support/optimizers.js";
import { Region } from "./support/region.js";
import { layer, type NetworkShape, type TensorPlace, TestNetwork } from "./support/testNetwork.js";

const LINE = 64;

/** Rows that the strict build packs together: those of four tiles. */
const PACKED_ROWS = 16;

/** Bytes of a Product, which is rounded up to a cache line: 10 words and a bool. */
const PRODUCT_BYTES = 44;

const WIDTHS = [1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 130];

const SHAPES: NetworkShape[] = [
  ...WIDTHS.map((units) => ({
    inputs: units,
    layers: [layer(units, "relu")],
    loss: "meanSquaredError" as const,
  })),
  ...WIDTHS.map((units) => ({
    inputs: 3,
    layers: [layer(units, "gelu", false), layer(2, "tanh"), layer(units + 1, "softmax", units % 2 === 0)],
    loss: units % 3 === 0 ? ("sparseCategoricalCrossentropy" as const) : ("categoricalCrossentropy" as const),
  })),
  { inputs: 1, layers: [layer(1, "linear", false)], loss: "huber" },
  { inputs: 200, layers: [layer(1, "silu"), layer(150, "softplus"), layer(1, "sigmoid")], loss: "huber" },
  {
    inputs: 2,
    layers: Array.from({ length: 12 }, (_, i) =>
      layer(i + 1, i === 11 ? "sigmoid" : i % 2 ? "gelu" : "elu", i % 3 > 0),
    ),
    loss: "sigmoidCrossentropy",
  },
];

const WORKSPACES = [
  { rows: 1, threads: 1 },
  { rows: 128, threads: 2 },
  { rows: 129, threads: 1 },
  { rows: 300, threads: 5 },
];

describe.each(DTYPES)("the regions of a network in %s", (dtype) => {
  const size = dtype === "float32" ? 4 : 8;
  const lanes = 16 / size;

  let assembly: Assembly;
  let region: Region;

  beforeAll(async () => {
    assembly = await compileAssembly("test/assembly/phases.ts");
    region = new Region(assembly, dtype);
  });

  function call(name: string, ...values: number[]): number {
    return assembly.exports[name]!(...values);
  }

  const aligned = (bytes: number) => Math.ceil(bytes / LINE) * LINE;

  interface Bytes {
    readonly name: string;
    readonly begin: number;
    readonly end: number;
  }

  const bytesOf = ({ name, address, length }: TensorPlace): Bytes => ({
    name,
    begin: address,
    end: address + length * size,
  });

  /**
   * Asserts that all places are at multiples of 64 inside `within` and do not overlap. `readable`: the end of the bytes
   * that a kernel may read and ignore.
   */
  function expectPlaces(places: readonly Bytes[], within: Bytes, readable = 0): void {
    const sorted = places.toSorted((a, b) => a.begin - b.begin);
    let end = within.begin;
    for (const place of sorted) {
      const what = `${place.name}: ${place.begin} … ${place.end}`;
      if (place.begin % LINE !== 0) expect.fail(`${what} is not aligned`);
      if (place.begin < end) expect.fail(`${what} overlaps what ends at ${end}`);
      end = place.end;
    }
    if (end > within.end) expect.fail(`${within.name} ends at ${within.end}, its last tensor at ${end}`);
    // The size is exact: the region ends with the cache line of the last tensor, or of the last byte that is read.
    expect(within.end).toBe(aligned(Math.max(end, readable)));
  }

  function* networks(): Generator<readonly [TestNetwork, NetworkShape, (typeof WORKSPACES)[number], string]> {
    for (const shape of SHAPES) {
      for (const options of WORKSPACES) {
        const network = new TestNetwork(assembly, region, dtype, shape, options);
        const widths = shape.layers.map(({ units }) => units);
        yield [network, shape, options, `${[shape.inputs, ...widths].join("-")}, ${JSON.stringify(options)}`];
      }
    }
  }

  /** The row path reads 2 · lanes − 1 rows past the end of each kernel but the first. */
  function readableBytes(inputs: number, layers: NetworkShape["layers"]): number {
    let [offset, width, end] = [0, inputs, 0];
    for (const [i, { units, useBias }] of layers.entries()) {
      if (i > 0) end = Math.max(end, offset + (width + 2 * lanes - 1) * units);
      offset += (width + Number(useBias)) * units;
      width = units;
    }
    return end * size;
  }

  it("are not written outside their measured sizes", () => {
    for (const [network, , , what] of networks()) expect(network.changedGuard(), what).toBe("");
  });

  it("hold parameters and gradients that do not overlap, layer by layer without gaps", () => {
    for (const [network, { inputs, layers }] of networks()) {
      const { address, parameterCount, regions } = network;
      const arena = aligned(parameterCount * size);
      const arenas = { parameters: network.parameters.byteOffset, gradients: network.gradients.byteOffset };
      expectPlaces(
        [
          { name: "head", begin: address, end: address + call("network_head", address) },
          ...Object.entries(arenas).map(([name, begin]) => ({ name, begin, end: begin + arena })),
        ],
        bytesOf(regions.network),
        arenas.parameters + readableBytes(inputs, layers),
      );
      let offset = 0;
      let width = inputs;
      for (const [i, { units, useBias }] of layers.entries()) {
        expect(call("layer_parameters", address, i)).toBe(arenas.parameters + offset);
        expect(call("layer_gradients", address, i)).toBe(arenas.gradients + offset);
        offset += (width + Number(useBias)) * units * size;
        width = units;
      }
      expect(offset).toBe(parameterCount * size);
    }
  });

  it("hold all tensors of the workspace at multiples of 64, without overlap", () => {
    for (const [network, { layers }, { threads }] of networks()) {
      const { address, workspace, regions } = network;
      const scratch = Array.from({ length: threads }, (_, thread) => {
        const head = call("scratch_address", workspace, thread);
        const product = call("scratch_product", workspace, thread);
        return [
          { name: `scratch ${thread}`, begin: head, end: head + call("scratch_head") },
          { name: `product ${thread}`, begin: product, end: product + PRODUCT_BYTES },
        ];
      });
      const products = layers.flatMap((_, i) =>
        ["forward", "inputs_backward", "kernel_backward"].map((name) => {
          const begin = call(`layer_${name}`, workspace, i);
          return { name: `${name} ${i}`, begin, end: begin + PRODUCT_BYTES };
        }),
      );
      expectPlaces(
        [
          { name: "head", begin: workspace, end: workspace + call("workspace_head", address, workspace) },
          ...scratch.flat(),
          ...network.panels(PACKED_ROWS).map(bytesOf),
          ...network.workspaceTensors().map(bytesOf),
          ...products,
        ],
        bytesOf(regions.workspace),
      );
    }
  });

  it("leave every tensor and panel of the workspace zero", () => {
    for (const [network, , , what] of networks()) {
      for (const { name, address, length } of [
        ...network.workspaceTensors(),
        ...network.panels(PACKED_ROWS),
      ]) {
        const bytes = new Uint8Array(assembly.memory.buffer, address, length * size);
        if (!bytes.every((byte) => byte === 0)) expect.fail(`${what}: ${name}`);
      }
    }
  });

  it("connect each layer to the outputs of the layer before it, and share two gradient buffers", () => {
    for (const [{ workspace, address }, { layers }] of networks()) {
      const buffers = [call("workspace_d0", workspace), call("workspace_d1", workspace)];
      for (const i of layers.keys()) {
        const x = i === 0 ? call("workspace_x", workspace) : call("layer_outputs", workspace, i - 1);
        expect(call("layer_x", workspace, i)).toBe(x);
        const isEven = (layers.length - 1 - i) % 2 === 0;
        const d = [call("layer_d_outputs", workspace, i), call("layer_d_inputs", workspace, i)];
        expect(d).toEqual(isEven ? buffers : buffers.toReversed());
        if (i > 0) expect(d[1]).toBe(call("layer_d_outputs", workspace, i - 1));
      }
      expect(call("network_optimizer", address)).toBeGreaterThan(0);
    }
  });

  it("have room for the requested rows, rounded up to a multiple of 128", () => {
    for (const [{ workspace, capacity }, , { rows }] of networks()) {
      expect(call("workspace_capacity", workspace)).toBe(capacity);
      expect(capacity).toBeGreaterThanOrEqual(rows);
    }
  });

  it("hold no state for plain SGD", () => {
    for (const [{ regions }] of networks()) {
      const { address, length } = regions.optimizer;
      expect(address % LINE).toBe(0);
      expect(length * size).toBe(optimizerHeadSize());
    }
  });

  it("are measured without writing, and exactly above 2 GiB", () => {
    const units = 2 ** 14;
    const shape: NetworkShape = { inputs: 1, layers: [layer(1, "linear")], loss: "huber" };
    const network = new TestNetwork(assembly, region, dtype, shape);
    const description = region.putWords(new Uint32Array(descriptionSize(1) / 4));
    const fields = { elementSize: size, inputs: (units * 4) / size - 1 };
    writeDescription(assembly.memory, description, fields, [{ units, useBias: 1 }]);
    const before = new Uint8Array(assembly.memory.buffer).slice();
    const head = aligned(call("network_head", network.address));
    expect(call("network_size", description)).toBe(head + 2 * 4 * units ** 2);
    network.call("workspace_size", network.address, 1000, 255);
    network.call("optimizer_size", network.address, OptimizerKindNumber.Sgd, 0);
    expect(Buffer.compare(before, new Uint8Array(assembly.memory.buffer))).toBe(0);
  });

  describe("place()", () => {
    it("returns aligned offsets, exact in 64 bits", () => {
      for (const bytes of [0, 1, 63, 64, 65, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 1]) {
        expect(call("aligned_size", bytes)).toBe(aligned(bytes));
      }
      const tensorSize = (rows: number, columns: number) =>
        call(`tensor_size_${dtype === "float32" ? "f32" : "f64"}`, rows, columns);
      for (const [rows, columns] of [
        [0, 5],
        [1, 1],
        [3, lanes],
        [1, 64 / size],
        [1, 64 / size + 1],
        [2 ** 20, 2 ** 20],
      ] as const) {
        expect(tensorSize(rows, columns)).toBe(aligned(rows * columns * size));
      }
    });

    it("stores the offset in a field, and only measures for region 0", () => {
      region.clear();
      const field = region.putWords(new Uint32Array(2));
      const words = () => [...new Uint32Array(assembly.memory.buffer, field, 2)];
      for (const bytes of [0, 1, 64, 100]) {
        new Uint32Array(assembly.memory.buffer, field, 2).set([7, 7]);
        expect(call("place_field", 0, field, 128, bytes)).toBe(128 + aligned(bytes));
        expect(words()).toEqual([7, 7]);
        expect(call("place_field", 4096, field, 128, bytes)).toBe(128 + aligned(bytes));
        expect(words()).toEqual([4224, 7]);
      }
    });
  });
});
