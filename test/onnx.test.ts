// Graphs of ONNX, written and read. test/tools/formats.py runs what is written here in onnxruntime.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { encode, type Message } from "../src/formats/onnx/protobuf.js";
import { MODEL } from "../src/formats/onnx/schema.js";
import { fromOnnx, type OnnxOptions, toOnnx } from "../src/formats.js";
import {
  BackpropError,
  batchNorm,
  createNetwork,
  type DType,
  dense,
  type Layer,
  type Network,
  sgd,
} from "../src/index.js";
import { corruptions, countRefusals, truncations } from "./support/corrupt.js";
import { bitsOf, DTYPES } from "./support/floats.js";
import { HOSTILE } from "./support/hostile.js";
import { createTrained, errorOfOutputs, LAYERS, rowsFor } from "./support/trainedNetworks.js";

const networks: Network<readonly Layer[]>[] = [];

afterEach(() => {
  for (const network of networks.splice(0)) network.dispose();
});

async function read(bytes: Uint8Array, options?: OnnxOptions): Promise<Network<readonly Layer[]>> {
  const network = await fromOnnx(bytes, options);
  networks.push(network);
  return network;
}

async function trained(name: string, dtype: DType): Promise<Network<readonly Layer[]>> {
  const network = await createTrained(name, dtype);
  networks.push(network);
  return network;
}

/** The layers that act in a prediction, with the options that a graph has. Its numbers may be rounded to float32. */
function graphOf({ layers }: Network<readonly Layer[]>): object[] {
  return layers
    .filter(({ kind }) => kind !== "dropout" && kind !== "gaussianNoise")
    .map((layer) => {
      const entries = Object.entries(layer)
        .filter(([name]) => !/[iI]nitial/.test(name))
        .map(([name, value]) => [name, typeof value === "number" ? Number(value.toPrecision(6)) : value]);
      return Object.fromEntries(entries);
    });
}

describe.each(DTYPES)("a network of %s", (dtype) => {
  const names = Object.keys(LAYERS).filter((name) => name !== "dropout alone");

  it.each(names)("is read from the file that it was written to, with the same bits: %s", async (name) => {
    const network = await trained(name, dtype);
    const copy = await read(toOnnx(network));
    expect(copy.dtype).toBe(dtype);
    expect(graphOf(copy)).toEqual(graphOf(network));
    const [actual, expected] = [copy, network].map((each) => each.predict(rowsFor(name)));
    // An epsilon is a float32 in the file, and other numbers make up for it.
    if (dtype === "float64" && /norm|kinds/.test(name)) {
      expect(errorOfOutputs(actual!.data, expected!.data)).toBeLessThan(1e-12);
    } else {
      expect(bitsOf(actual!.data)).toBe(bitsOf(expected!.data));
    }
  });
});

it("toOnnx writes the parameters that predict uses", async () => {
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(1)],
    loss: "meanSquaredError",
    optimizer: sgd({ ema: 0.9 }),
  });
  const rows = [
    [1, 2],
    [3, 4],
  ];
  network.fitSync(rows, [0.1, 0.2], { epochs: 5 });
  const copy = await read(toOnnx(network));
  expect(bitsOf(copy.predict(rows).data)).toBe(bitsOf(network.predict(rows).data));
  expect(bitsOf(copy.predict(rows).data)).not.toBe(bitsOf(network.predict(rows, { averaged: false }).data));
  network.dispose();
});

it.each([1e-3, 1e-5, 1e-4, 0.1])(
  "a unit without variance is read from a file, with epsilon %f",
  async (epsilon) => {
    const layers = [batchNorm({ epsilon })] as const;
    const network = await createNetwork({ inputs: 2, layers, loss: "huber", dtype: "float64" });
    network.buffers[0].runningVariance.data.fill(0);
    const copy = await read(toOnnx(network));
    expect(errorOfOutputs(copy.predict([[1, 2]]).data, network.predict([[1, 2]]).data)).toBeLessThan(1e-12);
    network.dispose();
  },
);

it("toOnnx refuses a network that was disposed, and what is no network", async () => {
  const network = await createTrained("relu", "float32");
  network.dispose();
  expect(() => toOnnx(network)).toThrow(expect.objectContaining({ code: "disposed" }));
  for (const create of Object.values(HOSTILE)) {
    expect(() => toOnnx(create() as typeof network)).toThrow(BackpropError);
  }
});

interface ReferenceModel {
  readonly file: string;
  readonly dtype: DType;
  readonly inputs: number[][];
  readonly outputs: number[][];
}

const REFERENCE = new URL("reference/", import.meta.url);

function bytesOf(file: string): Uint8Array {
  return readFileSync(new URL(`onnx/${file}`, REFERENCE));
}

const MODELS = ["onnx_torch.json", "onnx_scikit.json"].flatMap((file) => {
  const { models } = JSON.parse(readFileSync(new URL(file, REFERENCE), "utf8")) as {
    models: ReferenceModel[];
  };
  return models;
});

