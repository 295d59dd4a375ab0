// How a host describes a network, and the numbers of layer kinds, activations and losses.

/** Grows whenever a struct of abi/ or a number below changes its meaning. */
export const DESCRIPTION_VERSION: u32 = 2;

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

/** Written by the host, followed by `layerCount` LayerDescriptions. Little-endian, as all structs. */
@unmanaged
export class Description {
  /** DESCRIPTION_VERSION. */
  version: u32;
  /** 4: float32, 8: float64. */
  elementSize: u32;
  inputs: u32;
  layerCount: u32;
  loss: Loss;
  /** 0: the loss is the sum of its terms; 1: their mean. */
  mean: u32;
  /** The clip of binaryCrossentropy, the delta of huber. */
  lossParameter: f64;
}

@unmanaged
export class LayerDescription {
  kind: LayerKind;
  /** Outputs; a layer that keeps the shape of its inputs has as many as inputs. */
  units: u32;
  /** Of a dense layer. */
  activation: Activation;
  /** Of a dense layer: 0 or 1. */
  useBias: u32;
  /** The slope of leakyRelu, the limit of elu; the rate of dropout. */
  parameter: f64;
}
