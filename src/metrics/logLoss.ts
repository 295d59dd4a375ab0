import type { DType } from "../dtype.js";
import { log } from "../random/elementary.js";
import type { Metric, MetricShape } from "./metric.js";
import { type Term, WeightedMean } from "./weightedMean.js";

/** NumPy's `finfo(dtype).eps`. */
const EPSILON: Record<DType, number> = { float32: 2 ** -23, float64: 2 ** -52 };

/**
 * The mean of −log(probability of the right class), in float64: scikit-learn's `log_loss`. Outputs are probabilities,
 * and are clipped to [ε, 1 − ε], ε = 2⁻⁵² for float64 and 2⁻²³ for float32. One output is the probability of class 1.
 * For targets that are not one-hot it is −Σ target · log(output), for one output −t log p − (1 − t) log(1 − p).
 */
export const logLoss: Metric = {
  name: "logLoss",
  direction: "min",
  create: (shape) => new WeightedMean(termFor(shape)),
};

function termFor({ outputs: width, takesLabels, dtype }: MetricShape): Term {
  const epsilon = EPSILON[dtype];
  const logOf = (p: number) => log(Math.min(Math.max(p, epsilon), 1 - epsilon));
  if (takesLabels) return (outputs, labels, row) => -logOf(outputs[row * width + labels[row]!]!);
  if (width > 1) {
    return (outputs, targets, row) => {
      let sum = 0;
      for (let i = row * width; i < (row + 1) * width; i++) {
        if (targets[i] !== 0) sum -= targets[i]! * logOf(outputs[i]!);
      }
      return sum;
    };
  }
  return (outputs, targets, row) => {
    const p = outputs[row]!;
    const target = targets[row]!;
    return (target === 0 ? 0 : -target * logOf(p)) - (target === 1 ? 0 : (1 - target) * logOf(1 - p));
  };
}
