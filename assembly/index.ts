// What the module exports: each generic function under a name for each dtype. The module imports only its memory, owns
// no state, and works on regions that the host gives it. Addresses are u32: in JavaScript, apply `>>> 0` to returned
// ones.
//
// Three regions, each measured by `…_size` and laid out by `…_layout` in zeroed memory at a multiple of 64:
//
//     network     description, parameters, gradients
//     optimizer   its state; the network points to it
//     workspace   activations and scratch for some rows; handed to each call
//
// Calls check what the host wrote before they change anything. A call that refuses returns a Status above
// Status.StepNotFinite. One that returns a size or a sum returns 0 or NaN instead, and the `…_check` of the same name
// returns the Status. No call can check that a region has its size, was zeroed, and is used for nothing else.

import { BuildFeature } from "./abi/build";
import { Description, DESCRIPTION_VERSION } from "./abi/description";
import { Optimizer, OptimizerKind } from "./abi/optimizer";
import { Run, Samples } from "./abi/run";
import { Status } from "./abi/status";
import { checkEvaluate, checkRun, isRun } from "./checks/calls";
import { checkDescription } from "./checks/description";
import {
  layOutNetwork, layOutOptimizer, layOutWorkspace, networkSize, optimizerSize, workspaceSize,
} from "./checks/layouts";
import { checkArray, checkRegion } from "./checks/memory";
import { checkCapacity, checkOptimizerKind, checkTrainable } from "./checks/regions";
import { weightOf } from "./checks/samples";
import { areFinite } from "./kernels/finite";
import { RowPath } from "./layers/tensors";
import { setTrainable } from "./network/frozen";
import { arenaSize, lossScale, Network } from "./network/network";
import { outputTensors, passOf, Workspace } from "./network/workspace";
import { optimizerHead } from "./optimizers/optimizer";
import { permute } from "./random/permutation";
import { predictionParameters } from "./training/predictionParameters";
import { computeGradients, evaluate } from "./training/evaluate";
import {
  addPenaltyGradients, backwardPass, completePass, forwardRows, lossOfBlock, outputMagnitude, passPredictions, penalty,
  update,
} from "./training/separateCalls";
import { predict } from "./training/predict";
import { train } from "./training/run";

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

/** a + b, computed in a vector. A host can test with it whether the processor flushes subnormal float32 to 0. */
export function add_in_vector(a: f32, b: f32): f32 {
  return f32x4.extract_lane(f32x4.add(f32x4.splat(a), f32x4.splat(b)), 0);
}

/** Why network_layout() refuses the description: see checks/description.ts. Ok if it accepts it. */
export function network_check(description: Description): Status {
  return checkDescription(description);
}

/** Bytes of the described network; 0 if network_check() is not Ok. */
export function network_size(description: Description): f64 {
  return networkSize(description);
}

/**
 * Lays out the network in zeroed memory of that size; the description is not needed afterwards. If network_check() is
 * not Ok or the region is not in memory, writes nothing and returns why.
 */
export function network_layout(network: Network, description: Description): Status {
  return layOutNetwork(changetype<usize>(network), description);
}

/**
 * Address of the parameters: layer by layer without gaps. A dense layer: kernel [inputs, units], bias [units]; layer
 * norm and batch norm: gamma [units], beta [units]; prelu: alpha [units]; an embedding: tables [categories, units].
 */
export function network_parameters(network: Network): usize {
  return network.parameters;
}

/** Address of the parameters that predict and evaluate use: see training/predictionParameters.ts. */
export function network_prediction_parameters(network: Network): usize {
  return predictionParameters(network);
}

/** Address of the gradients, in the order of the parameters. Plain SGD with batches of one row does not store them. */
export function network_gradients(network: Network): usize {
  return network.gradients;
}

/** Address of the buffers, which batch norm changes: runningMean [units], runningVariance [units] for each layer. */
export function network_buffers(network: Network): usize {
  return network.buffers;
}

/** Elements of the buffers. */
export function network_buffer_count(network: Network): usize {
  return network.bufferCount;
}

/** Elements of the parameters, and of the gradients. */
export function network_parameter_count(network: Network): usize {
  return network.parameterCount;
}

/**
 * The factor that turns a sum of the loss's terms into the loss. `weight`: the sum of the weights of the rows; without
 * weights, their number.
 */
export function network_loss_scale(network: Network, weight: f64): f64 {
  return lossScale(network, weight);
}

