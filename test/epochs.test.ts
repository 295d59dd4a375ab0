// network.epoch counts the epochs of all fits of a network. The order of shuffled rows depends on it.

import { describe, expect, it } from "vitest";
import {
  createNetwork,
  type DType,
  dense,
  type FitOptions,
  heNormal,
  heUniform,
  type Network,
  type NetworkOptions,
  numpyRandom,
  type RandomStream,
  sgd,
  torchRandom,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { parametersOf, shuffledOrders } from "./support/oracle.js";

const ROWS = 30;
const inputs = { data: spread(ROWS * 2), shape: [ROWS, 2] };
const targets = { data: spread(ROWS, -1, 1, 0.3), shape: [ROWS, 1] };

const create = (changes: Partial<NetworkOptions> = {}) =>
  createNetwork({
    inputs: 2,
    layers: [dense(4, "tanh"), dense(1)],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.1 }),
    dtype: "float64",
    ...changes,
  });

/** The bits of the losses and parameters of a network after `fits`. */
async function bitsAfter(
  changes: Partial<NetworkOptions>,
  fits: readonly FitOptions[],
  before: (network: Network) => void = () => {},
): Promise<string> {
  const network = await create(changes);
  before(network);
  const losses = fits.flatMap((options) => network.fitSync(inputs, targets, options).loss);
  const bits = bitsOf(losses) + bitsOf(parametersOf(network));
  network.dispose();
  return bits;
}

/** A stream that counts its calls. */
function counted(random: RandomStream): RandomStream & { draws: number } {
  return {
    draws: 0,
    fillUniform(...values) {
      this.draws++;
      random.fillUniform(...values);
    },
    fillNormal(...values) {
      this.draws++;
      random.fillNormal(...values);
    },
  };
}

describe("ten fits of one epoch", () => {
  const cases = DTYPES.flatMap((dtype) =>
    [true, false].flatMap((shuffle) =>
      [1, 7, 30].map((batchSize): [DType, boolean, number] => [dtype, shuffle, batchSize]),
    ),
  );

  it.each(cases)(
    "have the bits of one fit of ten epochs: %s, shuffle %s, batches of %i",
    async (dtype, shuffle, batchSize) => {
      const sources: (() => Partial<NetworkOptions>)[] = [
        () => ({}),
        () => ({ seed: 3 }),
        () => ({ random: torchRandom(5) }),
      ];
      for (const source of sources) {
        const changes = () => ({ ...source(), dtype });
        const one = await bitsAfter(changes(), [{ epochs: 10, shuffle, batchSize }]);
        const ten = await bitsAfter(changes(), Array(10).fill({ epochs: 1, shuffle, batchSize }));
        const mixed = await bitsAfter(
          changes(),
          [3, 1, 6].map((epochs) => ({ epochs, shuffle, batchSize })),
        );
        expect(ten).toBe(one);
        expect(mixed).toBe(one);
      }
    },
  );
});

describe("network.epoch", () => {
  it("counts the epochs of all fits", async () => {
    const network = await create();
    expect(network.epoch).toBe(0);
    network.fitSync(inputs, targets);
    expect(network.epoch).toBe(1);
    await network.fit(inputs, targets, { epochs: 4, shuffle: false });
    expect(network.epoch).toBe(5);
    network.evaluate(inputs, targets);
    network.applyGradients(network.gradients(inputs, targets).layers);
    expect(network.epoch).toBe(5);
    expect(() => network.fitSync(inputs, { data: [1], shape: [1, 1] })).toThrow();
    expect(network.epoch).toBe(5);
    network.dispose();
  });

  it("counts the finished epochs of an aborted fit, and the next fit uses the order of the next epoch", async () => {
    const network = await create({ seed: 4 });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const error = await network
      .fit(inputs, targets, { epochs: 1_000_000, batchSize: 30, onProgress, signal: controller.signal })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "aborted" });
    const { epoch } = error as { epoch: number };
    expect(epoch).toBeGreaterThan(0);
    expect(network.epoch).toBe(epoch);
    const { loss } = network.fitSync(inputs, targets, { epochs: 2, batchSize: 7 });
    expect(network.epoch).toBe(epoch + 2);
    const twin = await create({ seed: 4 });
    twin.fitSync(inputs, targets, { epochs: epoch, batchSize: 30 });
    expect(bitsOf(twin.fitSync(inputs, targets, { epochs: 2, batchSize: 7 }).loss)).toBe(bitsOf(loss));
    for (const each of [network, twin]) each.dispose();
  });

  it("counts the finished epochs of a fit that diverged or whose callback threw", async () => {
    const network = await create({ layers: [dense(1)], optimizer: sgd({ learningRate: 1.5 }) });
    const error = await network
      .fit(inputs, targets, { epochs: 1_000_000, batchSize: 7 })
      .catch((caught) => caught);
    expect(error).toMatchObject({ code: "diverged" });
    expect(error.epoch).toBeGreaterThan(0);
    expect(network.epoch).toBe(error.epoch);
    const other = await create();
    const onProgress = () => {
      throw new Error("from the callback");
    };
    expect(() => other.fitSync(inputs, targets, { onProgress })).toThrow("from the callback");
    expect(other.epoch).toBe(1);
    for (const each of [network, other]) each.dispose();
  });
});

