// Computes from a list of layers: checked copies, widths, and the ranges of their parameters.

import type { DType } from "../dtype.js";
import { attempt, requireKnown, requireList, requireObject } from "../validation.js";
import type { LayerDefinition, ParameterSpec } from "./definition.js";
import { type EmbeddingColumn, LAYER_DEFINITIONS, type Layer } from "./layers.js";

/** The definition of a layer's kind. */
export function definitionOf<L extends Layer>({ kind }: L): LayerDefinition<L> {
  return LAYER_DEFINITIONS[kind] as unknown as LayerDefinition<L>;
}

/** A parameter tensor or a buffer of a network, and its range in the array of all parameters or of all buffers. */
export interface PlacedParameter extends ParameterSpec {
  /** Number of its layer. */
  readonly layer: number;
  readonly begin: number;
  readonly end: number;
}

const MAX_LAYERS = 65535;

/**
 * Checked copies of layers that a user gave, for a network of that dtype.
 *
 * @throws BackpropError `invalidOption` or `unknownName`.
 */
export function checkLayers(layers: readonly Layer[], dtype: DType): readonly Layer[] {
  return attempt("invalidOption", "layers", () => {
    const expected = `an array of 1 to ${MAX_LAYERS} layers, such as [dense(2, "sigmoid")]`;
    const length = requireList("layers", layers, MAX_LAYERS, expected);
    return Object.freeze(Array.from({ length }, (_, i) => checkLayer(layers[i], `layers[${i}]`, dtype)));
  });
}

function checkLayer(layer: Layer | undefined, path: string, dtype: DType): Layer {
  requireObject(path, layer, 'a layer such as dense(2, "sigmoid")');
  const { kind } = layer as Layer;
  requireKnown(`${path}.kind`, kind, Object.keys(LAYER_DEFINITIONS));
  return Object.freeze(LAYER_DEFINITIONS[kind].check(layer, path, dtype));
}

/** @throws BackpropError `invalidOption` if a layer cannot be where it is in a network of `inputs` inputs. */
export function checkPlaces(inputs: number, layers: readonly Layer[]): void {
  const widths = layerWidths(inputs, layers);
  layers.forEach((layer, i) => {
    definitionOf(layer).checkPlace?.(layer, i, widths[i]!);
  });
}

/** The columns of categories of a first layer. */
export function columnsOf(layer: Layer): readonly EmbeddingColumn[] {
  return layer.kind === "embedding" ? layer.columns : [];
}

/** The number of categories of each column of the inputs that a first layer embeds; undefined if it embeds none. */
export function categoriesOf(layer: Layer): readonly number[] | undefined {
  const byColumn: number[] = [];
  for (const { column, categories } of columnsOf(layer)) byColumn[column] = categories;
  return byColumn.length > 0 ? byColumn : undefined;
}

/** Columns of the input of each layer, then of the output of the last one. */
export function layerWidths(inputs: number, layers: readonly Layer[]): readonly number[] {
  const widths = [inputs];
  for (const layer of layers) widths.push(definitionOf(layer).outputs(layer, widths.at(-1)!));
  return widths;
}

/** The parameters of all layers in the order of the core: layer by layer without gaps. */
export function placeParameters(inputs: number, layers: readonly Layer[]): readonly PlacedParameter[] {
  return placeTensors(inputs, layers, ({ role }) => role !== "buffer");
}

/** The buffers of all layers in the order of the core: layer by layer without gaps. */
export function placeBuffers(inputs: number, layers: readonly Layer[]): readonly PlacedParameter[] {
  return placeTensors(inputs, layers, ({ role }) => role === "buffer");
}

function placeTensors(
  inputs: number,
  layers: readonly Layer[],
  isPlaced: (spec: ParameterSpec) => boolean,
): readonly PlacedParameter[] {
  const widths = layerWidths(inputs, layers);
  let end = 0;
  return layers.flatMap((layer, i) =>
    definitionOf(layer)
      .parameters(layer, widths[i]!)
      .filter(isPlaced)
      .map((spec) => {
        const begin = end;
        end += sizeOf(spec);
        return { ...spec, layer: i, begin, end };
      }),
  );
}

/** Elements of a parameter tensor. */
function sizeOf({ shape }: ParameterSpec): number {
  return shape.reduce((product, length) => product * length, 1);
}
