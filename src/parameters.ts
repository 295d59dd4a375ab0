// The parameters of a network, layer by layer: as views, and as values that users hand over.

import { writeTensor } from "./data.js";
import type { FloatArray, NetworkDescription } from "./engine/engine.js";
import { BackpropError } from "./errors.js";
import { type Matrix, type Nested, type ShapedData, Tensor, type Vector } from "./tensor.js";
import { show } from "./validation.js";

/** The parameters or gradients of one layer. */
export interface LayerParameters {
  /** [inputs, units]. */
  readonly kernel: Matrix;
  /** [units]; null for a layer without. */
  readonly bias: Vector | null;
}

/** Values for one layer's parameters, as nested arrays or as a flat array with its shape. */
export interface LayerValues {
  /** [inputs, units]. */
  readonly kernel: readonly ArrayLike<number>[] | ShapedData;
  /** [units]; null or absent for a layer without. */
  readonly bias?: ArrayLike<number> | ShapedData | null;
}

/** The tensors of every layer in a flat array: kernel, then bias, layer by layer. */
export function layerTensors(
  { inputs, layers }: NetworkDescription,
  flat: () => FloatArray,
): readonly LayerParameters[] {
  let fanIn = inputs;
  let offset = 0;
  const take = <Values extends Nested[]>(shape: readonly number[]): Tensor<Values> => {
    const begin = offset;
    offset += shape.reduce((product, length) => product * length, 1);
    const end = offset;
    return new Tensor<Values>(shape, () => flat().subarray(begin, end));
  };
  return layers.map(({ units, useBias }) => {
    const kernel = take<number[][]>([fanIn, units]);
    const bias = useBias ? take<number[]>([units]) : null;
    fanIn = units;
    return { kernel, bias };
  });
}

/**
 * Writes values for every layer to its tensors.
 *
 * @throws BackpropError `invalidShape` or `invalidData` for values that do not fit.
 */
export function writeLayers(
  argument: string,
  values: readonly LayerValues[],
  layers: readonly LayerParameters[],
): void {
  requireLayerCount(argument, values, layers.length);
  layers.forEach(({ kernel, bias }, i) => {
    writeTensor(`${argument}[${i}].kernel`, values[i]!.kernel, kernel);
    if (bias) writeTensor(`${argument}[${i}].bias`, values[i]!.bias, bias);
    else requireNoBias(`${argument}[${i}].bias`, values[i]!.bias);
  });
}

function requireLayerCount(argument: string, values: unknown, layers: number): void {
  const expected = `an array of ${layers}, a { kernel, bias } for each layer`;
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

function requireNoBias(argument: string, bias: unknown): void {
  if (bias === undefined || bias === null) return;
  throw new BackpropError(
    "invalidShape",
    `${argument} is ${show(bias)}, but the layer has no bias; expected null.`,
  );
}
