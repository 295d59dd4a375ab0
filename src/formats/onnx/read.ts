// Makes a network of a graph of ONNX.

import {
  type ActivationName,
  BackpropError,
  type BatchNormLayer,
  batchNorm,
  createNetwork,
  type DType,
  dense,
  embedding,
  type FloatArray,
  type Layer,
  type LayerValues,
  type LossName,
  layerNorm,
  type Network,
  type NetworkOptions,
  prelu,
} from "../../index.js";
import { show } from "../../show.js";
import { attempt, requireKeys } from "../../validation.js";
import { malformed, requireBytes } from "../bytes.js";
import { type Constant, Graph } from "./graph.js";
import { DOUBLE, FLOAT, INPUTS, OUTPUTS, type ValueMessage } from "./schema.js";
import { type Part, readParts, vectorOf } from "./steps.js";

/** The options of `createNetwork` that the file does not determine, and `output`. */
export interface OnnxOptions extends Partial<Omit<NetworkOptions<readonly Layer[]>, "inputs" | "layers">> {
  /**
   * The name of the value in the graph that the network shall predict. Default: the graph's output of float32 or
   * float64 numbers, if there is only one.
   */
  readonly output?: string;
  /**
   * The name of the value in the graph that the network takes. Default: the only input. The network of a model of a table
   * takes "inputs", which the nodes before it compute from the columns.
   */
  readonly input?: string;
}

/** `createNetwork` checks their values. */
const OPTIONS: Readonly<Record<keyof OnnxOptions, true>> = {
  loss: true,
  optimizer: true,
  dtype: true,
  seed: true,
  random: true,
  numerics: true,
  threads: true,
  metadata: true,
  output: true,
  input: true,
};

/**
 * A network with the layers and the numbers of an ONNX file: of `toOnnx`, and of dense networks that PyTorch's and
 * scikit-learn's exporters write. It predicts what onnxruntime computes, and can be trained further.
 *
 * Recognized are Gemm, and MatMul with or without Add; every activation of `dense`; PRelu, BatchNormalization and
 * LayerNormalization; embeddings as `toOnnx` writes them; and, where they change nothing, Identity, Cast, Flatten,
 * Reshape, Dropout and ZipMap. An activation that does not follow a dense layer becomes a layer of its own, with
 * `trainable: false`: a PReLU of slope 0 or alpha for relu and leakyRelu, else a dense layer whose kernel is the
 * identity matrix. Of scikit-learn's classifier for two classes, the network has one output, the probability of the
 * second class.
 *
 * @param bytes the content of the file.
 * @param options those of `createNetwork` except inputs and layers. The default dtype is that of the file. The default
 *   loss is sparseCategoricalCrossentropy after a softmax, sigmoidCrossentropy after a sigmoid, else meanSquaredError.
 * @throws BackpropError (rejects) `unsupported` for a node that is no layer, with its name and operator, and for tensors
 *   of other types or in other files; `invalidData` for bytes that are no whole ONNX file or numbers that are not
 *   finite; `invalidOption`; and as `createNetwork`.
 */
export async function fromOnnx(
  bytes: Uint8Array | ArrayBuffer,
  options: OnnxOptions = {},
): Promise<Network<readonly Layer[]>> {
  const { input, output, ...given } = attempt("invalidOption", "options", () => {
    requireKeys("fromOnnx", options, OPTIONS);
    return { ...options };
  });
  const graph = new Graph(requireBytes("bytes", bytes));
  const value = findInput(graph, input);
  const parts = readParts(graph, value.name!, findOutput(graph, output));
  const { inputs, layers } = assemble(parts, columnsOf(value));
  const network = await createNetwork<readonly Layer[]>({
    dtype: dtypeOf(parts),
    loss: lossFor(layers.at(-1)!.layer),
    ...given,
    inputs,
    layers: layers.map(({ layer }) => layer),
  });
  try {
    network.setParameters(layers.map(({ parameters }) => parameters));
    for (const [i, { buffers }] of layers.entries()) {
      for (const [name, values] of Object.entries(buffers)) {
        network.buffers[i]![name as "runningMean"]!.data.set(values);
      }
    }
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  }
}

