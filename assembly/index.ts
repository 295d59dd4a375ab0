// What the module exports: each generic function under a name for each dtype. The module imports only its memory, owns
// no state, and works on regions that the host gives it. Addresses are u32: in JavaScript, apply `>>> 0` to returned
// ones.
//
// Three regions, each measured by `…_size` and laid out by `…_layout` in zeroed memory at a multiple of 64:
//
//     network     description, parameters, gradients
//     optimizer   its state; the network points to it
//     workspace   activations and scratch for some rows; handed to each call

import { BuildFeature } from "./abi/build";
import { Description, DESCRIPTION_VERSION } from "./abi/description";
import { Optimizer, OptimizerKind } from "./abi/optimizer";
import { Run, Samples, Status } from "./abi/run";
import { areFinite } from "./kernels/finite";
import { RowPath } from "./layers/tensors";
import { arenaSize, lossScale, Network, networkLayout } from "./network/network";
import { outputTensors, passOf, Workspace, workspaceLayout } from "./network/workspace";
import { optimizerLayout } from "./optimizers/optimizer";
import { permute } from "./random/permutation";
import { computeGradients, evaluate } from "./training/evaluate";
import { beginPasses } from "./training/gather";
import { completeOutputs, predict } from "./training/predict";
import { train } from "./training/run";
import { backwardStep, forwardStep, lossStep, updateStep } from "./training/step";

/** The first address that the host may use. */
export function heap_base(): usize {
  return __heap_base;
}

/** The version of the structs that hosts read and write. A host must refuse a core of another version. */
export function abi_version(): u32 {
  return DESCRIPTION_VERSION;
}

/** A sum of `BuildFeature`s. */
export function build_features(): u32 {
  return (ASC_FEATURE_RELAXED_SIMD ? BuildFeature.RelaxedSimd : 0) | (ASC_FEATURE_THREADS ? BuildFeature.Threads : 0);
}

/** a + b, computed in a vector. A host can find out by it whether the processor flushes subnormal float32 to 0. */
export function add_in_vector(a: f32, b: f32): f32 {
  return f32x4.extract_lane(f32x4.add(f32x4.splat(a), f32x4.splat(b)), 0);
}

/** Bytes that the described network needs, exact also above 4 GiB; 0 if the description has another version. */
export function network_size(description: Description): f64 {
  if (description.version != DESCRIPTION_VERSION) return 0;
  return <f64>(description.elementSize == 4 ? networkLayout<f32>(0, description) : networkLayout<f64>(0, description));
}

/** Lays out the network; the description is not needed afterwards. */
export function network_layout(network: Network, description: Description): void {
  const region = changetype<usize>(network);
  if (description.elementSize == 4) networkLayout<f32>(region, description);
  else networkLayout<f64>(region, description);
}

/** Address of the parameters: layer by layer without gaps; a dense layer: kernel [inputs, units], bias [units]. */
export function network_parameters(network: Network): usize {
  return network.parameters;
}

/** Address of the gradients, in the order of the parameters. Plain SGD with batches of one row does not store them. */
export function network_gradients(network: Network): usize {
  return network.gradients;
}

/** Elements of the parameters, and of the gradients. */
export function network_parameter_count(network: Network): usize {
  return network.parameterCount;
}

/** The factor that turns the sum of the loss's terms over `rows` rows into the loss. */
export function network_loss_scale(network: Network, rows: usize): f64 {
  return lossScale(network, rows);
}

/** Sets the key of the network's random numbers. */
export function network_set_seed(network: Network, seed: u32): void {
  network.seed = seed;
}

/** Training steps taken in the network's life: random numbers depend on it. */
export function network_step(network: Network): f64 {
  return <f64>network.step;
}

export function network_set_step(network: Network, step: f64): void {
  network.step = <u64>step;
}

/** The optimizer that updates the network from now on. */
export function network_set_optimizer(network: Network, optimizer: Optimizer): void {
  network.optimizer = optimizer;
}

/** The network's optimizer; 0 if it has none yet. */
export function network_optimizer(network: Network): usize {
  return changetype<usize>(network.optimizer);
}

/** Elements `begin` … `end` − 1 of a random permutation: see random/permutation.ts. */
export function permutation(order: usize, begin: u32, end: u32, seed: u32, epoch: u32): void {
  permute(order, begin, end, seed, epoch);
}

/** Address of the outputs of the pass, element (unit, row) at unit · workspace_stride() + row. */
export function workspace_outputs(network: Network, workspace: Workspace): usize {
  return outputTensors(network, workspace).outputs;
}

/** Address of the gradient of the outputs, laid out like them; for a fused loss, the gradient of the logits. */
export function workspace_output_gradients(network: Network, workspace: Workspace): usize {
  const tensors = outputTensors(network, workspace);
  return passOf(workspace).rowPath == RowPath.None ? tensors.dOutputs : tensors.dLogitsRows;
}

export function workspace_stride(workspace: Workspace): usize {
  return passOf(workspace).stride;
}

/** Bytes of a workspace for at least `rows` rows at a time, and for `threads` threads, the caller among them. */
export function workspace_size_f32(network: Network, rows: usize, threads: usize): f64 {
  return <f64>workspaceLayout<f32>(0, network, rows, threads);
}

/** Bytes of a workspace for at least `rows` rows at a time, and for `threads` threads, the caller among them. */
export function workspace_size_f64(network: Network, rows: usize, threads: usize): f64 {
  return <f64>workspaceLayout<f64>(0, network, rows, threads);
}

/** Lays out a workspace in zeroed memory of that size. */
export function workspace_layout_f32(network: Network, workspace: usize, rows: usize, threads: usize): void {
  workspaceLayout<f32>(workspace, network, rows, threads);
}

