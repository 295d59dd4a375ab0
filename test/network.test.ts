import { describe, expect, expectTypeOf, it } from "vitest";
import {
  ACTIVATIONS,
  type ActivationName,
  BackpropError,
  batchNorm,
  constant,
  createNetwork,
  customLoss,
  type DenseLayer,
  type DenseOptions,
  type DenseParameters,
  type DType,
  dense,
  dropout,
  type ErrorCode,
  type FitOptions,
  type Gradients,
  heNormal,
  type Initializer,
  type LayerValues,
  LOSSES,
  type Matrix,
  type Network,
  type NetworkOptions,
  normal,
  numpyRandom,
  sgd,
  torchLinear,
  torchRandom,
  uniform,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, floats, spread } from "./support/floats.js";

const XOR_INPUTS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const XOR_TARGETS = [[0], [1], [1], [0]];

const plain: NetworkOptions = {
  inputs: 2,
  layers: [dense(3, "tanh"), dense(1, "sigmoid")],
  loss: "meanSquaredError",
};

function parametersOf(network: Network): number[] {
  return network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

/** Options of any type, as a caller in JavaScript may pass them. */
function options(changes: Record<string, unknown>): NetworkOptions {
  return { ...plain, ...changes } as NetworkOptions;
}

describe("creating a network", () => {
  const rejected: [string, Record<string, unknown>, ErrorCode, string][] = [
    ["no inputs", { inputs: undefined }, "invalidOption", "inputs is undefined; expected a positive integer"],
    ["inputs of 0", { inputs: 0 }, "invalidOption", "inputs is 0; expected a positive integer"],
    ["inputs of −1", { inputs: -1 }, "invalidOption", "inputs is -1; expected a positive integer"],
    ["inputs of 1.5", { inputs: 1.5 }, "invalidOption", "inputs is 1.5; expected a positive integer"],
    ["inputs as text", { inputs: "2" }, "invalidOption", 'inputs is "2"; expected a positive integer'],
    ["inputs of 2³²", { inputs: 2 ** 32 }, "invalidOption", "inputs is 4294967296; expected"],
    [
      "no layers",
      { layers: [] },
      "invalidOption",
      "layers is an array of 0; expected an array of 1 to 65535 layers",
    ],
    [
      "layers that are not an array",
      { layers: undefined },
      "invalidOption",
      "layers is undefined; expected an array",
    ],
    [
      "a number as a layer",
      { layers: [3] },
      "invalidOption",
      'layers[0] is 3; expected a layer such as dense(2, "sigmoid").',
    ],
    ["no loss", { loss: undefined }, "unknownName", 'loss is undefined; expected one of "meanSquaredError"'],
    ["a loss of null", { loss: null }, "unknownName", "loss is null; expected one of"],
    ["an unknown loss", { loss: "mse" }, "unknownName", 'loss is "mse"; expected one of "meanSquaredError"'],
    ["an unknown loss by name", { loss: { name: "mse" } }, "unknownName", 'loss is "mse"; expected one of'],
    [
      "an unknown reduction",
      { loss: { name: "huber", reduction: "average" } },
      "unknownName",
      'reduction is "average"; expected one of "mean", "sum".',
    ],
    [
      "a delta of 0",
      { loss: { name: "huber", delta: 0 } },
      "invalidOption",
      "delta is 0; expected a finite number above 0.",
    ],
    [
      "an infinite delta",
      { loss: { name: "huber", delta: Infinity } },
      "invalidOption",
      "delta is Infinity; expected",
    ],
    [
      "a clip of 0.5",
      { loss: { name: "binaryCrossentropy", clip: 0.5 } },
      "invalidOption",
      "clip is 0.5; expected",
    ],
    [
      "a clip that float32 rounds away",
      { loss: { name: "binaryCrossentropy", clip: 1e-15 } },
      "invalidOption",
      "clip is 1e-15; expected a number from 5.96e-8",
    ],
    [
      "an unknown dtype",
      { dtype: "float16" },
      "unknownName",
      'dtype is "float16"; expected one of "float32", "float64".',
    ],
    [
      "the former option engine",
      { engine: "typescript" },
      "invalidOption",
      'createNetwork has no option "engine"; expected "inputs", "layers"',
    ],
    [
      "a negative seed",
      { seed: -1 },
      "invalidOption",
      "seed is -1; expected an integer from 0 to 4294967295.",
    ],
    [
      "a fractional seed",
      { seed: 0.5 },
      "invalidOption",
      "seed is 0.5; expected an integer from 0 to 4294967295.",
    ],
    [
      "a misspelt option",
      { learningrate: 1 },
      "invalidOption",
      'createNetwork has no option "learningrate"; expected "inputs", "layers"',
    ],
  ];

  it.each(rejected)("refuses %s", async (_, changes, code, message) => {
    const error: unknown = await createNetwork(options(changes)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ name: "BackpropError", code, message: expect.stringContaining(message) });
  });

  it("refuses options that are not an object", async () => {
    for (const none of [undefined, null, 5, "options"]) {
      await expect(createNetwork(none as unknown as NetworkOptions)).rejects.toMatchObject({
        code: "invalidOption",
        message: expect.stringContaining("expected an object"),
      });
    }
  });

  it("lists every loss or activation if a name is unknown", async () => {
    const loss: unknown = await createNetwork(options({ loss: "x" })).catch((caught: unknown) => caught);
    for (const name of LOSSES) expect((loss as Error).message).toContain(`"${name}"`);
    const activation = errorOf(() => dense(1, "x" as ActivationName));
    for (const name of ACTIVATIONS) expect((activation as Error).message).toContain(`"${name}"`);
  });

  it.each([
    ["sigmoidCrossentropy", "sigmoid", "softmax"],
    ["categoricalCrossentropy", "softmax", "sigmoid"],
    ["sparseCategoricalCrossentropy", "softmax", "linear"],
    ["kullbackLeibler", "softmax", "sigmoid"],
    ["focal", "sigmoid", "linear"],
  ] as const)("refuses %s unless the last activation is %s", async (loss, needed, given) => {
    await expect(createNetwork(options({ loss, layers: [dense(2, given)] }))).rejects.toMatchObject({
      code: "invalidOption",
      message:
        `loss "${loss}" is computed together with the output layer's ${needed}, ` +
        `but the last layer's activation is "${given}". Set the last layer's activation to "${needed}".`,
    });
    const network = await createNetwork(options({ loss, layers: [dense(2, needed)] }));
    network.dispose();
  });

  it("accepts a clip of 1e-15 in float64 and refuses it in float32", async () => {
    const loss = { name: "binaryCrossentropy", clip: 1e-15 } as const;
    await expect(createNetwork(options({ loss, dtype: "float32" }))).rejects.toThrow(BackpropError);
    (await createNetwork(options({ loss, dtype: "float64" }))).dispose();
  });

  it("names the limit of 4 GiB if layers are too large for it", async () => {
    const layers = [dense(2 ** 20)];
    await expect(createNetwork(options({ inputs: 2 ** 20, layers }))).rejects.toMatchObject({
      name: "BackpropError",
      code: "outOfMemory",
      message: expect.stringContaining("more than the 4 GiB that WebAssembly can address"),
    });
    // Other networks can still be created.
    (await createNetwork(plain)).dispose();
  });
});

