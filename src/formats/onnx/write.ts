// Writes a network as a graph of ONNX, https://onnx.ai/onnx/operators/.

import type {
  BatchNormLayer,
  DType,
  EmbeddingLayer,
  FloatArray,
  Layer,
  LayerNormLayer,
  Network,
} from "../../index.js";
import {
  columnsBeside,
  entryOf,
  type LayerTable,
  type NumberTensor,
  readTrained,
  type TrainedLayer,
  type TrainedNetwork,
} from "../trained.js";
import {
  ACTIVATION_FORMS,
  type ConstantName,
  type Expression,
  type FormName,
  isOperation,
  LAYER_NORM_64,
  type Operation,
} from "./forms.js";
import { encode } from "./protobuf.js";
import {
  ATTRIBUTE,
  type AttributeMessage,
  DOUBLE,
  FLOAT,
  INT64,
  MODEL,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueMessage,
} from "./schema.js";

/** The oldest set of operators that has all that are used: Gelu came with it. onnxruntime has it since 1.17 of 2024. */
const OPERATOR_SET = 20;

/** The version of the file format that ONNX 1.15 introduced together with this set of operators. */
const IR_VERSION = 9;

/** The names of the graph's input and output. */
const INPUTS = "inputs";
const OUTPUTS = "outputs";

const ELEMENT_TYPES: Readonly<Record<DType, number>> = { float32: FLOAT, float64: DOUBLE };

/**
 * The network as an ONNX file (opset 20), for onnxruntime and other tools. Its input is "inputs" [rows, inputs] and its
 * output "outputs" [rows, outputs], both of the network's dtype, for any number of rows. The outputs are those of
 * `predict`: softmax and sigmoid are applied, averaged parameters are used, batch norm uses its running statistics, and
 * dropout and Gaussian noise are left out. Loss and optimizer are not written.
 *
 * @throws BackpropError `disposed`, `invalidOption` for a value that is no network.
 */
export function toOnnx<L extends readonly Layer[]>(network: Network<L>): Uint8Array {
  const trained = readTrained(network as unknown as Network<readonly Layer[]>);
  const graph = new GraphWriter(trained.dtype);
  // Preprocessing that belongs to the network will be written here, from "inputs" to the value of the first layer.
  let value = INPUTS;
  for (const layer of trained.layers) value = entryOf(LAYERS, layer)(layer, graph, value);
  return encode(MODEL, modelOf(trained, graph.finish()) as never);
}

function modelOf({ dtype, inputs, outputs }: TrainedNetwork, graph: GraphParts): ModelMessage {
  const describeValue = (name: string, columns: number): ValueMessage => ({
    name,
    type: {
      tensor: {
        elementType: ELEMENT_TYPES[dtype],
        shape: { dimension: [{ parameter: "rows" }, { length: columns }] },
      },
    },
  });
  return {
    irVersion: IR_VERSION,
    producer: "backprop-wasm",
    operatorSet: [{ domain: "", version: OPERATOR_SET }],
    graph: {
      ...graph,
      name: "network",
      input: [describeValue(INPUTS, inputs)],
      output: [describeValue(OUTPUTS, outputs)],
    },
  };
}

interface GraphParts {
  readonly node: readonly NodeMessage[];
  readonly initializer: readonly TensorMessage[];
}

class GraphWriter {
  readonly dtype: DType;
  readonly #nodes: NodeMessage[] = [];
  readonly #tensors = new Map<string, TensorMessage>();

  constructor(dtype: DType) {
    this.dtype = dtype;
  }

  /** Adds a node, and returns the name of its output. */
  node(operator: string, inputs: readonly string[], attributes: Operation["attributes"] = {}): string {
    const output = `${operator}${this.#nodes.length}`;
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    this.#nodes.push({ name: output, operator, input: inputs, output: [output], attribute });
    return output;
  }

