// The backward pass of some columns of one microbatch: the loss's gradient → dLogits of every layer.

import { activationBackward } from "./activations";
import { matmulColumns, Workspace } from "./matmul";
import { layerAt, Network } from "./network";
import { transpose } from "./transpose";

/**
 * Leaves the gradient of each layer's logits in its `dLogits` and `dLogitsRows`, for columns `begin` … `end` − 1 (whole
 * vectors), given that of the outputs (of a fused loss, of the logits) in the `dLogits` of the last, and what `forward`
 * left. `workspace`: the thread's own.
 */
export function logitsBackward<T>(network: Network, workspace: Workspace, begin: usize, end: usize): void {
  const stride = network.microbatch.stride;
  const rows = min(end, network.microbatch.rows) - begin;
  const columns = end - begin;
  const first = begin * sizeof<T>();
  for (let i = network.layerCount - 1; ; --i) {
    const layer = layerAt(network, i);
    const dLogits = layer.dLogits + first;
    activationBackward<T>(
      layer.activation, dLogits, layer.outputs + first, layer.logits + first,
      layer.units, columns, stride, layer.alpha,
    );
    const rowStep = layer.kernelBackward.bStep;
    // Behind the dLogits lie other tensors; what is read of them fills lanes that no unit has.
    transpose<T>(layer.dLogitsRows + begin * rowStep, rowStep, dLogits, stride * sizeof<T>(), layer.units, rows);
    if (i == 0) return;
    matmulColumns<T>(layer.inputsBackward, workspace, begin, end);
  }
}