function findInput(graph: Graph, given: unknown): ValueMessage {
  const { inputs } = graph;
  if (given !== undefined) {
    const found = inputs.find(({ name }) => name === given);
    if (found) return found;
    if (typeof given === "string" && graph.producerOf(given)) return { name: given };
    throw new BackpropError(
      "invalidOption",
      `input is ${show(given)}; expected the name of a value of the graph.`,
    );
  }
  if (inputs.length === 1 && inputs[0]!.name && !graph.isOfTable) return inputs[0]!;
  const names = inputs
    .slice(0, 20)
    .map(({ name }) => show(name))
    .join(", ");
  throw new BackpropError(
    "unsupported",
    `bytes has the inputs ${names || "(none)"}; expected one. ` +
      (graph.isOfTable
        ? `It has a model of a table. To read its network without the preprocessing, set the options input to "${INPUTS}" ` +
          `and output to ${graph.producerOf(OUTPUTS) ? show(OUTPUTS) : '"probabilities"'}.`
        : "To read the part after a value of the graph, set the option input to its name."),
  );
}

function findOutput(graph: Graph, given: unknown): string {
  if (given !== undefined) {
    if (typeof given === "string" && graph.producerOf(given)) return given;
    throw new BackpropError(
      "invalidOption",
      `output is ${show(given)}; expected the name of a value of the graph.`,
    );
  }
  // The labels of a classifier are integers or texts.
  const outputs = graph.outputs.filter(({ type }) => {
    const elementType = type?.tensor?.elementType ?? FLOAT;
    return elementType === FLOAT || elementType === DOUBLE;
  });
  if (outputs.length === 1) return outputs[0]!.name ?? "";
  const names = outputs.map(({ name }) => show(name)).join(", ");
  throw new BackpropError(
    "unsupported",
    `bytes has the outputs ${names || "(none)"}; expected one, or its name as the option output.`,
  );
}

/** The numbers in a row of the graph's input, if it says so. Flatten makes one row of all dimensions but the first. */
function columnsOf({ type }: ValueMessage): number | undefined {
  const lengths = type?.tensor?.shape?.dimension.slice(1).map(({ length }) => length ?? 0) ?? [];
  return lengths.reduce((product, length) => product * length, 1) || undefined;
}

/** The layer for a part, and its numbers. */
interface ReadLayer {
  readonly layer: Layer;
  readonly parameters: LayerValues;
  readonly buffers: Readonly<Record<string, FloatArray>>;
}

interface Assembly {
  readonly inputs: number;
  readonly layers: readonly ReadLayer[];
}

function assemble(parts: readonly Part[], declared: number | undefined): Assembly {
  const inputs = parts.map(inputsOf).find((width) => width !== undefined) ?? declared;
  if (parts.length === 0 || inputs === undefined) {
    throw new BackpropError(
      "unsupported",
      "bytes has no layer between input and output; expected at least one.",
    );
  }
  const layers: ReadLayer[] = [];
  let width = inputs;
  for (const part of parts) {
    const expected = inputsOf(part) ?? width;
    if (expected !== width) {
      throw malformed("bytes", `a layer (${part.kind}) takes ${expected} columns and gets ${width}`);
    }
    const before = part.kind === "activation" ? layers.at(-1)?.layer : undefined;
    if (part.kind === "activation" && before?.kind === "dense" && before.activation === "linear") {
      layers.push({ ...layers.pop()!, layer: activated(before.units, part, { useBias: before.useBias }) });
    } else {
      layers.push((LAYERS[part.kind] as (part: Part, width: number) => ReadLayer)(part, width));
    }
    width = unitsOf(part) ?? width;
  }
  return { inputs, layers };
}

/** The columns that a part takes; undefined if it takes any. One number may stand for all units. */
function inputsOf(part: Part): number | undefined {
  if (part.kind === "dense") return part.kernel.shape[0];
  if (part.kind === "embedding") return part.inputs;
  const vector = part.kind === "activation" ? undefined : "gamma" in part ? part.gamma : part.alpha;
  return vector && vector.data.length > 1 ? vector.data.length : undefined;
}

function unitsOf(part: Part): number | undefined {
  if (part.kind === "dense") return part.kernel.shape[1];
  if (part.kind !== "embedding") return undefined;
  return part.columns.reduce((width, { table }) => width + table.shape[1]! - 1, part.inputs);
}

type PartOf<K extends Part["kind"]> = Extract<Part, { kind: K }>;

