// What holds for any network, whatever its numbers are.

import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  batchNorm,
  createNetwork,
  dense,
  type Layer,
  layerNorm,
  type Network,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "../src/index.js";
import { bitsOf, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const ROWS = 37;
const inputs = Array.from({ length: ROWS }, (_, row) => spread(3, -1, 1, 0.1 + row / ROWS));
const targets = inputs.map(([x = 0, y = 0]) => [x * y, x - y]);

const OPTIMIZERS: Record<string, (learningRate: number) => Optimizer> = {
  sgd: (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  rmsprop: (learningRate) => rmsprop({ learningRate }),
  adagrad: (learningRate) => adagrad({ learningRate }),
  adadelta: (learningRate) => adadelta({ learningRate }),
  adam: (learningRate) => adam({ learningRate, amsgrad: true }),
  adamW: (learningRate) => adamW({ learningRate }),
  nadam: (learningRate) => nadam({ learningRate }),
};

async function create(optimizer: Optimizer, layers: readonly Layer[]): Promise<Network<readonly Layer[]>> {
  return createNetwork<readonly Layer[]>({
    inputs: 3,
    layers,
    loss: "meanSquaredError",
    optimizer,
    dtype: "float64",
    seed: 5,
  });
}

describe.each(Object.entries(OPTIMIZERS))("a network trained by %s", (_, optimizer) => {
  it("does not change with a learning rate of 0", async () => {
    const network = await create(optimizer(0), [dense(4, "tanh"), layerNorm(), dense(2)]);
    const before = bitsOf(valuesOf(network.parameters));
    network.fitSync(inputs, targets, { epochs: 3, batchSize: 5 });
    expect(bitsOf(valuesOf(network.parameters))).toBe(before);
    network.dispose();
  });

  it("depends on the order of the rows of a full batch only by rounding", async () => {
    const layers = [dense(4, "tanh"), batchNorm(), dense(2)];
    const [network, permuted] = [
      await create(optimizer(0.01), layers),
      await create(optimizer(0.01), layers),
    ];
    const order = Array.from(inputs.keys(), (row) => (row * 10 + 3) % ROWS);
    const options = { epochs: 5, batchSize: ROWS, shuffle: false };
    network.fitSync(inputs, targets, options);
    permuted.fitSync(
      order.map((row) => inputs[row]!),
      order.map((row) => targets[row]!),
      options,
    );
    const actual = valuesOf(permuted.parameters);
    for (const [i, value] of valuesOf(network.parameters).entries()) expect(actual[i]).toBeCloseTo(value, 8);
    for (const each of [network, permuted]) each.dispose();
  });
});
