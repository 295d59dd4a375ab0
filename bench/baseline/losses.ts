import type { FloatArray, LossName } from "backprop-wasm";

/** The arrays are row-major [rows, outputs]. A loss is the mean or the sum of its terms. */
export interface LossFunction {
  /**
   * Whether the loss is computed from the logits. The output layer's activation is then the one that the loss is fused
   * with (sigmoid or softmax), and `gradient` computes the gradient with respect to the logits, not the outputs.
   */
  readonly fromLogits: boolean;
  /** Whether each row has one term, not one for each output; `mean` divides by the number of terms. */
  readonly termPerRow: boolean;
  /** Whether the target of a row is one label, not a value for each output. */
  readonly labels: boolean;

  /** The sum of the terms, in float64. `predictions` are the logits if `fromLogits`, otherwise the outputs. */
  terms(
    predictions: FloatArray,
    targets: FloatArray,
    targetsStart: number,
    rows: number,
    units: number,
    parameter: number,
  ): number;

  /** dPredictions = scale · the gradient of the sum of the terms with respect to the `predictions` that `terms` takes. */
  gradient(
    dPredictions: FloatArray,
    outputs: FloatArray,
    targets: FloatArray,
    targetsStart: number,
    rows: number,
    units: number,
    parameter: number,
    scale: number,
  ): void;
}

/** (a − t)² */
const meanSquaredError: LossFunction = {
  fromLogits: false,
  termPerRow: false,
  labels: false,
  terms(outputs, targets, targetsStart, rows, units) {
    let sum = 0;
    for (let i = 0; i < rows * units; i++) {
      const error = outputs[i]! - targets[targetsStart + i]!;
      sum += error * error;
    }
    return sum;
  },
  gradient(dOutputs, outputs, targets, targetsStart, rows, units, _parameter, scale) {
    for (let i = 0; i < rows * units; i++) {
      dOutputs[i] = 2 * (outputs[i]! - targets[targetsStart + i]!) * scale;
    }
  },
};

/** |a − t| */
const meanAbsoluteError: LossFunction = {
  fromLogits: false,
  termPerRow: false,
  labels: false,
  terms(outputs, targets, targetsStart, rows, units) {
    let sum = 0;
    for (let i = 0; i < rows * units; i++) sum += Math.abs(outputs[i]! - targets[targetsStart + i]!);
    return sum;
  },
  gradient(dOutputs, outputs, targets, targetsStart, rows, units, _parameter, scale) {
    for (let i = 0; i < rows * units; i++) {
      dOutputs[i] = Math.sign(outputs[i]! - targets[targetsStart + i]!) * scale;
    }
  },
};

/** e²/2 where |e| ≤ δ, otherwise δ (|e| − δ/2), with e = a − t. */
const huber: LossFunction = {
  fromLogits: false,
  termPerRow: false,
  labels: false,
  terms(outputs, targets, targetsStart, rows, units, delta) {
    let sum = 0;
    for (let i = 0; i < rows * units; i++) {
      const error = Math.abs(outputs[i]! - targets[targetsStart + i]!);
      sum += error <= delta ? 0.5 * error * error : delta * (error - 0.5 * delta);
    }
    return sum;
  },
  gradient(dOutputs, outputs, targets, targetsStart, rows, units, delta, scale) {
    for (let i = 0; i < rows * units; i++) {
      const error = outputs[i]! - targets[targetsStart + i]!;
      dOutputs[i] = (Math.abs(error) <= delta ? error : delta * Math.sign(error)) * scale;
    }
  },
};

/** factor · log(p), with 0 · log(0) = 0. */
function timesLog(factor: number, p: number): number {
  return factor === 0 && p === 0 ? 0 : factor * Math.log(p);
}

/**
 * −(t log p + (1 − t) log(1 − p)), where p is a clipped to [clip, 1 − clip]. Derivative with respect to a:
 * (p − t) / (p (1 − p)), or 0 where a was clipped. At p = t it is 0, even where the quotient would be 0/0.
 */