/** The factor that turns the sum of the loss's terms over all samples, as one batch, into the loss. */
export function samples_loss_scale(network: Network, samples: Samples): f64 {
  return lossScale(network, weightOf(samples, network.elementSize));
}

/** Sets the key of the network's random numbers. */
export function network_set_seed(network: Network, seed: u32): void {
  network.seed = seed;
}

/** Training steps that the network has taken, with any optimizer: random numbers depend on it. */
export function network_step(network: Network): f64 {
  return <f64>network.step;
}

/** Sets the number of training steps that the network has taken. */
export function network_set_step(network: Network, step: f64): void {
  network.step = <u64>step;
}

/** Sets the optimizer that updates the network; 0: none. */
export function network_set_optimizer(network: Network, optimizer: Optimizer): Status {
  const address = changetype<usize>(optimizer);
  const status = address ? checkRegion(address, optimizerHead()) : Status.Ok;
  if (status == Status.Ok) network.optimizer = optimizer;
  return status;
}

/** The network's optimizer; 0 if it has none yet. */
export function network_optimizer(network: Network): usize {
  return changetype<usize>(network.optimizer);
}

/** Elements `begin` … `end` − 1 of a random permutation: see random/permutation.ts. */
export function permutation(order: usize, begin: u32, end: u32, seed: u32, epoch: u32): Status {
  const status = checkArray(order, end, 1, sizeof<u32>());
  if (status == Status.Ok) permute(order, begin, end, seed, epoch);
  return status;
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

/** Elements from one row of a feature-major tensor to the next. */
export function workspace_stride(workspace: Workspace): usize {
  return passOf(workspace).stride;
}

/** Why workspace_layout() refuses so many rows or threads; Ok if it accepts them. */
export function workspace_check_f32(network: Network, rows: usize, threads: usize): Status {
  return checkCapacity<f32>(network, rows, threads);
}

/** Why workspace_layout() refuses so many rows or threads; Ok if it accepts them. */
export function workspace_check_f64(network: Network, rows: usize, threads: usize): Status {
  return checkCapacity<f64>(network, rows, threads);
}

/**
 * Bytes of a workspace for at least `rows` rows at a time, and for `threads` threads, the caller among them; 0 if
 * workspace_check() is not Ok.
 */
export function workspace_size_f32(network: Network, rows: usize, threads: usize): f64 {
  return workspaceSize<f32>(network, rows, threads);
}

/**
 * Bytes of a workspace for at least `rows` rows at a time, and for `threads` threads, the caller among them; 0 if
 * workspace_check() is not Ok.
 */
export function workspace_size_f64(network: Network, rows: usize, threads: usize): f64 {
  return workspaceSize<f64>(network, rows, threads);
}

/**
 * Lays out a workspace in zeroed memory of that size. If workspace_check() is not Ok or the region is not in memory,
 * writes nothing and returns why.
 */
export function workspace_layout_f32(network: Network, workspace: usize, rows: usize, threads: usize): Status {
  return layOutWorkspace<f32>(network, workspace, rows, threads);
}

/**
 * Lays out a workspace in zeroed memory of that size. If workspace_check() is not Ok or the region is not in memory,
 * writes nothing and returns why.
 */
export function workspace_layout_f64(network: Network, workspace: usize, rows: usize, threads: usize): Status {
  return layOutWorkspace<f64>(network, workspace, rows, threads);
}

/**
 * Why optimizer_layout() refuses this kind or these features, a set of OptimizerFeature bits, for the network; Ok if it
 * accepts them.
 */
export function optimizer_check_f32(network: Network, kind: OptimizerKind, features: u32): Status {
  return checkOptimizerKind(network, kind, features, sizeof<f32>());
}

/**
 * Why optimizer_layout() refuses this kind or these features, a set of OptimizerFeature bits, for the network; Ok if it
 * accepts them.
 */
export function optimizer_check_f64(network: Network, kind: OptimizerKind, features: u32): Status {
  return checkOptimizerKind(network, kind, features, sizeof<f64>());
}

/** Bytes of an optimizer of that kind and those features for the network; 0 if optimizer_check() is not Ok. */
export function optimizer_size_f32(network: Network, kind: OptimizerKind, features: u32): f64 {
  return optimizerSize(network, kind, features, sizeof<f32>());
}

/** Bytes of an optimizer of that kind and those features for the network; 0 if optimizer_check() is not Ok. */
export function optimizer_size_f64(network: Network, kind: OptimizerKind, features: u32): f64 {
  return optimizerSize(network, kind, features, sizeof<f64>());
}

/**
 * Lays out an optimizer in zeroed memory of that size. The host then writes its learning rate and hyperparameters.
 * If optimizer_check() is not Ok or the region is not in memory, writes nothing and returns why.
 */
export function optimizer_layout_f32(
  network: Network, optimizer: usize, kind: OptimizerKind, features: u32,
): Status {
  return layOutOptimizer(network, optimizer, kind, features, sizeof<f32>());
}

/**
 * Lays out an optimizer in zeroed memory of that size. The host then writes its learning rate and hyperparameters.
 * If optimizer_check() is not Ok or the region is not in memory, writes nothing and returns why.
 */
export function optimizer_layout_f64(
  network: Network, optimizer: usize, kind: OptimizerKind, features: u32,
): Status {
  return layOutOptimizer(network, optimizer, kind, features, sizeof<f64>());
}

/**
 * Why train() refuses this run; Ok if it accepts it. Does not read the order and the labels: train() checks those of
 * each microbatch before it.
 */
export function run_check_f32(network: Network, run: Run): Status {
  return isRun(run) ? checkRun(network, run, sizeof<f32>()) : Status.InvalidAddress;
}

/**
 * Why train() refuses this run; Ok if it accepts it. Does not read the order and the labels: train() checks those of
 * each microbatch before it.
 */
export function run_check_f64(network: Network, run: Run): Status {
  return isRun(run) ? checkRun(network, run, sizeof<f64>()) : Status.InvalidAddress;
}

/** Why evaluate() and compute_gradients() refuse these rows and return NaN; Ok if they accept them. */
export function evaluate_check_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  return checkEvaluate<f32>(network, workspace, samples, begin, end, training);
}

