// The backward pass: the gradient of the outputs → the gradients of all layers' logits → the gradients of all
// parameters.

import { layerBackward, layerGradients } from "../layers/layer";
import { Scratch } from "../layers/tensors";
import { layerAt, Network } from "./network";
import { passOf, tensorsAt, Workspace } from "./workspace";

/**
 * Runs columns `begin` … `end` − 1 of the microbatch (whole vectors) backward through layers pass.backwardEnd − 1 …
 * pass.backwardFirst, but not past the first layer that is trained.
 */
@inline
export function backward<T>(network: Network, workspace: Workspace, scratch: Scratch, begin: usize, end: usize): void {
  const pass = passOf(workspace);
  const firstTrained = network.firstTrained, first = max(firstTrained, pass.backwardFirst);
  for (let i = pass.backwardEnd; i > first; --i) {
    const layer = layerAt(network, i - 1), tensors = tensorsAt(workspace, i - 1);
    layerBackward<T>(layer, tensors, pass, scratch, begin, end, i - 1 > firstTrained);
  }
}

/** Part `index` of `count` of the gradients of the parameters. Call it after backward() of all columns. */
@inline
export function gradients<T>(
  network: Network, workspace: Workspace, scratch: Scratch, index: usize, count: usize,
): void {
  const pass = passOf(workspace);
  for (let i = network.firstTrained; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    if (!layer.isFrozen) layerGradients<T>(layer, tensorsAt(workspace, i), pass, scratch, index, count);
  }
}
