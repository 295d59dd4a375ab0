// The backward pass: the gradient of the outputs → the gradients of all logits → the gradients of all parameters.

import { layerBackward, layerGradients } from "../layers/layer";
import { Scratch } from "../layers/tensors";
import { layerAt, Network } from "./network";
import { passOf, tensorsAt, Workspace } from "./workspace";

/** Runs columns `begin` … `end` − 1 of the microbatch (whole vectors) backward to the first layer with parameters. */
@inline
export function backward<T>(network: Network, workspace: Workspace, scratch: Scratch, begin: usize, end: usize): void {
  const pass = passOf(workspace);
  const first = network.firstTrained;
  for (let i = network.layerCount; i > first; --i) {
    layerBackward<T>(layerAt(network, i - 1), tensorsAt(workspace, i - 1), pass, scratch, begin, end, i - 1 > first);
  }
}

/** Part `index` of `count` of the gradients of the parameters. Call it after backward() of all columns. */
@inline
export function gradients<T>(
  network: Network, workspace: Workspace, scratch: Scratch, index: usize, count: usize,
): void {
  const pass = passOf(workspace);
  for (let i = network.firstTrained; i < network.layerCount; ++i) {
    layerGradients<T>(layerAt(network, i), tensorsAt(workspace, i), pass, scratch, index, count);
  }
}
