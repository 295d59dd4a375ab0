// The forward pass of some columns of a microbatch: rows of the samples → x → outputs of layer after layer.

import { gatherBytes } from "../kernels/bytes";
import { gatherRows } from "../kernels/transpose";
import { layerForward } from "../layers/layer";
import { Scratch } from "../layers/tensors";
import { layerAt, Network } from "./network";
import { passOf, tensorsAt, Workspace } from "./workspace";

/**
 * Runs columns `begin` … `end` − 1 of the microbatch (whole vectors) through layers pass.forwardFirst …
 * pass.forwardEnd − 1.
 */
@inline
export function forward<T>(network: Network, workspace: Workspace, scratch: Scratch, begin: usize, end: usize): void {
  const pass = passOf(workspace);
  if (pass.inputs && pass.forwardFirst == 0) gatherInputs<T>(network, workspace, begin, end);
  for (let i = pass.forwardFirst; i < pass.forwardEnd; ++i) {
    layerForward<T>(layerAt(network, i), tensorsAt(workspace, i), pass, scratch, begin, end);
  }
}

/** The rows of the samples → the same columns of x. */
function gatherInputs<T>(network: Network, workspace: Workspace, begin: usize, end: usize): void {
  const pass = passOf(workspace);
  const x = workspace.x + begin * sizeof<T>(), width = end - begin;
  const row = pass.row + begin, count = min(end, pass.rows) - begin;
  if (pass.byteScale) {
    gatherBytes<T>(x, pass.stride, width, pass.inputs, network.inputs, pass.order, row, count, pass.byteScale);
  } else {
    gatherRows<T>(x, pass.stride, width, pass.inputs, network.inputs, pass.order, row, count);
  }
}
