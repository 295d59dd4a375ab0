// Checks the description of a network. Each check returns the first reason to refuse it, or Ok. Ok is 0, so `a() ||
// b()` is the first reason that either finds.

import { Description, DESCRIPTION_VERSION, EmbeddingColumn, LayerDescription, LayerKind } from "../abi/description";
import { Status } from "../abi/status";
import { checkLayer } from "../layers/layer";
import { checkLoss, fusedActivation, isFused } from "../losses/loss";
import { layerDescriptionAt, networkLayout } from "../network/network";
import { checkSize, isInMemory } from "./memory";

export function checkDescription(description: Description): Status {
  return checkLength(description) || checkFields(description) || checkLayers(description) ||
    checkLoss(description) || checkOutput(description) || checkSize(describedLayout(0, description));
}

/** networkLayout() in the described dtype. */
export function describedLayout(region: usize, description: Description): u64 {
  if (description.elementSize == 4) return networkLayout<f32>(region, description);
  return networkLayout<f64>(region, description);
}

function checkLength(description: Description): Status {
  const address = changetype<usize>(description);
  if (!isInMemory(address, offsetof<Description>(), 8)) return Status.InvalidAddress;
  if (description.version != DESCRIPTION_VERSION) return Status.WrongVersion;
  if (description.layerCount == 0) return Status.NoLayers;
  const length = offsetof<Description>() + <u64>description.layerCount * offsetof<LayerDescription>();
  if (description.byteLength != length) return Status.WrongByteLength;
  return isInMemory(address, length, 8) ? Status.Ok : Status.InvalidAddress;
}

function checkFields(description: Description): Status {
  if (description.elementSize != 4 && description.elementSize != 8) return Status.UnknownElementSize;
  if (description.inputs == 0) return Status.InvalidUnits;
  if (description.mean > 1) return Status.InvalidFlag;
  return description.reserved == 0 ? Status.Ok : Status.ReservedNotZero;
}

function checkLayers(description: Description): Status {
  let inputs = description.inputs;
  for (let i: usize = 0; i < description.layerCount; ++i) {
    const layer = layerDescriptionAt(description, i);
    const status = checkColumns(layer, i) || checkLayer(layer, inputs, description.elementSize);
    if (status != Status.Ok) return status;
    inputs = layer.units;
  }
  return Status.Ok;
}

/** Checks what checkLayer() cannot: the address of an embedding's columns, and that it is the first layer. */
function checkColumns(layer: LayerDescription, index: usize): Status {
  if (layer.kind != LayerKind.Embedding) return Status.Ok;
  if (index > 0) return Status.InvalidColumns;
  const bytes = <u64>layer.columnCount * offsetof<EmbeddingColumn>();
  return layer.columnCount == 0 || isInMemory(layer.columns, bytes, 4) ? Status.Ok : Status.InvalidAddress;
}

function checkOutput(description: Description): Status {
  if (!isFused(description.loss)) return Status.Ok;
  const output = layerDescriptionAt(description, description.layerCount - 1);
  return output.activation == fusedActivation(description.loss) ? Status.Ok : Status.WrongOutputActivation;
}