describe("a dense layer", () => {
  const rejected: [string, unknown[], ErrorCode, string][] = [
    ["no units", [undefined], "invalidOption", "units is undefined; expected a positive integer"],
    ["units of 0", [0], "invalidOption", "units is 0; expected a positive integer"],
    ["units of −2", [-2], "invalidOption", "units is -2; expected a positive integer"],
    ["units of 2.5", [2.5], "invalidOption", "units is 2.5; expected a positive integer"],
    ["units of NaN", [Number.NaN], "invalidOption", "units is NaN; expected a positive integer"],
    ["units as text", ["3"], "invalidOption", 'units is "3"; expected a positive integer'],
    [
      "an unknown activation",
      [3, "ReLU"],
      "unknownName",
      'activation is "ReLU"; expected one of "linear", "sigmoid"',
    ],
    ["an activation of null", [3, null], "unknownName", "activation is null; expected one of"],
    ["a softmax of one unit", [1, "softmax"], "invalidOption", "units is 1, and a softmax of one unit"],
    [
      "a negative alpha",
      [3, "elu", { alpha: -1 }],
      "invalidOption",
      "alpha is -1; expected a finite number of 0 or more.",
    ],
    ["an infinite alpha", [3, "elu", { alpha: Infinity }], "invalidOption", "alpha is Infinity; expected"],
    [
      "a misspelt option",
      [3, "relu", { usebias: false }],
      "invalidOption",
      'dense has no option "usebias"; expected "useBias"',
    ],
    [
      "options of null",
      [3, "relu", null],
      "invalidOption",
      'dense is given null; expected an object with "useBias", "kernelInitializer", "biasInitializer", ' +
        '"alpha", "kernelL1"',
    ],
  ];

  it.each(rejected)("refuses %s", (_, given, code, message) => {
    const error = errorOf(() => dense(...(given as [number, ActivationName, DenseOptions])));
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("has the documented defaults", () => {
    expect(dense(3)).toMatchObject({ units: 3, activation: "linear", useBias: true });
    expect(dense(3, "leakyRelu").alpha).toBe(0.01);
    expect(dense(3, "elu").alpha).toBe(1);
  });
});

describe("stochastic gradient descent", () => {
  it.each([-1, -1e-9, Number.NaN, Infinity, -Infinity, "0.1", null])(
    "refuses a learning rate of %s",
    (learningRate) => {
      const given = typeof learningRate === "string" ? `"${learningRate}"` : String(learningRate);
      expect(errorOf(() => sgd({ learningRate: learningRate as number }))).toMatchObject({
        name: "BackpropError",
        code: "invalidOption",
        message: `learningRate is ${given}; expected a finite number of 0 or more.`,
      });
    },
  );

  it("has a learning rate of 0.01 by default", () => {
    expect(sgd()).toMatchObject({ name: "sgd", learningRate: 0.01 });
    expect(sgd({ learningRate: 0 }).learningRate).toBe(0);
  });
});

describe("the layers of a network", () => {
  it("must have a known kind", async () => {
    expect(dense(2).kind).toBe("dense");
    const layers = [{ ...dense(2), kind: "conv" }];
    await expect(createNetwork(options({ layers }))).rejects.toMatchObject({
      code: "unknownName",
      message:
        'layers[0].kind is "conv"; expected one of "dense", "dropout", "embedding", "gaussianNoise", "layerNorm", "batchNorm", "prelu".',
    });
  });

  it("are read only once", async () => {
    const reads = new Map<string, number>();
    const layer = new Proxy(dense(3, "tanh"), {
      get(target, key: keyof DenseLayer) {
        reads.set(key, (reads.get(key) ?? 0) + 1);
        return reads.get(key) === 1 || key === "kind" ? target[key] : "another value";
      },
    });
    const network = await createNetwork({ ...plain, layers: [layer, dense(1)] });
    network.fitSync(XOR_INPUTS, XOR_TARGETS);
    expect(network.summary()).toContain("tanh        [rows, 3]           9");
    reads.delete("kind");
    expect(reads.size).toBe(11);
    expect([...reads.values()]).toEqual(Array(11).fill(1));
    network.dispose();
  });

  it("determine the types of parameters and gradients", async () => {
    const network = await createNetwork({
      inputs: 2,
      layers: [dense(3, "tanh"), dense(1, "linear", { useBias: false })],
      loss: "huber",
    });
    // The types know that these layers exist: no `!` is necessary.
    expectTypeOf(network.parameters[0]).toEqualTypeOf<DenseParameters>();
    expectTypeOf(network.parameters.length).toEqualTypeOf<2>();
    expectTypeOf(network.gradients).returns.toEqualTypeOf<Gradients<readonly [DenseLayer, DenseLayer]>>();
    const { layers } = network.gradients(XOR_INPUTS, XOR_TARGETS);
    expectTypeOf(layers[1].kernel).toEqualTypeOf<Matrix>();
    expect(layers[1].kernel.shape).toEqual([3, 1]);
    expect(network.parameters[1].bias).toBeNull();
    // If the number of layers is unknown, the parameters are an array.
    const many: DenseLayer[] = [dense(1)];
    const other = await createNetwork({ inputs: 2, layers: many, loss: "huber" });
    expectTypeOf(other.parameters).toEqualTypeOf<readonly DenseParameters[]>();
    for (const each of [network, other]) each.dispose();
  });
});

describe("initial parameters", () => {
  it("are drawn layer by layer, kernel then bias", async () => {
    const layers = [
      dense(3, "tanh", { kernelInitializer: uniform(-1, 1), biasInitializer: normal(0, 2) }),
      dense(2, "tanh", { kernelInitializer: normal(), useBias: false }),
      dense(1, "tanh", { kernelInitializer: uniform(), biasInitializer: constant(0.5) }),
    ];
    const network = await createNetwork({ ...plain, layers, dtype: "float64", seed: 42 });
    const random = numpyRandom(42);
    expect(parametersOf(network)).toEqual([
      ...random.uniform(-1, 1, 6),
      ...random.randn(3).map((value) => 2 * value),
      ...random.randn(6),
      ...random.rand(2),
      0.5,
    ]);
    expect(network.parameters.map(({ kernel, bias }) => [kernel.shape, bias?.shape])).toEqual([
      [[2, 3], [3]],
      [[3, 2], undefined],
      [[2, 1], [1]],
    ]);
    expect(network.parameters[1]!.bias).toBeNull();
  });

  it.each(["float32", "float64"] as const)(
    "are drawn by the initializers, in order, from the given stream, in %s",
    async (dtype) => {
      const layers = [
        dense(5, "relu", { kernelInitializer: heNormal() }),
        dense(1, "linear", { kernelInitializer: torchLinear(), biasInitializer: torchLinear() }),
      ];
      const draw = async (seed: number) => {
        const network = await createNetwork({ ...plain, layers, dtype, random: torchRandom(seed) });
        return bitsOf(parametersOf(network));
      };
      const random = torchRandom(7);
      const expected = layers.flatMap(({ units, kernelInitializer, biasInitializer }, i) => {
        const inputs = i === 0 ? 2 : 5;
        const initialize = (initializer: Initializer, shape: readonly number[]) => {
          const values = floats(
            dtype,
            shape.reduce((product, length) => product * length),
          );
          initializer({ values, shape, inputs, units, random });
          return [...values];
        };
        return [...initialize(kernelInitializer, [inputs, units]), ...initialize(biasInitializer, [units])];
      });
      expect(await draw(7)).toBe(bitsOf(expected));
      expect(await draw(8)).not.toBe(bitsOf(expected));
    },
  );
});

describe("a network", () => {
  const create = (changes: Partial<NetworkOptions> = {}) =>
    createNetwork({ ...plain, dtype: "float64", seed: 3, ...changes });

  it("learns XOR", async () => {
    const network = await create({ optimizer: sgd({ learningRate: 1 }), seed: 0 });
    const history = await network.fit(XOR_INPUTS, XOR_TARGETS, { epochs: 5000 });
    expect(history.loss.length).toBe(5000);
    expect(history.loss[0]).toBeGreaterThan(0.2);
    expect(history.loss.at(-1)).toBeLessThan(0.01);
    expect([...network.predict(XOR_INPUTS).data].map(Math.round)).toEqual([0, 1, 1, 0]);
  });

  const wrongFits: [string, Record<string, unknown>, string][] = [
    ...[0, -1, 1.5, Number.NaN, Infinity, "3", null].flatMap(
      (value): [string, Record<string, unknown>, string][] =>
        ["epochs", "batchSize"].map((name) => [
          `${name} of ${value}`,
          { [name]: value },
          `${name} is ${typeof value === "string" ? `"${value}"` : value}; expected a positive integer`,
        ]),
    ),
    ["a misspelt option", { epoch: 3 }, 'fit has no option "epoch"; expected "epochs", "batchSize"'],
  ];

  it.each(wrongFits)("refuses to fit with %s", async (_, wrong, message) => {
    const network = await create();
    const before = bitsOf(parametersOf(network));
    const expected = {
      name: "BackpropError",
      code: "invalidOption",
      message: expect.stringContaining(message),
    };
    expect(errorOf(() => network.fitSync(XOR_INPUTS, XOR_TARGETS, wrong as FitOptions))).toMatchObject(
      expected,
    );
    await expect(network.fit(XOR_INPUTS, XOR_TARGETS, wrong as FitOptions)).rejects.toMatchObject(expected);
    expect(bitsOf(parametersOf(network))).toBe(before);
    network.fitSync(XOR_INPUTS, XOR_TARGETS);
    network.dispose();
  });

  it("refuses to fit with options that are not an object", async () => {
    const network = await create();
    for (const none of [null, 5, "epochs"]) {
      await expect(network.fit(XOR_INPUTS, XOR_TARGETS, none as unknown as FitOptions)).rejects.toMatchObject(
        {
          code: "invalidOption",
          message: expect.stringContaining("expected an object"),
        },
      );
    }
    network.dispose();
  });

  it("accepts parameters as nested arrays, flat arrays with shapes, or typed arrays", async () => {
    const kernels = [spread(6), spread(3)] as const;
    const flat = [...kernels[0], 1, 2, 3, ...kernels[1], 4];
    const forms: LayerValues[][] = [
      [
        { kernel: [kernels[0].slice(0, 3), kernels[0].slice(3)], bias: [1, 2, 3] },
        { kernel: kernels[1].map((value) => [value]), bias: [4] },
      ],
      [
        { kernel: { data: Float64Array.from(kernels[0]), shape: [2, 3] }, bias: Int32Array.of(1, 2, 3) },
        { kernel: { data: kernels[1], shape: [3, 1] }, bias: { data: [4], shape: [1] } },
      ],
    ];
    for (const form of forms) {
      const network = await create();
      network.setParameters(form);
      expect(parametersOf(network)).toEqual(flat);
      const copy = await create();
      copy.setParameters(network.parameters);
      expect(parametersOf(copy)).toEqual(flat);
    }
  });

  const fitting = {
    kernel: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    bias: [7, 8, 9],
  };
  const wrongParameters: [string, unknown, ErrorCode, string][] = [
    [
      "nothing",
      undefined,
      "invalidShape",
      "is undefined; expected an array of 2 objects, one with the parameters of each layer.",
    ],
    ["too few layers", [fitting], "invalidShape", "is an array of 1; expected an array of 2"],
    ["a layer of null", [fitting, null], "invalidShape", "[1] is null; expected { kernel, bias }"],
    [
      "a kernel of another shape",
      [fitting, { kernel: [[1], [2]], bias: [1] }],
      "invalidShape",
      "[1].kernel has shape [2, 1]; expected shape [3, 1].",
    ],
    [
      "a transposed kernel",
      [
        {
          kernel: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          bias: [1, 2, 3],
        },
        fitting,
      ],
      "invalidShape",
      "[0].kernel has shape [3, 2]; expected shape [2, 3].",
    ],
    [
      "a flat kernel",
      [fitting, { kernel: [1, 2, 3], bias: [1] }],
      "invalidShape",
      "[1].kernel has shape [3]; expected",
    ],
    [
      "no kernel",
      [fitting, { bias: [1] }],
      "invalidShape",
      "[1].kernel is undefined; expected shape [3, 1].",
    ],
    [
      "a ragged kernel",
      [{ kernel: [[1, 2, 3], [4]], bias: [1, 2, 3] }, fitting],
      "invalidShape",
      "[0].kernel[1] has 1 number where the rows before it have 3",
    ],
    [
      "no bias",
      [fitting, { kernel: [[1], [2], [3]] }],
      "invalidShape",
      "[1].bias is undefined; expected shape [1].",
    ],
    [
      "a long bias",
      [{ ...fitting, bias: [1, 2, 3, 4] }, fitting],
      "invalidShape",
      "[0].bias has shape [4]; expected shape [3].",
    ],
    [
      "a bias shorter than its shape",
      [{ ...fitting, bias: { data: [1, 2], shape: [3] } }, fitting],
      "invalidShape",
      "[0].bias has 2 numbers for shape [3]; expected 3.",
    ],
    [
      "a kernel shorter than its shape",
      [{ ...fitting, kernel: { data: [1, 2], shape: [2, 3] } }, fitting],
      "invalidShape",
      "[0].kernel has 2 numbers for shape [2, 3]; expected 6.",
    ],
    [
      "a NaN",
      [fitting, { kernel: [[1], [Number.NaN], [3]], bias: [1] }],
      "invalidData",
      "[1].kernel[1][0] is NaN; expected a finite float64 number.",
    ],
    [
      "an infinite bias",
      [{ ...fitting, bias: [1, Infinity, 3] }, fitting],
      "invalidData",
      "[0].bias[1] is Infinity; expected",
    ],
  ];

  it.each(wrongParameters)(
    "changes nothing when given parameters with %s",
    async (_, wrong, code, message) => {
      const network = await create();
      const before = bitsOf(parametersOf(network));
      const error = errorOf(() => network.setParameters(wrong as LayerValues[]));
      expect(error).toBeInstanceOf(BackpropError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(/^parameters/) });
      expect((error as Error).message).toContain(message);
      const gradientError = errorOf(() => network.applyGradients(wrong as LayerValues[]));
      expect(gradientError).toMatchObject({ code, message: expect.stringMatching(/^gradients/) });
      expect((gradientError as Error).message).toContain(message);
      expect(bitsOf(parametersOf(network))).toBe(before);
      network.dispose();
    },
  );

  it("refuses a bias for a layer without one", async () => {
    const network = await create({ layers: [dense(1, "linear", { useBias: false })] });
    expect(errorOf(() => network.setParameters([{ kernel: [[1], [2]], bias: [0] }]))).toMatchObject({
      code: "invalidShape",
      message: "parameters[0].bias is an array of 1, but the layer has no bias; expected null.",
    });
    network.setParameters([{ kernel: [[1], [2]], bias: null }]);
    network.setParameters([{ kernel: [[1], [2]] }]);
    expect(parametersOf(network)).toEqual([1, 2]);
    network.dispose();
  });

  it("applies gradients with its optimizer", async () => {
    const network = await create({ layers: [dense(1)], optimizer: sgd({ learningRate: 0.5 }) });
    network.setParameters([{ kernel: [[1], [2]], bias: [3] }]);
    network.applyGradients([{ kernel: [[2], [4]], bias: [-2] }]);
    expect(parametersOf(network)).toEqual([0, 0, 4]);
    network.dispose();
  });

  it("predicts with parameters that were written in place", async () => {
    const network = await create({ layers: [dense(1)] });
    network.parameters[0]!.kernel.data.set([10, 100]);
    network.parameters[0]!.bias!.data[0] = 1000;
    expect([
      ...network.predict([
        [1, 2],
        [3, 4],
      ]).data,
    ]).toEqual([1210, 1430]);
    expect(network.parameters[0]!.kernel.toArray()).toEqual([[10], [100]]);
    network.dispose();
  });

  it("returns copies of the gradients, which later calls do not change", async () => {
    const network = await create();
    const { layers, loss } = network.gradients(XOR_INPUTS, XOR_TARGETS);
    const kept = layers.map(({ kernel }) => [...kernel.data]);
    network.gradients([[1, 1]], [[5]]);
    network.fitSync(XOR_INPUTS, XOR_TARGETS);
    network.dispose();
    expect(layers.map(({ kernel }) => [...kernel.data])).toEqual(kept);
    expect(loss).toBeGreaterThan(0);
  });

  it("does not change its parameters in evaluate, predict and gradients", async () => {
    const network = await create();
    const before = bitsOf(parametersOf(network));
    const { loss } = network.evaluate(XOR_INPUTS, XOR_TARGETS);
    network.predict(XOR_INPUTS);
    network.gradients(XOR_INPUTS, XOR_TARGETS);
    expect(bitsOf(parametersOf(network))).toBe(before);
    const error = [...network.predict(XOR_INPUTS).data].map((output, i) => output - XOR_TARGETS[i]![0]!);
    expect(loss).toBeCloseTo(error.reduce((sum, e) => sum + e * e, 0) / 4, 15);
    network.dispose();
  });

  it("has a summary in the form of a table", async () => {
    const network = await create({ dtype: "float32" });
    expect(network.summary().split("\n")).toEqual([
      "layer    activation  output     parameters",
      "input                [rows, 2]",
      "dense 0  tanh        [rows, 3]           9",
      "dense 1  sigmoid     [rows, 1]           4",
      "13 parameters, float32, 52 bytes; loss meanSquaredError (mean)",
    ]);
    network.dispose();
  });

  describe("after dispose()", () => {
    const uses: [string, (network: Network) => unknown][] = [
      ["fitSync", (network) => network.fitSync(XOR_INPUTS, XOR_TARGETS)],
      ["predict", (network) => network.predict(XOR_INPUTS)],
      ["evaluate", (network) => network.evaluate(XOR_INPUTS, XOR_TARGETS)],
      ["gradients", (network) => network.gradients(XOR_INPUTS, XOR_TARGETS)],
      ["applyGradients", (network) => network.applyGradients([])],
      ["setParameters", (network) => network.setParameters([])],
      ["the data of a parameter", (network) => network.parameters[0]!.kernel.data],
      ["a parameter as an array", (network) => network.parameters[1]!.bias!.toArray()],
    ];

    it.each(uses)("refuses %s", async (_, use) => {
      const network = await create();
      network.dispose();
      expect(errorOf(() => use(network))).toMatchObject({
        name: "BackpropError",
        code: "disposed",
        message: "The network was disposed. Create a new one with createNetwork.",
      });
    });

    it("rejects the promise of fit", async () => {
      const network = await create();
      network.dispose();
      await expect(network.fit(XOR_INPUTS, XOR_TARGETS)).rejects.toMatchObject({ code: "disposed" });
    });

    it("may be disposed again without changing networks created since", async () => {
      const network = await create();
      network.dispose();
      const other = await create();
      const before = bitsOf(parametersOf(other));
      network.dispose();
      const third = await create({ seed: 9 });
      third.fitSync(XOR_INPUTS, XOR_TARGETS, { epochs: 10 });
      expect(bitsOf(parametersOf(other))).toBe(before);
    });

    it("refuses to predict after the end of a using block", async () => {
      let outer: Network;
      {
        using network = await create();
        network.predict(XOR_INPUTS);
        outer = network;
      }
      expect(errorOf(() => outer.predict(XOR_INPUTS))).toMatchObject({ code: "disposed" });
      const network = await create();
      network[Symbol.dispose]();
      expect(errorOf(() => network.predict(XOR_INPUTS))).toMatchObject({ code: "disposed" });
    });
  });

  describe("during a fit", () => {
    const long: FitOptions = { epochs: 1_000_000 };

    it("refuses calls that train or change it, but predicts and evaluates", async () => {
      const network = await create();
      const controller = new AbortController();
      const fit = network.fit(XOR_INPUTS, XOR_TARGETS, { ...long, signal: controller.signal });
      const busy = {
        name: "BackpropError",
        code: "busy",
        message: expect.stringContaining("still training"),
      };
      for (const use of [
        () => network.fitSync(XOR_INPUTS, XOR_TARGETS),
        () => network.gradients(XOR_INPUTS, XOR_TARGETS),
        () => network.applyGradients([]),
        () => network.setParameters([]),
      ]) {
        expect(errorOf(use)).toMatchObject(busy);
      }
      await expect(network.fit(XOR_INPUTS, XOR_TARGETS)).rejects.toMatchObject(busy);
      expect(network.predict(XOR_INPUTS).shape).toEqual([4, 1]);
      expect(network.evaluate(XOR_INPUTS, XOR_TARGETS).loss).toBeGreaterThan(0);
      controller.abort();
      await expect(fit).rejects.toMatchObject({ code: "aborted" });
      network.fitSync(XOR_INPUTS, XOR_TARGETS);
      network.dispose();
    });

    it("is not busy after a fit that was refused or whose callback threw", async () => {
      const network = await create();
      expect(errorOf(() => network.fitSync(XOR_INPUTS, [[1]]))).toMatchObject({ code: "invalidShape" });
      await expect(network.fit([[1]], [[1]])).rejects.toMatchObject({ code: "invalidShape" });
      const own = new Error("from the callback");
      const onProgress = () => {
        throw own;
      };
      const fitSync = async () => network.fitSync(XOR_INPUTS, XOR_TARGETS, { onProgress });
      await expect(fitSync()).rejects.toBe(own);
      await expect(network.fit(XOR_INPUTS, XOR_TARGETS, { onProgress })).rejects.toBe(own);
      network.fitSync(XOR_INPUTS, XOR_TARGETS);
      network.dispose();
    });

    it("may be disposed, and the fit rejects", async () => {
      const network = await create();
      const fit = network.fit(XOR_INPUTS, XOR_TARGETS, long);
      network.dispose();
      await expect(fit).rejects.toMatchObject({ code: "disposed" });
      expect(errorOf(() => network.predict(XOR_INPUTS))).toMatchObject({ code: "disposed" });

      const other = await create();
      const onProgress = () => other.dispose();
      await expect(other.fit(XOR_INPUTS, XOR_TARGETS, { ...long, onProgress })).rejects.toMatchObject({
        code: "disposed",
      });
    });

    it("may be disposed at any pause without changing networks created since", async () => {
      // Enough rows that the fit pauses while it loads and shuffles them.
      const rows = 200_000;
      const inputs = { data: new Float32Array(spread(rows * 2)), shape: [rows, 2] };
      const targets = new Float32Array(rows);
      const reasons = new Set<string>();
      for (let pauses = 0; pauses < 16; pauses++) {
        const network = await create();
        const fit = network.fit(inputs, targets, { epochs: 2, batchSize: 100 });
        const outcome = fit.then(
          () => "done",
          (error: BackpropError) => error.code,
        );
        for (let pause = 0; pause < pauses; pause++) await new Promise((resolve) => setImmediate(resolve));
        network.dispose();
        const other = await create();
        const before = bitsOf(parametersOf(other));
        reasons.add(await outcome);
        expect(bitsOf(parametersOf(other)), `after ${pauses} pauses`).toBe(before);
        other.dispose();
      }
      expect(reasons).toContain("disposed");
    });
  });

  it.each(["float32", "float64"] satisfies DType[])("reports its progress in %s", async (dtype) => {
    const network = await create({ dtype });
    // Takes longer than one time slice, even on a fast processor.
    const epochCount = 1_000_000;
    const seen: { epoch: number; epochs: number; loss: number | undefined }[] = [];
    const { loss } = await network.fit(XOR_INPUTS, XOR_TARGETS, {
      epochs: epochCount,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.length).toBeGreaterThan(1);
    for (const { epoch, epochs, loss: last } of seen) {
      expect(epochs).toBe(epochCount);
      expect(last).toBe(loss[epoch - 1]);
    }
    const epochs = seen.map(({ epoch }) => epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(epochs.at(-1)).toBe(epochCount);
    network.dispose();
  });
});

describe("the description of a network", () => {
  it("has the inputs, the dtype and the layers with all their options, which nothing changes", async () => {
    const layers = [dropout(0.1), dense(3, "tanh"), batchNorm(), dense(1)] as const;
    const network = await createNetwork({ inputs: 2, layers, loss: "huber", dtype: "float64" });
    expect(network.inputs).toBe(2);
    expect(network.dtype).toBe("float64");
    expect(network.layers).toEqual(layers);
    expect(network.layers).not.toBe(layers);
    expectTypeOf(network.layers[1]).toEqualTypeOf<DenseLayer>();
    for (const value of [network.layers, ...network.layers]) expect(value).toSatisfy(Object.isFrozen);
    network.setTrainable(1, false);
    expect(network.layers[1].trainable).toBe(true);
    const copy = await createNetwork({
      inputs: 2,
      layers: network.layers,
      loss: network.loss,
      dtype: "float64",
    });
    expect(bitsOf(copy.predict([[1, 2]]).data)).toBe(bitsOf(network.predict([[1, 2]]).data));
    for (const each of [network, network.clone(), copy]) each.dispose();
    expect(network.layers).toEqual(layers);
  });

  it("has the loss as it was given: a name, a copy with options, or a function", async () => {
    const lossOf = async (loss: NetworkOptions["loss"]) => {
      const network = await createNetwork({ inputs: 1, layers: [dense(1)], loss });
      network.dispose();
      return network.loss;
    };
    expect(await lossOf("huber")).toBe("huber");
    const given = { name: "huber", delta: 2, reduction: "sum" } as const;
    const kept = await lossOf(given);
    expect(kept).toEqual(given);
    expect(kept).not.toBe(given);
    expect(kept).toSatisfy(Object.isFrozen);
    const custom = customLoss(() => 0);
    expect(await lossOf(custom)).toBe(custom);
  });
});
