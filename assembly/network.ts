// A network in linear memory: what the host describes, and where the core lays each tensor.

import { Activation, keepsLogits } from "./activations";
import { Layer, prepareGradient, prepareProducts, shapeProducts } from "./layer";
import { isFused, Loss } from "./losses";
import { Product, TILE_ROWS, Workspace } from "./matmul";
import { Descent } from "./sgd";
import { laneCount, wholeVectors } from "./vector";

export const DESCRIPTION_VERSION: u32 = 1;

/**
 * Rows that pass through the layers together. A batch of any size is taken as one microbatch after the other, so that
 * activations need bounded memory and stay in cache; the gradients' sums run on across them, so the bits do not depend
 * on it.
 */
export const MICROBATCH: usize = 128;

/** Every tensor begins on a cache line. */
const ALIGNMENT: u64 = 64;

/** Written by the host; followed by `layerCount` LayerDescriptions. Little-endian, 32 bytes. */
@unmanaged
export class Description {
  version: u32;
  /** 4: float32, 8: float64. */
  elementSize: u32;
  inputs: u32;
  layerCount: u32;
  loss: Loss;
  /** 0: sum, 1: mean. */
  mean: u32;
  /** The clip of binaryCrossentropy, the delta of huber. */
  lossParameter: f64;
}

/** 24 bytes. */
@unmanaged
export class LayerDescription {
  units: u32;
  activation: Activation;
  /** 0 or 1. */
  useBias: u32;
  reserved: u32;
  /** The slope of leakyRelu, the limit of elu. */
  alpha: f64;
}

/**
 * The head of a network's region; `layerCount` Layers, three Products of each, the Microbatch and the Descent follow it,
 * then the tensors:
 *
 *     parameters   layer by layer without gaps: kernel [inputs, units], bias [units]
 *     gradients    likewise; after a step of more than one row, what the parameters were before it
 *     x            [inputs + 1, MICROBATCH]       the microbatch, feature by feature
 *     targets      [targetWidth, MICROBATCH]
 *     dOutputs     [widest layer, MICROBATCH]     dLogits of the last layer, the last but two …
 *     dInputs      likewise                       of the others: each needs only those of the one behind it
 *     of each layer:
 *       logits       [units, MICROBATCH]          only where the backward pass needs them, else outputs
 *       outputs      [units + 1, MICROBATCH]
 *       dLogitsRows  [MICROBATCH, wholeVectors(units)]  the gradient of the logits, transposed
 *     workspace                                   of the thread that calls
 *
 * Activations are feature-major: a row of the tensor is one feature of all rows of the microbatch, so that the narrowest
 * layer still fills whole vectors. Where a microbatch has fewer rows than MICROBATCH, the rows of its tensors lie
 * `stride` = `wholeVectors(rows)` elements apart; of a single row, the tensors are plain vectors (singleRow.ts). The one
 * row more than a tensor has features holds ones: the bias is the kernel of an input that is always 1, and lies behind the
 * kernel just as that row lies behind the features.
 */
@unmanaged
export class Network {
  inputs: usize;
  layerCount: usize;
  loss: Loss;
  mean: u32;
  lossParameter: f64;
  /** What makes outputs of what a forward pass leaves as those of the last layer: Linear, but where the loss is fused. */
  outputActivation: Activation;
  parameters: usize;
  gradients: usize;
  parameterCount: usize;
  x: usize;
  targets: usize;
  targetWidth: usize;
  workspace: Workspace;
  microbatch: Microbatch;
  /** The step that ends the batch in progress. */
  descent: Descent;
  /** Whether it is known that all parameters are finite. */
  isFinite: bool;
  /** The largest k of a product, for which a workspace needs room. */
  longestProduct: usize;
  /** The Team of the threads that share the work, in the builds that have them; 0: there is none. */
  team: usize;
}

/** The microbatch in progress: what every thread that works on it has to know. */
@unmanaged
export class Microbatch {
  /** The samples of which it gathers some as network.x, row-major [*, inputs]; 0: they are there already. */
  inputs: usize;
  /** The order to take them in, u32; 0: as they lie. */
  order: usize;
  /** The place in that order of its first row. */
  row: usize;
  rows: usize;
  /** How far apart the rows of feature-major tensors lie, in elements. */
  stride: usize;
  /** Whether its gradients are added to those of the microbatches before it. */
  accumulates: bool;
  /** Whether its gradients complete those of a batch, and the parameters step down them. */
  descends: bool;
}

