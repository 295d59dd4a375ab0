// The parameters of a network, layer by layer: as tensors over memory, and as values that users give.

import { writeTensor } from "../data/rows.js";
import { liveTensor, type Matrix, type ShapedData, Tensor, type Vector } from "../data/tensor.js";
import type { FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../show.js";
import { attempt, requireKeys } from "../validation.js";
import type {
  BatchNormLayer,
  DenseLayer,
  EmbeddingLayer,
  Layer,
  LayerNormLayer,
  PreluLayer,
} from "./layers.js";
import { definitionOf, type PlacedParameter } from "./stack.js";

/** The parameters of a layer that has none. */
export interface NoParameters {
  readonly kernel?: undefined;
  readonly bias?: undefined;
  readonly gamma?: undefined;
  readonly beta?: undefined;
  readonly alpha?: undefined;
  readonly embedding0?: undefined;
  readonly [table: `embedding${number}`]: undefined;
}

/** The parameters or gradients of a dense layer. */
export interface DenseParameters extends Omit<NoParameters, "kernel" | "bias"> {
  /** [inputs, units]. */
  readonly kernel: Matrix;
  /** [units]; null for a layer without a bias. */
  readonly bias: Vector | null;
}

/** The parameters or gradients of a layer norm or a batch norm. */
export interface NormParameters extends Omit<NoParameters, "gamma" | "beta"> {
  /** Shape [units]: multiplies the normalized inputs. */
  readonly gamma: Vector;
  /** Shape [units]: is added to the product of gamma and the normalized inputs. */
  readonly beta: Vector;
}

/** The parameters or gradients of an embedding. */
export interface EmbeddingParameters extends Omit<NoParameters, "embedding0" | `embedding${number}`> {
  /** Shape [categories, units]: the table of the first listed column. */
  readonly embedding0: Matrix;
  /** The tables of the other listed columns. */
  readonly [table: `embedding${number}`]: Matrix;
}

/** The parameters or gradients of a PReLU layer. */
export interface PreluParameters extends Omit<NoParameters, "alpha"> {
  /** Shape [units]: the slopes below 0. */
  readonly alpha: Vector;
}

/** The parameters or gradients of a layer. */
export type LayerParameters<L extends Layer = Layer> = L extends DenseLayer
  ? DenseParameters
  : L extends LayerNormLayer | BatchNormLayer
    ? NormParameters
    : L extends PreluLayer
      ? PreluParameters
      : L extends EmbeddingLayer
        ? EmbeddingParameters
        : NoParameters;

/** The parameters or gradients of a network's layers, in their order. */
export type ParametersOf<L extends readonly Layer[]> = { readonly [I in keyof L]: LayerParameters<L[I]> };

/** The running statistics of a batch norm. */
export interface BatchNormBuffers {
  /** [units]. */
  readonly runningMean: Vector;
  /** [units]. */
  readonly runningVariance: Vector;
}

/** The buffers of a layer that has none. */
export interface NoBuffers {
  readonly runningMean?: undefined;
  readonly runningVariance?: undefined;
}

/** The buffers of a layer: numbers that training changes without gradients. */
export type LayerBuffers<L extends Layer = Layer> = L extends BatchNormLayer ? BatchNormBuffers : NoBuffers;

/** The buffers of a network's layers, in their order. */
export type BuffersOf<L extends readonly Layer[]> = { readonly [I in keyof L]: LayerBuffers<L[I]> };

/** Values for the parameters of one layer, as nested arrays or as flat arrays with their shapes. */
export type LayerValues =
  | {
      /** [inputs, units]. */
      readonly kernel?: MatrixValues | undefined;
      /** [units]; null or absent for a layer without a bias. */
      readonly bias?: VectorValues | null | undefined;
      /** [units], of a layer norm or a batch norm. */
      readonly gamma?: VectorValues | undefined;
      /** [units], of a layer norm or a batch norm. */
      readonly beta?: VectorValues | undefined;
      /** Shape [units]: the slopes of a PReLU layer. */
      readonly alpha?: VectorValues | undefined;
    }
  | {
      /** Shape [categories, units]: the tables of an embedding. */
      readonly [table: `embedding${number}`]: MatrixValues;
    };

type MatrixValues = readonly ArrayLike<number>[] | ShapedData;

type VectorValues = ArrayLike<number> | ShapedData;

/**
 * The tensors of every layer, as views of a flat array of all parameters (or of all gradients). If the array is in
 * linear memory, where it moves when memory grows, `flat` is a function. The tensors are then frozen, because the
 * network uses them.
 */
export function layerTensors<L extends readonly Layer[]>(
  layers: L,
  parameters: readonly PlacedParameter[],
  flat: FloatArray | (() => FloatArray),
): ParametersOf<L> {
  const tensors = layers.map(
    (layer): TensorsByName =>
      Object.fromEntries(definitionOf(layer).parameterNames.map((name) => [name, null])),
  );
  placeTensors(tensors, parameters, flat);
  return tensors as unknown as ParametersOf<L>;
}

/** The buffers of every layer, as live and frozen views of the array of all buffers. */
export function layerBuffers<L extends readonly Layer[]>(
  layers: L,
  buffers: readonly PlacedParameter[],
  flat: () => FloatArray,
): BuffersOf<L> {
  const tensors = layers.map((): TensorsByName => ({}));
  placeTensors(tensors, buffers, flat);
  return tensors as unknown as BuffersOf<L>;
}

type TensorsByName = Record<string, Tensor | null>;

/** Adds a tensor over its range of `flat` to the object of its layer. */
function placeTensors(
  tensors: readonly TensorsByName[],
  placed: readonly PlacedParameter[],
  flat: FloatArray | (() => FloatArray),
): void {
  const isLive = typeof flat === "function";
  for (const { layer, name, shape, begin, end } of placed) {
    tensors[layer]![name] = isLive
      ? liveTensor(shape, () => flat().subarray(begin, end))
      : new Tensor(shape, flat.subarray(begin, end));
  }
  if (isLive) for (const layer of [tensors, ...tensors]) Object.freeze(layer);
}

/**
 * Writes the values of every layer to its tensors, which are in JavaScript's memory.
 *
 * @throws BackpropError `invalidOption` for an unknown name, `invalidShape` or `invalidData` for values that do not
 *   fit.
 */
export function writeLayers(
  argument: string,
  values: readonly LayerValues[],
  layers: readonly LayerParameters[],
): void {
  attempt("invalidData", argument, () => {
    requireLayerCount(argument, values, layers.length);
    layers.forEach((tensors, i) => {
      writeLayer(`${argument}[${i}]`, values[i], tensors as unknown as TensorsByName);
    });
  });
}

function writeLayer(path: string, given: unknown, tensors: Readonly<Record<string, Tensor | null>>): void {
  const names = Object.keys(tensors);
  if (typeof given !== "object" || given === null) {
    throw new BackpropError(
      "invalidShape",
      `${path} is ${show(given)}; expected ${names.length > 0 ? `{ ${names.join(", ")} }` : "{}"}.`,
    );
  }
  requireKeys(path, given, tensors, "parameter");
  for (const name of names) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    const tensor = tensors[name];
    if (tensor) writeTensor(`${path}.${name}`, value, tensor);
    else requireAbsent(`${path}.${name}`, value);
  }
}

function requireLayerCount(argument: string, values: unknown, layers: number): void {
  if (Array.isArray(values) && values.length === layers) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} is ${show(values)}; expected an array of ${layers} objects, one with the parameters of each layer.`,
  );
}

function requireAbsent(path: string, value: unknown): void {
  if (value === undefined || value === null) return;
  throw new BackpropError(
    "invalidShape",
    `${path} is ${show(value)}, but the layer has no bias; expected null.`,
  );
}
