import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createNetwork,
  type DType,
  dense,
  type FitOptions,
  type LossName,
  type Network,
  type NetworkOptions,
  normal,
  numpyRandom,
  type ShapedData,
  sgd,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { watchTeams } from "./support/teams.js";

// No change of tile, blocking, packing or loop order may change a bit. A digest changes only if a formula changes (an
// elementary function, an order of summation). State such a change in the changelog.

interface Observer {
  /** Called before training. */
  readonly before?: (network: Network) => Promise<unknown>;
  /** Called after training, before the network is disposed. */
  readonly after?: () => void;
}

/** SHA-256 of the parameters and losses of a network after three epochs of 300 rows. */
async function digest(
  options: Pick<NetworkOptions, "inputs" | "layers" | "loss" | "dtype" | "threads">,
  fit: Pick<FitOptions, "batchSize" | "shuffle"> = { batchSize: 140 },
  { before, after }: Observer = {},
): Promise<string> {
  const network = await createNetwork({ ...options, optimizer: sgd({ learningRate: 0.05 }), seed: 7 });
  await before?.(network);
  const { loss } = await network.fit(...samples(options), { epochs: 3, ...fit });
  const hash = createHash("sha256").update(Float64Array.from(loss));
  for (const { kernel, bias } of network.parameters) hash.update(kernel.data).update(bias!.data);
  after?.();
  network.dispose();
  return hash.digest("hex").slice(0, 16);
}

/** 300 rows of inputs and targets. */
function samples({ inputs, layers }: Pick<NetworkOptions, "inputs" | "layers">): [ShapedData, ShapedData] {
  const outputs = layers.at(-1)!.units;
  const random = numpyRandom(11);
  return [
    { data: random.randn(300, inputs), shape: [300, inputs] },
    { data: random.rand(300, outputs), shape: [300, outputs] },
  ];
}

const layersOf = (...layers: Parameters<typeof dense>[]) => ({
  layers: layers.map(([units, activation]) => dense(units, activation, { biasInitializer: normal(0, 0.1) })),
});

// These digests also depend on the order of shuffled rows.
describe("a trained network", () => {
  it.each<[DType, string]>([
    ["float32", "304472d4d132765d"],
    ["float64", "3d9128af6e061f51"],
  ])("has the recorded bits with odd widths and six activations, in %s", async (dtype, expected) => {
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
    ["float32", "6a7af8fad9b7f0d7"],
    ["float64", "100d9500aad17407"],
  ])("has the recorded bits with layers wide enough for every tile, in %s", async (dtype, expected) => {
    const { layers } = layersOf([130, "relu"], [67, "geluTanh"], [10, "softmax"]);
    expect(await digest({ inputs: 83, layers, loss: "categoricalCrossentropy", dtype })).toBe(expected);
  });

  it.each<[DType, string]>([
    ["float32", "51914b15a9ca6dcb"],
    ["float64", "131589b6a13f2633"],
  ])("has the recorded bits with batches of one row, in %s", async (dtype, expected) => {
    const { layers } = layersOf([43, "relu"], [13, "softplus"], [9, "tanh"], [6, "softmax"]);
    expect(
      await digest({ inputs: 19, layers, loss: "categoricalCrossentropy", dtype }, { batchSize: 1 }),
    ).toBe(expected);
  });
});

// These digests depend only on the arithmetic of training.
describe("a network trained without shuffling", () => {
  const everyActivation = layersOf(
    [13, "gelu"],
    [9, "tanh"],
    [7, "elu"],
    [6, "silu"],
    [5, "softplus"],
    [4, "leakyRelu"],
    [3, "sigmoid"],
  );
  const wide = layersOf([130, "relu"], [67, "geluTanh"], [10, "softmax"]);

  it.each<[DType, number, string]>([
    ["float32", 1, "066dccde947f730d"],
    ["float32", 7, "45246a0b152750a6"],
    ["float32", 32, "bc61f40ef26243e3"],
    ["float32", 128, "7040b9ccb1293993"],
    ["float32", 140, "121e104ae4db30e4"],
    ["float32", 300, "bf887bb795b68d17"],
    ["float64", 1, "7092be37c88eba2e"],
    ["float64", 7, "268588eec1063538"],
    ["float64", 32, "786ac7906129c9c4"],
    ["float64", 128, "ddc56faec63ba8aa"],
    ["float64", 140, "a67a6883d71276fe"],
    ["float64", 300, "716e2e472a8a76ab"],
  ])("has the recorded bits with narrow layers: %s, batches of %i", async (dtype, batchSize, expected) => {
    const network = { inputs: 5, ...everyActivation, loss: "sigmoidCrossentropy", dtype } as const;
    expect(await digest(network, { batchSize, shuffle: false })).toBe(expected);
  });

  it.each<[DType, number, string]>([
    ["float32", 1, "596f57083a39f308"],
    ["float32", 64, "d7eb89eff5808177"],
    ["float32", 140, "da46a72c4558537d"],
    ["float64", 1, "32772ba11a3486ab"],
    ["float64", 64, "a032c16a9c237550"],
    ["float64", 140, "a8124057099c5232"],
  ])(
    "has the recorded bits with wide layers: %s, batches of %i, 1 and 3 threads",
    async (dtype, batchSize, expected) => {
      const wideNetwork = { inputs: 83, ...wide, loss: "categoricalCrossentropy", dtype } as const;
      const fit = { batchSize, shuffle: false };
      const fitOnce = (network: Network) => network.fit(...samples(wideNetwork), fit);
      expect(await digest(wideNetwork, fit, { before: fitOnce })).toBe(expected);
      const teams = watchTeams(await sharedCore(undefined, { threads: true }));
      const threaded = await digest({ ...wideNetwork, threads: 3 }, fit, {
        before: async (network) => {
          await fitOnce(network);
          await teams[0]!.assemble(2);
        },
        // Below MIN_WORK (assembly/threads/team.ts), one thread does the whole step.
        after: () => expect(teams[0]!.threads).toBe(batchSize === 1 ? 0 : 3),
      });
      expect(threaded).toBe(expected);
    },
  );

  it.each<[DType, LossName, string]>([
    ["float32", "meanSquaredError", "2ee8f4de5a4864df"],
    ["float32", "meanAbsoluteError", "709a96799d30344b"],
    ["float32", "huber", "e00577a00c63625c"],
    ["float32", "binaryCrossentropy", "30bb4585cc595444"],
    ["float64", "meanSquaredError", "b275077a235c738a"],
    ["float64", "meanAbsoluteError", "d2ecef584c6f957b"],
    ["float64", "huber", "e81c252c9d474eab"],
    ["float64", "binaryCrossentropy", "4dc4fbb05985e893"],
  ])("has the recorded bits with losses that are not fused: %s, %s", async (dtype, loss, expected) => {
    const network = { inputs: 5, ...layersOf([8, "tanh"], [3, "sigmoid"]), loss, dtype } as const;
    expect(await digest(network, { batchSize: 16, shuffle: false })).toBe(expected);
  });
});
