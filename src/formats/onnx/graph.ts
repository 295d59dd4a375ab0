// A graph of ONNX that is read: which node makes a value, and which values are constants.

import type { DType, FloatArray } from "../../index.js";
import { BackpropError } from "../../index.js";
import { reasonOf, show } from "../../show.js";
import { malformed } from "../bytes.js";
import { decode } from "./protobuf.js";
import {
  type AttributeMessage,
  DOUBLE,
  FLOAT,
  type GraphMessage,
  INPUTS,
  INT64,
  MODEL,
  type ModelMessage,
  type NodeMessage,
  PRODUCER,
  type TensorMessage,
  type ValueMessage,
} from "./schema.js";

/** A constant tensor, row-major. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: FloatArray;
  /** Undefined for integers. */
  readonly dtype: DType | undefined;
}

/** The name of the standard's own operators is "" or this. */
const STANDARD_DOMAINS = ["", "ai.onnx", undefined];

/** Nodes that a constant may pass through. A graph has no more of them in a row than this, unless it is a cycle. */
const MAX_CONSTANT_NODES = 8;

export class Graph {
  /** Whether `toOnnx` wrote it of a model of a table: nodes compute what its network takes. */
  readonly isOfTable: boolean;
  readonly #graph: GraphMessage;
  readonly #producers = new Map<string, NodeMessage>();
  readonly #tensors = new Map<string, TensorMessage>();
  readonly #constants = new Map<string, Constant | undefined>();

