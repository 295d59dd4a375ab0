// The workspace of a network: the tensors of a microbatch and the threads' scratch memory.

import { LayerKind } from "../abi/description";
import { PACKED_ROWS, Product } from "../kernels/gemm";
import { fill } from "../kernels/memory";
import { aligned, place, strideOf, tensorSize } from "../kernels/place";
import { layerLayout, layerLongestProduct, layerShape } from "../layers/layer";
import { BLOCK_ROWS, Layer, Pass, RowPath, Scratch, Tensors } from "../layers/tensors";
import { wholeVectors } from "../math/vector";
import { layerAt, Network, outputLayer } from "./network";

/**
 * The head of a workspace's region:
 *
 *     Workspace
 *     Pass
 *     Tensors   [layerCount]
 *     Scratch   [threads], each with a Product and its panels
 *     x         [inputs + 1, stride]         the microbatch, feature by feature
 *     targets   [targetWidth, stride]; of smoothed labels [outputs, stride]
 *     weights   [stride]                     of the rows
 *     d0        [widest layer, stride]       ping-pong buffers: the last layer L and layers L−2, L−4, … use d0 as
 *     d1        [widest layer, stride]       dOutputs and d1 as dInputs; layers L−1, L−3, … the reverse
 *     and for each layer:
 *       outputs   [units + 1, stride]
 *       tensors of the layer's kind, such as logits and dLogitsRows
 *
 * Tensors are feature-major: a row of a tensor is one feature of all rows of the microbatch. So the narrowest layer
 * still fills whole vectors. In a microbatch of fewer rows than `capacity`, the rows of tensors are `stride` =
 * strideOf(rows) elements apart. On the row path the tensors are plain vectors (rowPath/). x and outputs have one more
 * row, all ones: the bias is the kernel row of an input that is always 1.
 *
 *     x   [ row 0  row 1  …  row n−1 | unused ]   feature 0
 *         [ …                                 ]   feature 1
 *         [ 1      1      …  1       | 1      ]
 */
@unmanaged
export class Workspace {
  /** The network that the workspace was laid out for. */
  network: usize;
  /** How many threads the workspace has a Scratch for. */
  threads: usize;
  /** The maximum number of rows of a microbatch, a multiple of BLOCK_ROWS. */
  capacity: usize;
  // Addresses of the tensors.
  x: usize;
  targets: usize;
  weights: usize;
  d0: usize;
  d1: usize;
  /** Address of the calling thread's Scratch. Those of the other threads follow. */
  scratch: usize;
  /** Bytes from one Scratch to the next. */
  scratchSize: usize;
}

/** The Pass that follows the Workspace. */
@inline
export function passOf(workspace: Workspace): Pass {
  return changetype<Pass>(changetype<usize>(workspace) + offsetof<Workspace>());
}

/** The Tensors of layer number `index`. */
@inline
export function tensorsAt(workspace: Workspace, index: usize): Tensors {
  const first = changetype<usize>(workspace) + offsetof<Workspace>() + offsetof<Pass>();
  return changetype<Tensors>(first + index * offsetof<Tensors>());
}

/** The Tensors of the last layer. */
export function outputTensors(network: Network, workspace: Workspace): Tensors {
  return tensorsAt(workspace, network.layerCount - 1);
}

/** The scratch of thread number `thread`; 0 is the caller. */
@inline
export function scratchAt(workspace: Workspace, thread: usize): Scratch {
  return changetype<Scratch>(workspace.scratch + thread * workspace.scratchSize);
}

/**
 * Lays out a workspace for at least `rows` rows and `threads` threads in a zeroed region at a multiple of 64, or only
 * measures it if the region is 0. Returns the bytes it needs.
 */
