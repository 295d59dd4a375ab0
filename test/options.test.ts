import { describe, expect, it } from "vitest";
import {
  BackpropError,
  checkGradients,
  constant,
  createNetwork,
  type DenseLayer,
  dense,
  glorotUniform,
  type NetworkOptions,
  sgd,
} from "../src/index.js";

const INPUTS = [
  [0, 1],
  [1, 0],
];
const TARGETS = [[1], [0]];

const create = (changes: object = {}) =>
  createNetwork({ inputs: 2, layers: [dense(1)], loss: "meanSquaredError", ...changes } as NetworkOptions);

const layer = (changes: object) => [{ ...dense(2), ...changes } as DenseLayer];

describe.each<[string, object, RegExp]>([
  [
    "an optimizer of no known name",
    { optimizer: { name: "lamb", learningRate: 1 } },
    /^optimizer\.name is "lamb"/,
  ],
  [
    "an optimizer by its name",
    { optimizer: "sgd" },
    /^optimizer is "sgd"; expected an optimizer such as sgd\(\)\.$/,
  ],
  [
    "an optimizer not called",
    { optimizer: sgd },
    /^optimizer is a function; expected an optimizer such as sgd\(\)\.$/,
  ],
  [
    "a negative learning rate",
    { optimizer: { name: "sgd", learningRate: -1 } },
    /^optimizer\.learningRate is -1/,
  ],
  [
    "a hole for a layer",
    { layers: [dense(2), ...Array(1), dense(1)] },
    /^layers\[1\] is undefined; expected a layer such as dense\(2, "sigmoid"\)\.$/,
  ],
  ["units that are no integer", { layers: layer({ units: 1.5 }) }, /^layers\[0\]\.units is 1\.5/],
  ["units beyond 32 bits", { layers: layer({ units: 2 ** 33 }) }, /^layers\[0\]\.units is 8589934592/],
  [
    "an unknown activation",
    { layers: layer({ activation: "sgmoid" }) },
    /^layers\[0\]\.activation is "sgmoid"/,
  ],
  ["a useBias that is no boolean", { layers: layer({ useBias: 2 }) }, /^layers\[0\]\.useBias is 2/],
  ["a softmax of one", { layers: layer({ units: 1, activation: "softmax" }) }, /^layers\[0\]\.units is 1/],
  ["an initializer that is none", { layers: layer({ kernelInitializer: 5 }) }, /kernelInitializer is 5/],
  [
    "an initializer not called",
    { layers: layer({ kernelInitializer: glorotUniform }) },
    /returned a function/,
  ],
  [
    "an initializer of infinity",
    { layers: layer({ biasInitializer: constant(1e39) }) },
    /wrote NaN or infinity/,
  ],
  ["a stream that is none", { random: Math.random }, /^random is a function; expected a stream/],
  ["a misspelt loss option", { loss: { name: "huber", detla: 3 } }, /^loss has no option "detla"/],
  ["a clip that is no number", { loss: { name: "binaryCrossentropy", clip: "0.1" } }, /^clip is "0\.1"/],
])("createNetwork, given %s,", (_, changes, message) => {
  it("says so", async () => {
    const error = await create(changes).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BackpropError);
    expect((error as BackpropError).message).toMatch(message);
  });
});

describe("options", () => {
  it.each([0.1, { lr: 0.1 }, null])("of sgd are refused as %j", (options) => {
    expect(() => sgd(options as object)).toThrow(BackpropError);
  });

  it.each([{ onProgress: 5 }, { signal: {} }, { shuffle: "no" }, { epoch: 5 }])(
    "of fit are refused as %j",
    async (options) => {
      const network = await create();
      await expect(network.fit(INPUTS, TARGETS, options as object)).rejects.toMatchObject({
        code: "invalidOption",
      });
    },
  );

  it("of checkGradients are refused where misspelt", async () => {
    const network = await create({ dtype: "float64" });
    expect(() => checkGradients(network, INPUTS, TARGETS, { eps: 1 } as object)).toThrow(/no option "eps"/);
  });
});

describe("a network", () => {
  it("keeps its layers and optimizer, whatever becomes of the objects they came from", async () => {
    const layers = [{ ...dense(3) }, { ...dense(2) }];
    const optimizer = { name: "sgd" as const, learningRate: 0.1 };
    const network = await create({ layers, optimizer });
    layers.pop();
    layers.push(dense(64));
    Object.assign(layers[0]!, { units: 1000 });
    optimizer.learningRate = Number.NaN;
    expect(network.predict(INPUTS).shape).toEqual([2, 2]);
    expect(network.summary()).toContain("[rows, 2]");
    network.fitSync(INPUTS, INPUTS);
  });

  it("takes a live tensor for data even where the memory it lies in grows", async () => {
    const wide = await create({ inputs: 1000, layers: [dense(3000)] });
    const { kernel } = wide.parameters[0]!;
    const reader = await create({ inputs: 3000, layers: [dense(1)] });
    const { data, shape } = kernel;
    const expected = reader.predict({ data: data.slice(), shape }).toArray();
    expect(reader.predict(kernel).toArray()).toEqual(expected);
    wide.dispose();
    reader.dispose();
  });

  it("of a size that no memory has is refused", async () => {
    const units = [1_073_764_324, 2_147_438_066, 1];
    const layers = units.map((count) => dense(count, "linear", { useBias: false }));
    await expect(create({ inputs: 1, layers })).rejects.toMatchObject({ code: "outOfMemory" });
  });
});