/** Why evaluate() and compute_gradients() refuse these rows and return NaN; Ok if they accept them. */
export function evaluate_check_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  return checkEvaluate<f64>(network, workspace, samples, begin, end, training);
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

/** `sum` plus the loss's terms of some rows; NaN if evaluate_check() is not Ok: see training/evaluate.ts. */
export function evaluate_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64, training: bool,
): f64 {
  return evaluate<f32>(network, workspace, samples, begin, end, sum, training);
}

/** `sum` plus the loss's terms of some rows; NaN if evaluate_check() is not Ok: see training/evaluate.ts. */
export function evaluate_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64, training: bool,
): f64 {
  return evaluate<f64>(network, workspace, samples, begin, end, sum, training);
}

/** As evaluate(), and adds up the gradient of the loss: see training/evaluate.ts. */
export function compute_gradients_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64, training: bool,
): f64 {
  return computeGradients<f32>(network, workspace, samples, begin, end, sum, training);
}

/** As evaluate(), and adds up the gradient of the loss: see training/evaluate.ts. */
export function compute_gradients_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64, training: bool,
): f64 {
  return computeGradients<f64>(network, workspace, samples, begin, end, sum, training);
}

/**
 * The forward pass of rows `begin` … `end` − 1, at most the workspace's capacity. Leaves the outputs in the workspace.
 */
export function forward_f32(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  return forwardRows<f32>(network, workspace, samples, begin, end, training);
}

/**
 * The forward pass of rows `begin` … `end` − 1, at most the workspace's capacity. Leaves the outputs in the workspace.
 */
export function forward_f64(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, training: bool,
): Status {
  return forwardRows<f64>(network, workspace, samples, begin, end, training);
}

/** Turns the outputs of a pass into predictions: before this call they are logits if the loss is fused. */
export function complete_outputs_f32(network: Network, workspace: Workspace): Status {
  return completePass<f32>(network, workspace);
}

/** Turns the outputs of a pass into predictions: before this call they are logits if the loss is fused. */
export function complete_outputs_f64(network: Network, workspace: Workspace): Status {
  return completePass<f64>(network, workspace);
}

/**
 * Completes the outputs of a pass, once, and writes them to `predictions` [rows, outputs]: see
 * training/separateCalls.ts.
 */
export function pass_predictions_f32(network: Network, workspace: Workspace, predictions: usize): Status {
  return passPredictions<f32>(network, workspace, predictions);
}

/**
 * Completes the outputs of a pass, once, and writes them to `predictions` [rows, outputs]: see
 * training/separateCalls.ts.
 */
export function pass_predictions_f64(network: Network, workspace: Workspace, predictions: usize): Status {
  return passPredictions<f64>(network, workspace, predictions);
}

