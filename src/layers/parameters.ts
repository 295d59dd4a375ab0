// The parameters of a network, layer by layer: as tensors over memory, and as values that users give.

import { writeTensor } from "../data/rows.js";
import { type Matrix, type ShapedData, Tensor, type Vector } from "../data/tensor.js";
import type { FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { show } from "../validation.js";
import type { DenseLayer, Layer } from "./layers.js";
import { definitionOf, type PlacedParameter } from "./stack.js";

/** The parameters or gradients of a dense layer. */
export interface DenseParameters {
  /** [inputs, units]. */
  readonly kernel: Matrix;
  /** [units]; null for a layer without a bias. */
  readonly bias: Vector | null;
}

/** The parameters of a layer that has none. */
export interface NoParameters {
  readonly kernel?: undefined;
  readonly bias?: undefined;
}

/** The parameters or gradients of a layer. */
export type LayerParameters<L extends Layer = Layer> = L extends DenseLayer ? DenseParameters : NoParameters;

/** The parameters or gradients of a network's layers, in their order. */
export type ParametersOf<L extends readonly Layer[]> = { readonly [I in keyof L]: LayerParameters<L[I]> };

/** Values for the parameters of one layer, as nested arrays or as flat arrays with their shapes. */
export interface LayerValues {
  /** [inputs, units]. */
  readonly kernel?: readonly ArrayLike<number>[] | ShapedData | undefined;
  /** [units]; null or absent for a layer without a bias. */
  readonly bias?: ArrayLike<number> | ShapedData | null | undefined;
}

/** The tensors of every layer, as views of a flat array of all parameters (or of all gradients). */
export function layerTensors<L extends readonly Layer[]>(
  layers: L,
  parameters: readonly PlacedParameter[],
  flat: () => FloatArray,
): ParametersOf<L> {
  const tensors = layers.map(
    (layer): Record<string, Tensor | null> =>
      Object.fromEntries(definitionOf(layer).parameterNames.map((name) => [name, null])),
  );
  for (const { layer, name, shape, begin, end } of parameters) {
    tensors[layer]![name] = new Tensor(shape, () => flat().subarray(begin, end));
  }
  return tensors as unknown as ParametersOf<L>;
}

/**
 * Writes the values of every layer to its tensors.
 *
 * @throws BackpropError `invalidShape` or `invalidData` for values that do not fit.
 */
export function writeLayers(
  argument: string,
  values: readonly LayerValues[],
  layers: readonly LayerParameters[],
): void {
  requireLayerCount(argument, values, layers.length);
  layers.forEach((tensors, i) => {
    const given = values[i] as Record<string, unknown>;
    for (const [name, tensor] of Object.entries(tensors) as [string, Tensor | null][]) {
      const path = `${argument}[${i}].${name}`;
      if (tensor) writeTensor(path, given[name], tensor);
      else requireAbsent(path, given[name]);
    }
  });
}

function requireLayerCount(argument: string, values: unknown, layers: number): void {
  const expected = `an array of ${layers}, an object with the parameters of each layer`;
  if (!Array.isArray(values) || values.length !== layers) {
    throw new BackpropError("invalidShape", `${argument} is ${show(values)}; expected ${expected}.`);
  }
  const wrong = Array.from(values).findIndex((value) => typeof value !== "object" || value === null);
  if (wrong < 0) return;
  throw new BackpropError(
    "invalidShape",
    `${argument}[${wrong}] is ${show(values[wrong])}; expected { kernel, bias }.`,
  );
}

function requireAbsent(path: string, value: unknown): void {
  if (value === undefined || value === null) return;
  throw new BackpropError(
    "invalidShape",
    `${path} is ${show(value)}, but the layer has no bias; expected null.`,
  );
}
