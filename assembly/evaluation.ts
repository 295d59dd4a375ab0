// What a network says of samples without learning from them: predictions, the loss, its gradient.

import { forward } from "./forward";
import { accumulateGradients, gather, gatherTensor, lossScale, microbatchLoss, Samples } from "./microbatch";
import { MICROBATCH, Network, outputLayer } from "./network";
import { gatherTransposed } from "./transpose";
import { wholeVectors } from "./vector";

/** Writes the outputs for `inputs` [rows, inputs] to `predictions` [rows, outputs]. */
export function predict<T>(network: Network, inputs: usize, rows: usize, predictions: usize): void {
  const units = outputLayer(network).units;
  for (let row: usize = 0; row < rows; row += MICROBATCH) {
    const count = min(MICROBATCH, rows - row);
    const stride = wholeVectors<T>(count);
    gatherTensor<T>(network.x, inputs, network.inputs, 0, row, count);
    forward<T>(network, stride);
    gatherTransposed<T>(
      predictions + row * units * sizeof<T>(), units, units, outputLayer(network).outputs, stride, 0, units, count,
    );
  }
}

/** The loss of all samples taken as one batch. */
export function evaluate<T>(network: Network, samples: Samples): f64 {
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    const rows = min(MICROBATCH, samples.rows - row);
    gather<T>(network, samples, row, rows);
    forward<T>(network, wholeVectors<T>(rows));
    sum += microbatchLoss<T>(network, rows, 1);
  }
  return sum * lossScale(network, samples.rows);
}

/** The loss of all samples taken as one batch; its gradient replaces what `network.gradients` held. */
export function computeGradients<T>(network: Network, samples: Samples): f64 {
  const scale = lossScale(network, samples.rows);
  let sum: f64 = 0;
  for (let row: usize = 0; row < samples.rows; row += MICROBATCH) {
    const rows = min(MICROBATCH, samples.rows - row);
    gather<T>(network, samples, row, rows);
    sum += accumulateGradients<T>(network, row > 0, rows, scale);
  }
  return sum * scale;
}