const LAYERS: { readonly [K in Part["kind"]]: (part: PartOf<K>, width: number) => ReadLayer } = {
  dense: ({ kernel, bias }) => ({
    layer: dense(kernel.shape[1]!, "linear", { useBias: bias !== undefined }),
    parameters: { kernel, bias: bias ?? null },
    buffers: {},
  }),
  activation: activationAlone,
  prelu: ({ alpha }, width) => ({
    layer: prelu(),
    parameters: { alpha: vectorOf(alpha, width, "a PRelu") },
    buffers: {},
  }),
  layerNorm: (part, width) => ({
    layer: layerNorm({ epsilon: part.epsilon }),
    parameters: gammaAndBeta(part, width),
    buffers: {},
  }),
  batchNorm: (part, width) => ({
    layer: batchNorm({ epsilon: part.epsilon, momentum: momentumOf(part) }),
    parameters: gammaAndBeta(part, width),
    buffers: {
      runningMean: statistics("mean", part.mean, width, -Infinity),
      runningVariance: statistics("variance", part.variance, width, 0),
    },
  }),
  embedding: ({ columns }) => ({
    layer: embedding(
      columns.map(({ column, table }) => ({ column, categories: table.shape[0]!, units: table.shape[1]! })),
    ),
    parameters: Object.fromEntries(columns.map(({ table }, i) => [`embedding${i}`, table])),
    buffers: {},
  }),
};

function gammaAndBeta({ gamma, beta }: PartOf<"layerNorm" | "batchNorm">, width: number) {
  return {
    gamma: vectorOf(gamma, width, "a normalization"),
    beta: beta ? vectorOf(beta, width, "a normalization") : new Float64Array(width),
  };
}

/** 1 − a float32 is not quite the number that was meant. */
function momentumOf({ momentum }: PartOf<"batchNorm">): BatchNormLayer["momentum"] {
  return Number(momentum.toPrecision(6));
}

function statistics(name: string, constant: Constant, width: number, min: number): FloatArray {
  const values = vectorOf(constant, width, "a BatchNormalization");
  const wrong = values.findIndex((value) => !(Number.isFinite(value) && value >= min));
  if (wrong < 0) return values;
  throw malformed("bytes", `the ${name} of a BatchNormalization is ${values[wrong]} for unit ${wrong}`);
}

/** The identity matrix for an activation has this many rows at most, so that a small file does not fill the memory. */
const MAX_IDENTITY = 4096;

/** The slope below 0 of the activations that a PReLU equals. */
const SLOPES: Partial<Record<ActivationName, (alpha: number | undefined) => number>> = {
  relu: () => 0,
  leakyRelu: (alpha) => alpha!,
};

function activationAlone(part: PartOf<"activation">, width: number): ReadLayer {
  const slope = SLOPES[part.name]?.(part.alpha);
  if (slope !== undefined) {
    const layer = prelu({ initial: slope, trainable: false });
    return { layer, parameters: { alpha: new Float64Array(width).fill(slope) }, buffers: {} };
  }
  if (width > MAX_IDENTITY) {
    throw new BackpropError(
      "unsupported",
      `bytes has the activation ${part.name} of ${width} columns without a dense layer before it; ` +
        `expected at most ${MAX_IDENTITY} columns.`,
    );
  }
  const kernel = new Float64Array(width * width);
  for (let i = 0; i < width; i++) kernel[i * width + i] = 1;
  return {
    layer: activated(width, part, { useBias: false, trainable: false }),
    parameters: { kernel: { data: kernel, shape: [width, width] }, bias: null },
    buffers: {},
  };
}

function activated(
  units: number,
  { name, alpha }: PartOf<"activation">,
  options: { readonly useBias: boolean; readonly trainable?: boolean },
): Layer {
  return dense(units, name, alpha === undefined ? options : { ...options, alpha });
}

function dtypeOf(parts: readonly Part[]): DType {
  const constants = parts.flatMap((part): (Partial<Constant> | undefined)[] =>
    part.kind === "embedding" ? part.columns.map(({ table }) => table) : Object.values(part),
  );
  return constants.some((each) => each?.dtype === "float64") ? "float64" : "float32";
}

/** The usual loss for the activation of the output layer. */
function lossFor(output: Layer): LossName {
  const activation = output.kind === "dense" ? output.activation : undefined;
  if (activation === "softmax") return "sparseCategoricalCrossentropy";
  return activation === "sigmoid" ? "sigmoidCrossentropy" : "meanSquaredError";
}
