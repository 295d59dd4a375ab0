// The activations of one row, stored as a plain vector of units (see forward.ts).

import { Activation } from "../abi/description";
import { maxOf, sumInOrder } from "../kernels/reduce";
import { activationBackward, activationForward } from "../layers/activation";
import { exp } from "../math/exponential";
import { madd, splat, wholeVectors } from "../math/vector";

/** activationForward() of one row: tensors [units]. Writes whole vectors. */
export function rowActivationForward<T>(
  activation: Activation, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  if (activation == Activation.Softmax) {
    rowSoftmaxForward<T>(outputs, logits, units);
  } else {
    // Except in softmax, units are independent: n units of one row are computed as one unit of n rows.
    const columns = wholeVectors<T>(units);
    activationForward<T>(activation, outputs, logits, 1, columns, columns, alpha);
  }
}

/** activationBackward() of one row: tensors [units]. Writes whole vectors. */
export function rowActivationBackward<T>(
  activation: Activation, dOutputs: usize, outputs: usize, logits: usize, units: usize, alpha: f64,
): void {
  if (activation == Activation.Softmax) {
    rowSoftmaxBackward<T>(dOutputs, outputs, units);
  } else {
    const columns = wholeVectors<T>(units);
    activationBackward<T>(activation, dOutputs, outputs, logits, 1, columns, columns, alpha);
  }
}

/** outputs = e^(logits − max) / Σ e^(logits − max). `outputs` may be `logits`. */
function rowSoftmaxForward<T>(outputs: usize, logits: usize, units: usize): void {
  const largest = maxOf<T>(logits, units);
  const bytes = units * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(outputs + at, exp<T>(v128.sub<T>(v128.load(logits + at), largest)));
  }
  const sum = sumInOrder<T>(outputs, units);
  for (const end = outputs + bytes; outputs < end; outputs += 16) {
    v128.store(outputs, v128.div<T>(v128.load(outputs), sum));
  }
}

/** Replaces dOutputs by dLogits = outputs · (dOutputs − Σ dOutputs·outputs). */
function rowSoftmaxBackward<T>(dOutputs: usize, outputs: usize, units: usize): void {
  const bytes = units * sizeof<T>();
  let dot = splat<T>(0);
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    dot = madd<T>(v128.load_splat<T>(dOutputs + at), v128.load_splat<T>(outputs + at), dot);
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const d = dOutputs + at;
    v128.store(d, v128.mul<T>(v128.load(outputs + at), v128.sub<T>(v128.load(d), dot)));
  }
}
