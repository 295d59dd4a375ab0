// The kinds of layers.

import { type BatchNormLayer, batchNormDefinition } from "./batchNorm.js";
import type { LayerDefinition } from "./definition.js";
import { type DenseLayer, denseDefinition } from "./dense.js";
import { type DropoutLayer, dropoutDefinition } from "./dropout.js";
import { type EmbeddingLayer, embeddingDefinition } from "./embedding.js";
import { type GaussianNoiseLayer, gaussianNoiseDefinition } from "./gaussianNoise.js";
import { type LayerNormLayer, layerNormDefinition } from "./layerNorm.js";
import { type PreluLayer, preluDefinition } from "./prelu.js";

export { type BatchNormLayer, type BatchNormOptions, batchNorm } from "./batchNorm.js";
export { ACTIVATIONS, type ActivationName, type DenseLayer, type DenseOptions, dense } from "./dense.js";
export { type DropoutLayer, dropout } from "./dropout.js";
export { type EmbeddingColumn, type EmbeddingLayer, type EmbeddingOptions, embedding } from "./embedding.js";
export { type GaussianNoiseLayer, gaussianNoise } from "./gaussianNoise.js";
export { type LayerNormLayer, type LayerNormOptions, layerNorm } from "./layerNorm.js";
export { type PreluLayer, type PreluOptions, prelu } from "./prelu.js";

/** A layer of a network, as `dense` and the other functions of this module make them. */
export type Layer =
  | DenseLayer
  | DropoutLayer
  | EmbeddingLayer
  | GaussianNoiseLayer
  | LayerNormLayer
  | BatchNormLayer
  | PreluLayer;

/** @internal What each kind of layer defines. */
export const LAYER_DEFINITIONS: {
  readonly [K in Layer["kind"]]: LayerDefinition<Extract<Layer, { kind: K }>>;
} = {
  dense: denseDefinition,
  dropout: dropoutDefinition,
  embedding: embeddingDefinition,
  gaussianNoise: gaussianNoiseDefinition,
  layerNorm: layerNormDefinition,
  batchNorm: batchNormDefinition,
  prelu: preluDefinition,
};