export function layerAt(network: Network, index: usize): Layer {
  return changetype<Layer>(changetype<usize>(network) + offsetof<Network>() + index * offsetof<Layer>());
}

export function outputLayer(network: Network): Layer {
  return layerAt(network, network.layerCount - 1);
}

function layerDescriptionAt(description: Description, index: usize): LayerDescription {
  return changetype<LayerDescription>(
    changetype<usize>(description) + offsetof<Description>() + index * offsetof<LayerDescription>(),
  );
}

@inline
function aligned(bytes: u64): u64 {
  return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/** Bytes of a tensor [rows, columns]; 64 bits, so that a size beyond memory shows as one. */
@inline
function tensorSize<T>(rows: u64, columns: u64): u64 {
  return aligned(rows * columns * sizeof<T>());
}

function headSize(description: Description): u64 {
  const layer = offsetof<Layer>() + 3 * offsetof<Product>();
  const layers = <u64>description.layerCount * layer;
  return aligned(offsetof<Network>() + layers) + aligned(offsetof<Microbatch>()) + aligned(offsetof<Descent>());
}

function countParameters(description: Description): u64 {
  let inputs: u64 = description.inputs;
  let count: u64 = 0;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    const layer = layerDescriptionAt(description, i);
    count += (inputs + layer.useBias) * layer.units;
    inputs = layer.units;
  }
  return count;
}

function widestLayer(description: Description): usize {
  let widest: usize = 0;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    widest = max<usize>(widest, layerDescriptionAt(description, i).units);
  }
  return widest;
}

/** Whether it is the last, and the loss is taken from its logits. */
function isFusedOutput(description: Description, index: usize): bool {
  return index == description.layerCount - 1 && isFused(description.loss);
}

function targetWidth(description: Description): usize {
  if (description.loss == Loss.SparseCategoricalCrossentropy) return 1;
  return layerDescriptionAt(description, description.layerCount - 1).units;
}

/** Prepares the network for microbatches of `rows` rows. */
export function shapeMicrobatch<T>(network: Network, rows: usize): void {
  const stride: usize = rows == 1 ? 1 : wholeVectors<T>(rows);
  network.microbatch.rows = rows;
  network.microbatch.stride = stride;
  for (let i: usize = 0; i < network.layerCount; ++i) shapeProducts<T>(layerAt(network, i), rows, stride);
}

/** Prepares it for the backward passes of microbatches whose gradients are added to those before, or complete a batch's. */
export function prepareGradients(network: Network, accumulates: bool, descends: bool): void {
  network.microbatch.accumulates = accumulates;
  network.microbatch.descends = descends;
  const descent = descends ? network.descent : null;
  for (let i: usize = 0; i < network.layerCount; ++i) prepareGradient(layerAt(network, i), accumulates, descent);
}

/** Bytes of the region that `layNetwork` needs. */
export function networkSize<T>(description: Description): u64 {
  const widest = widestLayer(description);
  let size = headSize(description);
  size += 2 * arenaSize<T>(description);
  size += tensorSize<T>(<u64>description.inputs + 1, MICROBATCH);
  size += tensorSize<T>(targetWidth(description), MICROBATCH);
  for (let i: usize = 0; i < description.layerCount; ++i) {
    const units = <u64>layerDescriptionAt(description, i).units;
    if (keepsLogits(layerDescriptionAt(description, i).activation)) size += tensorSize<T>(units, MICROBATCH);
    size += tensorSize<T>(units + 1, MICROBATCH);
    size += tensorSize<T>(MICROBATCH, wholeVectors<T>(<usize>units));
  }
  size += 2 * tensorSize<T>(widest, MICROBATCH);
  size += workspaceSize<T>(longestProduct(description.inputs, widest));
  return size;
}

function arenaSize<T>(description: Description): u64 {
  const lanes: u64 = laneCount<T>();
  return tensorSize<T>((countParameters(description) + lanes - 1) / lanes, lanes);
}

/** A product runs over a layer's inputs and their row of ones, over its units, or over the rows of a microbatch. */
function longestProduct(inputs: usize, widest: usize): usize {
  return max<usize>(max<usize>(inputs, widest) + 1, MICROBATCH);
}

