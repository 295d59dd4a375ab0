import type { LayerParameters } from "../../src/index.js";

/** All values of parameters or gradients: layer by layer, the kernel, then the bias. */
export function valuesOf(layers: readonly LayerParameters[]): number[] {
  return layers.flatMap(({ kernel, bias }) => [...(kernel?.data ?? []), ...(bias?.data ?? [])]);
}
