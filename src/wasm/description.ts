// Encodes the description of a network as the core's structs.

import { type FieldValues, type Struct, StructView } from "../abi/struct.js";
import {
  DESCRIPTION_VERSION,
  DescriptionStruct,
  EmbeddingColumnStruct,
  LayerDescriptionStruct,
} from "../abi/structs.js";
import type { NetworkDescription } from "../description.js";
import { columnsOf, definitionOf, layerWidths } from "../layers/stack.js";
import { Block } from "./block.js";
import type { Host } from "./host.js";

/** Writes the description to linear memory as the core's structs. The caller disposes the block. */
export function writeDescription({ heap, type }: Host, { inputs, layers, loss }: NetworkDescription): Block {
  const byteLength = DescriptionStruct.size + LayerDescriptionStruct.size * layers.length;
  const columns = columnsOf(layers[0]!);
  const block = new Block(heap, byteLength + EmbeddingColumnStruct.size * columns.length);
  const write = <S extends Struct>(struct: S, address: number, values: FieldValues<S>) =>
    new StructView(struct, heap, address).set(values);
  write(DescriptionStruct, block.address, {
    version: DESCRIPTION_VERSION,
    byteLength,
    elementSize: type.size,
    inputs,
    layerCount: layers.length,
    loss: loss.number,
    mean: Number(loss.reduction === "mean"),
    lossParameter: loss.parameter,
    lossAlpha: loss.alpha,
    labelSmoothing: loss.labelSmoothing,
  });
  const widths = layerWidths(inputs, layers);
  layers.forEach((layer, i) => {
    const address = block.address + DescriptionStruct.size + LayerDescriptionStruct.size * i;
    write(LayerDescriptionStruct, address, definitionOf(layer).encode(layer, widths[i]!));
  });
  columns.forEach((column, i) => {
    write(EmbeddingColumnStruct, block.address + byteLength + EmbeddingColumnStruct.size * i, column);
  });
  if (columns.length > 0) {
    write(LayerDescriptionStruct, block.address + DescriptionStruct.size, {
      columns: block.address + byteLength,
    });
  }
  return block;
}
