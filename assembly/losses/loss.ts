// The properties of each loss that the rest of training needs, and the dispatch to the formulas.

import { Loss } from "../abi/description";
import { BinaryCrossentropy, Distribution, Label, lossRows, SigmoidCrossentropy } from "./crossentropy";
import { Huber, MeanAbsoluteError, MeanSquaredError } from "./regression";
import { lossEach } from "./terms";

/**
 * Whether the loss is fused with the output layer's activation (softmax or sigmoid): it is computed from the logits and
 * gives the gradient of the logits, in which the derivative of the activation cancels.
 */
export function isFused(loss: Loss): bool {
  return loss == Loss.SigmoidCrossentropy || isCategorical(loss);
}

/** Whether the loss has one term for each row. Other losses have one term for each output of each row. */
export function isCategorical(loss: Loss): bool {
  return loss == Loss.CategoricalCrossentropy || takesLabels(loss);
}

/** Whether a target is one label instead of one number for each output. */
export function takesLabels(loss: Loss): bool {
  return loss == Loss.SparseCategoricalCrossentropy;
}

/**
 * Returns the sum of the loss's terms over the first `rows` columns, and writes scale · its gradient to `dOutputs`.
 *
 *     dOutputs, outputs: [units, stride], units ≥ 1, rows ≥ 1; for a fused loss the outputs are the logits
 *     targets:           [units, stride], or labels [1, stride]
 *     parameter:         the clip of binaryCrossentropy, the delta of huber
 */
export function lossBackward<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64,
): f64 {
  switch (loss) {
    case Loss.MeanSquaredError:
      return lossEach<T, MeanSquaredError>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.MeanAbsoluteError:
      return lossEach<T, MeanAbsoluteError>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.Huber:
      return lossEach<T, Huber>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.BinaryCrossentropy:
      return lossEach<T, BinaryCrossentropy>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.SigmoidCrossentropy:
      return lossEach<T, SigmoidCrossentropy>(dOutputs, outputs, targets, units, rows, stride, scale, parameter);
    case Loss.CategoricalCrossentropy:
      return lossRows<T, Distribution>(dOutputs, outputs, targets, units, rows, stride, scale);
    default:
      return lossRows<T, Label>(dOutputs, outputs, targets, units, rows, stride, scale);
  }
}
