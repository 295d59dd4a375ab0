import { describe, expect, it } from "vitest";
import {
  ACTIVATIONS,
  adam,
  BackpropError,
  checkGradients,
  constant,
  createNetwork,
  type DenseLayer,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  glorotUniform,
  type LayerValues,
  LOSSES,
  loadCore,
  type Network,
  type NetworkOptions,
  numpyRandom,
  prelu,
  sgd,
  transposed,
} from "../src/index.js";

const INPUTS = [
  [0, 1],
  [1, 0],
];
const TARGETS = [[1], [0]];

const create = (changes: object = {}) =>
  createNetwork({ inputs: 2, layers: [dense(1)], loss: "meanSquaredError", ...changes } as NetworkOptions);

function cyclic(): unknown[] {
  const list: unknown[] = [];
  list[0] = list;
  return list;
}

const layer = (changes: object) => [{ ...dense(2), ...changes } as DenseLayer];

describe.each<[string, object, RegExp]>([
  [
    "an optimizer of an unknown name",
    { optimizer: { name: "lamb", learningRate: 1 } },
    /^optimizer\.name is "lamb"/,
  ],
  [
    "an optimizer by its name",
    { optimizer: "sgd" },
    /^optimizer is "sgd"; expected an optimizer such as sgd\(\)\.$/,
  ],
  [
    "an optimizer function that was not called",
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
  ["units that are not an integer", { layers: layer({ units: 1.5 }) }, /^layers\[0\]\.units is 1\.5/],
  ["units beyond 32 bits", { layers: layer({ units: 2 ** 33 }) }, /^layers\[0\]\.units is 8589934592/],
  [
    "an unknown activation",
    { layers: layer({ activation: "sgmoid" }) },
    /^layers\[0\]\.activation is "sgmoid"/,
  ],
  ["a useBias that is no boolean", { layers: layer({ useBias: 2 }) }, /^layers\[0\]\.useBias is 2/],
  ["a softmax of one", { layers: layer({ units: 1, activation: "softmax" }) }, /^layers\[0\]\.units is 1/],
  [
    "an initializer that is not a function",
    { layers: layer({ kernelInitializer: 5 }) },
    /kernelInitializer is 5/,
  ],
  [
    "an initializer that only has a call method",
    { layers: layer({ kernelInitializer: { call() {} } }) },
    /^layers\[0\]\.kernelInitializer is an object \(Object\); expected an initializer such as glorotUniform\(\)\.$/,
  ],
  [
    "an initializer that is asynchronous",
    { layers: layer({ kernelInitializer: () => Promise.reject(new Error("from within")) }) },
    /returned an object \(Promise\)/,
  ],
  [
    "a transposed initializer function that was not called",
    { layers: layer({ kernelInitializer: transposed(glorotUniform as never) }) },
    /returned a function/,
  ],
  [
    "an initializer function that was not called",
    { layers: layer({ kernelInitializer: glorotUniform }) },
    /returned a function/,
  ],
  [
    "an initializer of infinity",
    { layers: layer({ biasInitializer: constant(1e39) }) },
    /wrote NaN or infinity/,
  ],
  ["a function as random", { random: Math.random }, /^random is a function; expected a stream/],
  ["a misspelt loss option", { loss: { name: "huber", detla: 3 } }, /^loss has no option "detla"/],
  [
    "an option of another loss",
    { loss: { name: "huber", clip: 0.1 } },
    /^loss "huber" has no option "clip"; expected it only for "binaryCrossentropy"\.$/,
  ],
  [
    "a quantile of 1",
    { loss: { name: "quantile", quantile: 1 } },
    /^quantile is 1; expected a number above 0 and below 1/,
  ],
  [
    "a gamma below 0",
    { loss: { name: "focal", gamma: -1 } },
    /^gamma is -1; expected a finite number of 0 or more/,
  ],
  [
    "an alpha above 1",
    { loss: { name: "focal", alpha: 1.1 } },
    /^alpha is 1\.1; expected a number from 0 to 1/,
  ],
  [
    "a labelSmoothing of 1",
    { loss: { name: "sigmoidCrossentropy", labelSmoothing: 1 } },
    /^labelSmoothing is 1; expected a number from 0 to below 1/,
  ],
  [
    "a labelSmoothing of a loss without one",
    { loss: { name: "kullbackLeibler", labelSmoothing: 0.1 } },
    /^loss "kullbackLeibler" has no option "labelSmoothing"/,
  ],
  ["a string as clip", { loss: { name: "binaryCrossentropy", clip: "0.1" } }, /^clip is "0\.1"/],
])("createNetwork, given %s,", (_, changes, message) => {
  it("rejects with a message that names it", async () => {
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

  it.each([Object.create(null), {}, Symbol("s"), 5, () => {}])(
    "of dense are refused if the activation is not a known name (%#)",
    (activation) => {
      expect(() => dense(3, activation)).toThrow(/^activation is .+; expected one of "linear"/);
    },
  );

  it("of checkGradients are refused if misspelt", async () => {
    const network = await create({ dtype: "float64" });
    expect(() => checkGradients(network, INPUTS, TARGETS, { eps: 1 } as object)).toThrow(/no option "eps"/);
  });
});

/** An object with the prototype `prototype` whose properties are getters that count their calls. */
function counted<T extends object>(given: T, prototype: object | null = Object.prototype) {
  const reads: Record<string, number> = {};
  const object = Object.create(prototype);
  for (const [key, value] of Object.entries(given)) {
    reads[key] = 0;
    const get = () => {
      reads[key]!++;
      return value;
    };
    Object.defineProperty(object, key, { get, enumerable: true });
  }
  return { object: object as T, reads };
}

describe("the options", () => {
  const fit = { epochs: 2, batchSize: 1, shuffle: false, onProgress: () => {}, signal: AbortSignal.any([]) };
  const cases: [string, object, (given: never) => unknown][] = [
    [
      "of createNetwork",
      {
        inputs: 2,
        layers: [dense(1)],
        loss: "huber",
        optimizer: sgd(),
        dtype: "float64",
        seed: 1,
        random: numpyRandom(1),
        numerics: "strict",
        threads: 1,
      },
      createNetwork,
    ],
    ["of a dense layer", dense(2), (layer) => create({ layers: [layer] })],
    ["of a dropout layer", dropout(0.5), (layer) => create({ layers: [dense(1), layer] })],
    ["of a noise layer", gaussianNoise(0.1), (layer) => create({ layers: [dense(1), layer] })],
    ["of a prelu layer", prelu(), (layer) => create({ layers: [dense(1), layer] })],
    ["of dense", { useBias: true, alpha: 1 }, (options) => dense(1, "elu", options)],
    ["of a loss", { name: "huber", reduction: "sum", delta: 2 }, (loss) => create({ loss })],
    ["of an optimizer", adam(), (optimizer) => create({ optimizer })],
    ["of sgd", { learningRate: 1 }, sgd],
    ["of fit", fit, async (options) => (await create()).fit(INPUTS, TARGETS, options)],
    ["of fitSync", fit, async (options) => (await create()).fitSync(INPUTS, TARGETS, options)],
    [
      "of checkGradients",
      { epsilon: 1e-3 },
      async (options) => checkGradients((await create()) as Network, INPUTS, TARGETS, options),
    ],
    ["of loadCore", { numerics: "strict", threads: false }, (build) => loadCore(undefined, build)],
  ];

  it.each(cases)("%s are read only once", async (_, given, use) => {
    for (const prototype of [Object.prototype, null, { constructor: 1 }]) {
      const { object, reads } = counted(given, prototype);
      await use(object as never);
      expect(reads).toEqual(Object.fromEntries(Object.keys(given).map((key) => [key, 1])));
    }
  });

  it.each(cases)("%s may be inherited from a prototype", async (_, given, use) => {
    await use(Object.create(given) as never);
  });

  it.each(cases)("%s are refused if reading them throws", async (_, given, use) => {
    const cause = new Error("from within");
    const throwing = Object.defineProperty({ ...given }, Object.keys(given)[0]!, {
      get() {
        throw cause;
      },
    });
    const { proxy, revoke } = Proxy.revocable(given, {});
    revoke();
    for (const object of [throwing, proxy]) {
      const error: unknown = await (async () => use(object as never))().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(BackpropError);
      expect(error).toMatchObject({
        code: "invalidOption",
        message: expect.stringContaining("cannot be read"),
      });
    }
  });

  it("of a layer are used as they were checked", async () => {
    let reads = 0;
    const changing = {
      ...dense(2),
      get units() {
        return ++reads === 1 ? 2 : 1e9;
      },
    };
    for (const layer of [changing, Object.create(dense(2)), Object.create({ ...dense(2), units: 2 })]) {
      const network = await create({ layers: [layer] });
      expect(network.predict(INPUTS).shape).toEqual([2, 2]);
      expect(network.parameters[0]!.kernel.shape).toEqual([2, 2]);
      network.dispose();
    }
  });

  it("are refused if a name is unknown, even in a prototype", () => {
    expect(() => sgd(Object.create({ lr: 0.1 }))).toThrow(
      'sgd has no option "lr"; expected "learningRate", ',
    );
    expect(sgd(Object.create({ learningRate: 0.1 }))).toEqual(sgd({ learningRate: 0.1 }));
  });
});

describe("layers and optimizers", () => {
  it("are frozen, so assignments that networks would ignore throw", () => {
    const embedded = embedding([{ column: 0, categories: 2, units: 1 }]);
    for (const made of [
      dense(2),
      dropout(0.5),
      embedded,
      embedded.columns,
      gaussianNoise(1),
      prelu(),
      sgd(),
      adam(),
    ]) {
      expect(() => Object.assign(made, { learningRate: 5, units: 3, rate: 0 })).toThrow(TypeError);
    }
    expect(Object.isFrozen(LOSSES) && Object.isFrozen(ACTIVATIONS)).toBe(true);
  });
});

describe("an option outside the range of the dtype", () => {
  const activated = (alpha: number) => ({ layers: [dense(2, "leakyRelu", { alpha })] });
  const huber = (delta: number) => ({ loss: { name: "huber", delta } });
  const clipped = (clip: number) => ({ loss: { name: "binaryCrossentropy", clip } });

  it.each<[object, string]>([
    [
      activated(1e300),
      "layers[0].alpha is 1e+300, which is too large for float32; expected a finite number of 0 or more.",
    ],
    [
      activated(1e-50),
      "layers[0].alpha is 1e-50, which is too small for float32; expected a finite number of 0 or more.",
    ],
    [huber(1e-300), "delta is 1e-300, which is too small for float32; expected a finite number above 0."],
    [huber(1e300), "delta is 1e+300, which is too large for float32; expected a finite number above 0."],
    [
      { loss: { name: "quantile", quantile: 1 - 1e-10 } },
      "quantile is 0.9999999999, which rounds to 1 in float32; expected a number above 0 and below 1.",
    ],
    [
      { loss: { name: "binaryCrossentropy", labelSmoothing: 1 - 1e-10 } },
      "labelSmoothing is 0.9999999999, which rounds to 1 in float32",
    ],
    [clipped(0.5 - 1e-10), "clip is 0.4999999999; expected a number from 5.96e-8"],
    [{ optimizer: sgd({ learningRate: 1e-50 }) }, "optimizer.learningRate is 1e-50, which is too small"],
    [{ optimizer: sgd({ learningRate: 1e300 }) }, "optimizer.learningRate is 1e+300, which is too large"],
    [{ optimizer: adam({ epsilon: 1e-50 }) }, "optimizer.epsilon is 1e-50, which is too small for float32"],
    [{ optimizer: adam({ epsilon: 1e-40 }) }, "optimizer.epsilon is 1e-40, which is too small for float32"],
    [
      { optimizer: adam({ beta2: 1 - 1e-10 }) },
      "optimizer.beta2 is 0.9999999999, which rounds to 1 in float32; expected a number from 0 to below 1.",
    ],
    [{ layers: [dense(1), dropout(1 - 1e-10)] }, "layers[1].rate is 0.9999999999, which rounds to 1 in"],
  ])("is refused in float32 and taken in float64: %j", async (changes, message) => {
    await expect(create({ ...changes, dtype: "float32" })).rejects.toMatchObject({
      name: "BackpropError",
      code: "invalidOption",
      message: expect.stringContaining(message),
    });
    (await create({ ...changes, dtype: "float64" })).dispose();
  });

  it("is refused by checkGradients", async () => {
    const network = (await create()) as Network;
    expect(() => checkGradients(network, INPUTS, TARGETS, { epsilon: 1e-50 })).toThrow(
      "epsilon is 1e-50, which is too small for float32",
    );
  });

  it("may be 0 where 0 is allowed", async () => {
    const layers = [dense(1, "leakyRelu", { alpha: 0 }), dropout(0)];
    (await create({ layers, optimizer: sgd({ learningRate: 0 }) })).dispose();
  });
});

describe("a huge array", () => {
  const HUGE = 2 ** 32 - 1;
  const endless = (element: unknown) =>
    new Proxy([], { get: (_, key) => (key === "length" ? HUGE : element) });

  it.each<[string, () => unknown]>([
    ["layers, all empty", () => create({ layers: new Array(HUGE) })],
    ["layers, all there", () => create({ layers: endless(dense(1)) })],
    ["a shape", async () => (await create()).predict({ data: [1, 2], shape: new Array(HUGE) })],
    ["an endless shape", async () => (await create()).predict({ data: [1, 2], shape: endless(1) })],
    ["parameters", async () => (await create()).setParameters(new Array(HUGE))],
    ["a kernel", async () => (await create()).setParameters([{ kernel: new Array(HUGE), bias: [1] }])],
    ["a bias", async () => (await create()).setParameters([{ kernel: [[1], [1]], bias: new Array(HUGE) }])],
  ])("is refused at once: %s", async (_, work) => {
    const error: unknown = await (async () => work())().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BackpropError);
  });
});

describe("parameters", () => {
  it.each<[string, unknown, string]>([
    [
      "an unknown name",
      [{ kernel: [[1], [2]], bias: [3], gamma: [4] }],
      'parameters[0] has no parameter "gamma"; expected "kernel", "bias".',
    ],
    [
      "an unknown name in a prototype",
      [Object.create({ kernels: 1 })],
      'parameters[0] has no parameter "kernels"; expected "kernel", "bias".',
    ],
    [
      "a cyclic kernel",
      [{ kernel: cyclic(), bias: [3] }],
      "parameters[0].kernel has shape [1, 1, 1, 1, 1, 1, 1, 1]; expected shape [2, 1].",
    ],
    [
      "a getter that throws",
      [
        {
          get kernel() {
            throw new Error("from within");
          },
          bias: [3],
        },
      ],
      "parameters cannot be read: from within.",
    ],
  ])("with %s are refused, and none changes", async (_, values, message) => {
    const network = await create();
    const before = JSON.stringify(network.parameters);
    expect(() => network.setParameters(values as LayerValues[])).toThrow(message);
    expect(() => network.applyGradients(values as LayerValues[])).toThrow(
      message.replace("parameters", "gradients"),
    );
    expect(JSON.stringify(network.parameters)).toBe(before);
    network.dispose();
  });

  it("are refused for a layer that has none", async () => {
    const network = await create({ layers: [dense(1), dropout(0.5)] });
    const values = [{ kernel: [[1], [2]], bias: [3] }, { kernel: [[1]] }];
    expect(() => network.setParameters(values)).toThrow(
      'parameters[1] has no parameter "kernel"; expected none.',
    );
    network.setParameters([values[0]!, {}]);
    network.dispose();
  });
});

describe("a network", () => {
  it("is not affected by later changes of the objects that described it", async () => {
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

  it("accepts live tensors as data, also after their memory has grown", async () => {
    const wide = await create({ inputs: 1000, layers: [dense(3000)] });
    const { kernel } = wide.parameters[0]!;
    const reader = await create({ inputs: 3000, layers: [dense(1)] });
    const { data, shape } = kernel;
    const expected = reader.predict({ data: data.slice(), shape }).toArray();
    expect(reader.predict(kernel).toArray()).toEqual(expected);
    wide.dispose();
    reader.dispose();
  });

  it("is refused if it is larger than any memory", async () => {
    const units = [1_073_764_324, 2_147_438_066, 1];
    const layers = units.map((count) => dense(count, "linear", { useBias: false }));
    await expect(create({ inputs: 1, layers })).rejects.toMatchObject({ code: "outOfMemory" });
  });
});
