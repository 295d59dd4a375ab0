// The properties of each loss, and the dispatch to the formulas.

import { Activation, Description, Loss } from "../abi/description";
import { Status } from "../abi/status";
import { checkFocal, Focal, Hinge } from "./classification";
import {
  areLabels, BinaryCrossentropy, checkClip, Distribution, Label, lossRows, negativeEntropy, SigmoidCrossentropy,
} from "./crossentropy";
import {
  checkDelta, checkQuantile, Huber, LogCosh, MeanAbsoluteError, MeanSquaredError, Poisson, Quantile,
} from "./regression";
import { checkSmoothing } from "./smoothing";
import { lossEach } from "./terms";

/**
 * Whether the loss is fused with the output layer's activation, softmax or sigmoid. A fused loss is computed from the
 * logits and gives the gradient of the logits, in which the derivative of the activation cancels.
 */
export function isFused(loss: Loss): bool {
  return loss == Loss.SigmoidCrossentropy || loss == Loss.Focal || isCategorical(loss);
}

/** The activation that a fused loss is fused with. */
export function fusedActivation(loss: Loss): Activation {
  return isCategorical(loss) ? Activation.Softmax : Activation.Sigmoid;
}

/** Whether the loss has one term for each row. Other losses have one term for each output of each row. */
export function hasTermPerRow(loss: Loss): bool {
  return isCategorical(loss) || loss == Loss.Custom;
}

/** Whether the loss is fused with softmax. */
export function isCategorical(loss: Loss): bool {
  return loss == Loss.CategoricalCrossentropy || loss == Loss.KullbackLeibler || takesLabels(loss);
}

/** Whether a target is one label instead of one number for each output. */
export function takesLabels(loss: Loss): bool {
  return loss == Loss.SparseCategoricalCrossentropy;
}

/** Why the core refuses the description's loss with its parameters; Ok if it accepts it. */
export function checkLoss(description: Description): Status {
  const loss = description.loss, elementSize = description.elementSize;
  const parameter = description.lossParameter, alpha = description.lossAlpha;
  if (<u32>loss > <u32>Loss.Custom) return Status.UnknownLoss;
  if (loss == Loss.Focal) return checkFocal(parameter, alpha, elementSize);
  const smoothing = description.labelSmoothing;
  if (alpha != 0 || (smoothing != 0 && !isCrossentropy(loss))) return Status.ReservedNotZero;
  return checkParameter(loss, parameter, elementSize) || checkSmoothing(smoothing, elementSize);
}

function checkParameter(loss: Loss, parameter: f64, elementSize: usize): Status {
  switch (loss) {
    case Loss.Huber: return checkDelta(parameter, elementSize);
    case Loss.BinaryCrossentropy: return checkClip(parameter, elementSize);
    case Loss.Quantile: return checkQuantile(parameter, elementSize);
    default: return parameter == 0 ? Status.Ok : Status.ReservedNotZero;
  }
}

/** Whether the loss accepts label smoothing. The cross-entropies are adjacent in the enum. */
function isCrossentropy(loss: Loss): bool {
  return loss >= Loss.BinaryCrossentropy && loss <= Loss.SparseCategoricalCrossentropy;
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
 * Returns the sum of the loss's terms over the first `rows` columns, and writes `scale` times its gradient to
 * `dOutputs`. Both are multiplied by the weights of the columns. NaN for Loss.Custom.
 *
 *     dOutputs, outputs: [units, stride], units ≥ 1, rows ≥ 1; for a fused loss the outputs are the logits
 *     targets:           [units, stride], or labels [1, stride]
 *     weights:           [stride]; 0: all are 1
 *     parameter, alpha:  Description.lossParameter and lossAlpha
 *
 * No tensor may overlap another.
 */
export function lossBackward<T>(
  loss: Loss, dOutputs: usize, outputs: usize, targets: usize, weights: usize,
  units: usize, rows: usize, stride: usize, scale: f64, parameter: f64, alpha: f64,
): f64 {
  switch (loss) {
    case Loss.MeanSquaredError:
      return lossEach<T, MeanSquaredError>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.MeanAbsoluteError:
      return lossEach<T, MeanAbsoluteError>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.Huber:
      return lossEach<T, Huber>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.BinaryCrossentropy:
      return lossEach<T, BinaryCrossentropy>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.SigmoidCrossentropy:
      return lossEach<T, SigmoidCrossentropy>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.CategoricalCrossentropy:
      return lossRows<T, Distribution>(dOutputs, outputs, targets, weights, units, rows, stride, scale);
    case Loss.KullbackLeibler:
      return lossRows<T, Distribution>(dOutputs, outputs, targets, weights, units, rows, stride, scale) +
        negativeEntropy<T>(targets, weights, units, rows, stride);
    case Loss.Custom: return NaN;
    case Loss.Poisson:
      return lossEach<T, Poisson>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.Hinge:
      return lossEach<T, Hinge>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.LogCosh:
      return lossEach<T, LogCosh>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.Quantile:
      return lossEach<T, Quantile>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    case Loss.Focal:
      return lossEach<T, Focal>(
        dOutputs, outputs, targets, weights, units, rows, stride, scale, parameter, alpha,
      );
    default:
      return lossRows<T, Label>(dOutputs, outputs, targets, weights, units, rows, stride, scale);
  }
}
