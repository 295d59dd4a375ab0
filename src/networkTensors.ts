import type { Tensor } from "./data/tensor.js";
import { BackpropError } from "./errors.js";
import type { Layer } from "./layers/layers.js";
import { Network } from "./network.js";
import { show } from "./show.js";
import { attempt } from "./validation.js";

/** @throws BackpropError `invalidOption` for anything but a network. */
export function requireNetwork(network: unknown): asserts network is Network<readonly Layer[]> {
  if (attempt("invalidOption", "network", () => network instanceof Network)) return;
  throw new BackpropError(
    "invalidOption",
    `network is ${show(network)}; expected a network, as createNetwork makes it.`,
  );
}

/** The tensors of all layers, each with its path, such as "parameters[0].kernel". */
export function tensorsOf(
  layers: readonly object[],
): readonly { readonly path: string; readonly tensor: Tensor }[] {
  return layers.flatMap((layer, i) =>
    (Object.entries(layer) as [string, Tensor | null][]).flatMap(([name, tensor]) =>
      tensor ? [{ path: `parameters[${i}].${name}`, tensor }] : [],
    ),
  );
}
