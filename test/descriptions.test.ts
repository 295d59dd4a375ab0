// Descriptions, sizes and kinds that the core refuses, and the status that it returns for each.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FieldValues, StructView } from "../src/abi/struct.js";
import {
  ActivationNumber,
  DESCRIPTION_VERSION,
  EmbeddingColumnStruct,
  LayerKindNumber,
  LossNumber,
  OptimizerKindNumber,
  StatusNumber,
} from "../src/abi/structs.js";
import { Arena } from "./support/arena.js";
import {
  type DescriptionFields,
  descriptionSize,
  type LayerFields,
  writeDescription,
} from "./support/descriptions.js";

type StatusName = keyof typeof StatusNumber;

/** Fields that differ from a valid description. `layers`: fields that differ from a dense layer of 3 units. */
interface Difference extends DescriptionFields {
  readonly layers?: readonly ListedFields[];
}

const { Exponential, LeakyRelu, Elu, Relu, Selu, Sigmoid, Softmax, Tanh } = ActivationNumber;
const { BatchNorm, Dense, Dropout, Embedding, GaussianNoise, LayerNorm, PRelu } = LayerKindNumber;
const {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  Huber,
  MeanSquaredError,
  SigmoidCrossentropy,
  SparseCategoricalCrossentropy,
  Poisson,
  Quantile,
  Focal,
  Custom,
} = LossNumber;

const dropout = (fields: LayerFields = {}): LayerFields => ({
  kind: Dropout,
  units: 3,
  useBias: 0,
  parameter: 0.5,
  ...fields,
});

const prelu = (fields: LayerFields = {}): LayerFields => ({ kind: PRelu, units: 3, useBias: 0, ...fields });

const noise = (fields: LayerFields = {}): LayerFields => ({
  kind: GaussianNoise,
  units: 3,
  useBias: 0,
  parameter: 0.5,
  ...fields,
});

const norm = (fields: LayerFields = {}): LayerFields => ({
  kind: LayerNorm,
  units: 3,
  useBias: 0,
  parameter: 1e-5,
  ...fields,
});

const batchNorm = (fields: LayerFields = {}): LayerFields =>
  norm({ kind: BatchNorm, momentum: 0.1, ...fields });

/** Fields of a layer, and the columns that it points to, if it is an embedding. */
interface ListedFields extends LayerFields {
  readonly list?: readonly FieldValues<typeof EmbeddingColumnStruct>[];
}

/** By default, 2 of the 3 inputs are replaced by 4 units and by 1. */
const embedding = (fields: ListedFields = {}): ListedFields => ({
  kind: Embedding,
  units: 6,
  useBias: 0,
  list: [
    { column: 2, categories: 3, units: 4 },
    { column: 0, categories: 9, units: 1 },
  ],
  ...fields,
});

const column = (column: number, categories = 2, units = 1) => ({ column, categories, units });

const FLOAT32 = { elementSize: 4 };
const FLOAT64 = { elementSize: 8 };

