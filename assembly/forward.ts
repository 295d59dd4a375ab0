// The forward pass of some columns of one microbatch: rows of the samples → x → logits → outputs → the next layer's x.

import { activationForward } from "./activations";
import { matmulColumns, Workspace } from "./matmul";
import { layerAt, Microbatch, Network } from "./network";
import { gatherRows } from "./transpose";
import { fill } from "./vector";

/**
 * Takes columns `begin` … `end` − 1 of the microbatch, whole vectors, through the layers; what is computed stays in their
 * `logits` and `outputs`. `workspace`: the thread's own.
 */
export function forward<T>(network: Network, workspace: Workspace, begin: usize, end: usize): void {
  const microbatch = network.microbatch;
  const stride = microbatch.stride;
  const columns = end - begin;
  const first = begin * sizeof<T>();
  const isNew = microbatch.inputs != 0;
  if (isNew) gatherInputs<T>(network.x + first, network.inputs, microbatch, begin, end);
  for (let i: usize = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    if (isNew) fill<T>(layer.x + layer.inputs * stride * sizeof<T>() + first, 1, columns);
    matmulColumns<T>(layer.forward, workspace, begin, end);
    activationForward<T>(
      layer.activation, layer.outputs + first, layer.logits + first, layer.units, columns, stride, layer.alpha,
    );
  }
}

function gatherInputs<T>(x: usize, width: usize, microbatch: Microbatch, begin: usize, end: usize): void {
  gatherRows<T>(
    x, microbatch.stride, end - begin, microbatch.inputs, width,
    microbatch.order, microbatch.row + begin, min(end, microbatch.rows) - begin,
  );
}
