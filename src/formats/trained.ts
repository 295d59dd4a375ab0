// What the formats read of a network: the layers that a prediction passes through, with their numbers.

import type { DropoutLayer, DType, FloatArray, GaussianNoiseLayer, Layer, Network } from "../index.js";
import { attempt, requireKnown, requireObject } from "../validation.js";

/** The layers that act in a prediction: dropout and Gaussian noise act in training alone. */
export type PredictingLayer = Exclude<Layer, DropoutLayer | GaussianNoiseLayer>;

/** A view of numbers of the network, row-major. */
export interface NumberTensor {
  readonly shape: readonly number[];
  readonly data: FloatArray;
}

export interface TrainedLayer<L extends Layer = PredictingLayer> {
  readonly layer: L;
  /** Its number in the network. */
  readonly index: number;
  /** Columns of its input and of its output. */
  readonly inputs: number;
  readonly units: number;
  /** Its parameters and buffers by their names; those that it lacks, such as a bias, are missing. */
  readonly tensors: Readonly<Record<string, NumberTensor | undefined>>;
}

export interface TrainedNetwork {
  readonly dtype: DType;
  readonly inputs: number;
  readonly outputs: number;
  readonly layers: readonly TrainedLayer[];
}

/** The kinds of the layers that act in a prediction. */
const KINDS: readonly PredictingLayer["kind"][] = ["dense", "embedding", "layerNorm", "batchNorm", "prelu"];

/** What a format does for each kind of layer. */
export type LayerTable<Arguments extends readonly unknown[], Result> = {
  readonly [K in PredictingLayer["kind"]]: (
    trained: TrainedLayer<Extract<PredictingLayer, { kind: K }>>,
    ...rest: Arguments
  ) => Result;
};

/** The entry of a table for a layer. */
export function entryOf<A extends readonly unknown[], R>(table: LayerTable<A, R>, { layer }: TrainedLayer) {
  return table[layer.kind] as (trained: TrainedLayer, ...rest: A) => R;
}

/**
 * Reads a network with the parameters that `predict` uses. The tensors are views of the network's memory: use them
 * before the network runs again.
 *
 * @throws BackpropError `invalidOption` for a value that is no network, `disposed`.
 */
export function readTrained(network: Network<readonly Layer[]>): TrainedNetwork {
  requireObject("network", network, "a network that createNetwork made");
  return attempt("invalidOption", "network", () => {
    const { dtype, inputs, layers, averagedParameters, buffers } = network;
    const trained: TrainedLayer[] = [];
    let width = inputs;
    for (const [index, layer] of layers.entries()) {
      if (layer.kind === "dropout" || layer.kind === "gaussianNoise") continue;
      requireKnown(`network.layers[${index}].kind`, layer.kind, KINDS);
      const units = widthAfter(layer, width);
      const tensors = tensorsOf(averagedParameters[index]!, buffers[index]!);
      trained.push({ layer, index, inputs: width, units, tensors });
      width = units;
    }
    return { dtype, inputs, outputs: width, layers: trained };
  });
}

function widthAfter(layer: PredictingLayer, inputs: number): number {
  if (layer.kind === "dense") return layer.units;
  if (layer.kind !== "embedding") return inputs;
  return layer.columns.reduce((width, { units }) => width + units - 1, inputs);
}

function tensorsOf(...groups: readonly object[]): Record<string, NumberTensor> {
  const entries = groups.flatMap((group) => Object.entries(group) as [string, NumberTensor | null][]);
  return Object.fromEntries(
    entries.flatMap(([name, tensor]) => (tensor ? [[name, { shape: tensor.shape, data: tensor.data }]] : [])),
  );
}

/** The columns of the input that an embedding passes on, in their order. */
export function columnsBeside(columns: readonly { readonly column: number }[], inputs: number): number[] {
  const replaced = new Set(columns.map(({ column }) => column));
  return Array.from({ length: inputs }, (_, column) => column).filter((column) => !replaced.has(column));
}