const REFUSED: readonly (readonly [string, Difference, StatusName])[] = [
  ["another version", { version: DESCRIPTION_VERSION - 1 }, "WrongVersion"],
  ["a later version", { version: DESCRIPTION_VERSION + 1 }, "WrongVersion"],
  ["no layers", { layerCount: 0, byteLength: descriptionSize(0) }, "NoLayers"],
  ["more layers than its length holds", { layerCount: 2 }, "WrongByteLength"],
  ["2³² − 1 layers", { layerCount: 2 ** 32 - 1 }, "WrongByteLength"],
  ["fewer layers than its length holds", { layerCount: 1, layers: [{}, {}] }, "WrongByteLength"],
  [
    "a length past the end of memory",
    { layerCount: 2 ** 20, byteLength: descriptionSize(2 ** 20) },
    "InvalidAddress",
  ],
  ["an element size of 0", { elementSize: 0 }, "UnknownElementSize"],
  ["an element size of 2", { elementSize: 2 }, "UnknownElementSize"],
  ["an element size of 16", { elementSize: 16 }, "UnknownElementSize"],
  ["no inputs", { inputs: 0 }, "InvalidUnits"],
  ["no units", { layers: [{ units: 0 }] }, "InvalidUnits"],
  ["no units in a later layer", { layers: [{}, { units: 0 }] }, "InvalidUnits"],
  ["a mean of 2", { mean: 2 }, "InvalidFlag"],
  ["a useBias of 2", { layers: [{ useBias: 2 }] }, "InvalidFlag"],
  ["a useBias of 2³¹", { layers: [{ useBias: 2 ** 31 }] }, "InvalidFlag"],
  ["a reserved field", { reserved: 1 }, "ReservedNotZero"],
  ["an unknown kind of layer", { layers: [{ kind: 99 }] }, "UnknownLayerKind"],
  ["a kind of layer that is negative as i32", { layers: [{ kind: 2 ** 32 - 1 }] }, "UnknownLayerKind"],
  ["an unknown activation", { layers: [{ activation: Exponential + 1 }] }, "UnknownActivation"],
  ["an activation that is negative as i32", { layers: [{ activation: 2 ** 31 }] }, "UnknownActivation"],
  ["an unknown loss", { loss: Custom + 1 }, "UnknownLoss"],
  ["a loss that is negative as i32", { loss: 2 ** 32 - 1 }, "UnknownLoss"],
  ["a softmax of one unit", { layers: [{ activation: Softmax, units: 1 }] }, "SoftmaxOfOneUnit"],
  ["a parameter of selu", { layers: [{ activation: Selu, parameter: 1 }] }, "ReservedNotZero"],
  ["a parameter of relu", { layers: [{ activation: Relu, parameter: 0.1 }] }, "ReservedNotZero"],
  [
    "a NaN as parameter of relu",
    { layers: [{ activation: Relu, parameter: Number.NaN }] },
    "ReservedNotZero",
  ],
  ...[LeakyRelu, Elu].flatMap((activation) =>
    [Number.NaN, Infinity, -Infinity, -1e-30].map(
      (parameter) =>
        [
          `an alpha of ${parameter} (activation ${activation})`,
          { layers: [{ activation, parameter }] },
          "InvalidLayerParameter",
        ] as const,
    ),
  ),
  [
    "an alpha that is infinite in float32",
    { ...FLOAT32, layers: [{ activation: Elu, parameter: 1e300 }] },
    "InvalidLayerParameter",
  ],
  ["a dropout that changes the number of units", { layers: [dropout({ units: 4 })] }, "InvalidUnits"],
  ["a dropout with an activation", { layers: [dropout({ activation: Tanh })] }, "ReservedNotZero"],
  ["a dropout with a bias", { layers: [dropout({ useBias: 1 })] }, "ReservedNotZero"],
  ...[1, -0.1, Number.NaN, Infinity].map(
    (parameter) =>
      [
        `a dropout rate of ${parameter}`,
        { layers: [dropout({ parameter })] },
        "InvalidLayerParameter",
      ] as const,
  ),
  ["a prelu that changes the number of units", { layers: [prelu({ units: 4 })] }, "InvalidUnits"],
  ["a prelu with an activation", { layers: [prelu({ activation: Tanh })] }, "ReservedNotZero"],
  ["a prelu with a bias", { layers: [prelu({ useBias: 1 })] }, "ReservedNotZero"],
  ["a prelu with a parameter", { layers: [prelu({ parameter: 0.25 })] }, "ReservedNotZero"],
  ["a prelu with a penalty", { layers: [prelu({ kernelL2: 0.1 })] }, "ReservedNotZero"],
  ["a noise that changes the number of units", { layers: [noise({ units: 2 })] }, "InvalidUnits"],
  ["a noise with an activation", { layers: [noise({ activation: Tanh })] }, "ReservedNotZero"],
  ["a noise with a bias", { layers: [noise({ useBias: 1 })] }, "ReservedNotZero"],
  ["a noise with a penalty", { layers: [noise({ biasL1: 0.1 })] }, "ReservedNotZero"],
  ...[-0.1, Number.NaN, Infinity, 1e39].map(
    (parameter) =>
      [
        `a deviation of ${parameter}`,
        { ...FLOAT32, layers: [noise({ parameter })] },
        "InvalidLayerParameter",
      ] as const,
  ),
  ...[0, 1, -0.1, Number.NaN].map(
    (lossParameter) =>
      [`a quantile of ${lossParameter}`, { loss: Quantile, lossParameter }, "InvalidLossParameter"] as const,
  ),
  [
    "a quantile that is 1 in float32",
    { ...FLOAT32, loss: Quantile, lossParameter: 1 - 1e-10 },
    "InvalidLossParameter",
  ],
  ...[-1e-9, Number.NaN, Infinity].map(
    (lossParameter) =>
      [
        `a gamma of ${lossParameter}`,
        { loss: Focal, lossParameter, layers: [{ activation: Sigmoid }] },
        "InvalidLossParameter",
      ] as const,
  ),
  ...[-0.5, 1.1, Number.NaN].map(
    (lossAlpha) =>
      [
        `an alpha of ${lossAlpha} (focal)`,
        { loss: Focal, lossAlpha, layers: [{ activation: Sigmoid }] },
        "InvalidLossParameter",
      ] as const,
  ),
  ["a focal loss without sigmoid", { loss: Focal, lossAlpha: -1 }, "WrongOutputActivation"],
  ["a parameter of a custom loss", { loss: Custom, lossParameter: 1 }, "ReservedNotZero"],
  ["an alpha of another loss", { loss: Poisson, lossAlpha: 0.5 }, "ReservedNotZero"],
  ...[-0.1, 1, Number.NaN].map(
    (labelSmoothing) =>
      [
        `a label smoothing of ${labelSmoothing}`,
        { loss: CategoricalCrossentropy, labelSmoothing, layers: [{ activation: Softmax }] },
        "InvalidLossParameter",
      ] as const,
  ),
  ["a label smoothing of a loss that has none", { loss: Poisson, labelSmoothing: 0.1 }, "ReservedNotZero"],
  ...(["LayerNorm", "BatchNorm"] as const).flatMap((name) => {
    const kind = LayerKindNumber[name];
    const refused = (what: string, fields: LayerFields, status: StatusName) =>
      [`a ${name} ${what}`, { layers: [norm({ kind, ...fields })] }, status] as const;
    return [
      refused("that changes the number of units", { units: 4 }, "InvalidUnits"),
      refused("without units", { units: 0 }, "InvalidUnits"),
      refused("with an activation", { activation: Tanh }, "ReservedNotZero"),
      refused("with a bias", { useBias: 1 }, "ReservedNotZero"),
      ...(["kernelL1", "kernelL2", "biasL1", "biasL2"] as const).map((penalty) =>
        refused(`with ${penalty}`, { [penalty]: 0.1 }, "ReservedNotZero"),
      ),
      ...[0, -1e-5, Number.NaN, Infinity].map((parameter) =>
        refused(`with an epsilon of ${parameter}`, { parameter }, "InvalidLayerParameter"),
      ),
      ...[1e-300, 1e300].map(
        (parameter) =>
          [
            `a ${name} whose epsilon of ${parameter} is not above 0 and finite in float32`,
            { ...FLOAT32, layers: [norm({ kind, parameter })] },
            "InvalidLayerParameter",
          ] as const,
      ),
    ];
  }),
  ...[-0.1, 1.1, Number.NaN, Infinity].map(
    (momentum) =>
      [
        `a batch norm with a momentum of ${momentum}`,
        { layers: [batchNorm({ momentum })] },
        "InvalidLayerParameter",
      ] as const,
  ),
  ...[norm(), dropout(), {}].map(
    (layer) =>
      [
        `a momentum of the kind ${layer.kind ?? Dense}`,
        { layers: [{ ...layer, momentum: 0.1 }] },
        "ReservedNotZero",
      ] as const,
  ),
  [
    "a layer norm after the softmax of a fused loss",
    { loss: CategoricalCrossentropy, layers: [{ activation: Softmax }, norm()] },
    "WrongOutputActivation",
  ],
  ["an embedding of another number of units", { layers: [embedding({ units: 7 })] }, "InvalidUnits"],
  ["an embedding with an activation", { layers: [embedding({ activation: Tanh })] }, "ReservedNotZero"],
  ["an embedding with a bias", { layers: [embedding({ useBias: 1 })] }, "ReservedNotZero"],
  ["an embedding with a parameter", { layers: [embedding({ parameter: 1 })] }, "ReservedNotZero"],
  ["an embedding with a penalty", { layers: [embedding({ kernelL1: 1 })] }, "ReservedNotZero"],
  ["an embedding after another layer", { layers: [{}, embedding()] }, "InvalidColumns"],
  ["an embedding of no columns", { layers: [embedding({ list: [], units: 3 })] }, "InvalidColumns"],
  ["a column twice", { layers: [embedding({ list: [column(1), column(1)], units: 3 })] }, "InvalidColumns"],
  ["a column past the inputs", { layers: [embedding({ list: [column(3)], units: 3 })] }, "InvalidColumns"],
  ["a column of 0 categories", { layers: [embedding({ list: [column(1, 0)], units: 3 })] }, "InvalidColumns"],
  ["a column of 0 units", { layers: [embedding({ list: [column(1, 2, 0)], units: 2 })] }, "InvalidColumns"],
  [
    "1025 columns",
    {
      inputs: 1025,
      layers: [embedding({ list: Array.from({ length: 1025 }, (_, i) => column(i)), units: 1025 })],
    },
    "InvalidColumns",
  ],
  ["columns at address 0", { layers: [embedding({ columns: 0, columnCount: 1 })] }, "InvalidAddress"],
  ["columns past the end of memory", { layers: [embedding({ columnCount: 2 ** 30 })] }, "InvalidAddress"],
  ["a dense layer with columns", { layers: [{ columns: 8 }] }, "ReservedNotZero"],
  ["a dropout with columns", { layers: [dropout({ columnCount: 1 })] }, "ReservedNotZero"],
  [
    "tables of 2⁶⁴ parameters",
    { layers: [embedding({ list: [column(1, 2 ** 32 - 1, 2 ** 32 - 3)], units: 2 ** 32 - 1 })] },
    "TooLarge",
  ],
  ["a parameter of meanSquaredError", { loss: MeanSquaredError, lossParameter: 1 }, "ReservedNotZero"],
  ...[0, -1, Number.NaN, Infinity].map(
    (lossParameter) =>
      [`a delta of ${lossParameter}`, { loss: Huber, lossParameter }, "InvalidLossParameter"] as const,
  ),
  [
    "a delta that is 0 in float32",
    { ...FLOAT32, loss: Huber, lossParameter: 1e-300 },
    "InvalidLossParameter",
  ],
  [
    "a delta that is infinite in float32",
    { ...FLOAT32, loss: Huber, lossParameter: 1e39 },
    "InvalidLossParameter",
  ],
  ...[0, -0.1, 0.5, 0.7, Number.NaN, 1e-17].map(
    (lossParameter) =>
      [
        `a clip of ${lossParameter}`,
        { ...FLOAT64, loss: BinaryCrossentropy, lossParameter },
        "InvalidLossParameter",
      ] as const,
  ),
  [
    "a clip that leaves 1 − clip at 1 in float32",
    { ...FLOAT32, loss: BinaryCrossentropy, lossParameter: 2 ** -26 },
    "InvalidLossParameter",
  ],
  ...[CategoricalCrossentropy, SparseCategoricalCrossentropy].map(
    (loss) =>
      [
        `the loss ${loss} without softmax`,
        { loss, layers: [{ activation: Sigmoid }] },
        "WrongOutputActivation",
      ] as const,
  ),
  [
    "sigmoidCrossentropy without sigmoid",
    { loss: SigmoidCrossentropy, layers: [{ activation: Softmax }] },
    "WrongOutputActivation",
  ],
  [
    "a dropout after the softmax of a fused loss",
    { loss: CategoricalCrossentropy, layers: [{ activation: Softmax }, dropout()] },
    "WrongOutputActivation",
  ],
  ["more parameters than 4 GiB hold", { inputs: 2 ** 16, layers: [{ units: 2 ** 16 }] }, "TooLarge"],
  ["almost 2⁶⁴ parameters", { inputs: 2 ** 32 - 1, layers: [{ units: 2 ** 32 - 1 }] }, "TooLarge"],
  ["2⁶⁴ bytes of float32", { ...FLOAT32, inputs: 2 ** 31 - 1, layers: [{ units: 2 ** 31 }] }, "TooLarge"],
  ["2⁶⁴ bytes of float64", { ...FLOAT64, inputs: 2 ** 31 - 1, layers: [{ units: 2 ** 30 }] }, "TooLarge"],
  [
    "layers of 2³² parameters, whose sum wraps around in 64 bits",
    { inputs: 1, layers: Array(40).fill({ units: 2 ** 32 - 1, useBias: 1 }) },
    "TooLarge",
  ],
  [
    "a kernel past whose end 2³² bytes are read",
    { inputs: 1, layers: [{ units: 1 }, { units: 2 ** 28 }] },
    "TooLarge",
  ],
];

