import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNetwork } from "../src/createNetwork.js";
import type { FloatArray } from "../src/dtype.js";
import { BackpropError } from "../src/errors.js";
import {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  normal,
  torchLinear,
  transposed,
  uniform,
  zeros,
} from "../src/initializers.js";
import { dense } from "../src/layers/layers.js";
import { numpyRandom } from "../src/random/numpyRandom.js";
import type { RandomStream } from "../src/random/random.js";
import { torchRandom } from "../src/random/torchRandom.js";
import { sharedCore } from "../src/wasm/core.js";

type FloatArrayConstructor = typeof Float32Array | typeof Float64Array;

function fillKernel(
  initializer: Initializer,
  inputs: number,
  units: number,
  random: RandomStream = numpyRandom(1),
  FloatArray: FloatArrayConstructor = Float64Array,
) {
  const values = new FloatArray(inputs * units);
  initializer({ values, shape: [inputs, units], inputs, units, random });
  return values;
}

function fillBias(
  initializer: Initializer,
  inputs: number,
  units: number,
  random: RandomStream = numpyRandom(1),
  FloatArray: FloatArrayConstructor = Float64Array,
) {
  const values = new FloatArray(units);
  initializer({ values, shape: [units], inputs, units, random });
  return values;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BackpropError && error.code === "invalidOption") return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("zeros and constant", () => {
  it("fill the tensor and draw no random numbers", () => {
    const random = numpyRandom(4);
    expect(fillKernel(zeros(), 2, 2, random)).toEqual(Float64Array.of(0, 0, 0, 0));
    expect(fillBias(constant(-1.5), 2, 3, random)).toEqual(Float64Array.of(-1.5, -1.5, -1.5));
    expect(random.rand(1)).toEqual(numpyRandom(4).rand(1));
  });
});

describe("uniform and normal", () => {
  it("default to NumPy's rand and randn", () => {
    expect(fillKernel(uniform(), 2, 3, numpyRandom(9))).toEqual(numpyRandom(9).rand(2, 3));
    expect(fillKernel(normal(), 2, 3, numpyRandom(9))).toEqual(numpyRandom(9).randn(2, 3));
  });

  it("uniform(−1, 1) is rand·2 − 1, bit for bit", () => {
    const expected = numpyRandom(9)
      .rand(50)
      .map((value) => value * 2 - 1);
    expect(fillBias(uniform(-1, 1), 2, 50, numpyRandom(9))).toEqual(expected);
  });

  it("draw in the dtype of the values", () => {
    const kernel = fillKernel(uniform(-1, 1), 4, 5, torchRandom(3), Float32Array);
    const expected = new Float32Array(20);
    torchRandom(3).uniform_(expected, -1, 1);
    expect(kernel).toEqual(expected);
  });
});

describe("initializers scaled by fan-in and fan-out", () => {
  const inputs = 30;
  const units = 50;

  it.each([
    ["glorotUniform", glorotUniform, Math.sqrt(6 / 80)],
    ["heUniform", heUniform, Math.sqrt(6 / 30)],
    ["lecunUniform", lecunUniform, Math.sqrt(3 / 30)],
  ])("%s fills the range of its formula", (_, create, bound) => {
    const expected = numpyRandom(2).uniform(-bound, bound, inputs, units);
    expect(fillKernel(create(), inputs, units, numpyRandom(2))).toEqual(expected);
  });

  it.each([
    ["glorotNormal", glorotNormal, Math.sqrt(2 / 80)],
    ["heNormal", heNormal, Math.sqrt(2 / 30)],
    ["lecunNormal", lecunNormal, Math.sqrt(1 / 30)],
  ])("%s has the standard deviation of its formula", (_, create, deviation) => {
    const expected = numpyRandom(2)
      .randn(inputs, units)
      .map((value) => deviation * value);
    expect(fillKernel(create(), inputs, units, numpyRandom(2))).toEqual(expected);
  });

  it("use the layer's fan-in and fan-out for a bias too", () => {
    const bound = Math.sqrt(6 / 80);
    expect(fillBias(glorotUniform(), inputs, units, numpyRandom(2))).toEqual(
      numpyRandom(2).uniform(-bound, bound, units),
    );
  });
});

describe("torchLinear", () => {
  interface Linear {
    dtype: "float32" | "float64";
    inputs: number;
    units: number;
    weight: string;
    bias: string;
  }

  const reference: { linear: { seed: number; layers: Linear[] }[] } = JSON.parse(
    readFileSync(new URL("reference/streams.json", import.meta.url), "utf8"),
  );

  function valuesOf(bits: string, dtype: Linear["dtype"]): number[] {
    const buffer = Buffer.from(bits, "hex");
    const size = dtype === "float32" ? 4 : 8;
    return Array.from({ length: buffer.length / size }, (_, i) =>
      dtype === "float32" ? buffer.readFloatBE(size * i) : buffer.readDoubleBE(size * i),
    );
  }

  it.each(reference.linear)(
    "fills kernels and biases with PyTorch's bits from seed $seed",
    ({ seed, layers }) => {
      const random = torchRandom(seed);
      for (const { dtype, inputs, units, weight, bias } of layers) {
        const FloatArray = dtype === "float32" ? Float32Array : Float64Array;
        const kernel = fillKernel(torchLinear(), inputs, units, random, FloatArray);
        const rows = valuesOf(weight, dtype);
        expect(Array.from(kernel)).toEqual(transpose(rows, units, inputs));
        expect(Array.from(fillBias(torchLinear(), inputs, units, random, FloatArray))).toEqual(
          valuesOf(bias, dtype),
        );
      }
    },
  );
});

