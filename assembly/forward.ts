// The forward pass of some columns of one microbatch: rows of the samples → x → logits → outputs → the next layer's x.

import { activationForward } from "./activations";
import { Layer } from "./layer";
import { matmulColumns, Workspace } from "./matmul";
import { layerAt, Microbatch, Network } from "./network";
import { gatherRows } from "./transpose";
import { fill, madd, splat } from "./vector";

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
    if (microbatch.rows == 1) {
      rowForward<T>(layer);
    } else {
      matmulColumns<T>(layer.forward, workspace, begin, end);
    }
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

/** How many vectors of units are summed side by side: enough to hide the latency of an addition. */
const ROW_VECTORS: usize = 4;

/**
 * The same for a microbatch of one row, whose vectors would hold one number each: here they hold the logits of units that
 * lie side by side, each summed in the same order, and then spread over the columns. Whole vectors are read past the last
 * unit, from the next row of the kernel, or less than 64 bytes into the gradients behind the last, and never used. A single
 * row is never cut into parts.
 */
function rowForward<T>(layer: Layer): void {
  // Free until the backward pass.
  const row = layer.dLogitsRows;
  const logits = layer.logits;
  const x = layer.x;
  const kernelStep = layer.units * sizeof<T>();
  const end = x + (layer.inputs + layer.useBias) * 16;
  for (let at: usize = 0; at < kernelStep; at += ROW_VECTORS * 16) {
    let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
    let kernel = layer.kernel + at;
    for (let xi = x; xi < end; xi += 16, kernel += kernelStep) {
      const xs = v128.load_splat<T>(xi);
      s0 = madd<T>(xs, v128.load(kernel), s0);
      s1 = madd<T>(xs, v128.load(kernel, 16), s1);
      s2 = madd<T>(xs, v128.load(kernel, 32), s2);
      s3 = madd<T>(xs, v128.load(kernel, 48), s3);
    }
    v128.store(row + at, s0);
    v128.store(row + at, s1, 16);
    v128.store(row + at, s2, 32);
    v128.store(row + at, s3, 48);
  }
  for (let i: usize = 0; i < layer.units; ++i) {
    v128.store(logits + i * 16, v128.load_splat<T>(row + i * sizeof<T>()));
  }
}
