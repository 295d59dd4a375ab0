// Writes descriptions of networks as the core's structs. Any field can be given a wrong value.

import { type FieldValues, type LinearMemory, StructView } from "../../src/abi/struct.js";
import { DESCRIPTION_VERSION, DescriptionStruct, LayerDescriptionStruct } from "../../src/abi/structs.js";

export type DescriptionFields = FieldValues<typeof DescriptionStruct>;

export type LayerFields = FieldValues<typeof LayerDescriptionStruct>;

/** The bytes of a description with `layers` layers. */
export function descriptionSize(layers: number): number {
  return DescriptionStruct.size + layers * LayerDescriptionStruct.size;
}

/**
 * Writes a description to zeroed memory. Version, length and number of layers are right, unless `fields` replace them.
 */
export function writeDescription(
  memory: LinearMemory,
  address: number,
  fields: DescriptionFields,
  layers: readonly LayerFields[],
): void {
  new StructView(DescriptionStruct, memory, address).set({
    version: DESCRIPTION_VERSION,
    byteLength: descriptionSize(layers.length),
    layerCount: layers.length,
    ...fields,
  });
  layers.forEach((layer, i) => {
    new StructView(LayerDescriptionStruct, memory, address + descriptionSize(i)).set(layer);
  });
}