describe("the file of another library's exporter", () => {
  it.each(MODELS.map((model) => [model.file, model] as const))(
    "gives the outputs of that library: %s",
    async (file, { dtype, inputs, outputs }) => {
      const network = await read(bytesOf(file));
      expect(network.dtype).toBe(dtype);
      const { data } = network.predict(inputs);
      expect(errorOfOutputs(data, outputs.flat())).toBeLessThan(dtype === "float32" ? 2e-6 : 1e-14);
    },
  );

  it("gives a network that can be trained, with the loss for its output", async () => {
    const network = await read(bytesOf("scikit_iris.onnx"), { seed: 3 });
    expect(network.loss).toBe("sparseCategoricalCrossentropy");
    const { inputs } = MODELS.find(({ file }) => file === "scikit_iris.onnx")!;
    const { loss } = await network.fit(inputs, [0, 0, 0, 0, 0, 0], { epochs: 5 });
    expect(loss.at(-1)).toBeLessThan(loss[0]!);
  });

  it("keeps an activation that follows a norm as a frozen layer", async () => {
    const network = await read(bytesOf("torch_norms_script.onnx"));
    expect(network.layers.map(({ kind }) => kind)).toEqual([
      ...[
        "dense",
        "batchNorm",
        "prelu",
        "dense",
        "layerNorm",
        "dense",
        "dense",
        "prelu",
        "batchNorm",
        "dense",
      ],
    ]);
    expect(network.layers[2]).toMatchObject({ initial: 0, trainable: false });
    expect(network.layers[5]).toMatchObject({ activation: "tanh", useBias: false, trainable: false });
    expect(network.layers[8]).toMatchObject({ momentum: 0.1 });
  });

  it("is read up to the value that the option output names", async () => {
    const whole = await read(bytesOf("scikit_iris.onnx"));
    const hidden = await read(bytesOf("scikit_iris.onnx"), { output: "next_activations", dtype: "float64" });
    expect(hidden.layers).toHaveLength(1);
    expect(hidden.dtype).toBe("float64");
    expect(whole.layers[0]).toMatchObject({ units: hidden.predict([[0, 0, 0, 0]]).shape[1] });
  });
});

/** A graph from "x" [rows, 2] to "y", with one node besides z = x · kernel and the sigmoid of x. */
function graphWith(node: Message, changes: Message = {}): Uint8Array {
  const tensor = (name: string, dims: number[], values: number[]) => ({
    name,
    dims,
    dataType: 1,
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  });
  const value = (name: string) => ({ name, type: { tensor: { elementType: 1 } } });
  return encode(MODEL, {
    irVersion: 9,
    operatorSet: [{ domain: "", version: 20 }],
    graph: {
      node: [
        { operator: "Gemm", input: ["x", "kernel"], output: ["z"], attribute: [] },
        { operator: "Sigmoid", input: ["x"], output: ["sigmoid"], attribute: [] },
        node,
      ],
      initializer: [
        tensor("kernel", [2, 3], [1, 2, 3, 4, 5, 6]),
        tensor("vector", [3], [1, 2, 3]),
        tensor("long", [4], [1, 2, 3, 4]),
        tensor("negative", [3], [1, -2, 3]),
        { name: "half", dims: [3], dataType: 10, rawData: new Uint8Array(6) },
        { name: "elsewhere", dims: [3], dataType: 1, dataLocation: 1 },
        { name: "short", dims: [3], dataType: 1, rawData: new Uint8Array(8) },
        { name: "endless", dims: [2 ** 30, 2 ** 30], dataType: 1, rawData: new Uint8Array(4) },
      ],
      input: [value("x")],
      output: [value("y")],
      ...changes,
    },
  });
}

function node(
  operator: string,
  input: string[],
  attributes: Record<string, number> = {},
  domain = "",
): Message {
  const attribute = Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2, integers: [] }));
  return { name: "second", operator, input, output: ["y"], attribute, domain };
}

async function refusal(bytes: Uint8Array, options?: OnnxOptions): Promise<BackpropError> {
  const error: unknown = await read(bytes, options).catch((error) => error);
  expect(error).toBeInstanceOf(BackpropError);
  return error as BackpropError;
}

