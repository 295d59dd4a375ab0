// What the error of a fit that diverges says. What such a fit leaves behind is also tested in errors.test.ts.

import { describe, expect, it } from "vitest";
import { adam, createNetwork, dense, type Network, type Optimizer, sgd } from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const ROWS = 12;
const small = spread(ROWS).map((x) => [x]);
const targets = spread(ROWS, 0, 1, 0.3);
/** Row 7 is so large that the second layer's outputs overflow in float32. */
const inputs = small.map((row, i) => (i === 7 ? [3e38] : row));

const create = (optimizer: Optimizer): Promise<Network> =>
  createNetwork({
    inputs: 1,
    layers: [dense(2), dense(2), dense(1)],
    loss: "meanSquaredError",
    optimizer,
    seed: 2,
  });

/** A network whose second layer multiplies by 100. */
async function createAmplifier(optimizer: Optimizer): Promise<Network> {
  const network = await create(optimizer);
  const identity = [
    [1, 0],
    [0, 1],
  ];
  const amplifying = [
    [100, 0],
    [0, 100],
  ];
  network.setParameters([
    { kernel: [[0.5, 0.5]], bias: [0, 0] },
    { kernel: amplifying, bias: [0, 0] },
    { kernel: identity.map(([x = 0]) => [x / 1e4]), bias: [0] },
  ]);
  return network;
}

const optimizers: [string, () => Optimizer][] = [
  ["sgd", () => sgd({ learningRate: 1e-6 })],
  ["momentum and clipping", () => sgd({ learningRate: 1e-6, momentum: 0.9, clipNorm: 1 })],
  ["adam with an average", () => adam({ learningRate: 1e-4, ema: 0.9 })],
];

describe("a loss that is not finite", () => {
  it.each(optimizers)("is reported with epoch, batch and layer: %s", async (_, optimizer) => {
    for (const [batchSize, batch] of [
      [1, 7],
      [2, 3],
      [5, 1],
      [12, 0],
    ] as const) {
      const network = await createAmplifier(optimizer());
      const options = { batchSize, shuffle: false };
      network.fitSync(small, targets, options);
      const error = errorOf(() => network.fitSync(inputs, targets, { ...options, epochs: 4 }));
      expect(error).toMatchObject({ code: "diverged", epoch: 0, batch, layer: 1 });
      expect(error.message).toMatch(
        new RegExp(
          `in epoch 0 of 4 \\(counted from 0\\), batch ${batch} of ${Math.ceil(ROWS / batchSize)}; layer 1 is the first ` +
            "whose outputs are not finite\\.",
        ),
      );
      expect(error.message).toContain("The parameters and the optimizer's state are finite");
      network.dispose();
    }
  });

  it.each(optimizers)(
    "leaves parameters and optimizer as they were before that step: %s",
    async (_, optimizer) => {
      for (const batchSize of [1, 5]) {
        const [network, twin] = [await createAmplifier(optimizer()), await createAmplifier(optimizer())];
        const options = { batchSize, shuffle: false };
        errorOf(() => network.fitSync(inputs, targets, options));
        // The batches before the one with row 7.
        const done = Math.floor(7 / batchSize) * batchSize;
        twin.fitSync(small.slice(0, done), targets.slice(0, done), options);
        expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
        for (const each of [network, twin]) each.fitSync(small, targets, { ...options, epochs: 3 });
        expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
        for (const each of [network, twin]) each.dispose();
      }
    },
  );
});

describe("an update that is not finite", () => {
  it.each(DTYPES)(
    "is reported with epoch, batch and layer, and changes neither parameters nor state: %s",
    async (dtype) => {
      const make = () =>
        createNetwork({
          inputs: 1,
          layers: [dense(1, "linear", { useBias: false }), dense(1, "linear", { useBias: false })],
          loss: "meanSquaredError",
          optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
          dtype,
          seed: 2,
        });
      const [network, twin] = [await make(), await make()];
      const options = { batchSize: 4, shuffle: false };
      const error = errorOf(() =>
        network.fitSync(small, targets, {
          ...options,
          epochs: 3,
          onBatch: ({ epoch, batch }) => {
            // The gradient of the first layer is the product of this kernel and the error.
            if (epoch !== 2 || batch !== 2) return;
            network.setLearningRate(dtype === "float32" ? 3e38 : 1e308);
            network.parameters[1]!.kernel.data[0] = 1e4;
          },
        }),
      );
      expect(error).toMatchObject({ code: "diverged", epoch: 1, batch: 2, layer: 0 });
      expect(error.message).toContain(
        "in epoch 1 of 3 (counted from 0), batch 2 of 3; the largest gradient is that of layer 0. That update was not made: " +
          "the network keeps the parameters, and the optimizer its state, from before it.",
      );
      twin.fitSync(small, targets, options);
      twin.fitSync(small.slice(0, 8), targets.slice(0, 8), options);
      for (const each of [network, twin]) {
        each.parameters[1]!.kernel.data[0] = 0.5;
        each.setLearningRate(0.1);
      }
      for (const each of [network, twin]) each.fitSync(small, targets, options);
      expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
      for (const each of [network, twin]) each.dispose();
    },
  );

  it("names the layer also if gradients are applied", async () => {
    const network = await create(sgd({ learningRate: 1e38 }));
    const { layers } = network.gradients(small, targets);
    layers[1]!.kernel.data[0] = 1e30;
    expect(errorOf(() => network.applyGradients(layers))).toMatchObject({
      code: "diverged",
      layer: 1,
      batch: undefined,
    });
    network.dispose();
  });
});
