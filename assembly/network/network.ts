// A network in linear memory: its layers, parameters and gradients.

import { Activation, Description, EmbeddingColumn, LayerDescription, LayerKind, Loss } from "../abi/description";
import { Optimizer } from "../abi/optimizer";
import { aligned, place, productOf, sumOf, tensorSize } from "../kernels/place";
import { copyColumnList } from "../layers/embedding";
import { layerBufferCount, layerParameterCount } from "../layers/layer";
import { hasPenalty, setPenalties } from "../layers/penalty";
import { Layer } from "../layers/tensors";
import { hasTermPerRow, isFused, takesLabels } from "../losses/loss";
import { laneCount } from "../math/vector";

/**
 * The head of a network's region:
 *
 *     Network
 *     Layer        [layerCount]
 *     columns      EmbeddingColumn [columnCount], if the first layer is an embedding
 *     parameters   [parameterCount], layer by layer without gaps; a dense layer: kernel [inputs, units], bias [units];
 *                  layer norm and batch norm: gamma [units], beta [units]; prelu: alpha [units]; an embedding: tables
 *                  [categories, units]
 *     gradients    in the layout of the parameters
 *     buffers      [bufferCount], layer by layer; batch norm: runningMean [units], runningVariance [units]
 *     nextBuffers  in the layout of the buffers: their values after the step in progress
 *
 * Each array ends with zeros to the next cache line: see arenaSize().
 */
@unmanaged
export class Network {
  /** Bytes of an element: 4 or 8. */
  elementSize: usize;
  inputs: usize;
  layerCount: usize;
  // Copies of the description's fields.
  loss: Loss;
  mean: u32;
  lossParameter: f64;
  lossAlpha: f64;
  labelSmoothing: f64;
  /** The loss that is computed: categorical cross-entropy if labels are smoothed, else `loss`. */
  computedLoss: Loss;
  /** The activation that turns the outputs of a forward pass into predictions: Linear unless the loss is fused. */
  outputActivation: Activation;
  /** Columns of the samples' targets: 1 for labels, else the number of outputs. */
  targetWidth: usize;
  // Addresses of the arrays, and their elements.
  parameters: usize;
  gradients: usize;
  parameterCount: usize;
  buffers: usize;
  nextBuffers: usize;
  bufferCount: usize;
  /** Index of the first layer with parameters that is not frozen. Layers before it need no gradients. */
  firstTrained: usize;
  /** Whether all layers are dense. */
  isDense: bool;
  /** Whether a layer has a penalty. */
  isPenalized: bool;
  /** Whether a layer is frozen. */
  hasFrozen: bool;
  /**
   * Whether the parameters are known to be finite, and the optimizer's state known to be small enough for
   * optimizerIsBounded().
   */
  isKnownBounded: bool;
  /** In its own region, so that the host can replace it; null at first. */
  optimizer: Optimizer;
  /** The Team of workers in the builds with threads; 0: none. See threads/team.ts. */
  team: usize;
  /** The key of the network's random numbers. */
  seed: u32;
  /** Training steps that the network has taken, with any optimizer. */
  step: u64;
}

/** Layer number `index`, from 0. */
export function layerAt(network: Network, index: usize): Layer {
  return changetype<Layer>(changetype<usize>(network) + offsetof<Network>() + index * offsetof<Layer>());
}

/** The last layer. */
export function outputLayer(network: Network): Layer {
  return layerAt(network, network.layerCount - 1);
}

/**
 * The factor that turns a sum of terms into the loss: 1 for sums, else 1 / (weight · terms of a row). `weight`: the sum
 * of the weights of the batch's rows; without weights, their number.
 */
export function lossScale(network: Network, weight: f64): f64 {
  if (!network.mean) return 1;
  const terms = hasTermPerRow(network.loss) ? <usize>1 : outputLayer(network).units;
  return 1 / (weight * <f64>terms);
}

/**
 * Bytes of an arena of `parameterCount` elements: the parameters, the gradients, or another array in the layout of the
 * parameters, such as a slot of an optimizer's state. Whole cache lines.
 */
export function arenaSize<T>(parameterCount: u64): u64 {
  const lanes: u64 = laneCount<T>();
  return tensorSize<T>((parameterCount + lanes - 1) / lanes, lanes);
}

/** The description of layer number `index`. */
export function layerDescriptionAt(description: Description, index: usize): LayerDescription {
  return changetype<LayerDescription>(
    changetype<usize>(description) + offsetof<Description>() + index * offsetof<LayerDescription>(),
  );
}

function countParameters(description: Description): u64 {
  let inputs: u64 = description.inputs;
  let count: u64 = 0;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    const layer = layerDescriptionAt(description, i);
    count = sumOf(count, layerParameterCount(layer, inputs));
    inputs = layer.units;
  }
  return count;
}

