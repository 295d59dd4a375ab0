// A graph of ONNX that is written: nodes, constants, inputs and outputs, with different names.

import type { DType, FloatArray, Layer } from "../../index.js";
import type { NumberTensor, TrainedLayer } from "../trained.js";
import {
  ATTRIBUTE,
  type AttributeMessage,
  DOUBLE,
  FLOAT,
  INT64,
  type ModelMessage,
  type NodeMessage,
  PRODUCER,
  STRING,
  type TensorMessage,
  type ValueMessage,
} from "./schema.js";

/** The oldest set of operators that has all that are used: Gelu came with it. onnxruntime has it since 1.17 of 2024. */
const OPERATOR_SET = 20;

/** The operators for machine learning, such as LabelEncoder, of the same version of ONNX. */
const ML_DOMAIN = "ai.onnx.ml";
const ML_OPERATOR_SET = 4;

/** The version of the file format that ONNX 1.15 introduced together with these sets of operators. */
const IR_VERSION = 9;

export const ELEMENT_TYPES: Readonly<Record<DType, number>> = { float32: FLOAT, float64: DOUBLE };

/** Lists are of integers or of texts. */
type Attributes = Readonly<Record<string, number | string | readonly number[] | readonly string[]>>;

export class GraphWriter {
  readonly dtype: DType;
  readonly #nodes: NodeMessage[] = [];
  readonly #tensors = new Map<string, TensorMessage>();
  readonly #inputs: ValueMessage[] = [];
  readonly #outputs: ValueMessage[] = [];
  readonly #names = new Set<string>();
  readonly #scalars = new Map<string, string>();

  constructor(dtype: DType) {
    this.dtype = dtype;
  }

  /** Adds an input [rows, columns], and returns its name. Add the inputs first: other names avoid theirs. */
  input(name: string, elementType: number, columns: number): string {
    this.#inputs.push(describeValue(name, elementType, columns));
    this.#names.add(name);
    return name;
  }

  /** Makes a value an output [rows, columns], or [rows], and returns its name. */
  output(value: string, name: string, elementType: number, columns?: number): string {
    const renamed = this.rename(value, name);
    this.#outputs.push(describeValue(renamed, elementType, columns));
    return renamed;
  }

  /** Gives the output of the last node this name, or a similar one that is free. An input or a constant gets a copy. */
  rename(value: string, name: string): string {
    const isLast = this.#nodes.at(-1)?.output[0] === value;
    const last = isLast ? this.#nodes.pop()! : this.#nodeOf("Identity", [value], {});
    const output = this.#free(name);
    this.#nodes.push({ ...last, output: [output] });
    return output;
  }

  /** Adds a node, and returns the name of its output. */
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const node = this.#nodeOf(operator, inputs, attributes);
    this.#nodes.push(node);
    return node.output[0]!;
  }

  #nodeOf(operator: string, inputs: readonly string[], attributes: Attributes): NodeMessage {
    const output = this.#free(`${operator}${this.#nodes.length}`);
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    const domain = operator === "LabelEncoder" ? { domain: ML_DOMAIN } : {};
    return { name: output, operator, ...domain, input: inputs, output: [output], attribute };
  }

  /** Adds a tensor of the network, and returns its name. */
  tensor({ index }: TrainedLayer<Layer>, name: string, { shape, data }: NumberTensor): string {
    return this.#add(`layers.${index}.${name}`, shape, ELEMENT_TYPES[this.dtype], { rawData: bytesOf(data) });
  }

  /** Adds tensors of a layer by their names in the network, those that it has. */
  tensors(trained: TrainedLayer<Layer>, ...names: readonly string[]): string[] {
    return names.flatMap((name) => {
      const tensor = trained.tensors[name];
      return tensor ? [this.tensor(trained, name, tensor)] : [];
    });
  }

  /** The name of a scalar, of the network's dtype by default. The same numbers share one. */
  number(value: number, dtype = this.dtype): string {
    const key = `${dtype} ${value}`;
    const data = dtype === "float32" ? Float32Array.of(value) : Float64Array.of(value);
    const found = this.#scalars.get(key);
    const name =
      found ?? this.#add(`constant.${value}`, [], ELEMENT_TYPES[dtype], { rawData: bytesOf(data) });
    this.#scalars.set(key, name);
    return name;
  }

  /** The name of a vector of float64 numbers. */
  doubles(values: readonly number[]): string {
    return this.#add("constants", [values.length], DOUBLE, { rawData: bytesOf(Float64Array.from(values)) });
  }

  /** The name of a tensor of integers: [integers], or a scalar. */
  integers(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    const dims = typeof values === "number" ? [] : [list.length];
    return this.#add("integers", dims, INT64, { rawData: bytesOf(BigInt64Array.from(list, BigInt)) });
  }

  /** The name of a vector of texts. */
  texts(values: readonly string[]): string {
    return this.#add("texts", [values.length], STRING, { textData: values.map(utf8) });
  }

  #add(
    name: string,
    dims: readonly number[],
    dataType: number,
    content: Pick<TensorMessage, "rawData" | "textData">,
  ): string {
    const free = this.#free(name);
    this.#tensors.set(free, { name: free, dims, dataType, ...content });
    return free;
  }

  #free(name: string): string {
    let free = name;
    while (this.#names.has(free)) free += "_";
    this.#names.add(free);
    return free;
  }

  finish(): ModelMessage {
    const usesMl = this.#nodes.some(({ domain }) => domain === ML_DOMAIN);
    return {
      irVersion: IR_VERSION,
      producer: PRODUCER,
      operatorSet: [
        { domain: "", version: OPERATOR_SET },
        ...(usesMl ? [{ domain: ML_DOMAIN, version: ML_OPERATOR_SET }] : []),
      ],
      graph: {
        node: this.#nodes,
        initializer: [...this.#tensors.values()],
        name: "network",
        input: this.#inputs,
        output: this.#outputs,
      },
    };
  }
}

/** `columns`: undefined for [rows]. */
function describeValue(name: string, elementType: number, columns?: number): ValueMessage {
  const dimension = [{ parameter: "rows" }, ...(columns === undefined ? [] : [{ length: columns }])];
  return { name, type: { tensor: { elementType, shape: { dimension } } } };
}

function bytesOf({ buffer, byteOffset, byteLength }: FloatArray | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function attributeOf(name: string, value: Attributes[string]): AttributeMessage {
  const common = { name, integers: [] };
  if (typeof value === "string") return { ...common, s: utf8(value), type: ATTRIBUTE.s };
  if (typeof value === "number") {
    return name in INTEGER_ATTRIBUTES
      ? { ...common, i: value, type: ATTRIBUTE.i }
      : { ...common, f: value, type: ATTRIBUTE.f };
  }
  return typeof value[0] === "string"
    ? { ...common, texts: value.map((each) => utf8(String(each))), type: ATTRIBUTE.texts }
    : { ...common, integers: value as readonly number[], type: ATTRIBUTE.integers };
}

/** The attributes that are integers; the other numbers are floats. */
const INTEGER_ATTRIBUTES = { axis: true, to: true, keepdims: true, default_int64: true };
