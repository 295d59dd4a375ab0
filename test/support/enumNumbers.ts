// The core's enum numbers for the names of the public API.

import { ActivationNumber, LossNumber } from "../../src/abi/structs.js";
import type { ActivationName, LossName } from "../../src/index.js";

export function activationNumber(name: ActivationName): number {
  return ActivationNumber[capitalized(name)];
}

export function lossNumber(name: LossName): number {
  return LossNumber[capitalized(name)];
}

function capitalized<N extends string>(name: N): Capitalize<N> {
  return (name.charAt(0).toUpperCase() + name.slice(1)) as Capitalize<N>;
}
