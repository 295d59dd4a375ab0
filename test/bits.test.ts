import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createNetwork,
  type DType,
  dense,
  type NetworkOptions,
  normal,
  numpyRandom,
  sgd,
} from "../src/index.js";

// The promise that no change of tile, blocking, packing or loop order changes a bit. A digest may change only where a
// formula does (an elementary function, an order of summation): then say so in the changelog.

/** SHA-256 of the parameters and losses of a network after three shuffled epochs of 300 rows. */
async function digest(
  options: Pick<NetworkOptions, "inputs" | "layers" | "loss" | "dtype">,
  batchSize = 140,
): Promise<string> {
  const network = await createNetwork({ ...options, optimizer: sgd({ learningRate: 0.05 }), seed: 7 });
  const outputs = options.layers.at(-1)!.units;
  const random = numpyRandom(11);
  const inputs = { data: random.randn(300, options.inputs), shape: [300, options.inputs] };
  const targets = { data: random.rand(300, outputs), shape: [300, outputs] };
  const { loss } = network.fitSync(inputs, targets, { epochs: 3, batchSize });
  const hash = createHash("sha256").update(Float64Array.from(loss));
  for (const { kernel, bias } of network.parameters) hash.update(kernel.data).update(bias!.data);
  network.dispose();
  return hash.digest("hex").slice(0, 16);
}

const layersOf = (...layers: Parameters<typeof dense>[]) => ({
  layers: layers.map(([units, activation]) => dense(units, activation, { biasInitializer: normal(0, 0.1) })),
});

describe("the bits of a trained network", () => {
  it.each<[DType, string]>([
    ["float32", "f6f366056651664b"],
    ["float64", "75ea43f169e28963"],
  ])("with odd widths and every kind of activation are what they were, in %s", async (dtype, expected) => {
    const { layers } = layersOf(
      [13, "gelu"],
      [9, "tanh"],
      [7, "elu"],
      [6, "silu"],
      [5, "softplus"],
      [3, "sigmoid"],
    );
    expect(await digest({ inputs: 5, layers, loss: "sigmoidCrossentropy", dtype })).toBe(expected);
  });

  it.each<[DType, string]>([
    ["float32", "73f24091c2795d58"],
    ["float64", "3b4f8541dde76b55"],
  ])("wide enough for every tile are what they were, in %s", async (dtype, expected) => {
    const { layers } = layersOf([130, "relu"], [67, "geluTanh"], [10, "softmax"]);
    expect(await digest({ inputs: 83, layers, loss: "categoricalCrossentropy", dtype })).toBe(expected);
  });

  it.each<[DType, string]>([
    ["float32", "0d6060212944f13e"],
    ["float64", "dd3d87421efa4b6d"],
  ])("learnt row by row are what they were, in %s", async (dtype, expected) => {
    const { layers } = layersOf([43, "relu"], [13, "softplus"], [9, "tanh"], [6, "softmax"]);
    expect(await digest({ inputs: 19, layers, loss: "categoricalCrossentropy", dtype }, 1)).toBe(expected);
  });
});
