import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  createNetwork,
  type DType,
  dense,
  type Network,
  nadam,
  type Optimizer,
  rmsprop,
  rprop,
  sgd,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { OPTIMIZERS } from "./support/optimizers.js";
import { valuesOf } from "./support/parameters.js";

// The optimizers' options, and training with them.

const inputs = { data: spread(12 * 3), shape: [12, 3] };
const targets = { data: spread(12 * 2, -1, 1, 0.2), shape: [12, 2] };

async function create(optimizer: Optimizer, dtype: DType = "float64"): Promise<Network> {
  const layers = [dense(5, "tanh"), dense(2)];
  return createNetwork({ inputs: 3, layers, loss: "meanSquaredError", optimizer, dtype });
}

const bitsOfParameters = (network: Network) => bitsOf(valuesOf(network.parameters));

describe("the options of the optimizers", () => {
  it("default to PyTorch's", () => {
    expect(sgd()).toEqual({
      name: "sgd",
      learningRate: 0.01,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    });
    expect(rmsprop()).toEqual({
      name: "rmsprop",
      learningRate: 0.01,
      alpha: 0.99,
      epsilon: 1e-8,
      centered: false,
      momentum: 0,
      weightDecay: 0,
    });
    expect(adagrad()).toEqual({
      name: "adagrad",
      learningRate: 0.01,
      learningRateDecay: 0,
      initialAccumulator: 0,
      epsilon: 1e-10,
      weightDecay: 0,
    });
    expect(adadelta()).toEqual({
      name: "adadelta",
      learningRate: 1,
      rho: 0.9,
      epsilon: 1e-6,
      weightDecay: 0,
    });
    expect(adam()).toEqual({
      name: "adam",
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      amsgrad: false,
      weightDecay: 0,
    });
    expect(adamW()).toEqual({ ...adam(), name: "adamW", weightDecay: 0.01 });
    expect(nadam()).toEqual({
      name: "nadam",
      learningRate: 0.002,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      momentumDecay: 0.004,
      decoupledWeightDecay: false,
      weightDecay: 0,
    });
    expect(rprop()).toEqual({
      name: "rprop",
      learningRate: 0.01,
      etas: [0.5, 1.2],
      stepSizes: [1e-6, 50],
    });
  });

  const NOT_NEGATIVE = [-1, Number.NaN, Infinity, "0.1", null];
  const BELOW_ONE = [-0.1, 1, Number.NaN, "0.9", null];
  const POSITIVE = [0, -1e-8, Number.NaN, Infinity, "1", null];
  const FLAG = [0, 1, "true", null];
  const PAIR = [
    null,
    0.5,
    "ab",
    [0.5],
    [0.5, 1.2, 3],
    [0.5, Number.NaN],
    [Infinity, 1.2],
    new Array(2),
    ["0.5", 1.2],
  ];
  type Invalid = readonly [
    string,
    (options: object) => Optimizer,
    Readonly<Record<string, readonly unknown[]>>,
  ];
  const INVALID: readonly Invalid[] = [
    [
      "sgd",
      sgd,
      {
        learningRate: NOT_NEGATIVE,
        momentum: NOT_NEGATIVE,
        dampening: [Number.NaN, Infinity, "0"],
        nesterov: FLAG,
        weightDecay: NOT_NEGATIVE,
      },
    ],
    [
      "rmsprop",
      rmsprop,
      {
        learningRate: NOT_NEGATIVE,
        alpha: BELOW_ONE,
        epsilon: POSITIVE,
        centered: FLAG,
        momentum: NOT_NEGATIVE,
        weightDecay: NOT_NEGATIVE,
      },
    ],
    [
      "adagrad",
      adagrad,
      {
        learningRate: NOT_NEGATIVE,
        learningRateDecay: NOT_NEGATIVE,
        initialAccumulator: NOT_NEGATIVE,
        epsilon: POSITIVE,
        weightDecay: NOT_NEGATIVE,
      },
    ],
    [
      "adadelta",
      adadelta,
      { learningRate: NOT_NEGATIVE, rho: BELOW_ONE, epsilon: POSITIVE, weightDecay: NOT_NEGATIVE },
    ],
    ...[adam, adamW].map(
      (make): Invalid => [
        make.name,
        make,
        {
          learningRate: NOT_NEGATIVE,
          beta1: BELOW_ONE,
          beta2: BELOW_ONE,
          epsilon: POSITIVE,
          amsgrad: FLAG,
          weightDecay: NOT_NEGATIVE,
        },
      ],
    ),
    [
      "nadam",
      nadam,
      {
        learningRate: NOT_NEGATIVE,
        beta1: BELOW_ONE,
        beta2: BELOW_ONE,
        epsilon: POSITIVE,
        momentumDecay: NOT_NEGATIVE,
        decoupledWeightDecay: FLAG,
        weightDecay: NOT_NEGATIVE,
      },
    ],
    [
      "rprop",
      rprop,
      {
        learningRate: NOT_NEGATIVE,
        etas: [...PAIR, [0, 1.2], [1, 1.2], [0.5, 1], [1.2, 0.5]],
        stepSizes: [...PAIR, [0, 1], [-1, 1], [2, 1]],
      },
    ],
  ];

  it.each(INVALID)(
    "of %s throw invalidOption if they are invalid, also in an object written by hand",
    async (name, make, options) => {
      expect(Object.keys(make({})).sort()).toEqual(["name", ...Object.keys(options)].sort());
      for (const [key, values] of Object.entries(options)) {
        for (const value of values) {
          const error = errorOf(() => make({ [key]: value }));
          expect(error.code).toBe("invalidOption");
          expect(error.message).toMatch(new RegExp(`^${key} is .+; expected .+\\.$`));
        }
        for (const value of values) {
          await expect(create({ ...make({}), [key]: value } as Optimizer)).rejects.toMatchObject({
            code: "invalidOption",
            message: expect.stringMatching(new RegExp(`^optimizer\\.${key} is .+; expected .+\\.$`)),
          });
        }
      }
      const error = errorOf(() => make({ lr: 1 }));
      expect(error.message).toMatch(new RegExp(`^${name} has no option "lr"; expected "learningRate", `));
      await expect(create({ ...make({}), lr: 1 } as unknown as Optimizer)).rejects.toMatchObject({
        code: "invalidOption",
        message: expect.stringMatching(/^optimizer has no option "lr"; expected "name", "learningRate"/),
      });
    },
  );

  it("are refused with an unknown name", async () => {
    await expect(create({ ...adam(), name: "Adam" } as never)).rejects.toMatchObject({
      code: "unknownName",
      message: expect.stringMatching(/^optimizer\.name is "Adam"; expected one of "sgd", .*"adam"/),
    });
  });

  it("of sgd allow nesterov only with a momentum and without dampening", async () => {
    for (const options of [{}, { momentum: 0.9, dampening: 0.1 }, { momentum: 0 }]) {
      const error = errorOf(() => sgd({ ...options, nesterov: true }));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^nesterov is true with momentum /);
    }
    await expect(create({ ...sgd(), nesterov: true })).rejects.toMatchObject({ code: "invalidOption" });
    expect(sgd({ momentum: 0.1, nesterov: true }).nesterov).toBe(true);
  });

  it("have their defaults if an optimizer written by hand omits them", async () => {
    const [network, twin] = [await create({ name: "adamW" } as Optimizer), await create(adamW())];
    for (const each of [network, twin]) each.fitSync(inputs, targets);
    expect(network.optimizer).toEqual(adamW());
    expect(bitsOfParameters(network)).toBe(bitsOfParameters(twin));
    for (const each of [network, twin]) each.dispose();
  });

  const CLIPS = Object.entries({ sgd, rmsprop, adagrad, adadelta, adam, adamW, nadam, rprop });

  it.each(CLIPS)("of %s accept clipValue and clipNorm above 0", async (_name, make) => {
    expect(make({ clipValue: 1, clipNorm: 2 })).toEqual({ ...make(), clipValue: 1, clipNorm: 2 });
    expect(Object.keys(make({ clipValue: undefined, clipNorm: undefined }))).toEqual(Object.keys(make()));
    for (const key of ["clipValue", "clipNorm"]) {
      for (const value of [0, -1, Number.NaN, Infinity, "1", null]) {
        const error = errorOf(() => make({ [key]: value }));
        expect(error.code).toBe("invalidOption");
        expect(error.message).toMatch(new RegExp(`^${key} is .+; expected a finite number above 0\\.$`));
      }
      await expect(create({ ...make(), [key]: 0 } as Optimizer)).rejects.toMatchObject({
        code: "invalidOption",
      });
    }
  });

  it("are not affected by later changes of their arrays", () => {
    const etas: [number, number] = [0.5, 1.2];
    const optimizer = rprop({ etas });
    etas[0] = 2;
    expect(optimizer.etas).toEqual([0.5, 1.2]);
  });

  it("are refused at once if they are huge arrays", () => {
    const huge = new Array(2 ** 32 - 1) as unknown as [number, number];
    expect(errorOf(() => rprop({ etas: huge })).code).toBe("invalidOption");
  });
});

