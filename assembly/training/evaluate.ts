// The loss of all samples as one batch, and its gradient.

import { Samples } from "../abi/run";
import { Status } from "../abi/status";
import { checkEvaluate } from "../checks/calls";
import { weightOf } from "../checks/samples";
import { BLOCK_ROWS } from "../layers/tensors";
import { lossScale, Network } from "../network/network";
import { passOf, Workspace } from "../network/workspace";
import { beginPredictions, endPredictions } from "./predictionParameters";
import { beginPasses } from "./gather";
import { backwardMicrobatch, forwardMicrobatch, lossStep, penaltyStep, penaltyTerms } from "./step";

/**
 * Returns `sum` plus the loss's terms of rows `begin` … `end` − 1, with predictionParameters(). If checkEvaluate() is
 * not Ok, returns NaN and changes nothing. The loss of all rows is the sum times lossScale().
 *
 * A large set may be evaluated in consecutive slices that begin at multiples of BLOCK_ROWS: the bits are the same. The
 * slice that begins with row 0 and sum 0 adds the penalties of the layers.
 *
 * `training`: layers act as in the coming training step. With batch norm, one slice must then contain all rows.
 */
export function evaluate<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
  training: bool,
): f64 {
  if (checkEvaluate<T>(network, workspace, samples, begin, end, training) != Status.Ok) return NaN;
  beginPredictions(network, workspace);
  sum = addSlice<T>(network, workspace, samples, begin, end, sum, training, false);
  endPredictions(network, workspace);
  return sum;
}

/**
 * As evaluate(), but with network.parameters. After the last slice, network.gradients is the gradient of the loss.
 */
export function computeGradients<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
  training: bool,
): f64 {
  if (checkEvaluate<T>(network, workspace, samples, begin, end, training) != Status.Ok) return NaN;
  return addSlice<T>(network, workspace, samples, begin, end, sum, training, true);
}

/** `sum` plus the terms of a slice, after the checks. `withGradients`: also computes the gradients. */
function addSlice<T>(
  network: Network, workspace: Workspace, samples: Samples, begin: usize, end: usize, sum: f64,
  training: bool, withGradients: bool,
): f64 {
  // Only gradients and penalties need the scale. With weights it costs a sum over all of them.
  const scale = begin == 0 || withGradients ? lossScale(network, weightOf(samples, sizeof<T>())) : 1;
  beginPasses(network, workspace, training, false);
  if (begin == 0 && sum == 0) sum += penaltyTerms<T>(network, scale);
  for (let row = begin; row < end; row += workspace.capacity) {
    forwardMicrobatch<T>(network, workspace, samples, row, row, min(workspace.capacity, end - row));
    for (let block: usize = 0; block < passOf(workspace).rows; block += BLOCK_ROWS) {
      sum += lossStep<T>(network, workspace, block, scale);
    }
    if (withGradients) backwardMicrobatch<T>(network, workspace, row > 0);
  }
  if (withGradients && end == samples.rows) penaltyStep<T>(network, workspace);
  return sum;
}
