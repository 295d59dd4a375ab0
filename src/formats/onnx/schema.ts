// The messages of ONNX that are written or read: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

import { list, type MessageType, one } from "./protobuf.js";

/** The producer that written files name, and the names of what the network takes and returns in their graphs. */
export const PRODUCER = "backprop-wasm";
export const INPUTS = "inputs";
export const OUTPUTS = "outputs";

/** The types of elements of a tensor: onnx.TensorProto.DataType. */
export const FLOAT = 1;
export const INT64 = 7;
export const STRING = 8;
export const DOUBLE = 11;

/** The types of attributes: onnx.AttributeProto.AttributeType. */
export const ATTRIBUTE = { f: 1, i: 2, s: 3, integers: 7, texts: 8 } as const;

export interface TensorMessage {
  readonly dims: readonly number[];
  readonly dataType?: number;
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly floatData?: readonly number[];
  readonly textData?: readonly Uint8Array[];
  readonly integerData?: readonly number[];
  readonly doubleData?: readonly number[];
  /** 1: the elements are in another file. */
  readonly dataLocation?: number;
}

const TENSOR: MessageType = {
  dims: list(1, "integer"),
  dataType: one(2, "integer"),
  floatData: list(4, "float"),
  textData: list(6, "bytes"),
  integerData: list(7, "integer"),
  name: one(8, "text"),
  rawData: one(9, "bytes"),
  doubleData: list(10, "double"),
  dataLocation: one(14, "integer"),
};

export interface AttributeMessage {
  readonly name?: string;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly tensor?: TensorMessage;
  readonly integers?: readonly number[];
  readonly texts?: readonly Uint8Array[];
  readonly type?: number;
}

const ATTRIBUTE_TYPE: MessageType = {
  name: one(1, "text"),
  f: one(2, "float"),
  i: one(3, "integer"),
  s: one(4, "bytes"),
  tensor: one(5, TENSOR),
  integers: list(8, "integer"),
  texts: list(9, "bytes"),
  type: one(20, "integer"),
};

export interface NodeMessage {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly operator?: string;
  readonly domain?: string;
  readonly attribute: readonly AttributeMessage[];
}

const NODE: MessageType = {
  input: list(1, "text"),
  output: list(2, "text"),
  name: one(3, "text"),
  operator: one(4, "text"),
  attribute: list(5, ATTRIBUTE_TYPE),
  domain: one(7, "text"),
};

/** A dimension has a length, or the name of a length that is not fixed. */
export interface DimensionMessage {
  readonly length?: number;
  readonly parameter?: string;
}

/** An input or output of a graph. */
export interface ValueMessage {
  readonly name?: string;
  readonly type?: {
    readonly tensor?: {
      readonly elementType?: number;
      readonly shape?: { readonly dimension: readonly DimensionMessage[] };
    };
  };
}

const DIMENSION: MessageType = { length: one(1, "integer"), parameter: one(2, "text") };
const SHAPE: MessageType = { dimension: list(1, DIMENSION) };
const TENSOR_TYPE: MessageType = { elementType: one(1, "integer"), shape: one(2, SHAPE) };
const VALUE: MessageType = { name: one(1, "text"), type: one(2, { tensor: one(1, TENSOR_TYPE) }) };

export interface GraphMessage {
  readonly node: readonly NodeMessage[];
  readonly name?: string;
  readonly initializer: readonly TensorMessage[];
  readonly input: readonly ValueMessage[];
  readonly output: readonly ValueMessage[];
}

const GRAPH: MessageType = {
  node: list(1, NODE),
  name: one(2, "text"),
  initializer: list(5, TENSOR),
  input: list(11, VALUE),
  output: list(12, VALUE),
};

export interface ModelMessage {
  readonly irVersion?: number;
  readonly producer?: string;
  readonly graph?: GraphMessage;
  readonly operatorSet: readonly { readonly domain?: string; readonly version?: number }[];
}

export const MODEL: MessageType = {
  irVersion: one(1, "integer"),
  producer: one(2, "text"),
  graph: one(7, GRAPH),
  operatorSet: list(8, { domain: one(1, "text"), version: one(2, "integer") }),
};
