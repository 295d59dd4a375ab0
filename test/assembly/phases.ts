// One batch whose phases are cut into parts, under a name for each dtype, for test/phases.test.ts.

import { gatherTargets, microbatchLoss, Samples } from "../../assembly/microbatch";
import { MICROBATCH, Network, outputLayer, prepareGradients, shapeMicrobatch } from "../../assembly/network";
import { doPart, Phase } from "../../assembly/phases";
import { beginDescent } from "../../assembly/sgd";

export {
  heap_base, network_gradients, network_lay, network_parameter_count, network_parameters, network_size,
} from "../../assembly/index";

/** Where the tensors begin that hold nothing from one microbatch to the next. */
export function network_scratch(network: Network): usize {
  return network.x;
}

/** Where they end. */
export function network_scratch_end(network: Network): usize {
  return changetype<usize>(network.workspace);
}

/** Address of the outputs (of a fused loss, the logits), [units, rows rounded up to whole vectors]; of one row, [units]. */
export function network_outputs(network: Network): usize {
  return outputLayer(network).outputs;
}

/** The parts one after the other, not in their order: 7 and the counts of the test have no common factor. */
function runParts<T>(network: Network, phase: Phase, count: usize): void {
  for (let i: usize = 0; i < count; ++i) {
    doPart<T>(network, network.workspace, phase, (7 * i + 3) % count, count);
  }
}

function forwardInParts<T>(
  network: Network, inputs: usize, order: usize, row: usize, rows: usize, count: usize,
): void {
  const microbatch = network.microbatch;
  shapeMicrobatch<T>(network, rows);
  microbatch.inputs = inputs;
  microbatch.order = order;
  microbatch.row = row;
  runParts<T>(network, Phase.Forward, count);
}

/** The gradients of all samples as one batch or, if it `descends`, a step down them; returns the sum of the loss's terms. */
function learnInParts<T>(network: Network, samples: Samples, rate: f64, descends: bool, count: usize): f64 {
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    const rows = min(MICROBATCH, samples.rows - row);
    forwardInParts<T>(network, samples.inputs, samples.order, row, rows, count);
    gatherTargets<T>(network, samples, row, rows);
    sum += microbatchLoss<T>(network, 1);
    prepareGradients(network, row > 0, descends && row + rows == samples.rows);
    beginDescent<T>(network.descent, network.parameters, network.gradients, rate);
    runParts<T>(network, Phase.LogitsBackward, count);
    runParts<T>(network, descends && samples.rows == 1 ? Phase.RowStep : Phase.ParametersBackward, count);
  }
  return sum;
}

export function forward_in_parts_f32(network: Network, inputs: usize, rows: usize, count: usize): void {
  forwardInParts<f32>(network, inputs, 0, 0, rows, count);
}

export function forward_in_parts_f64(network: Network, inputs: usize, rows: usize, count: usize): void {
  forwardInParts<f64>(network, inputs, 0, 0, rows, count);
}

export function learn_in_parts_f32(network: Network, samples: Samples, rate: f64, descends: bool, count: usize): f64 {
  return learnInParts<f32>(network, samples, rate, descends, count);
}

export function learn_in_parts_f64(network: Network, samples: Samples, rate: f64, descends: bool, count: usize): f64 {
  return learnInParts<f64>(network, samples, rate, descends, count);
}
