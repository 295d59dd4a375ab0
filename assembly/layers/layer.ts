// The dispatch to the layers: one line for each kind in each function.

import { LayerDescription, LayerKind } from "../abi/description";
import { Status } from "../abi/status";
import { batchNormLayout, checkBatchNorm } from "./batchNorm";
import {
  checkDense, denseBackward, denseForward, denseGradients, denseLayout, denseLongestProduct, denseParameterCount,
  denseShape,
} from "./dense";
import { checkDropout, dropoutBackward, dropoutForward } from "./dropout";
import { checkEmbedding, embeddingForward, embeddingGradients, embeddingParameterCount } from "./embedding";
import { checkGaussianNoise, gaussianNoiseBackward, gaussianNoiseForward } from "./gaussianNoise";
import { layerNormBackward, layerNormForward, layerNormGradients, layerNormLayout } from "./layerNorm";
import { checkNormalization } from "./normalization";
import { checkPrelu, preluBackward, preluForward, preluGradients, preluLayout } from "./prelu";
import { Layer, Pass, Scratch, Tensors } from "./tensors";

/** Why the core refuses a layer with this description and `inputs` inputs; Ok if it accepts it. */
export function checkLayer(description: LayerDescription, inputs: u32, elementSize: usize): Status {
  if (description.units == 0) return Status.InvalidUnits;
  if (description.momentum != 0 && description.kind != LayerKind.BatchNorm) return Status.ReservedNotZero;
  const hasColumns = description.columns != 0 || description.columnCount != 0;
  if (hasColumns && description.kind != LayerKind.Embedding) return Status.ReservedNotZero;
  switch (description.kind) {
    case LayerKind.Dense: return checkDense(description, elementSize);
    case LayerKind.Dropout: return checkDropout(description, inputs);
    case LayerKind.LayerNorm: return checkNormalization(description, inputs, elementSize);
    case LayerKind.BatchNorm: return checkBatchNorm(description, inputs, elementSize);
    case LayerKind.Embedding: return checkEmbedding(description, inputs);
    case LayerKind.GaussianNoise: return checkGaussianNoise(description, inputs, elementSize);
    case LayerKind.PRelu: return checkPrelu(description, inputs);
    default: return Status.UnknownLayerKind;
  }
}

/** How many parameters a layer with this description and `inputs` inputs has. */
export function layerParameterCount(description: LayerDescription, inputs: u64): u64 {
  switch (description.kind) {
    case LayerKind.Dense: return denseParameterCount(inputs, description.units, description.useBias);
    case LayerKind.LayerNorm:
    case LayerKind.BatchNorm: return 2 * <u64>description.units; // gamma [units], then beta [units]
    case LayerKind.Embedding: return embeddingParameterCount(description);
    case LayerKind.PRelu: return description.units;
    default: return 0;
  }
}

/** How many buffers a layer with this description has: numbers that training changes without gradients. */
export function layerBufferCount(description: LayerDescription): u64 {
  return description.kind == LayerKind.BatchNorm ? 2 * <u64>description.units : 0; // runningMean, runningVariance
}

/** The largest k of the layer's products, for microbatches of `rows` rows; 0 if it has none. */
export function layerLongestProduct(layer: Layer, rows: usize): usize {
  return layer.kind == LayerKind.Dense ? denseLongestProduct(layer, rows) : 0;
}

/** Places the tensors that only this kind of layer has; see place(). */
export function layerLayout<T>(layer: Layer, region: usize, tensors: Tensors, at: u64, rows: u64): u64 {
  switch (layer.kind) {
    case LayerKind.Dense: return denseLayout<T>(layer, region, tensors, at, rows);
    case LayerKind.LayerNorm: return layerNormLayout<T>(layer, region, tensors, at, rows);
    case LayerKind.BatchNorm: return batchNormLayout<T>(layer, region, tensors, at);
    case LayerKind.PRelu: return preluLayout<T>(layer, region, tensors, at, rows);
    default: return at;
  }
}

/** Prepares for microbatches of the shape of `pass`. */
export function layerShape<T>(layer: Layer, tensors: Tensors, pass: Pass): void {
  if (layer.kind == LayerKind.Dense) denseShape<T>(tensors, pass);
}

/** Makes the forward pass read the parameters `shift` bytes after their present address. */
export function layerShiftParameters(layer: Layer, tensors: Tensors, shift: usize): void {
  layer.parameters += shift;
  if (layer.kind == LayerKind.Dense) tensors.forward.a += shift;
}

/**
 * x → outputs, for columns `begin` … `end` − 1 of the microbatch (whole vectors). Batch norm has phases of its own: see
 * threads/phases.ts.
 */
@inline
export function layerForward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, begin: usize, end: usize,
): void {
  if (layer.kind == LayerKind.Dense) denseForward<T>(layer, tensors, pass, scratch, begin, end);
  else otherForward<T>(layer, tensors, pass, begin, end);
}

/** layerForward() of layers that are not dense. A call, because inlining would make the core larger. */
function otherForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  switch (layer.kind) {
    case LayerKind.Dropout: { dropoutForward<T>(layer, tensors, pass, begin, end); return; }
    case LayerKind.Embedding: { embeddingForward<T>(layer, tensors, pass, begin, end); return; }
    case LayerKind.GaussianNoise: { gaussianNoiseForward<T>(layer, tensors, pass, begin, end); return; }
    case LayerKind.LayerNorm: { layerNormForward<T>(layer, tensors, pass, begin, end); return; }
    case LayerKind.PRelu: { preluForward<T>(layer, tensors, pass, begin, end); return; }
  }
}

/** dOutputs → dInputs if `needsInputs`, for the same columns. */
@inline
export function layerBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, begin: usize, end: usize, needsInputs: bool,
): void {
  if (layer.kind == LayerKind.Dense) denseBackward<T>(layer, tensors, pass, scratch, begin, end, needsInputs);
  else otherBackward<T>(layer, tensors, pass, begin, end, needsInputs);
}

function otherBackward<T>(
  layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize, needsInputs: bool,
): void {
  switch (layer.kind) {
    case LayerKind.Dropout: {
      if (needsInputs) dropoutBackward<T>(layer, tensors, pass, begin, end);
      return;
    }
    case LayerKind.GaussianNoise: {
      if (needsInputs) gaussianNoiseBackward<T>(layer, tensors, pass, begin, end);
      return;
    }
    case LayerKind.LayerNorm: { layerNormBackward<T>(layer, tensors, pass, begin, end, needsInputs); return; }
    case LayerKind.PRelu: { preluBackward<T>(layer, tensors, pass, begin, end, needsInputs); return; }
  }
}

/** Part `index` of `count` of the gradients of the layer's parameters. Call it after layerBackward() of all columns. */
@inline
export function layerGradients<T>(
  layer: Layer, tensors: Tensors, pass: Pass, scratch: Scratch, index: usize, count: usize,
): void {
  if (layer.kind == LayerKind.Dense) denseGradients<T>(layer, tensors, pass, scratch, index, count);
  else otherGradients<T>(layer, tensors, pass, index, count);
}

function otherGradients<T>(layer: Layer, tensors: Tensors, pass: Pass, index: usize, count: usize): void {
  switch (layer.kind) {
    case LayerKind.Embedding: { embeddingGradients<T>(layer, tensors, pass, index, count); return; }
    case LayerKind.LayerNorm: { layerNormGradients<T>(layer, tensors, pass, index, count); return; }
    case LayerKind.PRelu: { preluGradients<T>(layer, tensors, pass, index, count); return; }
  }
}