const binaryCrossentropy: LossFunction = {
  fromLogits: false,
  termPerRow: false,
  labels: false,
  terms(outputs, targets, targetsStart, rows, units, clip) {
    let sum = 0;
    for (let i = 0; i < rows * units; i++) {
      const a = outputs[i]!;
      const t = targets[targetsStart + i]!;
      const p = Math.min(Math.max(a, clip), 1 - clip);
      sum -= timesLog(t, p) + timesLog(1 - t, 1 - p);
    }
    return sum;
  },
  gradient(dOutputs, outputs, targets, targetsStart, rows, units, clip, scale) {
    for (let i = 0; i < rows * units; i++) {
      const p = outputs[i]!;
      const t = targets[targetsStart + i]!;
      const isZero = p === t || p < clip || p > 1 - clip;
      dOutputs[i] = isZero ? 0 : ((p - t) / (p * (1 - p))) * scale;
    }
  },
};

/** −(t log σ(z) + (1 − t) log(1 − σ(z))) = max(z, 0) − t z + log(1 + exp(−|z|)); derivative σ(z) − t. */
const sigmoidCrossentropy: LossFunction = {
  fromLogits: true,
  termPerRow: false,
  labels: false,
  terms(logits, targets, targetsStart, rows, units) {
    let sum = 0;
    for (let i = 0; i < rows * units; i++) {
      const z = logits[i]!;
      sum += Math.max(z, 0) - targets[targetsStart + i]! * z + Math.log1p(Math.exp(-Math.abs(z)));
    }
    return sum;
  },
  gradient(dLogits, outputs, targets, targetsStart, rows, units, _parameter, scale) {
    for (let i = 0; i < rows * units; i++) {
      dLogits[i] = (outputs[i]! - targets[targetsStart + i]!) * scale;
    }
  },
};

/** log Σ exp(z_i) over the units of the row that starts at `start`. */
function logSumExp(logits: FloatArray, start: number, units: number): number {
  let max = -Infinity;
  for (let i = start; i < start + units; i++) max = Math.max(max, logits[i]!);
  let sum = 0;
  for (let i = start; i < start + units; i++) sum += Math.exp(logits[i]! - max);
  return max + Math.log(sum);
}

/** −Σ t_i log softmax(z)_i, where t_i = 0 contributes 0; derivative with respect to z_i: softmax(z)_i Σ t − t_i. */
const categoricalCrossentropy: LossFunction = {
  fromLogits: true,
  termPerRow: true,
  labels: false,
  terms(logits, targets, targetsStart, rows, units) {
    let sum = 0;
    for (let start = 0; start < rows * units; start += units) {
      const normalizer = logSumExp(logits, start, units);
      for (let i = start; i < start + units; i++) {
        const t = targets[targetsStart + i]!;
        if (t !== 0) sum += t * (normalizer - logits[i]!);
      }
    }
    return sum;
  },
  gradient(dLogits, outputs, targets, targetsStart, rows, units, _parameter, scale) {
    for (let start = 0; start < rows * units; start += units) {
      const end = start + units;
      let total = 0;
      for (let i = start; i < end; i++) total += targets[targetsStart + i]!;
      for (let i = start; i < end; i++) {
        dLogits[i] = (outputs[i]! * total - targets[targetsStart + i]!) * scale;
      }
    }
  },
};

/** −log softmax(z)_label: categoricalCrossentropy with t = 1 for the label and 0 for the other outputs. */
const sparseCategoricalCrossentropy: LossFunction = {
  fromLogits: true,
  termPerRow: true,
  labels: true,
  terms(logits, labels, labelsStart, rows, units) {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const start = row * units;
      sum += logSumExp(logits, start, units) - logits[start + labels[labelsStart + row]!]!;
    }
    return sum;
  },
  gradient(dLogits, outputs, labels, labelsStart, rows, units, _parameter, scale) {
    for (let row = 0; row < rows; row++) {
      const start = row * units;
      const labelled = start + labels[labelsStart + row]!;
      for (let i = start; i < start + units; i++) {
        dLogits[i] = (i === labelled ? outputs[i]! - 1 : outputs[i]!) * scale;
      }
    }
  },
};

/** The losses that the baseline has. */
export const losses: Readonly<Partial<Record<LossName, LossFunction>>> = {
  meanSquaredError,
  meanAbsoluteError,
  huber,
  binaryCrossentropy,
  sigmoidCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
};
