// The tensors of a network, named and shaped as in the state_dict of a PyTorch nn.Sequential with the same layers.
//
// An activation is a module of its own there: dense(8, "relu"), dense(1) is Linear, ReLU, Linear, with the tensors
// 0.weight [8, inputs], 0.bias [8], 2.weight [1, 8], 2.bias [1].

import { allocate, type DType, type FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import type { Layer } from "../layers/layers.js";
import type { PlacedParameter } from "../layers/stack.js";
import { show } from "../show.js";
import type { FileTensor } from "./safetensors.js";

/** PyTorch's name of each parameter and buffer, but for the tables of an embedding. */
const LEAVES: Readonly<Record<string, string>> = {
  kernel: "weight",
  bias: "bias",
  gamma: "weight",
  beta: "bias",
  alpha: "weight",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

/** The number of each table of an embedding, a ModuleList of nn.Embedding. */
const TABLE = /^embedding(\d+)$/;

/** A tensor of PyTorch's batch norm that is not needed: a count, for an option that this library does not have. */
const IGNORED_LEAF = "num_batches_tracked";

const FILE_DTYPES = { float32: "F32", float64: "F64" } as const;

/** Where a tensor is: "2.weight" is leaf "weight" of module "2". */
interface Place {
  readonly module: string;
  readonly leaf: string;
}

/** All parameters, or all buffers, of a network: their places in an array, and the array. */
export interface Section {
  readonly placed: readonly PlacedParameter[];
  readonly values: FloatArray;
}

/** The tensors of the sections, by name. */
export function stateDictOf(layers: readonly Layer[], sections: readonly Section[]): Map<string, FileTensor> {
  const placeOf = placesIn(layers);
  const tensors = new Map<string, FileTensor>();
  for (const { placed, values } of sections) {
    for (const parameter of placed) {
      const { module, leaf } = placeOf(parameter);
      const numbers = values.subarray(parameter.begin, parameter.end);
      const transposed = isTransposed(parameter) ? transpose(numbers, parameter.shape) : numbers;
      tensors.set(`${module}.${leaf}`, tensorOf(transposed, fileShape(parameter)));
    }
  }
  return tensors;
}

/**
 * Writes the tensors of a file to the sections. The file may name its modules otherwise: then they are taken in the natural
 * order of their names.
 *
 * @throws BackpropError `invalidFile` if the tensors do not fit the layers.
 */
export function readStateDict(
  tensors: ReadonlyMap<string, FileTensor>,
  layers: readonly Layer[],
  sections: readonly Section[],
): void {
  const placeOf = placesIn(layers);
  const modules = sections.flatMap(({ placed }) => placed.map((parameter) => placeOf(parameter).module));
  const moduleOf = matchModules(tensors, modules);
  const unread = new Set(tensors.keys());
  for (const { placed, values } of sections) {
    for (const parameter of placed) {
      const { module, leaf } = placeOf(parameter);
      const name = `${moduleOf(module)}.${leaf}`;
      const shape = fileShape(parameter);
      const numbers = numbersOf(name, tensors.get(name), shape);
      unread.delete(name);
      values.set(isTransposed(parameter) ? transpose(numbers, shape) : numbers, parameter.begin);
    }
  }
  for (const name of unread) {
    if (!isIgnored(name)) throw misfit(`has the tensor ${show(name)}, which the network has not`);
  }
}

/** The columns of the input of the first layer with a `weight`, given the tensors; undefined if that is not known. */
export function inputsOf(tensors: ReadonlyMap<string, FileTensor>): number | undefined {
  const [first] = modulesOf(tensors);
  return tensors.get(`${first}.weight`)?.shape.at(-1);
}

/** The dtype of a network for these tensors: float64 if one of them is. */
export function dtypeOfTensors(tensors: ReadonlyMap<string, FileTensor>): DType {
  return [...tensors.values()].some(({ dtype }) => dtype === "F64") ? "float64" : "float32";
}

/** The numbers as a tensor of a file. */
export function tensorOf(values: FloatArray, shape: readonly number[] = [values.length]): FileTensor {
  const dtype = values instanceof Float32Array ? FILE_DTYPES.float32 : FILE_DTYPES.float64;
  return { dtype, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/**
 * The numbers of a tensor, a copy.
 *
 * @throws BackpropError `invalidFile` if it is missing, has another shape, or is not of a type with a point.
 */
export function numbersOf(
  name: string,
  tensor: FileTensor | undefined,
  shape?: readonly number[],
): FloatArray {
  if (!tensor) throw misfit(`has no tensor ${show(name)}`);
  const { dtype, bytes } = tensor;
  if (shape && `${shape}` !== `${tensor.shape}`) {
    throw misfit(`has the tensor ${show(name)} of shape [${tensor.shape}], where the network has [${shape}]`);
  }
  const read = READERS[dtype];
  if (!read) throw misfit(`has the tensor ${show(name)} of type ${dtype}; expected F32, F64, F16 or BF16`);
  return read(bytes.slice());
}

/** How the bytes of each type become numbers. The bytes are a copy, and so are aligned. */
const READERS: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => FloatArray>> = {
  F32: ({ buffer }) => new Float32Array(buffer),
  F64: ({ buffer }) => new Float64Array(buffer),
  F16: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), halfOf),
  // bfloat16 is the upper half of a float32.
  BF16: ({ buffer }) =>
    new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
};

/** The number with the bits of an IEEE 754 half: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A function from the name of a module here, one of `modules`, to its name in the file. */
function matchModules(
  tensors: ReadonlyMap<string, FileTensor>,
  modules: readonly string[],
): (module: string) => string {
  const own = [...new Set(modules)];
  const found = modulesOf(tensors);
  if (found.length !== own.length) {
    const noun = own.length === 1 ? "layer" : "layers";
    throw misfit(
      `has tensors of ${found.length} modules, where the network has ${own.length} ${noun} with parameters`,
    );
  }
  const known = new Set(found);
  const isNamedAlike = own.every((module) => known.has(module));
  const names = new Map(own.map((module, i) => [module, isNamedAlike ? module : found[i]!]));
  return (module) => names.get(module)!;
}

/** The modules of the tensors in a file, in the natural order of their names. */
function modulesOf(tensors: ReadonlyMap<string, FileTensor>): readonly string[] {
  const names = [...tensors.keys()].filter((name) => !isIgnored(name));
  return [...new Set(names.map((name) => splitName(name).module))].sort(compareNaturally);
}

function isIgnored(name: string): boolean {
  return splitName(name).leaf === IGNORED_LEAF;
}

function splitName(name: string): Place {
  const dot = name.lastIndexOf(".");
  return { module: name.slice(0, Math.max(dot, 0)), leaf: name.slice(dot + 1) };
}

/** "2.x" before "10.x": parts of digits are compared as numbers. */
function compareNaturally(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split(/(\d+)/)) as [string[], string[]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    return i % 2 === 1 ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** A function from a parameter of these layers to its place. */
function placesIn(layers: readonly Layer[]): (parameter: PlacedParameter) => Place {
  let modules = 0;
  const firstModules = layers.map((layer) => {
    const first = modules;
    modules += modulesPerLayer(layer);
    return first;
  });
  return ({ layer, name }) => {
    const module = `${firstModules[layer]}`;
    const table = TABLE.exec(name)?.[1];
    if (table !== undefined) return { module: `${module}.${table}`, leaf: "weight" };
    return { module, leaf: LEAVES[name]! };
  };
}

/** How many modules of an nn.Sequential a layer is. */
function modulesPerLayer(layer: Layer): number {
  return layer.kind === "dense" && layer.activation !== "linear" ? 2 : 1;
}

/** PyTorch's Linear has its weight as [units, inputs]. */
function isTransposed({ name }: PlacedParameter): boolean {
  return name === "kernel";
}

function fileShape(parameter: PlacedParameter): readonly number[] {
  return isTransposed(parameter) ? [...parameter.shape].reverse() : parameter.shape;
}

/** The transpose of a matrix of that shape. */
function transpose<T extends FloatArray>(matrix: T, shape: readonly number[]): FloatArray {
  const [rows, columns] = shape as [number, number];
  const transposed = allocate(matrix instanceof Float32Array ? "float32" : "float64", matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = matrix[row * columns + column]!;
    }
  }
  return transposed;
}

function misfit(what: string): BackpropError {
  return new BackpropError("invalidFile", `The file ${what}. Give the layers that the file was saved from.`);
}