/** The sum of the magnitudes of a layer's outputs in a pass: see training/separateCalls.ts. */
export function output_magnitude_f32(network: Network, workspace: Workspace, layer: usize): f64 {
  return outputMagnitude<f32>(network, workspace, layer);
}

/** The sum of the magnitudes of a layer's outputs in a pass: see training/separateCalls.ts. */
export function output_magnitude_f64(network: Network, workspace: Workspace, layer: usize): f64 {
  return outputMagnitude<f64>(network, workspace, layer);
}

/**
 * The sum of the loss's terms of columns `block` … `block` + 127 of the pass, for multiples of 128; NaN for other
 * columns. Writes `scale` times its gradient to the gradient of the outputs.
 */
export function loss_f32(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  return lossOfBlock<f32>(network, workspace, block, scale);
}

/**
 * The sum of the loss's terms of columns `block` … `block` + 127 of the pass, for multiples of 128; NaN for other
 * columns. Writes `scale` times its gradient to the gradient of the outputs.
 */
export function loss_f64(network: Network, workspace: Workspace, block: usize, scale: f64): f64 {
  return lossOfBlock<f64>(network, workspace, block, scale);
}

/** The backward pass, given the gradient of the outputs. Adds to the network's gradients if `accumulates`. */
export function backward_f32(network: Network, workspace: Workspace, accumulates: bool): Status {
  return backwardPass<f32>(network, workspace, accumulates);
}

/** The backward pass, given the gradient of the outputs. Adds to the network's gradients if `accumulates`. */
export function backward_f64(network: Network, workspace: Workspace, accumulates: bool): Status {
  return backwardPass<f64>(network, workspace, accumulates);
}

/** The penalty of the layers' parameters, which is a part of the loss; NaN for a network of the other dtype. */
export function network_penalty_f32(network: Network): f64 {
  return penalty<f32>(network);
}

/** The penalty of the layers' parameters, which is a part of the loss; NaN for a network of the other dtype. */
export function network_penalty_f64(network: Network): f64 {
  return penalty<f64>(network);
}

/** Adds the gradient of the penalty to the network's gradients: once for each batch, after its last backward pass. */
export function add_penalty_gradients_f32(network: Network, workspace: Workspace): Status {
  return addPenaltyGradients<f32>(network, workspace);
}

/** Adds the gradient of the penalty to the network's gradients: once for each batch, after its last backward pass. */
export function add_penalty_gradients_f64(network: Network, workspace: Workspace): Status {
  return addPenaltyGradients<f64>(network, workspace);
}

/**
 * Takes one step of the optimizer with the network's gradients and returns StepTaken. If the step would make a number
 * NaN or infinite, changes nothing and returns StepNotFinite.
 */
export function update_f32(network: Network, workspace: Workspace): Status {
  return update<f32>(network, workspace);
}

/**
 * Takes one step of the optimizer with the network's gradients and returns StepTaken. If the step would make a number
 * NaN or infinite, changes nothing and returns StepNotFinite.
 */
export function update_f64(network: Network, workspace: Workspace): Status {
  return update<f64>(network, workspace);
}

/**
 * Freezes layer number `layer` of a network (`trainable` 0), or makes it trainable again (1). Must not be called
 * between the microbatches of a batch. The gradients of a frozen layer are 0. Steps change neither its parameters nor
 * the optimizer's state and average for them.
 */
export function network_set_trainable_f32(network: Network, layer: usize, trainable: u32): Status {
  const status = checkTrainable(network, layer, trainable, sizeof<f32>());
  if (status == Status.Ok) setTrainable<f32>(network, layer, trainable != 0);
  return status;
}

/**
 * Freezes layer number `layer` of a network (`trainable` 0), or makes it trainable again (1). Must not be called
 * between the microbatches of a batch. The gradients of a frozen layer are 0. Steps change neither its parameters nor
 * the optimizer's state and average for them.
 */
export function network_set_trainable_f64(network: Network, layer: usize, trainable: u32): Status {
  const status = checkTrainable(network, layer, trainable, sizeof<f64>());
  if (status == Status.Ok) setTrainable<f64>(network, layer, trainable != 0);
  return status;
}

/** Whether all parameters are finite. */
export function parameters_are_finite_f32(network: Network): bool {
  return areFinite<f32>(network.parameters, <usize>arenaSize<f32>(network.parameterCount));
}

/** Whether all parameters are finite. */
export function parameters_are_finite_f64(network: Network): bool {
  return areFinite<f64>(network.parameters, <usize>arenaSize<f64>(network.parameterCount));
}