describe("fromOnnx", () => {
  it.each<[string, Message]>([
    ["Conv", node("Conv", ["z", "kernel"])],
    ["LogSoftmax", node("LogSoftmax", ["z"])],
    ['Scaler of "ai.onnx.ml"', node("Scaler", ["z"], {}, "ai.onnx.ml")],
    ['Relu of "com.example"', node("Relu", ["z"], {}, "com.example")],
    ["Softmax", node("Softmax", ["z"], { axis: 0 })],
    ["Flatten", node("Flatten", ["z"], { axis: 0 })],
    ["Gemm", node("Gemm", ["z", "z"])],
    ["Add", node("Add", ["z", "z"])],
    [
      "BatchNormalization",
      node("BatchNormalization", ["z", ...Array(4).fill("vector")], { training_mode: 1 }),
    ],
    ["Cast", node("Cast", ["z"], { to: 7 })],
    ["Clip", node("Clip", ["z", "", "vector"])],
    ["Mul", node("Mul", ["z", "sigmoid"])],
  ])("names the node that it does not support: %s", async (operator, second) => {
    const { code, message } = await refusal(graphWith(second));
    expect(code).toBe("unsupported");
    expect(message).toContain(`the node "second" (${operator})`);
  });

  it.each<[string, Uint8Array, string, RegExp]>([
    ["no bytes", new Uint8Array(0), "invalidData", /has no graph/],
    ["text", Buffer.from("not an ONNX file"), "invalidData", /no ONNX file/],
    ["a field of another type", Uint8Array.of(7 << 3, 1), "invalidData", /field graph has wire type 0/],
    ["a cycle", graphWith(node("Relu", ["y"])), "invalidData", /no node makes "y"/],
    ["a value that nothing makes", graphWith(node("Relu", ["w"])), "invalidData", /no node makes "w"/],
    [
      "a bias of another length",
      graphWith(node("Add", ["z", "long"])),
      "invalidData",
      /shape \[4\]; expected \[3\]/,
    ],
    [
      "fewer bytes than elements",
      graphWith(node("Add", ["z", "short"])),
      "invalidData",
      /"short" has 2 elements/,
    ],
    ["a huge tensor", graphWith(node("Add", ["z", "endless"])), "invalidData", /"endless" has 1 elements/],
    ["float16", graphWith(node("Add", ["z", "half"])), "unsupported", /"half" is of ONNX's data type 10/],
    [
      "another file",
      graphWith(node("Add", ["z", "elsewhere"])),
      "unsupported",
      /"elsewhere" is stored in another/,
    ],
    [
      "a negative variance",
      graphWith(node("BatchNormalization", ["z", "vector", "vector", "vector", "negative"])),
      "invalidData",
      /variance of a BatchNormalization is -2 for unit 1/,
    ],
    [
      "two inputs",
      graphWith(node("Relu", ["z"]), { input: [{ name: "x" }, { name: "w" }] }),
      "unsupported",
      /"x", "w"/,
    ],
    [
      "two outputs",
      graphWith(node("Relu", ["z"]), { output: [{ name: "y" }, { name: "z" }] }),
      "unsupported",
      /"y", "z"/,
    ],
    ["no layer", graphWith(node("Identity", ["x"])), "unsupported", /no layer/],
  ])("refuses %s", async (_, bytes, code, message) => {
    expect(await refusal(bytes)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuses an activation without a dense layer that would need a huge identity matrix", async () => {
    const input = [{ name: "x", type: { tensor: { shape: { dimension: [{}, { length: 2 ** 31 }] } } } }];
    const bytes = graphWith({ ...node("Tanh", ["x"]) }, { input });
    expect(await refusal(bytes)).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("4096"),
    });
  });

  it("refuses options that are not valid", async () => {
    const bytes = graphWith(node("Relu", ["z"]));
    expect(await refusal(bytes, { output: "w" })).toMatchObject({ code: "invalidOption" });
    expect(await refusal(bytes, { layers: [] } as OnnxOptions)).toBeInstanceOf(BackpropError);
    expect(await refusal(bytes, { epochs: 1 } as OnnxOptions)).toMatchObject({ code: "invalidOption" });
    for (const create of Object.values(HOSTILE)) {
      await expect(read(create() as Uint8Array)).rejects.toBeInstanceOf(BackpropError);
      await read(bytes, create() as OnnxOptions).catch((error) =>
        expect(error).toBeInstanceOf(BackpropError),
      );
    }
  });

  it("reads an ArrayBuffer, and a part of a larger one", async () => {
    const bytes = toOnnx(await trained("tanh", "float64"));
    const larger = new Uint8Array(bytes.length + 5);
    larger.set(bytes, 3);
    const rows = rowsFor("tanh");
    const expected = (await read(bytes)).predict(rows).data;
    for (const each of [larger.slice(3, -2).buffer, larger.subarray(3, -2)]) {
      expect((await read(each as Uint8Array)).predict(rows).data).toEqual(expected);
    }
  });

  it("throws only BackpropErrors for files that are truncated at any byte", async () => {
    const bytes = toOnnx(await trained("layers of all kinds", "float32"));
    const refusals = await countRefusals(truncations(bytes), fromOnnx);
    // A file without its last field, the version of the operators, is a smaller message.
    expect(bytes.length - refusals).toBeLessThanOrEqual(1);
  });

  it.each(["layers of all kinds", "softplus"])(
    "throws only BackpropErrors for files with altered bytes: %s",
    async (name) => {
      const bytes = toOnnx(await trained(name, "float64"));
      expect(await countRefusals(corruptions(bytes, 3000), fromOnnx)).toBeGreaterThan(500);
    },
  );
});
