import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { adam, BackpropError, batchNorm, createNetwork, dense, hashParameters, prelu } from "../src/index.js";

function create(threads = 1) {
  return createNetwork({
    inputs: 3,
    layers: [dense(5, "tanh", { useBias: false }), batchNorm(), prelu(), dense(2)],
    loss: "meanSquaredError",
    optimizer: adam(),
    dtype: "float64",
    threads,
  });
}

const INPUTS = [
  [0, 1, 2],
  [1, 2, 0],
];
const TARGETS = [
  [0, 1],
  [1, 0],
];

describe("hashParameters", () => {
  it("is SHA-256 of the bytes of the kernels, biases and other parameters, layer by layer", async () => {
    const network = await create();
    const [first, norm, rectifier, output] = network.parameters;
    const hash = createHash("sha256");
    for (const { data } of [
      first.kernel,
      norm.gamma,
      norm.beta,
      rectifier.alpha,
      output.kernel,
      output.bias!,
    ]) {
      hash.update(new Uint8Array(data.slice().buffer));
    }
    expect(hashParameters(network)).toBe(hash.digest("hex"));
  });

  it("changes with each bit of a parameter, and is the same again with the same parameters", async () => {
    const network = await create();
    const before = hashParameters(network);
    const { data } = network.parameters[3].bias!;
    data[1] = 2 ** -1074;
    expect(hashParameters(network)).not.toBe(before);
    data[1] = 0;
    expect(hashParameters(network)).toBe(before);
  });

  it("does not depend on the number of threads, whose parameters are in shared memory", async () => {
    const [one, two] = [await create(), await create(2)];
    for (const network of [one, two]) await network.fit(INPUTS, TARGETS, { epochs: 5 });
    expect(hashParameters(two)).toBe(hashParameters(one));
    two.dispose();
  });

  it("refuses what is no network, and a network that was disposed", async () => {
    expect(() => hashParameters({} as never)).toThrow(
      "network is an object (Object); expected a network, as createNetwork makes it.",
    );
    const network = await create();
    network.dispose();
    expect(() => hashParameters(network)).toThrow(BackpropError);
  });
});