const ACCEPTED: readonly (readonly [string, Difference])[] = [
  ["an alpha of 0", { layers: [{ activation: LeakyRelu, parameter: 0 }] }],
  ["a large alpha in float64", { ...FLOAT64, layers: [{ activation: Elu, parameter: 1e300 }] }],
  ["a dropout rate of 0", { layers: [dropout({ parameter: 0 })] }],
  ["a dropout alone", { layers: [dropout()] }],
  ["a layer norm alone", { layers: [norm()] }],
  ["a small epsilon in float64", { ...FLOAT64, layers: [norm({ parameter: 1e-300 })] }],
  ["a batch norm alone, with a momentum of 0", { layers: [batchNorm({ momentum: 0 })] }],
  ["a batch norm with a momentum of 1", { layers: [batchNorm({ momentum: 1 })] }],
  ["a wide layer before a batch norm", { layers: [{ units: 2 ** 16 }, batchNorm({ units: 2 ** 16 })] }],
  ["a custom loss", { loss: Custom }],
  ["a small delta in float64", { ...FLOAT64, loss: Huber, lossParameter: 1e-300 }],
  ["the smallest clip in float32", { ...FLOAT32, loss: BinaryCrossentropy, lossParameter: 2 ** -24 }],
  ["the smallest clip in float64", { ...FLOAT64, loss: BinaryCrossentropy, lossParameter: 2 ** -53 }],
  ["a quantile that only float64 has", { ...FLOAT64, loss: Quantile, lossParameter: 1 - 1e-10 }],
  ...[-1, 0, 0.25, 1].map(
    (lossAlpha) =>
      [
        `a focal loss with alpha ${lossAlpha}`,
        { loss: Focal, lossAlpha, lossParameter: 2, layers: [{ activation: Sigmoid }] },
      ] as const,
  ),
  ...[CategoricalCrossentropy, SparseCategoricalCrossentropy].map(
    (loss) =>
      [
        `a label smoothing of loss ${loss}`,
        { loss, labelSmoothing: 0.5, layers: [{ activation: Softmax }] },
      ] as const,
  ),
  ["a sigmoid of one unit", { loss: SigmoidCrossentropy, layers: [{ activation: Sigmoid, units: 1 }] }],
  [
    "a softmax of two units",
    { loss: SparseCategoricalCrossentropy, layers: [{ activation: Softmax, units: 2 }] },
  ],
  ["an embedding alone", { layers: [embedding()] }],
  [
    "an embedding of all columns",
    { layers: [embedding({ list: [2, 0, 1].map((i) => column(i)), units: 3 })] },
  ],
  ["a noise alone", { layers: [noise()] }],
  ["a noise of deviation 0", { layers: [noise({ parameter: 0 })] }],
  ["a prelu alone", { layers: [prelu()] }],
  ["a wide layer before a dropout", { layers: [{ units: 2 ** 20 }, dropout({ units: 2 ** 20 })] }],
];

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.create();
});

