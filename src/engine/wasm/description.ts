import type { ActivationName, LossName, NetworkDescription } from "../engine.js";
import { Block } from "./block.js";
import type { Host } from "./host.js";

// The numbers of assembly/activations.ts and assembly/losses.ts.
const ACTIVATIONS: Record<ActivationName, number> = {
  linear: 0,
  sigmoid: 1,
  tanh: 2,
  relu: 3,
  leakyRelu: 4,
  elu: 5,
  gelu: 6,
  geluTanh: 7,
  silu: 8,
  softplus: 9,
  softmax: 10,
};

const LOSSES: Record<LossName, number> = {
  meanSquaredError: 0,
  meanAbsoluteError: 1,
  huber: 2,
  binaryCrossentropy: 3,
  sigmoidCrossentropy: 4,
  categoricalCrossentropy: 5,
  sparseCategoricalCrossentropy: 6,
};

const DESCRIPTION_VERSION = 1;

/** The bytes of assembly/network.ts's Description and LayerDescriptions. */
export function writeDescription({ heap, type }: Host, { inputs, layers, loss }: NetworkDescription): Block {
  const block = new Block(heap, 32 + 24 * layers.length);
  const view = new DataView(heap.buffer, block.address);
  const header = [
    DESCRIPTION_VERSION,
    type.size,
    inputs,
    layers.length,
    LOSSES[loss.name],
    Number(loss.reduction === "mean"),
  ];
  header.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  view.setFloat64(24, loss.parameter, true);
  layers.forEach((layer, i) => {
    const at = 32 + 24 * i;
    view.setUint32(at, layer.units, true);
    view.setUint32(at + 4, ACTIVATIONS[layer.activation], true);
    view.setUint32(at + 8, Number(layer.useBias), true);
    view.setFloat64(at + 16, layer.alpha, true);
  });
  return block;
}
