// Exports parts of phases and addresses of tensors, for test/phases.test.ts, test/regions.test.ts and
// test/rowPath.test.ts.

import { Samples } from "../../assembly/abi/run";
import { partBegin } from "../../assembly/kernels/parts";
import { aligned, place, tensorSize } from "../../assembly/kernels/place";
import { RowPath, Scratch, Tensors } from "../../assembly/layers/tensors";
import { layerAt, Network } from "../../assembly/network/network";
import { passOf, scratchAt, tensorsAt, Workspace } from "../../assembly/network/workspace";
import { doPart, isDivisible, Phase } from "../../assembly/threads/phases";
import { beginMicrobatch, beginPasses, gatherTargets } from "../../assembly/training/gather";

export * from "../../assembly/index";

export function part_begin(length: usize, unit: usize, index: usize, count: usize): usize {
  return partBegin(length, unit, index, count);
}

export function aligned_size(bytes: f64): f64 {
  return <f64>aligned(<u64>bytes);
}

export function tensor_size_f32(rows: f64, columns: f64): f64 {
  return <f64>tensorSize<f32>(<u64>rows, <u64>columns);
}

export function tensor_size_f64(rows: f64, columns: f64): f64 {
  return <f64>tensorSize<f64>(<u64>rows, <u64>columns);
}

export function place_field(region: usize, field: usize, at: f64, size: f64): f64 {
  return <f64>place(region, field, <u64>at, <u64>size);
}

export function begin_passes(network: Network, workspace: Workspace): void {
  beginPasses(network, workspace, true, false);
}

function begin<T>(network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize): void {
  beginMicrobatch<T>(network, workspace, samples, row, row, rows);
}

export function begin_microbatch_f32(
  network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize,
): void {
  begin<f32>(network, workspace, samples, row, rows);
}

export function begin_microbatch_f64(
  network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize,
): void {
  begin<f64>(network, workspace, samples, row, rows);
}

export function gather_targets_f32(
  network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize,
): void {
  gatherTargets<f32>(network, workspace, samples, row, rows);
}

export function gather_targets_f64(
  network: Network, workspace: Workspace, samples: Samples, row: usize, rows: usize,
): void {
  gatherTargets<f64>(network, workspace, samples, row, rows);
}

export function set_accumulates(workspace: Workspace, accumulates: bool): void {
  passOf(workspace).accumulates = accumulates;
}

export function row_path(workspace: Workspace): RowPath {
  return passOf(workspace).rowPath;
}

/** Runs part `index` of `count` with the scratch of thread `index`. */
export function do_part_f32(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  doPart<f32>(network, workspace, scratchAt(workspace, index), phase, index, count);
}

/** Runs part `index` of `count` with the scratch of thread `index`. */
export function do_part_f64(network: Network, workspace: Workspace, phase: Phase, index: usize, count: usize): void {
  doPart<f64>(network, workspace, scratchAt(workspace, index), phase, index, count);
}

export function is_divisible_f32(workspace: Workspace, phase: Phase): bool {
  return isDivisible<f32>(workspace, phase);
}

export function is_divisible_f64(workspace: Workspace, phase: Phase): bool {
  return isDivisible<f64>(workspace, phase);
}

export function scratch_bound(workspace: Workspace, thread: usize): f64 {
  return scratchAt(workspace, thread).bound;
}

export function scratch_is_finite(workspace: Workspace, thread: usize): bool {
  return scratchAt(workspace, thread).isFinite;
}

export function network_head(network: Network): usize {
  const layerSize = changetype<usize>(layerAt(network, 1)) - changetype<usize>(layerAt(network, 0));
  return offsetof<Network>() + network.layerCount * layerSize;
}

export function workspace_head(network: Network, workspace: Workspace): usize {
  return changetype<usize>(tensorsAt(workspace, network.layerCount)) - changetype<usize>(workspace);
}

export function workspace_capacity(workspace: Workspace): usize { return workspace.capacity; }
export function workspace_x(workspace: Workspace): usize { return workspace.x; }
export function workspace_targets(workspace: Workspace): usize { return workspace.targets; }
export function workspace_d0(workspace: Workspace): usize { return workspace.d0; }
export function workspace_d1(workspace: Workspace): usize { return workspace.d1; }
export function scratch_head(): usize { return offsetof<Scratch>(); }
export function scratch_address(workspace: Workspace, thread: usize): usize {
  return changetype<usize>(scratchAt(workspace, thread));
}
export function scratch_product(workspace: Workspace, thread: usize): usize {
  return changetype<usize>(scratchAt(workspace, thread).product);
}
export function scratch_panels(workspace: Workspace, thread: usize): usize {
  return scratchAt(workspace, thread).panels;
}

function tensorsOf(workspace: Workspace, layer: usize): Tensors { return tensorsAt(workspace, layer); }
export function layer_x(workspace: Workspace, layer: usize): usize { return tensorsOf(workspace, layer).x; }
export function layer_logits(workspace: Workspace, layer: usize): usize { return tensorsOf(workspace, layer).logits; }
export function layer_outputs(workspace: Workspace, layer: usize): usize { return tensorsOf(workspace, layer).outputs; }
export function layer_d_outputs(workspace: Workspace, layer: usize): usize {
  return tensorsOf(workspace, layer).dOutputs;
}
export function layer_d_inputs(workspace: Workspace, layer: usize): usize {
  return tensorsOf(workspace, layer).dInputs;
}
export function layer_d_logits_rows(workspace: Workspace, layer: usize): usize {
  return tensorsOf(workspace, layer).dLogitsRows;
}
export function layer_forward(workspace: Workspace, layer: usize): usize {
  return changetype<usize>(tensorsOf(workspace, layer).forward);
}
export function layer_inputs_backward(workspace: Workspace, layer: usize): usize {
  return changetype<usize>(tensorsOf(workspace, layer).inputsBackward);
}
export function layer_kernel_backward(workspace: Workspace, layer: usize): usize {
  return changetype<usize>(tensorsOf(workspace, layer).kernelBackward);
}
export function layer_parameters(network: Network, layer: usize): usize { return layerAt(network, layer).parameters; }
export function layer_gradients(network: Network, layer: usize): usize { return layerAt(network, layer).gradients; }
