import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../src/files/safetensors.js";
import { batchNorm, createNetwork, dense, type Layer, layerNorm, loadNetwork, prelu } from "../src/index.js";
import { rejectionOf } from "./support/errorOf.js";

interface Case {
  readonly dtype: "float32" | "float64";
  readonly file: string;
  readonly outputs: number[][];
}

type Reference = { readonly inputs: number[][]; readonly dense: Case } & Readonly<Record<string, Case>>;

/** Files that PyTorch wrote, and the outputs of their modules: see reference/state_dict.py. */
const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/state_dict.json", import.meta.url), "utf8"),
);

const fileOf = (name: string) => Uint8Array.from(Buffer.from(REFERENCE[name]!.file, "base64"));

const DENSE = [dense(5, "relu"), dense(4), dense(2, "sigmoid")];
const TANH = [dense(4, "tanh"), dense(2)];
const LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  dense: DENSE,
  norms: [dense(4), batchNorm(), prelu(), layerNorm(), dense(2, "linear", { useBias: false })],
  renamed: [dense(4, "relu"), dense(4, "tanh"), dense(2)],
  float64: TANH,
  bfloat16: TANH,
  float16: TANH,
};

describe("weights that PyTorch saved", () => {
  it.each(Object.entries(LAYERS))("give PyTorch's outputs: %s", async (name, layers) => {
    const { dtype, outputs } = REFERENCE[name]!;
    const network = await loadNetwork(fileOf(name), { layers });
    const tolerance = dtype === "float64" ? 1e-12 : 1e-6;
    const { data } = network.predict(REFERENCE.inputs);
    expect(data).toBeInstanceOf(dtype === "float64" ? Float64Array : Float32Array);
    for (const [i, expected] of outputs.flat().entries()) {
      expect(Math.abs(data[i]! - expected)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected)));
    }
  });

  it("are a network that can be trained", async () => {
    const network = await loadNetwork(fileOf("dense"), { layers: DENSE, loss: "huber" });
    const { loss } = network.fitSync(REFERENCE.inputs, REFERENCE.dense.outputs, { epochs: 2 });
    expect(loss[0]).toBeLessThan(1e-12);
  });

  it.each<[string, readonly Layer[], string]>([
    [
      "dense",
      [dense(5), dense(2)],
      "has tensors of 3 modules, where the network has 2 layers with parameters",
    ],
    [
      "float64",
      [dense(3), dense(2)],
      'has the tensor "0.weight" of shape [4,3], where the network has [3,3]',
    ],
    [
      "float64",
      [dense(4, "linear", { useBias: false }), dense(2)],
      'has the tensor "0.bias", which the network has not',
    ],
    ["norms", [dense(4), layerNorm(), prelu(), layerNorm(), dense(2)], 'has no tensor "4.bias"'],
  ])("are refused for other layers: %s", async (name, layers, message) => {
    const error = await rejectionOf(loadNetwork(fileOf(name), { layers }));
    expect(error.code).toBe("invalidFile");
    expect(error.message).toContain(message);
  });

  it("need their layers", async () => {
    const error = await rejectionOf(loadNetwork(fileOf("dense")));
    expect(error.code).toBe("invalidOption");
    expect(error.message).toMatch(/^layers is undefined; expected an array/);
  });
});

describe("the tensors of a saved network", () => {
  it("have the names and shapes of a state_dict of nn.Sequential", async () => {
    const layers = [dense(5, "relu"), batchNorm(), dense(4), prelu(), dense(2, "softmax")];
    const network = await createNetwork({ inputs: 3, layers, loss: "categoricalCrossentropy" });
    const { tensors } = readSafetensors(network.saveWeights());
    const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({
      "0.weight": [5, 3],
      "0.bias": [5],
      "2.weight": [5],
      "2.bias": [5],
      "2.running_mean": [5],
      "2.running_var": [5],
      "3.weight": [4, 5],
      "3.bias": [4],
      "4.weight": [4],
      "5.weight": [2, 4],
      "5.bias": [2],
    });
  });

  it("are the transposed kernels", async () => {
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss: "huber" });
    const { bytes } = readSafetensors(network.saveWeights()).tensors.get("0.weight")!;
    const weight = new Float32Array(bytes.slice().buffer);
    const kernel = network.parameters[0].kernel.toArray();
    expect([...weight]).toEqual([0, 1].flatMap((unit) => kernel.map((row) => row[unit])));
  });
});
