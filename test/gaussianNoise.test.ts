import { describe, expect, it } from "vitest";
import type { DType } from "../src/dtype.js";
import {
  createNetwork,
  dense,
  type GaussianNoiseLayer,
  gaussianNoise,
  type Layer,
  sgd,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { describeProperties } from "./support/layerProperties.js";
import { philox } from "./support/philox.js";

describeProperties("gaussianNoise first and between dense layers", {
  inputs: 64,
  layers: (units) => [gaussianNoise(0.1), dense(units, "tanh"), gaussianNoise(0.5), gaussianNoise(0)],
});

/** Purpose.GaussianNoise of assembly/random/philox.ts. */
const PURPOSE = 3;

interface Place {
  readonly row: number;
  readonly unit: number;
  readonly layer: number;
  readonly step: number;
  readonly seed: number;
}

/** The number of assembly/random/noise.ts, in float64. */
function normalAt({ row, unit, layer, step, seed }: Place): number {
  const words = philox([row >>> 2, unit, layer, step], [seed, PURPOSE]);
  const first = (row & 3) < 2 ? 0 : 2;
  const [a, b] = [0, 1].map((i) => (words[first + i]! + 0.5) / 2 ** 32) as [number, number];
  const angle = 2 * Math.PI * b;
  return Math.sqrt(-2 * Math.log(a)) * (row % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
}

/**
 * What the layers compute in one step for inputs of zeros, [units, rows]. A dense layer of one unit for each row follows
 * them, with a kernel of zeros. Its gradient is −2 / rows² times the outputs, if row r has the target 1 for unit r, and
 * 0 for the others: one step with the learning rate rows² / 2 sets the kernel to the outputs.
 */
async function noiseOf(
  layers: readonly Layer[],
  [rows, units]: readonly [number, number],
  { dtype = "float64", seed = 0, step = 0 }: { dtype?: DType; seed?: number; step?: number } = {},
): Promise<number[][]> {
  const network = await createNetwork<readonly Layer[]>({
    inputs: units,
    layers: [...layers, dense(rows, "linear", { useBias: false })],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: rows ** 2 / 2 }),
    dtype,
    seed,
  });
  const shape = [rows, units];
  const inputs = { data: floats(dtype, rows * units), shape };
  const targets = {
    data: floats(dtype, rows * rows).map((_, i) => Number(i % (rows + 1) === 0)),
    shape: [rows, rows],
  };
  const none = network.parameters.map(({ kernel }) =>
    kernel ? { kernel: { data: Array(units * rows).fill(0), shape: [units, rows] } } : {},
  );
  for (let i = 0; i <= step; i++) {
    network.setParameters(none);
    network.fitSync(inputs, targets, { batchSize: rows, shuffle: false });
  }
  const kernel = network.parameters.at(-1)!.kernel!.toArray();
  network.dispose();
  return kernel;
}

describe.each(DTYPES)("gaussianNoise of %s in training", (dtype) => {
  it("adds deviation × the normal number of the place, within 1e-5", async () => {
    for (const [rows, deviation, place] of [
      [4, 1, { seed: 0, step: 0 }],
      [64, 0.5, { seed: 7, step: 2 }],
      // More than a microbatch, and an odd number of pairs of rows.
      [150, 2, { seed: 2 ** 32 - 1, step: 1 }],
    ] as const) {
      const outputs = await noiseOf([gaussianNoise(0), gaussianNoise(deviation)], [rows, 3], {
        dtype,
        ...place,
      });
      outputs.forEach((values, unit) => {
        values.forEach((value, row) => {
          const expected = deviation * normalAt({ row, unit, layer: 1, ...place });
          expect(Math.abs(value - expected)).toBeLessThan(1e-5 * deviation);
        });
      });
    }
  });
});

describe("the numbers of gaussianNoise", () => {
  it("are the same in float32 and float64", async () => {
    const [single, double] = await Promise.all(
      DTYPES.map((dtype) => noiseOf([gaussianNoise(1)], [64, 5], { dtype })),
    );
    expect(double).toEqual(single);
  });

  it("have the mean 0, the variance 1, no skewness and the kurtosis 3, within 4 standard errors", async () => {
    const numbers = (await noiseOf([gaussianNoise(1)], [256, 80])).flat();
    const count = numbers.length;
    const moment = (power: number) => numbers.reduce((sum, x) => sum + x ** power, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
    const within = numbers.filter((x) => Math.abs(x) < 1).length / count;
    expect(Math.abs(within - 0.6827)).toBeLessThan(4 * Math.sqrt(0.22 / count));
  });

  it("differ for each row, unit, layer, step and seed", async () => {
    const one = [gaussianNoise(1)];
    const all = [
      ...(await noiseOf(one, [64, 2])),
      ...(await noiseOf(one, [64, 1], { step: 1 })),
      ...(await noiseOf(one, [64, 1], { seed: 1 })),
      ...(await noiseOf([gaussianNoise(0), gaussianNoise(1)], [64, 1])),
    ].flat();
    expect(new Set(all).size).toBe(5 * 64);
  });
});

describe("gaussianNoise()", () => {
  it("changes nothing in predict, evaluate and gradients", async () => {
    const rows = { data: floats("float32", spread(33)), shape: [11, 3] };
    const targets = { data: floats("float32", spread(22)), shape: [11, 2] };
    const results = await Promise.all(
      [[gaussianNoise(3), dense(2), gaussianNoise(5)], [dense(2)]].map(async (layers: Layer[]) => {
        const network = await createNetwork<readonly Layer[]>({ inputs: 3, layers, loss: "huber" });
        const { loss, layers: gradients } = network.gradients(rows, targets);
        const { kernel } = gradients.find(({ kernel }) => kernel)!;
        const prediction = bitsOf(network.predict(rows).data);
        return {
          loss,
          kernel: bitsOf(kernel!.data),
          prediction,
          evaluated: network.evaluate(rows, targets).loss,
        };
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  it("equals a layer written by hand, { kind, deviation }, and appears in the summary", async () => {
    expect(gaussianNoise(0.5)).toEqual({ kind: "gaussianNoise", deviation: 0.5 });
    const layers: Layer[] = [{ kind: "gaussianNoise", deviation: 0.5 }];
    const network = await createNetwork<readonly Layer[]>({ inputs: 2, layers, loss: "huber" });
    expect(network.summary()).toMatch(/^gaussianNoise 0 +deviation 0\.5 +\[rows, 2\] +0$/m);
    network.dispose();
  });

  it.each([-1, Number.NaN, Infinity, "1", null, undefined])(
    "throws invalidOption for a deviation of %j",
    async (deviation) => {
      const error = errorOf(() => gaussianNoise(deviation as number));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^deviation is .+; expected a finite number of 0 or more\.$/);
      const layers = [{ kind: "gaussianNoise", deviation } as GaussianNoiseLayer];
      await expect(createNetwork({ inputs: 2, layers, loss: "huber" })).rejects.toMatchObject({
        code: "invalidOption",
        message: expect.stringMatching(
          /^layers\[0\]\.deviation is .+; expected a finite number of 0 or more\.$/,
        ),
      });
    },
  );
});
