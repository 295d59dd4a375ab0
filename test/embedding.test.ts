import { beforeAll, describe, expect, it } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import {
  batchNorm,
  checkGradients,
  createNetwork,
  dense,
  type EmbeddingColumn,
  type EmbeddingLayer,
  embedding,
  type Layer,
  type LayerValues,
  layerNorm,
  numpyRandom,
  type Rows,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { describeProperties } from "./support/layerProperties.js";
import { valuesOf } from "./support/parameters.js";

describeProperties("an embedding", {
  inputs: 64,
  layers: (units) => [
    embedding([
      { column: 5, categories: 300, units: 7 },
      { column: 0, categories: 3, units: 2 },
    ]),
    dense(units, "tanh"),
  ],
  values: (rows) =>
    spread(rows * 64).map((value, i) => {
      const [row, column] = [Math.floor(i / 64), i % 64];
      if (column === 5) return (row * row) % 300;
      return column === 0 ? row % 3 : value;
    }),
});

const create = (layers: readonly Layer[], options: object = {}) =>
  createNetwork<readonly Layer[]>({ inputs: 3, layers, loss: "meanSquaredError", ...options });

const COLUMNS: EmbeddingColumn[] = [
  { column: 2, categories: 3, units: 2 },
  { column: 0, categories: 2, units: 3 },
];

describe.each(DTYPES)("an embedding of %s", (dtype) => {
  it("gives the other columns, then the rows of the tables in the order of the list", async () => {
    const network = await create([embedding(COLUMNS)], { dtype });
    network.setParameters([
      {
        embedding0: [
          [10, 11],
          [20, 21],
          [30, 31],
        ],
        embedding1: [
          [-1, -2, -3],
          [-4, -5, -6],
        ],
      },
    ]);
    const rows = [
      [0, 0.5, 2],
      [1, 1.5, 0],
      [1, 2.5, 1],
    ];
    expect(network.predict(rows).toArray()).toEqual([
      [0.5, 30, 31, -1, -2, -3],
      [1.5, 10, 11, -4, -5, -6],
      [2.5, 20, 21, -4, -5, -6],
    ]);
    network.dispose();
  });

  it("sums the gradients of a category in the order of the rows, bit for bit, over several microbatches", async () => {
    const network = await create([embedding(COLUMNS)], {
      dtype,
      loss: { name: "meanSquaredError", reduction: "sum" },
    });
    const round = dtype === "float32" ? Math.fround : (x: number) => x;
    const inputs = Array.from({ length: 300 }, (_, i) => [(i * i) % 2, i / 300, (i * 7) % 3]);
    const targets = Array.from({ length: 300 }, (_, i) => spread(6, -3, 3, i / 300));
    let expected: number[] = Array(12).fill(0);
    inputs.forEach((row, i) => {
      const one = valuesOf(network.gradients([row], [targets[i]!]).layers);
      expected = expected.map((sum, j) => round(sum + one[j]!));
    });
    expect(valuesOf(network.gradients(inputs, targets).layers)).toEqual(expected);
    network.dispose();
  });

  it("has a gradient of 0 for categories that the batch does not have", async () => {
    const network = await create([embedding(COLUMNS), dense(1)], { dtype });
    const batch = [
      [1, 0.5, 2],
      [1, 0.5, 2],
    ];
    // Gradients of the batch before it do not stay.
    network.gradients([[0, 0.5, 0]], [5]);
    const [tables] = network.gradients(batch, [3, 4]).layers;
    const { embedding0, embedding1 } = tables as unknown as Record<string, { toArray(): number[][] }>;
    const isZero = (rows: number[][]) => rows.map((row) => row.every((value) => value === 0));
    expect(isZero(embedding0!.toArray())).toEqual([true, true, false]);
    expect(isZero(embedding1!.toArray())).toEqual([true, false]);
    network.dispose();
  });

  it.each([-1, 3, 0.5, 1e30, 1.00000001])(
    "is given no category %f: every method refuses it, and names row and column",
    async (value) => {
      const network = await create([embedding(COLUMNS), dense(1)], { dtype });
      const before = bitsOf(valuesOf(network.parameters));
      const rows: Rows[] = [
        [
          [0, 1, 2],
          [1, 1, value],
        ],
        { data: [0, 1, 2, 1, 1, value], shape: [2, 3] },
      ];
      const expected = {
        code: "invalidData",
        message: `inputs[1][2] is ${value}; expected an integer from 0 to 2, the number of a category: the column is embedded.`,
      };
      for (const inputs of rows) {
        expect(errorOf(() => network.predict(inputs))).toMatchObject(expected);
        expect(errorOf(() => network.evaluate(inputs, [1, 2]))).toMatchObject(expected);
        expect(errorOf(() => network.gradients(inputs, [1, 2]))).toMatchObject(expected);
        expect(errorOf(() => network.fitSync(inputs, [1, 2]))).toMatchObject(expected);
        await expect(network.fit(inputs, [1, 2])).rejects.toMatchObject(expected);
      }
      expect(bitsOf(valuesOf(network.parameters))).toBe(before);
      network.dispose();
    },
  );
});

it("does not take a number that rounds to a category for that category", async () => {
  const layers = [embedding([{ column: 0, categories: 16, units: 1 }]), dense(1)] as const;
  const network = await createNetwork({ inputs: 1, layers, loss: "meanSquaredError" });
  for (const value of [0.99999999, 7.9999999, 15.00000001]) {
    const inputs = { data: new Float64Array([value]), shape: [1, 1] };
    expect(errorOf(() => network.predict(inputs))).toMatchObject({
      code: "invalidData",
      message: expect.stringContaining(`inputs[0][0] is ${value}; expected an integer from 0 to 15`),
    });
  }
  network.dispose();
});

describe("embedding()", () => {
  it("draws its tables from the standard normal distribution, one after the other", async () => {
    const network = await create([embedding(COLUMNS), dense(1)], {
      dtype: "float64",
      random: numpyRandom(5),
    });
    const expected = new Float64Array(6);
    const random = numpyRandom(5);
    random.fillNormal(expected, 0, 1);
    const second = new Float64Array(6);
    random.fillNormal(second, 0, 1);
    expect(valuesOf(network.parameters).slice(0, 12)).toEqual([...expected, ...second]);
    network.dispose();
  });

  it("equals a layer written by hand, and appears in the summary", async () => {
    const layer: EmbeddingLayer = { kind: "embedding", columns: COLUMNS, trainable: true };
    expect(embedding(COLUMNS)).toEqual(layer);
    const network = await create([layer, dense(1)]);
    expect(network.summary()).toMatch(/^embedding 0 +2 columns +\[rows, 6\] +12$/m);
    network.dispose();
  });

  it("does not train frozen tables", async () => {
    const network = await create([embedding(COLUMNS, { trainable: false }), dense(1)]);
    const before = valuesOf(network.parameters).slice(0, 12);
    network.fitSync([[0, 1, 2]], [3], { epochs: 3 });
    expect(valuesOf(network.parameters).slice(0, 12)).toEqual(before);
    network.setTrainable(0, true);
    network.fitSync([[0, 1, 2]], [3], { epochs: 3 });
    expect(valuesOf(network.parameters).slice(0, 12)).not.toEqual(before);
    network.dispose();
  });

  it("refuses parameters of another name or shape", async () => {
    const network = await create([embedding(COLUMNS)]);
    const set = (values: object) => errorOf(() => network.setParameters([values as LayerValues]));
    expect(set({ kernel: [[1]] })).toMatchObject({
      code: "invalidOption",
      message: 'parameters[0] has no parameter "kernel"; expected "embedding0", "embedding1".',
    });
    expect(set({ embedding0: [[1, 2]], embedding1: [[1, 2, 3]] }).message).toBe(
      "parameters[0].embedding0 has shape [1, 2]; expected shape [3, 2].",
    );
    network.dispose();
  });

  const column = (changes: object) => [{ ...COLUMNS[0], ...changes }];

  it.each<[string, unknown, string]>([
    ["no columns", [], "columns is "],
    ["no list", 3, "columns is 3; expected an array of 1 to 1024 columns, such as"],
    ["no categories", column({ categories: 0 }), "columns[0].categories is 0; expected a positive integer"],
    ["no units", column({ units: 0 }), "columns[0].units is 0; expected a positive integer"],
    ["a negative column", column({ column: -1 }), "columns[0].column is -1; expected an integer from 0 to"],
    [
      "a missing column",
      column({ column: undefined }),
      "columns[0].column is undefined; expected an integer",
    ],
    ["an unknown option", column({ name: 1 }), 'columns[0] has no option "name"'],
    [
      "a column twice",
      [...COLUMNS, COLUMNS[0]],
      "columns[2].column is 2, as columns[0].column; expected each column at most once.",
    ],
  ])("throws invalidOption for %s", async (_, columns, message) => {
    const error = errorOf(() => embedding(columns as EmbeddingColumn[]));
    expect(error.code).toBe("invalidOption");
    expect(error.message.startsWith(message)).toBe(true);
    const layer = { ...embedding(COLUMNS), columns } as EmbeddingLayer;
    await expect(create([layer])).rejects.toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining(`layers[0].${message.replace("as columns", "as layers[0].columns")}`),
    });
  });

  it("is refused after another layer, and for a column that the network does not have", async () => {
    await expect(create([dense(3), embedding(COLUMNS)])).rejects.toMatchObject({
      code: "invalidOption",
      message:
        "layers[1] is an embedding; expected it only as the first layer, because it replaces columns of the inputs.",
    });
    await expect(create([embedding([{ column: 3, categories: 2, units: 1 }])])).rejects.toMatchObject({
      code: "invalidOption",
      message: "layers[0].columns[0].column is 3; expected an integer from 0 to 2.",
    });
  });
});

