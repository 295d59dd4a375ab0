// The properties of each loss that the rest of training needs, and the dispatch to the formulas.

import { Activation, Loss } from "../abi/description";
import { Status } from "../abi/status";
import {
  areLabels, BinaryCrossentropy, checkClip, Distribution, Label, lossRows, SigmoidCrossentropy,
} from "./crossentropy";
import { checkDelta, Huber, MeanAbsoluteError, MeanSquaredError } from "./regression";
import { lossEach } from "./terms";

/**
 * Whether the loss is fused with the output layer's activation (softmax or sigmoid): it is computed from the logits and
 * gives the gradient of the logits, in which the derivative of the activation cancels.
 */
export function isFused(loss: Loss): bool {
  return loss == Loss.SigmoidCrossentropy || isCategorical(loss);
}

/** The activation that a fused loss is fused with. */
export function fusedActivation(loss: Loss): Activation {
  return isCategorical(loss) ? Activation.Softmax : Activation.Sigmoid;
}

/** Whether the loss has one term for each row. Other losses have one term for each output of each row. */
export function isCategorical(loss: Loss): bool {
  return loss == Loss.CategoricalCrossentropy || takesLabels(loss);
}

/** Whether a target is one label instead of one number for each output. */
export function takesLabels(loss: Loss): bool {
  return loss == Loss.SparseCategoricalCrossentropy;
}

/** Why the core refuses this loss with this Description.lossParameter; Ok if it accepts it. */
export function checkLoss(loss: Loss, parameter: f64, elementSize: usize): Status {
  switch (loss) {
    case Loss.Huber: return checkDelta(parameter, elementSize);
    case Loss.BinaryCrossentropy: return checkClip(parameter, elementSize);
    case Loss.MeanSquaredError:
    case Loss.MeanAbsoluteError:
    case Loss.SigmoidCrossentropy:
    case Loss.CategoricalCrossentropy:
    case Loss.SparseCategoricalCrossentropy: return parameter == 0 ? Status.Ok : Status.ReservedNotZero;
    default: return Status.UnknownLoss;
  }
}

/** Why the loss refuses the targets of rows `begin` … `end` − 1 in `order`; Ok if it accepts them. */
@inline
export function checkTargets<T>(
  loss: Loss, targets: usize, order: usize, begin: usize, end: usize, units: usize,
): Status {
  if (!takesLabels(loss) || areLabels<T>(targets, order, begin, end, units)) return Status.Ok;
  return Status.LabelOutOfRange;
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