describe.each(DTYPES)("in %s", (dtype) => {
  it.each(Object.entries(OPTIMIZERS))(
    "ten fits of one epoch equal one fit of ten, by %s",
    async (_name, optimizer) => {
      const [once, often] = [await create(optimizer, dtype), await create(optimizer, dtype)];
      const whole = once.fitSync(inputs, targets, { epochs: 10, batchSize: 5 });
      const losses: number[] = [];
      for (let i = 0; i < 10; i++) losses.push(...often.fitSync(inputs, targets, { batchSize: 5 }).loss);
      expect(losses).toEqual(whole.loss);
      expect(bitsOfParameters(often)).toBe(bitsOfParameters(once));
      // Without the state, the next step is different, unless the optimizer has no state.
      const fresh = await create(optimizer, dtype);
      fresh.setParameters(JSON.parse(JSON.stringify(once.parameters)));
      for (const network of [once, fresh]) network.fitSync(inputs, targets);
      const hasState = optimizer.name !== "sgd" || optimizer.momentum > 0;
      expect(bitsOfParameters(fresh) !== bitsOfParameters(once)).toBe(hasState);
      for (const network of [once, often, fresh]) network.dispose();
    },
  );

  it("a learning rate of 0 changes no parameter, except by Rprop", async () => {
    for (const optimizer of Object.values(OPTIMIZERS)) {
      const network = await create({ ...optimizer, learningRate: 0 }, dtype);
      const before = bitsOfParameters(network);
      network.fitSync(inputs, targets, { epochs: 3, batchSize: 5 });
      expect(bitsOfParameters(network) === before).toBe(optimizer.name !== "rprop");
      network.dispose();
    }
  });

  it("clipping changes the step, but not gradients(), and only above the threshold", async () => {
    const plain = await create(sgd({ learningRate: 1 }), dtype);
    const { loss, layers } = plain.gradients(inputs, targets);
    const norm = Math.sqrt(valuesOf(layers).reduce((sum, gradient) => sum + gradient ** 2, 0));
    const before = valuesOf(plain.parameters);
    plain.fitSync(inputs, targets);
    const networks = {
      value: await create(sgd({ learningRate: 1, clipValue: 0.01 }), dtype),
      norm: await create(sgd({ learningRate: 1, clipNorm: norm / 2 }), dtype),
      large: await create(sgd({ learningRate: 1, clipNorm: norm * 2 }), dtype),
    };
    for (const network of Object.values(networks)) {
      expect(network.gradients(inputs, targets)).toEqual({ loss, layers });
      network.fitSync(inputs, targets);
    }
    const steps = (network: Network) => valuesOf(network.parameters).map((value, i) => before[i]! - value);
    for (const [i, step] of steps(networks.value).entries()) {
      const gradient = valuesOf(layers)[i]!;
      expect(step).toBeCloseTo(Math.max(-0.01, Math.min(0.01, gradient)), 6);
      expect(steps(networks.norm)[i]).toBeCloseTo(gradient / 2, 5);
    }
    expect(bitsOfParameters(networks.large)).toBe(bitsOfParameters(plain));
    for (const network of [plain, ...Object.values(networks)]) network.dispose();
  });

  it("weight decay is not part of the loss, and shrinks biases too", async () => {
    for (const decayed of [
      sgd({ weightDecay: 0.5, learningRate: 0.1 }),
      adamW({ weightDecay: 0.5, learningRate: 0.1 }),
    ]) {
      const [network, plain] = [await create(decayed, dtype), await create(sgd(), dtype)];
      for (const each of [network, plain]) {
        each.setParameters([
          { kernel: { data: spread(15), shape: [3, 5] }, bias: [1, 1, 1, 1, 1] },
          { kernel: { data: spread(10), shape: [5, 2] }, bias: [1, 1] },
        ]);
      }
      expect(network.evaluate(inputs, targets)).toEqual(plain.evaluate(inputs, targets));
      expect(network.gradients(inputs, targets)).toEqual(plain.gradients(inputs, targets));
      const zeros = network.parameters.map(({ kernel, bias }) => ({
        kernel: { data: new Float64Array(kernel.data.length), shape: kernel.shape },
        bias: new Float64Array(bias!.data.length),
      }));
      network.applyGradients(zeros);
      for (const bias of network.parameters.flatMap(({ bias }) => [...bias!.data]))
        expect(bias).toBeCloseTo(0.95, 6);
      for (const each of [network, plain]) each.dispose();
    }
  });

  // Not Rprop, which reads only signs, and not clipped gradients, which are small.
  const PROPORTIONAL = Object.entries(OPTIMIZERS).filter(
    ([, { name, clipValue, clipNorm }]) =>
      name !== "rprop" && clipValue === undefined && clipNorm === undefined,
  );

  it.each(PROPORTIONAL)(
    "a step by %s that would not be finite changes nothing, and later steps are not affected",
    async (_name, optimizer) => {
      const [gradient, parameter] = dtype === "float32" ? [3e38, -3.4e38] : [1.5e308, -1.79e308];
      const [network, untried] = [await create(optimizer, dtype), await create(optimizer, dtype)];
      for (const each of [network, untried]) each.fitSync(inputs, targets, { epochs: 3, batchSize: 5 });
      const gradients = network.gradients(inputs, targets).layers;
      gradients[0]!.kernel.data[2] = gradient;
      network.parameters[0]!.kernel.data[2] = parameter;
      const before = bitsOfParameters(network);
      expect(errorOf(() => network.applyGradients(gradients)).code).toBe("diverged");
      expect(bitsOfParameters(network)).toBe(before);
      network.parameters[0]!.kernel.data[2] = untried.parameters[0]!.kernel.data[2]!;
      for (const each of [network, untried]) each.fitSync(inputs, targets, { epochs: 3, batchSize: 5 });
      expect(bitsOfParameters(network)).toBe(bitsOfParameters(untried));
      for (const each of [network, untried]) each.dispose();
    },
  );
});
