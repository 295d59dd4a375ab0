// The structs that layers use: a Layer in the network's region; its Tensors, the Pass of the microbatch in progress and
// the Scratch of each thread in a workspace.

import { Activation, LayerKind } from "../abi/description";
import { Product } from "../kernels/gemm";

/**
 * The capacity of a workspace is a multiple of this many rows. Losses and the gradients of normalizations are summed in
 * blocks of this many rows, so that the sums do not depend on the capacity. A microbatch of one row is the exception:
 * the row path adds the terms of its loss in another order.
 */
export const BLOCK_ROWS: usize = 128;

/** A layer, in the network's region. */
@unmanaged
export class Layer {
  kind: LayerKind;
  /** Its number in the network, from 0. */
  index: usize;
  inputs: usize;
  units: usize;
  /** Dense layers only. Linear in the output layer if the loss is fused: the loss applies softmax or sigmoid. */
  activation: Activation;
  useBias: usize;
  /** LayerDescription.parameter. */
  parameter: f64;
  /** Address of the layer's parameters in the network's. */
  parameters: usize;
  /** Address of the layer's gradients in the network's. */
  gradients: usize;
  /** Elements of the layer's parameters, and of its gradients. */
  parameterCount: usize;
  /** Whether updates leave the layer unchanged: see network/frozen.ts. */
  isFrozen: bool;
  /** Embeddings only: the address of `columnCount` EmbeddingColumns in the network's region. */
  columns: usize;
  columnCount: usize;
  /** Dense layers only: the factors of the penalties, see penalty.ts. */
  kernelL1: f64;
  kernelL2: f64;
  biasL1: f64;
  biasL2: f64;
  /** Batch norm only: LayerDescription.momentum. */
  momentum: f64;
  /** Batch norm only: the addresses of its numbers in Network.buffers and Network.nextBuffers. */
  buffers: usize;
  nextBuffers: usize;
}

/**
 * The tensors of a layer, in a workspace. All but dLogitsRows are feature-major: [features, stride], one row of the
 * microbatch in each column.
 */
@unmanaged
export class Tensors {
  /** [inputs + 1, stride], the last row all ones: the outputs of the layer before. */
  x: usize;
  /** [units, stride]; the same address as the outputs if the backward pass does not need logits. */
  logits: usize;
  /** [units + 1, stride], the last row all ones. In the output layer, the logits if the loss is fused. */
  outputs: usize;
  /** [units, stride]: the gradient of the outputs. The backward pass replaces it by the gradient of the logits. */
  dOutputs: usize;
  /** [inputs, stride]: dOutputs of the layer before. */
  dInputs: usize;
  /**
   * Dense layers: [rows, strideOf(units)], the gradient of the logits, transposed. PReLU: [units, stride], the terms of
   * the gradient of alpha.
   */
  dLogitsRows: usize;
  /** Normalizations, see normalization.ts: [STATISTIC_COUNT, rows or units], rows `statisticsStep` bytes apart. */
  statistics: usize;
  statisticsStep: usize;
  /** Layer norm: [units, stride], a copy of dOutputs. */
  dOutputsCopy: usize;
  /** logits = [kernel; bias]ᵀ · [x; 1] */
  forward: Product;
  /** dInputs = kernel · dLogits */
  inputsBackward: Product;
  /** [dKernel; dBias] = or += [x; 1] · dLogitsᵀ, summed over the rows of the microbatch in their order. */
  kernelBackward: Product;
}

/** Which parts of a step of a single row use rowPath/. */
export const enum RowPath {
  /** No part. */
  None,
  /** Forward pass, loss and backward pass. */
  Loss,
  /** Forward pass, loss, backward pass and update. */
  Step,
}

/** The microbatch in progress: what layers and threads need to know about it. */
@unmanaged
export class Pass {
  /** Samples [*, inputs], row-major, from which the rows are gathered; 0: the rows are in the workspace already. */
  inputs: usize;
  /** Samples.scale if the samples are bytes, else 0. Bytes are converted while they are gathered. */
  byteScale: f64;
  /** The row numbers in the order of their use, u32; 0: rows are used as they are stored. */
  order: usize;
  /** Position in that order of the microbatch's first row. */
  row: usize;
  /** Position in the batch of the microbatch's first row. */
  batchRow: usize;
  /** Rows of the microbatch. */
  rows: usize;
  /** The columns of feature-major tensors that are computed: `rows` rounded up to whole vectors; 1 on the row path. */
  columns: usize;
  /** Elements from one row of a feature-major tensor to the next. */
  stride: usize;
  /** The parts of the step that use rowPath/. */
  rowPath: RowPath;
  /** The weights of the rows, [stride]; 0: all are 1. */
  weights: usize;
  /** Whether the microbatch's gradients are added to the gradients of the microbatches before it. */
  accumulates: bool;
  /** Whether layers that differ in training, such as dropout, act as in training. */
  training: bool;
  /** Whether batch norm writes the running statistics after this pass to Network.nextBuffers. */
  updatesStatistics: bool;
  /**
   * Phase.Forward and Phase.Backward compute the layers …First to …End − 1. A batch norm ends such a range of layers;
   * without batch norm, the range contains all layers. See training/layers.ts.
   */
  forwardFirst: usize;
  forwardEnd: usize;
  backwardFirst: usize;
  backwardEnd: usize;
  /** The key of the random numbers: Network.seed. */
  seed: u32;
  /** The step that random numbers are drawn for: Network.step. */
  step: u32;
}

/** The memory of one thread. No other thread uses it during a phase. */
@unmanaged
export class Scratch {
  /** Describes the thread's part of a product. */
  product: Product;
  /** [k, PACKED_ROWS] elements for the longest product. */
  panels: usize;
  /**
   * Results of the thread's part of Phase.Measure: bounds of |gradient|, |parameter| and |numbers in measured slots|.
   */
  bound: f64;
  parameterBound: f64;
  stateBound: f64;
  /** Result of the thread's part of Phase.Check. */
  isFinite: bool;
}
