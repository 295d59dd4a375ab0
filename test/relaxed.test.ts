import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createNetwork, dense, loadCore } from "../src/index.js";
import { isRelaxedSupported } from "./support/relaxed.js";

/** The flag that relaxed SIMD needs in this engine. Newer engines need none, and do not know it. */
const FLAGS = isRelaxedSupported ? [] : ["--experimental-wasm-relaxed-simd"];

interface Trained {
  readonly losses: number[];
  readonly predictions: number[];
}

/** Trains with strict and relaxed numerics, and with relaxed numerics on two threads. */
const PROGRAM = `
  import { createNetwork, dense, sgd } from "${new URL("../dist/index.js", import.meta.url)}";
  const inputs = { data: Float32Array.from({ length: 256 * 64 }, (_, i) => (i * 0.618) % 2 - 1), shape: [256, 64] };
  const targets = Array.from({ length: 256 }, (_, i) => i % 10);
  const options = { epochs: 10, batchSize: 128 };
  async function train(changes) {
    const network = await createNetwork({
      inputs: 64,
      layers: [dense(96, "relu"), dense(10, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: sgd({ learningRate: 0.1 }),
      ...changes,
    });
    const { loss } = await network.fit(inputs, targets, options);
    const predictions = Array.from(network.predict(inputs).data);
    network.dispose();
    return { losses: loss, predictions };
  }
  console.log(JSON.stringify({
    strict: await train({}),
    named: await train({ numerics: "strict" }),
    relaxed: await train({ numerics: "relaxed" }),
    threads: await train({ numerics: "relaxed", threads: 2 }),
  }));`;

function trainInProcess(): Record<"strict" | "named" | "relaxed" | "threads", Trained> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...FLAGS, "--input-type=module", "--eval", PROGRAM],
    { encoding: "utf8", timeout: 30_000, maxBuffer: 2 ** 24 },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const largestRelativeDifference = (actual: number[], expected: number[]) =>
  Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!) / Math.abs(expected[i]!)));

describe("relaxed numerics", () => {
  it("differ from strict numerics by less than 1e-3, and have the same bits with 1 and 2 threads", () => {
    const { strict, named, relaxed, threads } = trainInProcess();
    expect(strict.losses.at(-1)).toBeLessThan(strict.losses[0]!);
    expect(named).toEqual(strict);
    expect(relaxed.predictions).not.toEqual(strict.predictions);
    expect(largestRelativeDifference(relaxed.losses, strict.losses)).toBeLessThan(1e-3);
    expect(largestRelativeDifference(relaxed.predictions, strict.predictions)).toBeLessThan(1e-3);
    expect(threads).toEqual(relaxed);
  });

  const network = {
    inputs: 2,
    layers: [dense(1)],
    loss: "meanSquaredError",
    numerics: "relaxed",
  } as const;

  it.runIf(isRelaxedSupported)("are available in this engine", async () => {
    (await createNetwork(network)).dispose();
  });

  it.skipIf(isRelaxedSupported).each([1, 2])(
    "are refused without the flag, with %i threads",
    async (threads) => {
      const unsupported = {
        name: "BackpropError",
        code: "unsupported",
        message: expect.stringMatching(/newer engine.+--experimental-wasm-relaxed-simd.+numerics: "strict"/),
      };
      await expect(createNetwork({ ...network, threads })).rejects.toMatchObject(unsupported);
      await expect(loadCore(undefined, { numerics: "relaxed" })).rejects.toMatchObject(unsupported);
    },
  );

  it.each(["fast", "", null, 1])("are refused under the name %j", async (numerics) => {
    await expect(createNetwork({ ...network, numerics: numerics as "relaxed" })).rejects.toMatchObject({
      code: "unknownName",
      message: expect.stringMatching(/^numerics is .+; expected one of "strict", "relaxed"\.$/),
    });
  });
});
