import { beforeAll, describe, expect, it } from "vitest";
import { StructView } from "../src/abi/struct.js";
import { OptimizerStruct } from "../src/abi/structs.js";
import type { DType, FloatArray } from "../src/dtype.js";
import {
  type Adam,
  adam,
  createNetwork,
  dense,
  type Network,
  type NetworkOptions,
  nadam,
  type Optimizer,
  type OptimizerOptions,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { replaceExports } from "./support/replaceExports.js";

type AdamOptions = OptimizerOptions<Adam>;

let core: Core;

beforeAll(async () => {
  core = await sharedCore();
});

/** A network whose parameters are one kernel [count, 1], with these values. */
async function createFlat(dtype: DType, optimizer: Optimizer, values: ArrayLike<number>): Promise<Network> {
  const layers = [dense(1, "linear", { useBias: false })];
  const network = await createNetwork({
    inputs: values.length,
    layers,
    loss: "meanSquaredError",
    dtype,
    optimizer,
  });
  network.setParameters([{ kernel: { data: values, shape: [values.length, 1] } }]);
  return network;
}

function applyFlat(network: Network, gradients: ArrayLike<number>): void {
  network.applyGradients([{ kernel: { data: gradients, shape: [gradients.length, 1] } }]);
}

function bitsOfParameters(network: Network): string {
  return bitsOf(valuesOf(network.parameters));
}

/** Adam, one number at a time, in the order of operations of assembly/optimizers/adam.ts. */
class ScalarAdam {
  readonly #options: Adam & { readonly learningRate: number };
  readonly #round: (value: number) => number;
  readonly #parameters: FloatArray;
  readonly #m: FloatArray;
  readonly #v: FloatArray;
  #step = 0;

  constructor(dtype: DType, options: Adam, parameters: ArrayLike<number>) {
    this.#options = options as Adam & { readonly learningRate: number };
    this.#round = dtype === "float32" ? Math.fround : (value) => value;
    this.#parameters = floats(dtype, Array.from(parameters));
    this.#m = floats(dtype, parameters.length);
    this.#v = floats(dtype, parameters.length);
  }

  get parameters(): readonly number[] {
    return [...this.#parameters];
  }

  apply(gradients: ArrayLike<number>): void {
    const { learningRate, beta1, beta2, epsilon } = this.#options;
    const round = this.#round;
    const [parameters, m, v] = [this.#parameters, this.#m, this.#v];
    const step = ++this.#step;
    const scale = Math.sqrt(1 - power(beta2, step));
    const rate = round((learningRate * scale) / (1 - power(beta1, step)));
    const scaledEpsilon = round(epsilon * scale);
    for (let i = 0; i < parameters.length; i++) {
      const g = round(gradients[i]!);
      const change = round(g - m[i]!);
      m[i] = beta1 > 0.5 ? m[i]! + round(round(1 - beta1) * change) : g + round(round(-beta1) * change);
      v[i] = round(round(beta2) * v[i]!) + round(round(1 - beta2) * round(g * g));
      const denominator = round(round(Math.sqrt(v[i]!)) + scaledEpsilon);
      parameters[i] = parameters[i]! - round(round(rate * m[i]!) / denominator);
    }
  }
}

/** x to the power of `exponent` by repeated squaring, as in the core. */
function power(x: number, exponent: number): number {
  let result = 1;
  for (let bits = exponent, square = x; bits > 0; bits >>= 1, square *= square)
    if (bits & 1) result *= square;
  return result;
}

/** Arbitrary hyperparameters, for both formulas of m. */
const CHOICES: readonly AdamOptions[] = [
  {},
  { learningRate: 0.1, beta1: 0.3, beta2: 0.99, epsilon: 1e-3 },
  { learningRate: 0.01, beta1: 0, beta2: 0 },
  { learningRate: 3, beta1: 0.5, beta2: 0.5, epsilon: 10 },
];

describe.each(DTYPES)("Adam in %s", (dtype) => {
  const SIZES = [...Array.from({ length: 18 }, (_, i) => i + 1), 31, 32, 33, 63, 64, 65];

  it("computes the bits of its definition for sizes around multiples of the vector width", async () => {
    for (const options of CHOICES) {
      for (const size of SIZES) {
        const initial = spread(size, -2, 2, 0.3);
        const network = await createFlat(dtype, adam(options), initial);
        const twin = new ScalarAdam(dtype, adam(options), initial);
        for (let step = 0; step < 12; step++) {
          const gradients = spread(size, -(10 ** (step - 6)), 10 ** (step - 6), step / 13);
          gradients[step % size] = step % 2 ? 0 : 1e-30;
          applyFlat(network, gradients);
          twin.apply(gradients);
          expect(bitsOfParameters(network)).toBe(bitsOf(twin.parameters));
        }
        network.dispose();
      }
    }
  });

  it("computes the bits of its definition in a fit", async () => {
    for (const options of CHOICES) {
      const { network, inputs, targets } = await createProblem({ dtype, optimizer: adam(options) });
      const twin = new ScalarAdam(dtype, adam(options), valuesOf(network.parameters));
      for (let step = 0; step < 10; step++) {
        twin.apply(valuesOf(network.gradients(inputs, targets).layers));
        network.fitSync(inputs, targets, { batchSize: 12 });
        expect(bitsOfParameters(network)).toBe(bitsOf(twin.parameters));
      }
      network.dispose();
    }
  });

  // Tiny gradients after a large one.
  it("takes steps of g / (|g| + epsilon) if both betas are 0", async () => {
    const network = await createFlat(
      dtype,
      adam({ learningRate: 1, beta1: 0, beta2: 0, epsilon: 1e-12 }),
      [0],
    );
    for (const gradient of [1, 1e-9, -1e-9]) {
      const before = network.parameters[0]!.kernel!.data[0]!;
      applyFlat(network, [gradient]);
      const step = before - network.parameters[0]!.kernel!.data[0]!;
      expect(step).toBeCloseTo(gradient / (Math.abs(gradient) + 1e-12), 5);
    }
    network.dispose();
  });

  it("starts with a state of zeros in memory that another network has used", async () => {
    const train = async () => {
      const { network, inputs, targets } = await createProblem({ dtype });
      network.fitSync(inputs, targets, { epochs: 3, batchSize: 4 });
      const bits = bitsOfParameters(network);
      network.dispose();
      return bits;
    };
    expect(await train()).toBe(await train());
  });

  describe("refuses a step", () => {
    const SIZE = 19;
    const POSITIONS = [0, 1, 3, 8, SIZE - 2, SIZE - 1];
    const huge = dtype === "float32" ? 1e30 : 1e200;
    const largest = dtype === "float32" ? 3e38 : 1.5e308;

    /** A network after three steps, and functions that read everything that a step may change. */
    async function trained(optimizer: Optimizer = adam()) {
      const { network_set_optimizer: setOptimizer } = core.exports;
      let [networkAddress, optimizerAddress] = [0, 0];
      replaceExports(core, {
        network_set_optimizer(...addresses) {
          [networkAddress, optimizerAddress] = addresses;
          return setOptimizer(...addresses);
        },
      });
      const network = await createFlat(dtype, optimizer, spread(SIZE));
      const view = new StructView(OptimizerStruct, core.memory, optimizerAddress);
      const read = () => ({
        parameters: bitsOfParameters(network),
        steps: view.get("step"),
        state: Buffer.from(
          core.memory.buffer,
          view.get("state"),
          view.get("slots") * view.get("slotSize"),
        ).toString("hex"),
      });
      const readGradients = () => {
        const address = core.exports.network_gradients(networkAddress) >>> 0;
        return Array.from(
          dtype === "float32"
            ? new Float32Array(core.memory.buffer, address, SIZE)
            : new Float64Array(core.memory.buffer, address, SIZE),
        );
      };
      for (let step = 0; step < 3; step++) applyFlat(network, gradientsOf(step));
      return { network, read, readGradients };
    }

    const gradientsOf = (step: number) => spread(SIZE, -1, 1, step / 5);

    function expectRefusal(
      { network, read, readGradients }: Awaited<ReturnType<typeof trained>>,
      gradients: number[],
    ) {
      const before = read();
      const error = errorOf(() => applyFlat(network, gradients));
      expect(error.code).toBe("diverged");
      expect(read()).toEqual(before);
      expect(readGradients()).toEqual([...floats(dtype, gradients)]);
    }

    async function expectToGoOn(
      { network, read }: Awaited<ReturnType<typeof trained>>,
      optimizer?: Optimizer,
    ) {
      const untried = await trained(optimizer);
      for (let step = 3; step < 6; step++) {
        for (const each of [network, untried.network]) applyFlat(each, gradientsOf(step));
        expect(read()).toEqual(untried.read());
      }
      network.dispose();
      untried.network.dispose();
    }

    it("with an infinite g² at any position, which does not affect later steps", async () => {
      const subject = await trained();
      for (const at of POSITIONS) {
        for (const bad of [huge, -huge, largest]) {
          const gradients = gradientsOf(9);
          gradients[at] = bad;
          expectRefusal(subject, gradients);
        }
      }
      expectRefusal(subject, Array(SIZE).fill(huge));
      await expectToGoOn(subject);
    });

    it("that would make a parameter infinite, at any position", async () => {
      for (const at of POSITIONS) {
        const optimizer = adam({ learningRate: largest });
        const network = await createFlat(
          dtype,
          optimizer,
          floats(dtype, SIZE).map((_, i) => (i === at ? -largest / 2 : 0)),
        );
        const before = bitsOfParameters(network);
        expect(errorOf(() => applyFlat(network, Array(SIZE).fill(1)))).toMatchObject({
          code: "diverged",
          message: expect.stringContaining(`smaller learningRate than ${largest}`),
        });
        expect(bitsOfParameters(network)).toBe(before);
        // The other parameters remain finite in the same step.
        applyFlat(
          network,
          Array.from({ length: SIZE }, (_, i) => (i === at ? 0 : 1)),
        );
        expect(bitsOfParameters(network)).not.toBe(before);
        network.dispose();
      }
    });

    it("with an infinite learningRate · m, although a large epsilon makes the step small", async () => {
      const [large, gradient] = dtype === "float32" ? [1e30, 1e12] : [1e300, 1e100];
      const optimizer = adam({ learningRate: large, epsilon: large });
      const subject = await trained(optimizer);
      for (const at of POSITIONS) {
        const gradients = gradientsOf(9);
        gradients[at] = gradient;
        expectRefusal(subject, gradients);
      }
      await expectToGoOn(subject, optimizer);
    });

    it("in a fit, which then throws diverged and keeps the parameters", async () => {
      // The loss is finite, about 1e25 or 1e180, but the square of its gradient is infinite.
      const big = dtype === "float32" ? 1e25 : 1e180;
      const inputs = { data: [...spread(SIZE - 1), big], shape: [1, SIZE] };
      const network = await createNetwork({
        inputs: SIZE,
        layers: [dense(1, "linear", { useBias: false })],
        loss: "meanAbsoluteError",
        optimizer: adam(),
        dtype,
      });
      const before = bitsOfParameters(network);
      const error = errorOf(() => network.fitSync(inputs, [[0]]));
      expect(error).toMatchObject({
        code: "diverged",
        epoch: 0,
        message: expect.stringContaining("An update"),
      });
      expect(bitsOfParameters(network)).toBe(before);
      network.dispose();
    });
  });
});

/** 12 rows for a network of 3, 5 and 2 units. */
async function createProblem(changes: Partial<NetworkOptions>) {
  const layers = [dense(5, "tanh"), dense(2)];
  const network = await createNetwork({
    inputs: 3,
    layers,
    loss: "meanSquaredError",
    optimizer: adam(),
    ...changes,
  });
  const inputs = { data: spread(12 * 3), shape: [12, 3] };
  const targets = { data: spread(12 * 2, -1, 1, 0.2), shape: [12, 2] };
  return { network, inputs, targets };
}

describe.each(DTYPES)("the mean of gradients that are 0 from some step on, in %s", (dtype) => {
  it.each([adam, nadam])("becomes 0 instead of staying subnormal: %o", async (create) => {
    // A large rate makes steps of a subnormal mean visible.
    const network = await createFlat(dtype, create({ learningRate: 1e6 }), [1, 1]);
    applyFlat(network, [1e-3, -1e-3]);
    for (let step = 0; step < (dtype === "float32" ? 1000 : 7000); step++) applyFlat(network, [0, 0]);
    network.setParameters([{ kernel: [[0], [0]] }]);
    applyFlat(network, [0, 0]);
    expect(valuesOf(network.parameters).map(Math.abs)).toEqual([0, 0]);
    network.dispose();
  });
});
