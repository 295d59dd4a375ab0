// What the module exports: each generic function under a name for each dtype. It imports its memory and nothing else,
// owns no state, and works on regions that the host hands it. Addresses come back as u32: `>>> 0` in JavaScript.

import { computeGradients, evaluate, predict } from "./evaluation";
import { Samples } from "./microbatch";
import { Description, DESCRIPTION_VERSION, layNetwork, Network, networkSize } from "./network";
import { Run, train, update } from "./training";

/** The first address that the host may use. */
export function heap_base(): usize {
  return __heap_base;
}

/** Bytes that the described network needs, exact beyond 4 GiB; 0 for a description that is not of this version. */
export function network_size(description: Description): f64 {
  if (description.version != DESCRIPTION_VERSION) return 0;
  return <f64>(description.elementSize == 4 ? networkSize<f32>(description) : networkSize<f64>(description));
}

/** Lays the network in a zeroed region of `network_size` bytes at a multiple of 64; returns its end. */
export function network_lay(network: Network, description: Description): usize {
  return description.elementSize == 4 ? layNetwork<f32>(network, description) : layNetwork<f64>(network, description);
}

/** Address of the parameters: layer by layer without gaps, kernel [inputs, units], bias [units]. */
export function network_parameters(network: Network): usize {
  return network.parameters;
}

/** Address of the gradients, laid like the parameters; of no meaning after a step of training. */
export function network_gradients(network: Network): usize {
  return network.gradients;
}

/** How many elements either has. */
export function network_parameter_count(network: Network): usize {
  return network.parameterCount;
}

/** Advances a run by at most `budget` microbatches, not past the end of an epoch that has an order; returns how many. */
export function train_f32(network: Network, run: Run, budget: usize): usize {
  return train<f32>(network, run, budget);
}

/** Advances a run by at most `budget` microbatches, not past the end of an epoch that has an order; returns how many. */
export function train_f64(network: Network, run: Run, budget: usize): usize {
  return train<f64>(network, run, budget);
}

/** The outputs for `inputs` [rows, inputs], to `predictions` [rows, outputs], both row-major. */
export function predict_f32(network: Network, inputs: usize, rows: usize, predictions: usize): void {
  predict<f32>(network, inputs, rows, predictions);
}

/** The outputs for `inputs` [rows, inputs], to `predictions` [rows, outputs], both row-major. */
export function predict_f64(network: Network, inputs: usize, rows: usize, predictions: usize): void {
  predict<f64>(network, inputs, rows, predictions);
}

/** The loss of all samples taken as one batch. */
export function evaluate_f32(network: Network, samples: Samples): f64 {
  return evaluate<f32>(network, samples);
}

/** The loss of all samples taken as one batch. */
export function evaluate_f64(network: Network, samples: Samples): f64 {
  return evaluate<f64>(network, samples);
}

/** The loss of all samples taken as one batch; its gradient becomes the network's. */
export function compute_gradients_f32(network: Network, samples: Samples): f64 {
  return computeGradients<f32>(network, samples);
}

/** The loss of all samples taken as one batch; its gradient becomes the network's. */
export function compute_gradients_f64(network: Network, samples: Samples): f64 {
  return computeGradients<f64>(network, samples);
}

/** parameters −= learningRate · gradients; false, and nothing changes, if a parameter would not be finite. */
export function update_f32(network: Network, learningRate: f64): bool {
  return update<f32>(network, learningRate);
}

/** parameters −= learningRate · gradients; false, and nothing changes, if a parameter would not be finite. */
export function update_f64(network: Network, learningRate: f64): bool {
  return update<f64>(network, learningRate);
}