beforeEach(() => {
  arena.clear();
});

function call(name: string, ...values: number[]): number {
  return arena.call(name, ...values);
}

function nameOf(status: number): StatusName {
  return (Object.keys(StatusNumber) as StatusName[]).find((name) => StatusNumber[name] === status)!;
}

function putColumns(list: readonly FieldValues<typeof EmbeddingColumnStruct>[]): LayerFields {
  const columns = arena.allocate(list.length * EmbeddingColumnStruct.size);
  list.forEach((fields, i) => {
    new StructView(EmbeddingColumnStruct, arena.memory, columns + i * EmbeddingColumnStruct.size).set(fields);
  });
  return { columns, columnCount: list.length };
}

function write({ layers = [{}], ...fields }: Difference): number {
  const address = arena.allocate(descriptionSize(layers.length));
  const listed = layers.map(({ list, ...layer }) => ({ ...(list && putColumns(list)), ...layer }));
  const description = { elementSize: 4, inputs: 3, loss: MeanSquaredError, mean: 1, ...fields };
  const dense = { kind: Dense, units: 3, activation: Tanh, useBias: 1 };
  writeDescription(
    arena.memory,
    address,
    description,
    listed.map((layer) => ({
      ...dense,
      ...((layer.kind ?? Dense) === Dense ? {} : { activation: 0 }),
      ...layer,
    })),
  );
  return address;
}

