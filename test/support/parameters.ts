import type { LayerBuffers, LayerParameters, Tensor } from "../../src/index.js";

/** All values of parameters or gradients: layer by layer, the tensors of each in their order. */
export function valuesOf(layers: readonly LayerParameters[]): number[] {
  return layers.flatMap((layer) =>
    Object.values(layer as unknown as Record<string, Tensor | null>).flatMap((tensor) => [
      ...(tensor?.data ?? []),
    ]),
  );
}

/** All running statistics: layer by layer, the mean, then the variance. */
export function statisticsOf(layers: readonly LayerBuffers[]): number[] {
  return layers.flatMap(({ runningMean, runningVariance }) =>
    [runningMean, runningVariance].flatMap((tensor) => [...(tensor?.data ?? [])]),
  );
}
