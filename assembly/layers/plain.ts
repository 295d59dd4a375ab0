// Shared by the layers that have as many units as inputs, and no activation, bias or penalty.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { copy } from "../kernels/memory";
import { checkNoPenalties } from "./penalty";
import { Layer, Pass } from "./tensors";

/** Why the core refuses the fields of such a layer; Ok if it accepts them. Does not check `parameter`. */
export function checkPlain(description: LayerDescription, inputs: u32): Status {
  if (description.units != inputs) return Status.InvalidUnits;
  return description.activation || description.useBias ? Status.ReservedNotZero : checkNoPenalties(description);
}

/** out = x; both [units, stride], columns `begin` … `end` − 1 (whole vectors). */
export function copyColumns<T>(layer: Layer, out: usize, x: usize, pass: Pass, begin: usize, end: usize): void {
  const first = begin * sizeof<T>(), bytes = (end - begin) * sizeof<T>();
  const step = pass.stride * sizeof<T>();
  for (let unit: usize = 0; unit < layer.units; ++unit) {
    copy(out + first + unit * step, x + first + unit * step, bytes);
  }
}