/** A region between guards, laid out by the core. */
function layOutNetwork(difference: Difference = {}): number {
  const description = write(difference);
  const network = arena.allocate(call("network_size", description));
  expect(nameOf(call("network_layout", network, description))).toBe("Ok");
  return network;
}

describe("network_size", () => {
  it.each(REFUSED)("is 0 for %s, and network_check returns the reason", (_what, difference, status) => {
    const description = write(difference);
    expect(nameOf(call("network_check", description))).toBe(status);
    expect(call("network_size", description)).toBe(0);
    const region = arena.allocate(4096);
    expect(nameOf(call("network_layout", region, description))).toBe(status);
    expect(arena.copyOf(region).every((byte) => byte === 0)).toBe(true);
    expect(arena.findIntrusion()).toBe(-1);
  });

  it.each(ACCEPTED)("is above 0 for %s", (_what, difference) => {
    const description = write(difference);
    expect(nameOf(call("network_check", description))).toBe("Ok");
    expect(call("network_size", description)).toBeGreaterThan(0);
  });

  it("is 0 for a description outside memory or not at a multiple of 8", () => {
    const description = write({});
    const end = arena.memory.buffer.byteLength;
    for (const address of [0, description + 4, description + 1, end - 8, end, 2 ** 32 - 8]) {
      expect(nameOf(call("network_check", address))).toBe("InvalidAddress");
      expect(call("network_size", address)).toBe(0);
    }
  });

  it("does not grow with the square of the units of a dropout", () => {
    const size = (...layers: LayerFields[]) => call("network_size", write({ layers }));
    const wide = { units: 1000 };
    expect(size(wide, dropout(wide), wide) - size(wide, wide)).toBeLessThan(1000);
  });
});

