import { afterEach, describe, expect, it, vi } from "vitest";
import {
  BackpropError,
  centralDifferences,
  checkGradients,
  createNetwork,
  type DifferenceOptions,
  dense,
  forwardDifferences,
  type Gradients,
  type Network,
  type NetworkOptions,
} from "../src/index.js";
import { Network as NetworkClass } from "../src/network.js";
import { bitsOf, spread } from "./support/floats.js";

const inputs = { data: spread(5 * 3), shape: [5, 3] };
const targets = { data: spread(5 * 2, -1, 1, 0.3), shape: [5, 2] };

function create(changes: Partial<NetworkOptions> = {}): Promise<Network> {
  return createNetwork({
    inputs: 3,
    layers: [dense(4, "tanh"), dense(2, "linear", { useBias: false })],
    loss: "meanSquaredError",
    dtype: "float64",
    ...changes,
  });
}

/** One parameter p, one sample: the loss is (p x − t)². */
async function square(p: number, changes: Partial<NetworkOptions> = {}): Promise<Network> {
  const network = await create({ inputs: 1, layers: [dense(1, "linear", { useBias: false })], ...changes });
  network.setParameters([{ kernel: [[p]] }]);
  return network;
}

function flatten({ layers }: Gradients): number[] {
  return layers.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]);
}

function bitsOfParameters(network: Network): string {
  return bitsOf(network.parameters.flatMap(({ kernel, bias }) => [...kernel.data, ...(bias?.data ?? [])]));
}

const { gradients } = NetworkClass.prototype;