it("has the gradient of central differences before batch norm and layer norm", async () => {
  const layers = [embedding(COLUMNS), batchNorm(), dense(4, "tanh"), layerNorm(), dense(1)];
  const network = await create(layers, { dtype: "float64" });
  const inputs = Array.from({ length: 131 }, (_, i) => [i % 2, i / 131, (i * i) % 3]);
  const { largestError } = checkGradients(network, inputs, spread(131), { training: true });
  expect(largestError).toBeLessThan(1e-7);
  network.dispose();
});

describe.each(DTYPES)("the core with an embedding of %s", (dtype) => {
  let core: Core;

  beforeAll(async () => {
    core = await sharedCore();
  });

  it.each([-1, 3, 0.5, Number.NaN, Infinity, 2 ** 31])(
    "refuses the category %f, and changes nothing",
    (value) => {
      const network = new CoreNetwork(core, {
        dtype,
        inputs: 3,
        layers: [embedding(COLUMNS), dense(1)],
        loss: { name: "meanSquaredError" },
      });
      network.parameters().set(spread(network.parameterCount));
      const before = network.parameters().slice();
      const samples = network.createSamples([0, 1, 2, 1, 1, 1, 0, 1, value], [1, 2, 3]);
      const { kernels, address, workspace } = network;
      const refused = StatusNumber.CategoryOutOfRange;
      const out = network.allocate(3 * 8);
      const predict = (begin: number, end: number) =>
        kernels.predict(address, workspace, samples.address, begin, end, out);
      expect(predict(0, 2)).toBe(StatusNumber.Ok);
      expect(predict(1, 3)).toBe(refused);
      expect(kernels.evaluate_check(address, workspace, samples.address, 0, 3, 0)).toBe(refused);
      expect(kernels.evaluate(address, workspace, samples.address, 0, 3, 0, 0)).toBeNaN();
      const run = network.createRun(samples);
      expect(run.advance()).toBe(0);
      expect(run.get("status")).toBe(refused);
      expect(bitsOf(network.parameters())).toBe(bitsOf(before));
      // In the order of its use, too.
      const later = network.createRun(samples, { order: [1, 2, 0], batchSize: 1 });
      expect(later.advance()).toBe(1);
      expect(later.get("status")).toBe(refused);
      network.dispose();
    },
  );
});

it("refuses an embedding with 2^32 outputs or more", async () => {
  const columns = [2 ** 32 - 1, 2].map((units, column) => ({ column, categories: 1, units }));
  await expect(
    createNetwork({ inputs: 2, layers: [embedding(columns), dense(1)], loss: "meanSquaredError" }),
  ).rejects.toThrow("layers[0] has 4294967297 output columns; expected fewer than 2^32.");
});

it("has at most 2^24 categories in float32, which holds no larger integers exactly", async () => {
  const layers = [embedding([{ column: 0, categories: 2 ** 24 + 1, units: 1 }]), dense(1)] as const;
  await expect(createNetwork({ inputs: 1, layers, loss: "meanSquaredError" })).rejects.toThrow(
    "layers[0].columns[0].categories is 16777217; expected an integer from 1 to 16777216.",
  );
});
