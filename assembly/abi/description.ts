// How a host describes a network, and the numbers of layer kinds, activations and losses.

/** Grows whenever a struct of abi/ or a number below changes its meaning. */
export const DESCRIPTION_VERSION: u32 = 3;

/** The most bytes of a region: one page less than 4 GiB, so that the address after its end is not 0. */
export const MAX_REGION_SIZE: u64 = 0xffff0000;

/** The most threads that a workspace has room for. */
export const MAX_THREADS: u32 = 255;

export const enum LayerKind {
  /** outputs = activation(x · kernel + bias) */
  Dense,
  /** Sets some of its inputs to 0 in training. */
  Dropout,
}

export const enum Activation {
  Linear,
  Sigmoid,
  Tanh,
  Relu,
  LeakyRelu,
  Elu,
  Gelu,
  GeluTanh,
  Silu,
  Softplus,
  /** The last one: numbers above it are unknown. */
  Softmax,
}

export const enum Loss {
  MeanSquaredError,
  MeanAbsoluteError,
  Huber,
  BinaryCrossentropy,
  SigmoidCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
}

/**
 * Written by the host, followed by `layerCount` LayerDescriptions, at a multiple of 8. Little-endian, as all structs.
 *
 * `network_check` returns why the core does not lay out a description; `network_size` is 0 for those. A field that the
 * loss, or a layer of that kind, does not use must be 0.
 */
@unmanaged
export class Description {
  /** DESCRIPTION_VERSION. */
  version: u32;
  /** Bytes of this struct and of the LayerDescriptions after it. */
  byteLength: u32;
  /** 4: float32, 8: float64. */
  elementSize: u32;
  /** At least 1. */
  inputs: u32;
  /** At least 1. */
  layerCount: u32;
  /** The fused losses need a dense layer with this activation as the last: see losses/loss.ts. */
  loss: Loss;
  /** 0: the loss is the sum of its terms; 1: their mean. */
  mean: u32;
  /** 0. */
  reserved: u32;
  /**
   * The clip of binaryCrossentropy, above 0 (so far that 1 − clip is below 1) and below ½; the delta of huber, above 0
   * and finite. In the network's dtype.
   */
  lossParameter: f64;
}

@unmanaged
export class LayerDescription {
  kind: LayerKind;
  /** Outputs, at least 1, and 2 with softmax; a layer that keeps the shape of its inputs has as many as inputs. */
  units: u32;
  /** Of a dense layer. */
  activation: Activation;
  /** Of a dense layer: 0 or 1. */
  useBias: u32;
  /**
   * The slope of leakyRelu and the limit of elu, at least 0 and finite in the network's dtype; the rate of dropout, from
   * 0 to below 1.
   */
  parameter: f64;
  /**
   * The penalties of a dense layer: see layers/penalty.ts. At least 0 and finite in the network's dtype; those of the bias
   * are 0 without one.
   */
  kernelL1: f64;
  kernelL2: f64;
  biasL1: f64;
  biasL2: f64;
}
