// What a network says of samples without learning from them: predictions, the loss, its gradient.

import {
  gatherTargets, lossScale, microbatchBackward, microbatchForward, microbatchLoss, microbatchOutputs, Samples,
} from "./microbatch";
import { MICROBATCH, Network, outputLayer } from "./network";
import { gatherTransposed } from "./transpose";

/** Writes the outputs for `inputs` [rows, inputs] to `predictions` [rows, outputs]. */
export function predict<T>(network: Network, inputs: usize, rows: usize, predictions: usize): void {
  const units = outputLayer(network).units;
  const outputs = outputLayer(network).outputs;
  for (let row: usize = 0; row < rows; row += MICROBATCH) {
    const count = min(MICROBATCH, rows - row);
    microbatchForward<T>(network, inputs, 0, row, count);
    microbatchOutputs<T>(network);
    const out = predictions + row * units * sizeof<T>();
    gatherTransposed<T>(out, units, units, outputs, network.microbatch.stride, 0, units, count);
  }
}

/** The loss of all samples taken as one batch. */
export function evaluate<T>(network: Network, samples: Samples): f64 {
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    sum += sampleLoss<T>(network, samples, row, 1);
  }
  return sum * lossScale(network, samples.rows);
}

/** The loss of all samples taken as one batch; its gradient replaces what `network.gradients` held. */
export function computeGradients<T>(network: Network, samples: Samples): f64 {
  const scale = lossScale(network, samples.rows);
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    sum += sampleLoss<T>(network, samples, row, scale);
    microbatchBackward<T>(network, row > 0, false);
  }
  return sum * scale;
}

/** The sum of the loss's terms over one microbatch, which begins at `row`. */
function sampleLoss<T>(network: Network, samples: Samples, row: usize, scale: f64): f64 {
  const rows = min(MICROBATCH, samples.rows - row);
  microbatchForward<T>(network, samples.inputs, samples.order, row, rows);
  gatherTargets<T>(network, samples, row, rows);
  return microbatchLoss<T>(network, scale);
}
