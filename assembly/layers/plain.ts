// What the layers have in common that have as many units as inputs, and neither activation nor bias nor penalties.

import { LayerDescription } from "../abi/description";
import { Status } from "../abi/status";
import { checkNoPenalties } from "./penalty";

/** Why the core refuses the fields of such a layer, `parameter` excepted; Ok if it accepts them. */
export function checkPlain(description: LayerDescription, inputs: u32): Status {
  if (description.units != inputs) return Status.InvalidUnits;
  return description.activation || description.useBias ? Status.ReservedNotZero : checkNoPenalties(description);
}