function countBuffers(description: Description): u64 {
  let count: u64 = 0;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    count = sumOf(count, layerBufferCount(layerDescriptionAt(description, i)));
  }
  return count;
}

/** Whether the network has a batch norm: in training, its microbatches are whole batches of at least two rows. */
@inline
export function needsWholeBatch(network: Network): bool {
  return network.bufferCount > 0;
}

/**
 * Bytes from the first parameter on that must be in memory: rowPath/backward.ts reads up to 2 · lanes − 1 rows past the
 * end of a kernel, and ignores them.
 */
function readableSize<T>(description: Description): u64 {
  let inputs: u64 = description.inputs;
  let offset: u64 = 0, end: u64 = 0;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    const layer = layerDescriptionAt(description, i);
    const hasKernel = i > 0 && layer.kind == LayerKind.Dense;
    if (hasKernel) end = max(end, offset + productOf(inputs + 2 * laneCount<T>() - 1, layer.units));
    offset = sumOf(offset, layerParameterCount(layer, inputs));
    inputs = layer.units;
  }
  return end * sizeof<T>();
}

/**
 * Lays out the described network in a zeroed region at a multiple of 64, or only measures it if the region is 0;
 * returns the bytes it needs. The description is not needed afterwards.
 */
export function networkLayout<T>(region: usize, description: Description): u64 {
  const count = countParameters(description);
  const layers = <u64>description.layerCount * offsetof<Layer>();
  const columns = <u64>layerDescriptionAt(description, 0).columnCount * offsetof<EmbeddingColumn>();
  const columnsField = region + offsetof<Network>() + offsetof<Layer>("columns");
  const head = place(region, columnsField, aligned(offsetof<Network>() + layers), columns);
  let at = place(region, region + offsetof<Network>("parameters"), head, arenaSize<T>(count));
  at = place(region, region + offsetof<Network>("gradients"), at, arenaSize<T>(count));
  const buffers = countBuffers(description);
  at = place(region, region + offsetof<Network>("buffers"), at, arenaSize<T>(buffers));
  at = place(region, region + offsetof<Network>("nextBuffers"), at, arenaSize<T>(buffers));
  at = max(at, head + aligned(readableSize<T>(description)));
  if (region) fillNetwork<T>(changetype<Network>(region), description, <usize>count, <usize>buffers);
  return at;
}

function fillNetwork<T>(network: Network, description: Description, parameterCount: usize, bufferCount: usize): void {
  const loss = description.loss;
  network.elementSize = sizeof<T>();
  network.inputs = description.inputs;
  network.layerCount = description.layerCount;
  network.loss = loss;
  network.mean = description.mean;
  network.lossParameter = description.lossParameter;
  network.lossAlpha = description.lossAlpha;
  network.labelSmoothing = description.labelSmoothing;
  network.computedLoss = takesLabels(loss) && description.labelSmoothing != 0 ? Loss.CategoricalCrossentropy : loss;
  network.parameterCount = parameterCount;
  network.bufferCount = bufferCount;
  network.isDense = true;
  network.firstTrained = description.layerCount;
  fillLayers<T>(network, description);
  const output = outputLayer(network);
  network.targetWidth = takesLabels(loss) ? 1 : output.units;
  if (!isFused(loss)) return;
  network.outputActivation = output.activation;
  output.activation = Activation.Linear;
}

function fillLayers<T>(network: Network, description: Description): void {
  let inputs = network.inputs;
  let offset: usize = 0, bufferOffset: usize = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const described = layerDescriptionAt(description, i);
    layer.kind = described.kind;
    layer.index = i;
    layer.inputs = inputs;
    layer.units = described.units;
    layer.activation = described.activation;
    layer.useBias = described.useBias;
    layer.parameter = described.parameter;
    layer.momentum = described.momentum;
    layer.parameterCount = <usize>layerParameterCount(described, inputs);
    setPenalties(layer, described);
    copyColumnList(layer, described);
    layer.parameters = network.parameters + offset;
    layer.gradients = network.gradients + offset;
    offset += layer.parameterCount * sizeof<T>();
    layer.buffers = network.buffers + bufferOffset;
    layer.nextBuffers = network.nextBuffers + bufferOffset;
    bufferOffset += <usize>layerBufferCount(described) * sizeof<T>();
    inputs = layer.units;
    if (layer.parameterCount) network.firstTrained = min(network.firstTrained, i);
    if (layer.kind != LayerKind.Dense) network.isDense = false;
    if (hasPenalty(layer)) network.isPenalized = true;
  }
}