describe("the order of the rows", () => {
  it("is the permutation of the key and network.epoch", async () => {
    const network = await create({ seed: 2 ** 32 - 1 });
    const twin = await create({ seed: 2 ** 32 - 1 });
    const orders = shuffledOrders(ROWS, 2 ** 32 - 1);
    for (const epochs of [1, 3, 2]) {
      for (let i = 0; i < epochs; i++) {
        const rows = [...orders(twin.epoch)];
        twin.fitSync(
          rows.map((row) => inputs.data.slice(2 * row, 2 * row + 2)),
          rows.map((row) => targets.data[row]!),
          { batchSize: 4, shuffle: false },
        );
      }
      network.fitSync(inputs, targets, { epochs, batchSize: 4 });
      expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(twin)));
    }
    for (const each of [network, twin]) each.dispose();
  });

  it("uses the key 0 without a seed", async () => {
    const fits = [{ epochs: 3, batchSize: 4 }];
    expect(await bitsAfter({}, fits)).toBe(await bitsAfter({ seed: 0 }, fits));
    expect(await bitsAfter({}, fits)).not.toBe(await bitsAfter({ seed: 1 }, fits));
  });

  it("uses the seed as the key if a stream draws the parameters", async () => {
    const fits = [{ epochs: 3, batchSize: 4 }];
    const random = counted(torchRandom(5));
    const network = await create({ seed: 6, random });
    expect(bitsOf(parametersOf(network))).toBe(
      bitsOf(parametersOf(await create({ random: torchRandom(5) }))),
    );
    const { draws } = random;
    network.fitSync(inputs, targets, fits[0]);
    expect(random.draws).toBe(draws);
    const copy = (from: Network) => (to: Network) =>
      to.setParameters(JSON.parse(JSON.stringify(from.parameters)));
    const initial = await create({ random: torchRandom(5) });
    const expected = await bitsAfter({ seed: 6 }, fits, copy(initial));
    expect(await bitsAfter({ seed: 6, random: torchRandom(5) }, fits)).toBe(expected);
    for (const each of [network, initial]) each.dispose();
  });

  it.each([
    ["NumPy", () => numpyRandom(9)],
    ["PyTorch", () => torchRandom(9)],
  ])(
    "uses a key drawn once from the stream if there is no seed, at the first shuffled fit, %s",
    async (_, make) => {
      const random = counted(make());
      const network = await create({ random });
      const { draws } = random;
      network.fitSync(inputs, targets, { batchSize: 4, shuffle: false });
      network.fitSync(inputs, targets, { batchSize: ROWS });
      network.predict(inputs);
      expect(random.draws).toBe(draws);
      for (let fits = 0; fits < 3; fits++) {
        network.fitSync(inputs, targets, { batchSize: 4 });
        expect(random.draws).toBe(draws + 1);
      }
      // The expected key is the first draw after the parameters.
      const stream = make();
      const twin = await create({ random: stream });
      const draw = new Float64Array(1);
      stream.fillUniform(draw, 0, 2 ** 32);
      const seeded = await create({ seed: Math.floor(draw[0]!) });
      seeded.setParameters(JSON.parse(JSON.stringify(twin.parameters)));
      seeded.fitSync(inputs, targets, { batchSize: 4, shuffle: false });
      seeded.fitSync(inputs, targets, { batchSize: ROWS });
      seeded.fitSync(inputs, targets, { epochs: 3, batchSize: 4 });
      expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(seeded)));
      for (const each of [network, twin, seeded]) each.dispose();
    },
  );
});

describe("a stream with an asynchronous method", () => {
  it.each(["fillUniform", "fillNormal"] as const)("is refused: %s", async (method) => {
    const fails = () => Promise.reject(new Error("not seen"));
    const random = { ...counted(numpyRandom(1)), [method]: fails };
    const kernelInitializer = method === "fillNormal" ? heNormal() : heUniform();
    const layers = [dense(1, "linear", { kernelInitializer })];
    await expect(create({ random, layers })).rejects.toMatchObject({
      code: "invalidOption",
      message: `random.${method} returned a promise; expected a function that has filled the array when it returns.`,
    });
  });

  it("is refused when the key is drawn", async () => {
    let isAsync = false;
    const random = counted(numpyRandom(1));
    const { fillUniform } = random;
    random.fillUniform = (...values) => {
      fillUniform.apply(random, values);
      return isAsync ? (Promise.reject(new Error("not seen")) as never) : undefined;
    };
    const network = await create({ random });
    isAsync = true;
    expect(errorOf(() => network.fitSync(inputs, targets, { batchSize: 4 }))).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining("random.fillUniform returned a promise"),
    });
    isAsync = false;
    network.fitSync(inputs, targets, { batchSize: 4 });
    network.dispose();
  });
});