  /** @throws BackpropError `invalidData` if the bytes are no model of ONNX. */
  constructor(bytes: Uint8Array) {
    const { graph, producer } = readModel(bytes);
    this.#graph = graph;
    for (const node of this.#graph.node) {
      for (const name of node.output) if (name !== "") this.#producers.set(name, node);
    }
    for (const tensor of this.#graph.initializer) this.#tensors.set(tensor.name ?? "", tensor);
    this.isOfTable = producer === PRODUCER && this.#producers.has(INPUTS);
  }

  /** The inputs that are not constants. */
  get inputs(): readonly ValueMessage[] {
    return this.#graph.input.filter(({ name = "" }) => !this.#tensors.has(name));
  }

  get outputs(): readonly ValueMessage[] {
    return this.#graph.output;
  }

  get nodes(): number {
    return this.#graph.node.length;
  }

  /** The node that makes a value; undefined for an input of the graph and an initializer. */
  producerOf(value: string): NodeMessage | undefined {
    return this.#producers.get(value);
  }

  /** The constant of that name, also one that passes through Identity, Cast or Transpose; undefined for other values. */
  constantOf(value: string | undefined): Constant | undefined {
    if (value === undefined) return undefined;
    if (!this.#constants.has(value)) this.#constants.set(value, this.#readConstant(value, 0));
    return this.#constants.get(value);
  }

  #readConstant(value: string, depth: number): Constant | undefined {
    const tensor = this.#tensors.get(value);
    if (tensor) return readTensor(`the tensor ${show(value)}`, tensor);
    const node = this.#producers.get(value);
    if (!node || !isStandard(node)) return undefined;
    if (node.operator === "Constant") return constantOfNode(node);
    const [input] = node.input;
    if (!isPassage(node) || input === undefined || depth === MAX_CONSTANT_NODES) return undefined;
    const constant = this.#readConstant(input, depth + 1);
    return node.operator === "Transpose" ? transpose(constant) : constant;
  }

  isConstant(value: string): boolean {
    return this.#tensors.has(value) || this.constantOf(value) !== undefined;
  }
}

function readModel(bytes: Uint8Array): ModelMessage & { readonly graph: GraphMessage } {
  let model: ModelMessage;
  try {
    model = decode(MODEL, bytes) as unknown as ModelMessage;
  } catch (cause) {
    throw malformed("bytes", `it is no ONNX file, or not a whole one: ${reasonOf(cause)}`, cause);
  }
  const { graph } = model;
  if (graph) return { ...model, graph };
  throw malformed("bytes", "it has no graph, so it is no ONNX file, or not a whole one");
}

export function isStandard({ domain }: NodeMessage): boolean {
  return STANDARD_DOMAINS.includes(domain);
}

export function attributeOf({ attribute }: NodeMessage, name: string): AttributeMessage | undefined {
  return attribute.find((each) => each.name === name);
}

/** A numeric attribute, or `missing` if the node does not have it. */
export function numberOf(node: NodeMessage, name: string, missing: number): number {
  const attribute = attributeOf(node, name);
  return attribute?.f ?? attribute?.i ?? missing;
}

/** A node as text for messages. */
export function describeNode({ operator, name, domain, output }: NodeMessage): string {
  const of = domain ? ` of ${show(domain)}` : "";
  return `the node ${show(name || output[0] || "")} (${operator}${of})`;
}

/** Whether the output has the numbers of the input. */
function isPassage(node: NodeMessage): boolean {
  return ["Identity", "Transpose"].includes(node.operator!) || isFloatCast(node);
}

/** Whether the node changes the type of numbers to float32 or float64. */
export function isFloatCast(node: NodeMessage): boolean {
  return node.operator === "Cast" && [FLOAT, DOUBLE].includes(numberOf(node, "to", 0));
}

function constantOfNode(node: NodeMessage): Constant | undefined {
  const tensor = attributeOf(node, "value")?.tensor;
  if (tensor) return readTensor(describeNode(node), tensor);
  const number = attributeOf(node, "value_float")?.f;
  if (number !== undefined) return { shape: [], data: Float32Array.of(number), dtype: "float32" };
  const integers = attributeOf(node, "value_ints")?.integers;
  const integer = attributeOf(node, "value_int")?.i;
  if (integers) return { shape: [integers.length], data: Float64Array.from(integers), dtype: undefined };
  return integer === undefined ? undefined : { shape: [], data: Float64Array.of(integer), dtype: undefined };
}

/** How the elements of a type are stored: the bytes of one, and how to read them. */
interface ElementType {
  readonly size: number;
  readonly dtype: DType | undefined;
  readonly decode: (bytes: ArrayBuffer) => FloatArray;
  readonly list: (tensor: TensorMessage) => readonly number[];
  readonly from: (list: readonly number[]) => FloatArray;
}

const ELEMENT_TYPES: ReadonlyMap<number | undefined, ElementType> = new Map([
  [
    FLOAT,
    {
      size: 4,
      dtype: "float32",
      decode: (bytes) => new Float32Array(bytes),
      list: ({ floatData }) => floatData!,
      from: (list) => Float32Array.from(list),
    },
  ],
  [
    DOUBLE,
    {
      size: 8,
      dtype: "float64",
      decode: (bytes) => new Float64Array(bytes),
      list: ({ doubleData }) => doubleData!,
      from: (list) => Float64Array.from(list),
    },
  ],
  [
    INT64,
    {
      size: 8,
      dtype: undefined,
      decode: (bytes) => Float64Array.from(new BigInt64Array(bytes), Number),
      list: ({ integerData }) => integerData!,
      from: (list) => Float64Array.from(list),
    },
  ],
] satisfies [number, ElementType][]);

function readTensor(what: string, tensor: TensorMessage): Constant {
  const type = ELEMENT_TYPES.get(tensor.dataType);
  if (!type || tensor.dataLocation === 1) {
    const why =
      tensor.dataLocation === 1 ? "stored in another file" : `of ONNX's data type ${tensor.dataType}`;
    throw new BackpropError(
      "unsupported",
      `In bytes, ${what} is ${why}; expected float32 or float64 numbers in the file itself.`,
    );
  }
  const { dims: shape, rawData } = tensor;
  const count = shape.reduce((product, length) => product * (length >= 1 ? length : Number.NaN), 1);
  const list = type.list(tensor);
  const stored = rawData ? rawData.length / type.size : list.length;
  if (stored !== count) {
    throw malformed(
      "bytes",
      `${what} has ${stored} elements; expected ${count} for the shape [${shape.join(", ")}]`,
    );
  }
  const data = rawData ? type.decode(rawData.slice().buffer as ArrayBuffer) : type.from(list);
  return { shape, data, dtype: type.dtype };
}

/** A matrix transposed; a tensor of another rank is not read. */
export function transpose(constant: Constant | undefined): Constant | undefined {
  if (constant?.shape.length !== 2) return undefined;
  const [rows, columns] = constant.shape as [number, number];
  const data = constant.data.slice();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[j * rows + i] = constant.data[i * columns + j]!;
  }
  return { ...constant, shape: [columns, rows], data };
}