/** Lays out a workspace in zeroed memory of that size. */
export function workspace_layout_f64(network: Network, workspace: usize, rows: usize, threads: usize): void {
  workspaceLayout<f64>(workspace, network, rows, threads);
}

/** Bytes of an optimizer of that kind for the network. */
export function optimizer_size_f32(network: Network, kind: OptimizerKind): f64 {
  return <f64>optimizerLayout(0, kind, arenaSize<f32>(network.parameterCount));
}

/** Bytes of an optimizer of that kind for the network. */
export function optimizer_size_f64(network: Network, kind: OptimizerKind): f64 {
  return <f64>optimizerLayout(0, kind, arenaSize<f64>(network.parameterCount));
}

/** Lays out an optimizer in zeroed memory of that size. The host then writes its learning rate and hyperparameters. */
export function optimizer_layout_f32(network: Network, optimizer: usize, kind: OptimizerKind): void {
  optimizerLayout(optimizer, kind, arenaSize<f32>(network.parameterCount));
}

/** Lays out an optimizer in zeroed memory of that size. The host then writes its learning rate and hyperparameters. */
export function optimizer_layout_f64(network: Network, optimizer: usize, kind: OptimizerKind): void {
  optimizerLayout(optimizer, kind, arenaSize<f64>(network.parameterCount));
}

/** Advances a run: see training/run.ts. */
export function train_f32(network: Network, run: Run, budget: usize): usize {
  return train<f32>(network, run, budget);
}

/** Advances a run: see training/run.ts. */
export function train_f64(network: Network, run: Run, budget: usize): usize {
  return train<f64>(network, run, budget);
}

/** The outputs for some rows: see training/predict.ts. */
export function predict_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, predictions: usize,
): Status {
  return predict<f32>(network, workspace, samples, begin, end, predictions);
}

/** The outputs for some rows: see training/predict.ts. */
export function predict_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, predictions: usize,
): Status {
  return predict<f64>(network, workspace, samples, begin, end, predictions);
}

/** `sum` plus the loss's terms of some rows: see training/evaluate.ts. */
export function evaluate_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
): f64 {
  return evaluate<f32>(network, workspace, samples, begin, end, sum);
}

/** `sum` plus the loss's terms of some rows: see training/evaluate.ts. */
export function evaluate_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
): f64 {
  return evaluate<f64>(network, workspace, samples, begin, end, sum);
}

/** As evaluate, and adds up the gradient of the loss: see training/evaluate.ts. */
export function compute_gradients_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
): f64 {
  return computeGradients<f32>(network, workspace, samples, begin, end, sum);
}

/** As evaluate, and adds up the gradient of the loss: see training/evaluate.ts. */
export function compute_gradients_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
): f64 {
  return computeGradients<f64>(network, workspace, samples, begin, end, sum);
}

/**
 * The forward pass of rows `begin` … `end` − 1, at most the workspace's capacity. Leaves the outputs in the workspace.
 */
export function forward_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): void {
  beginPasses(network, workspace, training);
  forwardStep<f32>(network, workspace, samples, begin, begin, end - begin, false);
}

/**
 * The forward pass of rows `begin` … `end` − 1, at most the workspace's capacity. Leaves the outputs in the workspace.
 */
export function forward_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): void {
  beginPasses(network, workspace, training);
  forwardStep<f64>(network, workspace, samples, begin, begin, end - begin, false);
}

/** Turns the outputs of a pass into predictions: if the loss is fused, they are logits until then. */
export function complete_outputs_f32(network: Network, workspace: Workspace): void {
  completeOutputs<f32>(network, workspace);
}

/** Turns the outputs of a pass into predictions: if the loss is fused, they are logits until then. */
export function complete_outputs_f64(network: Network, workspace: Workspace): void {
  completeOutputs<f64>(network, workspace);
}

/**
 * The sum of the loss's terms of columns `block` … `block` + 127 of the pass. Writes `scale` times its gradient to the
 * gradient of the outputs.
 */
export function loss_f32(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  return lossStep<f32>(network, workspace, block, scale);
}

/**
 * The sum of the loss's terms of columns `block` … `block` + 127 of the pass. Writes `scale` times its gradient to the
 * gradient of the outputs.
 */
export function loss_f64(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  return lossStep<f64>(network, workspace, block, scale);
}

/** The backward pass, given the gradient of the outputs. Adds to the network's gradients if `accumulates`. */
export function backward_f32(network: Network, workspace: Workspace, accumulates: bool): void {
  backwardStep<f32>(network, workspace, accumulates);
}

/** The backward pass, given the gradient of the outputs. Adds to the network's gradients if `accumulates`. */
export function backward_f64(network: Network, workspace: Workspace, accumulates: bool): void {
  backwardStep<f64>(network, workspace, accumulates);
}

/** The optimizer's step with the network's gradients. False, and nothing changes, if a number would not be finite. */
export function update_f32(network: Network, workspace: Workspace): bool {
  network.isSettled = false;
  return updateStep<f32>(network, workspace);
}

/** The optimizer's step with the network's gradients. False, and nothing changes, if a number would not be finite. */
export function update_f64(network: Network, workspace: Workspace): bool {
  network.isSettled = false;
  return updateStep<f64>(network, workspace);
}

/** Whether all parameters are finite. */
export function parameters_are_finite_f32(network: Network): bool {
  return areFinite<f32>(network.parameters, <usize>arenaSize<f32>(network.parameterCount));
}

/** Whether all parameters are finite. */
export function parameters_are_finite_f64(network: Network): bool {
  return areFinite<f64>(network.parameters, <usize>arenaSize<f64>(network.parameterCount));
}