describe("network_layout", () => {
  it("writes nothing to a region outside memory or not at a multiple of 64", () => {
    const description = write({});
    const end = arena.memory.buffer.byteLength;
    for (const region of [0, description + 32, end - 64, 2 ** 32 - 64]) {
      expect(nameOf(call("network_layout", region, description))).toBe("InvalidAddress");
    }
    expect(arena.findIntrusion()).toBe(-1);
  });
});

describe.each([
  ["f32", 4],
  ["f64", 8],
] as const)("the regions of a network of %s", (suffix, elementSize) => {
  const other = suffix === "f32" ? "f64" : "f32";

  it.each([
    ["0 rows", [0, 1], "InvalidRows"],
    ["0 threads", [1, 0], "InvalidThreads"],
    ["256 threads", [1, 256], "InvalidThreads"],
    ["2³² − 1 threads", [1, 2 ** 32 - 1], "InvalidThreads"],
    ["2³² − 1 rows", [2 ** 32 - 1, 1], "TooLarge"],
    ["2³² − 128 rows", [2 ** 32 - 128, 1], "TooLarge"],
    ["2²⁸ rows", [2 ** 28, 1], "TooLarge"],
  ] as const)(
    "have no workspace for %s, and workspace_check returns the reason",
    (_what, [rows, threads], status) => {
      const network = layOutNetwork({ elementSize });
      expect(nameOf(call(`workspace_check_${suffix}`, network, rows, threads))).toBe(status);
      expect(call(`workspace_size_${suffix}`, network, rows, threads)).toBe(0);
      const region = arena.allocate(65536);
      expect(nameOf(call(`workspace_layout_${suffix}`, network, region, rows, threads))).toBe(status);
      expect(arena.copyOf(region).every((byte) => byte === 0)).toBe(true);
      expect(arena.findIntrusion()).toBe(-1);
    },
  );

  it("have no workspace where the sum of its sizes would wrap around to a small one", () => {
    // Each tensor counts as 2⁵² elements: those of the layers and four others add up to 2⁶⁴ bytes.
    const layers = Array(2 ** 12 / elementSize - 4).fill(dropout({ units: 2 ** 24 }));
    const network = layOutNetwork({ elementSize, inputs: 2 ** 24, layers });
    expect(nameOf(call(`workspace_check_${suffix}`, network, 2 ** 28, 1))).toBe("TooLarge");
    expect(call(`workspace_size_${suffix}`, network, 2 ** 28, 1)).toBe(0);
  });

  it("have a workspace for 1 to 255 threads", () => {
    const network = layOutNetwork({ elementSize });
    for (const threads of [1, 255]) {
      expect(nameOf(call(`workspace_check_${suffix}`, network, 1, threads))).toBe("Ok");
      expect(call(`workspace_size_${suffix}`, network, 1, threads)).toBeGreaterThan(0);
    }
  });

  it.each([7, 8, 255, 2 ** 31, 2 ** 32 - 1])("have no optimizer of the unknown kind %i", (kind) => {
    const network = layOutNetwork({ elementSize });
    expect(nameOf(call(`optimizer_check_${suffix}`, network, kind))).toBe("UnknownOptimizer");
    expect(call(`optimizer_size_${suffix}`, network, kind)).toBe(0);
    const region = arena.allocate(4096);
    expect(nameOf(call(`optimizer_layout_${suffix}`, network, region, kind))).toBe("UnknownOptimizer");
    expect(arena.copyOf(region).every((byte) => byte === 0)).toBe(true);
  });

  it("are not measured for the other dtype or for an address without a network", () => {
    const network = layOutNetwork({ elementSize });
    for (const [address, name, status] of [
      [network, other, "WrongElementType"],
      [arena.allocate(64), suffix, "WrongElementType"],
      [0, suffix, "InvalidAddress"],
      [network + 8, suffix, "InvalidAddress"],
      [2 ** 32 - 64, suffix, "InvalidAddress"],
    ] as const) {
      expect(nameOf(call(`workspace_check_${name}`, address, 1, 1))).toBe(status);
      expect(call(`workspace_size_${name}`, address, 1, 1)).toBe(0);
      expect(nameOf(call(`optimizer_check_${name}`, address, OptimizerKindNumber.Sgd))).toBe(status);
      expect(call(`optimizer_size_${name}`, address, OptimizerKindNumber.Sgd)).toBe(0);
    }
  });

  it("are not written outside memory or at addresses that are not multiples of 64", () => {
    const network = layOutNetwork({ elementSize });
    const end = arena.memory.buffer.byteLength;
    for (const region of [0, network + 32, end - 64, 2 ** 32 - 64]) {
      expect(nameOf(call(`workspace_layout_${suffix}`, network, region, 1, 1))).toBe("InvalidAddress");
      const kind = OptimizerKindNumber.Adam;
      expect(nameOf(call(`optimizer_layout_${suffix}`, network, region, kind))).toBe("InvalidAddress");
    }
    expect(arena.findIntrusion()).toBe(-1);
  });
});