/** Bytes of a thread's workspace. */
export function workspaceSize<T>(longestProduct: u64): u64 {
  return workspaceHeadSize() + tensorSize<T>(longestProduct, TILE_ROWS);
}

function workspaceHeadSize(): u64 {
  return aligned(offsetof<Workspace>() + offsetof<Product>());
}

/** Lays it in a region of that size at a multiple of 64. */
export function layWorkspace(workspace: Workspace): void {
  const address = changetype<usize>(workspace);
  workspace.product = changetype<Product>(address + offsetof<Workspace>());
  workspace.panel = address + <usize>workspaceHeadSize();
}

/**
 * Lays the described network at `network`, an address that is a multiple of 64 with `networkSize` bytes behind it, all
 * of them zero; returns the end of what it used. The description is not needed afterwards.
 */
export function layNetwork<T>(network: Network, description: Description): usize {
  const widest = widestLayer(description);
  network.inputs = description.inputs;
  network.layerCount = description.layerCount;
  network.loss = description.loss;
  network.mean = description.mean;
  network.lossParameter = description.lossParameter;
  network.outputActivation = isFused(description.loss)
    ? layerDescriptionAt(description, description.layerCount - 1).activation
    : Activation.Linear;
  network.parameterCount = <usize>countParameters(description);
  network.targetWidth = targetWidth(description);
  network.parameters = changetype<usize>(network) + <usize>headSize(description);
  const descent = network.parameters - <usize>aligned(offsetof<Descent>());
  network.descent = changetype<Descent>(descent);
  network.microbatch = changetype<Microbatch>(descent - <usize>aligned(offsetof<Microbatch>()));
  network.gradients = network.parameters + <usize>arenaSize<T>(description);
  network.x = network.gradients + <usize>arenaSize<T>(description);
  network.targets = network.x + <usize>tensorSize<T>(network.inputs + 1, MICROBATCH);
  const dOutputs = network.targets + <usize>tensorSize<T>(network.targetWidth, MICROBATCH);
  const dInputs = dOutputs + <usize>tensorSize<T>(widest, MICROBATCH);
  const layers = dInputs + <usize>tensorSize<T>(widest, MICROBATCH);
  const workspace = layLayers<T>(network, description, layers);
  network.workspace = changetype<Workspace>(workspace);
  layWorkspace(network.workspace);
  network.longestProduct = longestProduct(network.inputs, widest);
  layProducts<T>(network, dOutputs, dInputs);
  return workspace + <usize>workspaceSize<T>(network.longestProduct);
}

/** Lays the tensors of each layer, from `address` on; returns their end. */
function layLayers<T>(network: Network, description: Description, address: usize): usize {
  let inputs = network.inputs;
  let x = network.x;
  let offset: usize = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const described = layerDescriptionAt(description, i);
    layer.inputs = inputs;
    layer.units = described.units;
    layer.activation = isFusedOutput(description, i) ? Activation.Linear : described.activation;
    layer.useBias = described.useBias;
    layer.alpha = described.alpha;
    layer.kernel = network.parameters + offset * sizeof<T>();
    layer.dKernel = network.gradients + offset * sizeof<T>();
    offset += (inputs + layer.useBias) * layer.units;

    layer.x = x;
    layer.logits = address;
    if (keepsLogits(described.activation)) address += <usize>tensorSize<T>(layer.units, MICROBATCH);
    layer.outputs = address;
    address += <usize>tensorSize<T>(layer.units + 1, MICROBATCH);
    layer.dLogitsRows = address;
    address += <usize>tensorSize<T>(MICROBATCH, wholeVectors<T>(layer.units));
    inputs = layer.units;
    x = layer.outputs;
  }
  return address;
}

/** Lays the products of the layers, whose tensors have their places. */
function layProducts<T>(network: Network, dOutputs: usize, dInputs: usize): void {
  let product = changetype<usize>(layerAt(network, network.layerCount));
  for (let i = network.layerCount; i > 0; --i) {
    const layer = layerAt(network, i - 1);
    layer.dLogits = dOutputs;
    layer.forward = changetype<Product>(product);
    layer.inputsBackward = changetype<Product>(product + offsetof<Product>());
    layer.kernelBackward = changetype<Product>(product + 2 * offsetof<Product>());
    prepareProducts<T>(layer, dInputs);
    product += 3 * offsetof<Product>();
    dOutputs = dInputs;
    dInputs = layer.dLogits;
  }
}