/** Lets networks return other gradients than they compute. */
function changeGradients(change: (result: Gradients) => void): void {
  vi.spyOn(NetworkClass.prototype, "gradients").mockImplementation(function (this: Network, ...samples) {
    const result = gradients.apply(this, samples) as Gradients;
    change(result);
    return result;
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("finite differences", () => {
  it("equal their formulas exactly, where nothing is rounded", async () => {
    // (p − 1)² at p = 3 with an epsilon of 1/4: float64 represents all values exactly.
    const network = await square(3);
    const epsilon = 0.25;
    const forward = forwardDifferences(network, [[1]], [[1]], { epsilon });
    expect(forward.loss).toBe(4);
    expect(forward.layers[0]!.kernel.toArray()).toEqual([[(2.25 ** 2 - 4) / 0.25]]);
    expect(forward.layers[0]!.bias).toBeNull();
    const central = centralDifferences(network, [[1]], [[1]], { epsilon });
    expect(central.loss).toBe(4);
    expect(central.layers[0]!.kernel.toArray()).toEqual([[4]]);
  });

  it("use an epsilon of 1e-5 by default", async () => {
    const network = await square(3);
    for (const differences of [forwardDifferences, centralDifferences]) {
      const by = (options?: DifferenceOptions) => flatten(differences(network, [[1]], [[1]], options));
      expect(by()).toEqual(by({ epsilon: 1e-5 }));
      expect(by()).not.toEqual(by({ epsilon: 1e-6 }));
    }
  });

  it("have an error of the order of epsilon (forward) or of epsilon² (central)", async () => {
    const network = await create();
    const gradient = flatten(network.gradients(inputs, targets));
    const errorOf = (differences: Gradients) =>
      Math.max(...flatten(differences).map((value, i) => Math.abs(value - gradient[i]!)));
    const forward = [1e-2, 1e-3, 1e-4].map((epsilon) =>
      errorOf(forwardDifferences(network, inputs, targets, { epsilon })),
    );
    const central = [1e-2, 1e-3].map((epsilon) =>
      errorOf(centralDifferences(network, inputs, targets, { epsilon })),
    );
    expect(forward[0]! / forward[1]!).toBeCloseTo(10, 0);
    expect(forward[1]! / forward[2]!).toBeCloseTo(10, 0);
    expect(central[0]! / central[1]!).toBeGreaterThan(90);
    expect(central[0]! / central[1]!).toBeLessThan(110);
    expect(errorOf(centralDifferences(network, inputs, targets))).toBeLessThan(1e-9);
  });

  it("have the shapes of the parameters, and restore the parameters bit for bit", async () => {
    const network = await create();
    network.parameters[0]!.bias!.data[1] = 0.1;
    const before = bitsOfParameters(network);
    for (const differences of [forwardDifferences, centralDifferences]) {
      const { layers, loss } = differences(network, inputs, targets);
      expect(loss).toBe(network.evaluate(inputs, targets).loss);
      expect(layers.map(({ kernel, bias }) => [kernel.shape, bias?.shape])).toEqual([
        [[3, 4], [4]],
        [[4, 2], undefined],
      ]);
    }
    checkGradients(network, inputs, targets);
    expect(bitsOfParameters(network)).toBe(before);
  });

  it("restore the parameters if the loss throws", async () => {
    const network = await create();
    const before = bitsOfParameters(network);
    for (const work of [forwardDifferences, centralDifferences, checkGradients]) {
      expect(() => work(network, inputs, [[1, 2]])).toThrow(
        expect.objectContaining({ code: "invalidShape" }),
      );
    }
    const { evaluate } = NetworkClass.prototype;
    let calls = 0;
    vi.spyOn(NetworkClass.prototype, "evaluate").mockImplementation(function (this: Network, ...samples) {
      if (++calls === 5) throw new Error("from within");
      return evaluate.apply(this, samples);
    });
    expect(() => centralDifferences(network, inputs, targets)).toThrow("from within");
    expect(bitsOfParameters(network)).toBe(before);
  });

  it("can be passed to applyGradients", async () => {
    const network = await create();
    const { loss } = network.evaluate(inputs, targets);
    for (let step = 0; step < 20; step++) {
      network.applyGradients(forwardDifferences(network, inputs, targets).layers);
    }
    expect(network.evaluate(inputs, targets).loss).toBeLessThan(loss);
  });

  it.each([0, -1e-5, Number.NaN, Infinity, "1e-5", null])("refuse an epsilon of %s", async (epsilon) => {
    const network = await create();
    for (const work of [forwardDifferences, centralDifferences, checkGradients]) {
      let error: unknown;
      try {
        work(network, inputs, targets, { epsilon } as DifferenceOptions);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(BackpropError);
      const given = typeof epsilon === "string" ? `"${epsilon}"` : epsilon;
      expect(error).toMatchObject({
        code: "invalidOption",
        message: `epsilon is ${given}; expected a finite number above 0.`,
      });
    }
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ evaluate() {}, gradients() {}, parameters: [] }],
    [Proxy.revocable({}, {}).proxy],
  ])("of %j are refused", (network) => {
    for (const work of [forwardDifferences, centralDifferences, checkGradients]) {
      expect(() => work(network as unknown as Network, inputs, targets)).toThrow(
        /^network is .+; expected a network, as createNetwork makes it\.$/,
      );
    }
    expect(() => (checkGradients as unknown as () => void)()).toThrow(BackpropError);
  });

  it("throw for a disposed network", async () => {
    const network = await create();
    network.dispose();
    for (const work of [forwardDifferences, centralDifferences, checkGradients]) {
      expect(() => work(network, inputs, targets)).toThrow(expect.objectContaining({ code: "disposed" }));
    }
  });
});

describe("checkGradients", () => {
  it("reports an error below 1e-7 for right gradients", async () => {
    const network = await create();
    const { largestError, at } = checkGradients(network, inputs, targets);
    expect(largestError).toBeGreaterThan(0);
    expect(largestError).toBeLessThan(1e-7);
    expect(at).toMatch(/^parameters\[[01]\]\.(kernel|bias)\[\d+\]$/);
  });

  it.each([
    [0, "kernel", 5],
    [0, "bias", 2],
    [1, "kernel", 7],
  ] as const)("reports where a gradient is wrong: parameters[%i].%s[%i]", async (layer, name, index) => {
    const network = await create();
    for (const wrong of [(value: number) => value + 0.01, () => Number.NaN, () => Infinity]) {
      changeGradients(({ layers }) => {
        const { data } = layers[layer]![name]!;
        data[index] = wrong(data[index]!);
      });
      const check = checkGradients(network, inputs, targets);
      expect(check.at).toBe(`parameters[${layer}].${name}[${index}]`);
      expect(check.largestError).not.toBeLessThan(5e-3);
    }
  });

  it("reports relative errors of gradients above 1, and absolute errors of others", async () => {
    // The gradient of (1000 p − t)² is about 2e9, its difference is exact but for rounding.
    const network = await square(1000);
    expect(checkGradients(network, [[1000]], [[0]]).largestError).toBeLessThan(1e-7);
    changeGradients(({ layers }) => {
      layers[0]!.kernel.data[0]! *= 1.5;
    });
    expect(checkGradients(network, [[1000]], [[0]]).largestError).toBeCloseTo(1 / 3, 6);
  });

  it("reports mostly rounding errors in float32", async () => {
    const network = await create({ dtype: "float32" });
    const { largestError } = checkGradients(network, inputs, targets, { epsilon: 1e-2 });
    expect(largestError).toBeLessThan(1e-3);
    expect(largestError).toBeGreaterThan(1e-6);
  });
});