function transpose(values: ArrayLike<number>, rows: number, columns: number): number[] {
  return Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

describe("transposed", () => {
  it("draws a kernel as [units, inputs] and stores it as [inputs, units]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (inputs, units) => {
        const kernel = fillKernel(transposed(uniform()), inputs, units, numpyRandom(6));
        expect(Array.from(kernel)).toEqual(transpose(numpyRandom(6).rand(units, inputs), units, inputs));
      }),
    );
  });

  it("passes the shape that is drawn to the initializer", () => {
    const shapes: (readonly number[])[] = [];
    const recorder = transposed(({ shape }) => {
      shapes.push(shape);
    });
    fillKernel(recorder, 2, 3);
    fillBias(recorder, 2, 3);
    expect(shapes).toEqual([[3, 2], [3]]);
  });

  it("does not change biases", () => {
    expect(fillBias(transposed(normal()), 4, 7)).toEqual(fillBias(normal(), 4, 7));
  });

  it("applied twice changes nothing", () => {
    const twice = transposed(transposed(normal()));
    expect(fillKernel(twice, 3, 3)).toEqual(fillKernel(normal(), 3, 3));
  });
});

describe("an initializer", () => {
  it.each([
    zeros(),
    constant(1),
    uniform(),
    normal(),
    glorotUniform(),
    heNormal(),
    torchLinear(),
    transposed(zeros()),
  ])("refuses what is not a tensor (%#)", (initializer) => {
    const tensor = { values: new Float32Array(2), shape: [2], inputs: 1, units: 2, random: numpyRandom(1) };
    for (const wrong of [
      undefined,
      null,
      {},
      { ...tensor, values: [1, 2] },
      { ...tensor, shape: 3 },
      { ...tensor, random: undefined },
    ]) {
      expect(messageOf(() => initializer(wrong as never))).toMatch(/^tensor.* is /);
    }
  });

  it("that makes linear memory grow loses no parameter", async () => {
    const { memory } = await sharedCore();
    const kernelInitializer: Initializer = ({ values }) => {
      values[0] = 1;
      memory.grow(1);
      values[1] = 2;
      memory.grow(1);
    };
    const options = {
      inputs: 2,
      layers: [dense(1, "linear", { kernelInitializer })],
      loss: "huber",
    } as const;
    const network = await createNetwork(options);
    expect(network.parameters[0].kernel.toArray()).toEqual([[1], [2]]);
    network.dispose();
  });

  it("that keeps its array cannot change the network later", async () => {
    let kept: FloatArray = new Float32Array();
    const kernelInitializer: Initializer = ({ values }) => {
      kept = values.fill(1);
    };
    const network = await createNetwork({
      inputs: 2,
      layers: [dense(1, "linear", { kernelInitializer })],
      loss: "huber",
    });
    kept.fill(Number.NaN);
    expect(network.parameters[0].kernel.toArray()).toEqual([[1], [1]]);
    network.dispose();
  });

  it("that transfers its array is refused", async () => {
    const kernelInitializer: Initializer = ({ values }) => {
      structuredClone(values, { transfer: [values.buffer as ArrayBuffer] });
    };
    const layers = [dense(1, "linear", { kernelInitializer })];
    await expect(createNetwork({ inputs: 2, layers, loss: "huber" })).rejects.toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining("layers[0].kernelInitializer transferred `values`"),
    });
  });
});

it("a kernel is drawn by glorotUniform(), or for selu by lecunNormal(), if no initializer is given", async () => {
  for (const [activation, kernelInitializer] of [
    ["relu", glorotUniform()],
    ["selu", lecunNormal()],
  ] as const) {
    const [left, given] = await Promise.all(
      [{}, { kernelInitializer }].map((options) =>
        createNetwork({ inputs: 5, layers: [dense(3, activation, options)], loss: "huber" }),
      ),
    );
    expect([...left!.parameters[0].kernel.data]).toEqual([...given!.parameters[0].kernel.data]);
    for (const network of [left!, given!]) network.dispose();
  }
});

describe("an invalid argument throws", () => {
  it.each<[string, () => unknown]>([
    ["value is NaN; expected a finite number.", () => constant(Number.NaN)],
    ["low is -Infinity; expected a finite number.", () => uniform(Number.NEGATIVE_INFINITY, 0)],
    ["high is NaN; expected a finite number.", () => uniform(0, Number.NaN)],
    ["low is 2; expected a number not above high, which is 1.", () => uniform(2)],
    [
      "high is 1.7e+308; expected a number at a finite distance from low, which is -1.7e+308.",
      () => uniform(-1.7e308, 1.7e308),
    ],
    ["mean is Infinity; expected a finite number.", () => normal(Number.POSITIVE_INFINITY)],
    ["standardDeviation is -1; expected a finite number of 0 or more.", () => normal(0, -1)],
    [
      "initializer is 5; expected an initializer such as glorotUniform().",
      () => transposed(5 as unknown as Initializer),
    ],
    ['value is "1"; expected a finite number.', () => constant("1" as unknown as number)],
  ])("%s", (message, create) => {
    expect(messageOf(create)).toBe(message);
  });
});