  /** Adds a tensor of the network, and returns its name. */
  tensor({ index }: TrainedLayer<Layer>, name: string, { shape, data }: NumberTensor): string {
    return this.#add({
      name: `layers.${index}.${name}`,
      dims: shape,
      dataType: ELEMENT_TYPES[this.dtype],
      rawData: bytesOf(data),
    });
  }

  /** Adds tensors of a layer by their names in the network, those that it has. */
  tensors(trained: TrainedLayer<Layer>, ...names: readonly string[]): string[] {
    return names.flatMap((name) => {
      const tensor = trained.tensors[name];
      return tensor ? [this.tensor(trained, name, tensor)] : [];
    });
  }

  /** The name of a scalar of the network's dtype. The same numbers share one. */
  number(value: number): string {
    const data = this.dtype === "float32" ? Float32Array.of(value) : Float64Array.of(value);
    const dataType = ELEMENT_TYPES[this.dtype];
    return this.#add({ name: `constant.${value}`, dims: [], dataType, rawData: bytesOf(data) });
  }

  /** The name of a tensor of integers: [integers], or a scalar. */
  integers(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    const data = BigInt64Array.from(list, BigInt);
    const name = `${typeof values === "number" ? "integer" : "integers"}.${this.#tensors.size}`;
    const dims = typeof values === "number" ? [] : [list.length];
    return this.#add({ name, dims, dataType: INT64, rawData: bytesOf(data) });
  }

  #add(tensor: TensorMessage & { readonly name: string }): string {
    this.#tensors.set(tensor.name, tensor);
    return tensor.name;
  }

  /** The parts of the graph. The output of the last node becomes the graph's; without layers that act, of Identity. */
  finish(): GraphParts {
    if (this.#nodes.length === 0) this.node("Identity", [INPUTS]);
    const last = { ...this.#nodes.at(-1)!, output: [OUTPUTS] };
    return { node: [...this.#nodes.slice(0, -1), last], initializer: [...this.#tensors.values()] };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: FloatArray | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function attributeOf(name: string, value: number | string): AttributeMessage {
  const common = { name, integers: [] };
  if (typeof value === "string") return { ...common, s: new TextEncoder().encode(value), type: ATTRIBUTE.s };
  return name in INTEGER_ATTRIBUTES
    ? { ...common, i: value, type: ATTRIBUTE.i }
    : { ...common, f: value, type: ATTRIBUTE.f };
}

/** The attributes that are integers; the other numbers are floats. */
const INTEGER_ATTRIBUTES = { axis: true, to: true };

const LAYERS: LayerTable<[graph: GraphWriter, value: string], string> = {
  dense: (trained, graph, x) => {
    const z = graph.node("Gemm", [x, ...graph.tensors(trained, "kernel", "bias")]);
    const { activation, alpha } = trained.layer;
    return activation === "linear" ? z : writeForm(graph, activation, z, alpha);
  },
  prelu: (trained, graph, x) => writeForm(graph, "prelu", x, graph.tensors(trained, "alpha")[0]!),
  batchNorm: writeBatchNorm,
  layerNorm: writeLayerNorm,
  embedding: writeEmbedding,
};

/** An epsilon is a float32 in the file. What float64 loses by that is added to the variance. */
function writeBatchNorm(trained: TrainedLayer<BatchNormLayer>, graph: GraphWriter, x: string): string {
  const { epsilon, momentum } = trained.layer;
  const { gamma, beta, runningMean, runningVariance } = trained.tensors;
  const written = graph.dtype === "float64" ? floatBelow(epsilon) : epsilon;
  const { shape, data } = runningVariance!;
  const variance = { shape, data: data.map((value) => value + (epsilon - written)) };
  const tensors = Object.entries({ gamma, beta, runningMean, runningVariance: variance });
  const names = tensors.map(([name, tensor]) => graph.tensor(trained, name, tensor!));
  return graph.node("BatchNormalization", [x, ...names], {
    epsilon: written,
    // ONNX's momentum is the weight of the old statistics.
    momentum: 1 - momentum,
  });
}

/** The largest float32 that is not above a positive number. */
function floatBelow(value: number): number {
  const float = Float32Array.of(value);
  if (float[0]! > value) new Int32Array(float.buffer)[0]!--;
  return float[0]!;
}

function writeLayerNorm(trained: TrainedLayer<LayerNormLayer>, graph: GraphWriter, x: string): string {
  const { epsilon } = trained.layer;
  const [gamma, beta] = graph.tensors(trained, "gamma", "beta") as [string, string];
  if (graph.dtype === "float64")
    return new FormWriter(graph, x, { gamma, beta, epsilon }).write(LAYER_NORM_64);
  return graph.node("LayerNormalization", [x, gamma, beta], { axis: -1, epsilon });
}

/** The columns that are passed on, then the row of each table that its column names. */
function writeEmbedding(trained: TrainedLayer<EmbeddingLayer>, graph: GraphWriter, x: string): string {
  const { columns } = trained.layer;
  const others = columnsBeside(columns, trained.inputs);
  const vectors = columns.map(({ column }, i) => {
    const categories = graph.node("Gather", [x, graph.integers(column)], { axis: 1 });
    const rows = graph.node("Cast", [categories], { to: INT64 });
    return graph.node("Gather", [...graph.tensors(trained, `embedding${i}`), rows], { axis: 0 });
  });
  const passed = others.length > 0 ? [graph.node("Gather", [x, graph.integers(others)], { axis: 1 })] : [];
  return graph.node("Concat", [...passed, ...vectors], { axis: 1 });
}

/** Writes an activation of z. `alpha`: its number, or the name of its vector. */
function writeForm(graph: GraphWriter, name: FormName, z: string, alpha: number | string): string {
  return new FormWriter(graph, z, { alpha }).write(ACTIVATION_FORMS[name][graph.dtype]);
}

/** Writes an expression of z, each of its operations once. Constants are numbers, or names of tensors. */
class FormWriter {
  readonly #graph: GraphWriter;
  readonly #constants: Readonly<Record<string, number | string>>;
  readonly #values: Map<Expression, string>;

  constructor(
    graph: GraphWriter,
    z: string,
    constants: { readonly [name in ConstantName]?: number | string },
  ) {
    this.#graph = graph;
    this.#constants = constants;
    this.#values = new Map([["z", z]]);
  }

  write(expression: Expression): string {
    const value = this.#values.get(expression) ?? this.#add(expression);
    this.#values.set(expression, value);
    return value;
  }

  #add(expression: Expression): string {
    const constant = typeof expression === "string" ? this.#constants[expression]! : expression;
    if (typeof constant === "string") return constant;
    if (typeof constant === "number") return this.#graph.number(constant);
    if (!isOperation(constant)) return this.#graph.integers(constant);
    const inputs = constant.inputs.map((input) => this.write(input));
    const attributes = Object.entries(constant.attributes).map(([name, value]) => [
      name,
      value === "alpha" ? this.#constants[value]! : value,
    ]);
    return this.#graph.node(constant.operator, inputs, Object.fromEntries(attributes));
  }
}
