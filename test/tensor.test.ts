import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BackpropError, createNetwork, dense, type FloatArray, type Network, Tensor } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { spread } from "./support/floats.js";

let network: Network;

beforeAll(async () => {
  network = await createNetwork({ inputs: 2, layers: [dense(3), dense(1)], loss: "meanSquaredError" });
});
afterAll(() => {
  network.dispose();
});

const INPUTS = [
  [1, 2],
  [3, 4],
];

describe("structuredClone", () => {
  it("keeps shape and data of predictions and gradients", () => {
    const { kernel } = network.gradients(INPUTS, [0, 1]).layers[0]!;
    for (const tensor of [network.predict(INPUTS), kernel]) {
      expect(structuredClone(tensor)).toEqual({ shape: tensor.shape, data: tensor.data });
    }
    const prediction = network.predict(INPUTS);
    expect(network.evaluate(INPUTS, structuredClone(prediction)).loss).toBe(0);
  });

  it("throws for live parameters instead of losing their data or copying all of linear memory", () => {
    for (const live of [network.parameters[0]!.kernel, network.parameters, network]) {
      expect(() => structuredClone(live)).toThrow(/toArray\(\) could not be cloned/);
    }
    expect(JSON.parse(JSON.stringify(network.parameters[0]!.kernel))).toEqual(
      network.parameters[0]!.kernel.toArray(),
    );
  });
});

describe("console.log", () => {
  it("shows dtype, shape and values of a tensor", () => {
    network.parameters[0]!.kernel.data.set([0.1, 2, -3, 1e-9, 123.456789, 10]);
    expect(inspect(network.parameters[0]!.kernel)).toBe(
      "Tensor float32 [2, 3] [\n  [0.1, 2, -3],\n  [1e-9, 123.457, 10]\n]",
    );
    expect(inspect(network.parameters[0]!.bias)).toBe("Tensor float32 [3] [0, 0, 0]");
  });

  it("shows the parameters of a network", () => {
    expect(inspect(network, { depth: 5 })).toMatch(/^Network .*kernel: Tensor float32 \[2, 3\] \[/s);
  });

  it("shows only the first numbers of a large tensor", () => {
    const large = new Tensor([1000, 784], Float64Array.from(spread(784_000)));
    const text = inspect(large);
    expect(text.length).toBeLessThan(2000);
    expect(text).toContain("… 774 more]");
    expect(text).toMatch(/\n {2}… 990 more rows\n\]$/);
    expect(inspect(new Tensor([1000], new Float64Array(1000)))).toContain(", … 990 more]");
  });

  it("does not throw for parameters of a disposed network", async () => {
    const other = await createNetwork({ inputs: 1, layers: [dense(1)], loss: "huber" });
    const { kernel } = other.parameters[0]!;
    other.dispose();
    expect(inspect(kernel)).toBe("Tensor of a network that was disposed");
    expect(() => inspect(Tensor.prototype)).not.toThrow();
  });
});

describe("a network", () => {
  it("is frozen with its parameters, so assignments that it would ignore throw", () => {
    const assignments = [
      () => Object.assign(network, { learningRate: 5 }),
      () => Object.assign(network, { epoch: 5 }),
      () => Object.assign(network, { parameters: [] }),
      () => Object.assign(network.parameters, { 0: {} }),
      () => Object.assign(network.parameters[0]!, { kernel: [[1, 2, 3]] }),
      () => Object.assign(network.parameters[0]!.kernel, { data: new Float32Array(6) }),
      () => Object.assign(network.parameters[0]!.kernel, { shape: [3, 2] }),
      () => Object.assign(network.parameters[0]!.kernel.shape, { 0: 3 }),
    ];
    for (const assign of assignments) expect(assign).toThrow(TypeError);
  });

  it("can be trained although it is frozen", () => {
    network.fitSync(INPUTS, [0, 1], { epochs: 2 });
    expect(network.epoch).toBe(2);
  });
});

describe("a tensor", () => {
  const data = new Float32Array(4);

  it.each<[string, unknown, unknown]>([
    ["without a shape", undefined, data],
    ["if its data has another size", [2, 3], data],
    ["with a shape of 2^32 − 1 dimensions", new Array(2 ** 32 - 1), data],
    ["without data", [2, 2], undefined],
    ["with a plain array as data", [2, 2], [1, 2, 3, 4]],
  ])("is refused %s", (_, shape, values) => {
    expect(() => new Tensor(shape as number[], values as FloatArray)).toThrow(BackpropError);
  });

  it("of a network remains live when memory grows", async () => {
    const { memory } = await sharedCore();
    const { kernel } = network.parameters[0]!;
    const before = kernel.toArray();
    memory.grow(1);
    expect(kernel.toArray()).toEqual(before);
  });
});