export function workspaceLayout<T>(region: usize, network: Network, rows: usize, threads: usize): u64 {
  const capacity = (<u64>rows + BLOCK_ROWS - 1) / BLOCK_ROWS * BLOCK_ROWS;
  const stride = strideOf<T>(capacity);
  const widest = tensorSize<T>(widestLayer(network), stride);
  const scratchSize = scratchLayout<T>(0, network, <usize>capacity);
  let at = aligned(offsetof<Workspace>() + offsetof<Pass>() + <u64>network.layerCount * offsetof<Tensors>());
  at = place(region, region + offsetof<Workspace>("scratch"), at, <u64>threads * scratchSize);
  at = place(region, region + offsetof<Workspace>("x"), at, tensorSize<T>(<u64>network.inputs + 1, stride));
  at = place(region, region + offsetof<Workspace>("targets"), at, tensorSize<T>(targetRows(network), stride));
  at = place(region, region + offsetof<Workspace>("weights"), at, tensorSize<T>(1, stride));
  at = place(region, region + offsetof<Workspace>("d0"), at, widest);
  at = place(region, region + offsetof<Workspace>("d1"), at, widest);
  const workspace = changetype<Workspace>(region);
  let x = region ? workspace.x : 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const tensors = tensorsAt(workspace, i);
    at = placeLayer<T>(region, network, layer, tensors, x, at, capacity);
    if (region) x = tensors.outputs;
  }
  if (!region) return at;
  workspace.network = changetype<usize>(network);
  workspace.threads = threads;
  workspace.capacity = <usize>capacity;
  workspace.scratchSize = <usize>scratchSize;
  for (let i: usize = 0; i < threads; ++i) {
    scratchLayout<T>(changetype<usize>(scratchAt(workspace, i)), network, <usize>capacity);
  }
  return at;
}

/** Places the tensors of one layer, see place(). `x`: the outputs of the layer before. */
function placeLayer<T>(
  region: usize, network: Network, layer: Layer, tensors: Tensors, x: usize, at: u64, capacity: u64,
): u64 {
  const outputs = changetype<usize>(tensors) + offsetof<Tensors>("outputs");
  at = place(region, outputs, at, tensorSize<T>(<u64>layer.units + 1, strideOf<T>(capacity)));
  if (region) {
    const workspace = changetype<Workspace>(region);
    const isEven = ((network.layerCount - 1 - layer.index) & 1) == 0;
    tensors.x = x;
    tensors.dOutputs = isEven ? workspace.d0 : workspace.d1;
    tensors.dInputs = isEven ? workspace.d1 : workspace.d0;
  }
  return layerLayout<T>(layer, region, tensors, at, capacity);
}

/** Lays out one Scratch with its product and panels, or only measures it if the region is 0. Returns its bytes. */
function scratchLayout<T>(region: usize, network: Network, capacity: usize): u64 {
  let longest: usize = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) {
    longest = max(longest, layerLongestProduct(layerAt(network, i), capacity));
  }
  let at = aligned(offsetof<Scratch>());
  at = place(region, region + offsetof<Scratch>("product"), at, offsetof<Product>());
  return place(region, region + offsetof<Scratch>("panels"), at, tensorSize<T>(longest, PACKED_ROWS));
}

/** Rows of the feature-major targets. Smoothed labels become one target for each output. */
function targetRows(network: Network): usize {
  return network.labelSmoothing != 0 ? outputLayer(network).units : network.targetWidth;
}

function widestLayer(network: Network): usize {
  let widest: usize = 0;
  for (let i: usize = 0; i < network.layerCount; ++i) widest = max(widest, layerAt(network, i).units);
  return widest;
}

/** Prepares the workspace for microbatches of `rows` rows whose step uses `rowPath`. */
export function shapePass<T>(network: Network, workspace: Workspace, rows: usize, rowPath: RowPath): void {
  const pass = passOf(workspace);
  pass.rows = rows;
  pass.rowPath = rowPath;
  pass.columns = rowPath == RowPath.None ? wholeVectors<T>(rows) : 1;
  pass.stride = rowPath == RowPath.None ? <usize>strideOf<T>(rows) : 1;
  endAtBatchNorm(network, pass, 0);
  beginAfterBatchNorm(network, pass, network.layerCount);
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    const tensors = tensorsAt(workspace, i);
    layerShape<T>(layer, tensors, pass);
    // The row path writes its own ones.
    if (rowPath == RowPath.None) {
      fill<T>(tensors.x + layer.inputs * pass.stride * sizeof<T>(), 1, pass.columns);
    }
  }
}

/** Sets the layers of the next forward phase: from `first` to the one before the next batch norm. */
export function endAtBatchNorm(network: Network, pass: Pass, first: usize): void {
  let end = first;
  while (end < network.layerCount && layerAt(network, end).kind != LayerKind.BatchNorm) ++end;
  pass.forwardFirst = first;
  pass.forwardEnd = end;
}

/** Sets the layers of the next backward phase: those after the last batch norm before `end`, up to `end` − 1. */
export function beginAfterBatchNorm(network: Network, pass: Pass, end: usize): void {
  let first = end;
  while (first > 0 && layerAt(network, first - 1).kind != LayerKind.BatchNorm) --first;
  pass.backwardFirst = first;
  pass.backwardEnd = end;
}
