import { LayerKindNumber } from "../abi/structs.js";
import { type OptionsOf, ofType, readOptions, requirePositive, requireShare } from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition } from "./definition.js";
import { NORM_PARAMETERS, normSpecs, unitSpec } from "./normalization.js";

export interface BatchNormOptions {
  /** The weight of a new batch in the running statistics; from 0 to 1, default 0.1. (Keras's is 1 − momentum.) */
  readonly momentum?: number;
  /** Added to the variance; above 0, default 1e-5. */
  readonly epsilon?: number;
  /**
   * False: training does not change gamma and beta until `network.setTrainable` makes the layer trainable. It still
   * changes the running statistics. Default true.
   */
  readonly trainable?: boolean;
}

/** Batch norm, as `batchNorm` makes it. */
export interface BatchNormLayer {
  readonly kind: "batchNorm";
  readonly momentum: number;
  readonly epsilon: number;
  readonly trainable: boolean;
}

/**
 * Batch norm: gamma · (x − mean) / √(variance + epsilon) + beta, for each unit. gamma [units] is 1 and beta [units] is
 * 0 at first. S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015; the formulas of PyTorch's `nn.BatchNorm1d`.
 *
 * In training, mean and variance are those of the n rows of the batch, with the variance Σ (x − mean)² / n. Each step
 * changes the running statistics, `network.buffers`:
 *
 *     runningMean = (1 − momentum) · runningMean + momentum · mean
 *     runningVariance = (1 − momentum) · runningVariance + momentum · variance · n / (n − 1)
 *
 * `predict`, `evaluate` and `gradients` use the running statistics, so a prediction does not depend on the other rows.
 *
 * All rows of a batch pass through the network at once, and every batch needs at least 2 rows: `fit` throws if its last
 * batch would have one row. For batches of more than 128 rows, a fit takes about batchSize · bytes of a number ·
 * (inputs + outputs + 2 · the widest layer + 2 · the sum of all units) bytes of memory until it ends.
 *
 * Time: six reads and two writes of the layer's outputs in a step. Mean and variance are computed in float64.
 *
 * @throws BackpropError `invalidOption` for a momentum or an epsilon out of its range.
 */
export function batchNorm(options: BatchNormOptions = {}): BatchNormLayer {
  return Object.freeze(readOptions("batchNorm", options, OPTIONS, { known: KIND }) as BatchNormLayer);
}

const KIND = { kind: "batchNorm" } as const;

const OPTIONS: OptionsOf<BatchNormOptions> = {
  momentum: { check: requireShare, default: 0.1 },
  epsilon: { check: requirePositive, default: 1e-5 },
  trainable: { check: ofType("boolean"), default: true },
};

export const batchNormDefinition: LayerDefinition<BatchNormLayer> = {
  kind: "batchNorm",
  isRandom: false,
  needsWholeBatch: true,
  parameterNames: NORM_PARAMETERS,
  check: (layer, path, dtype) => {
    const reading = { prefix: `${path}.`, dtype, known: KIND, isComplete: true };
    return readOptions(path, layer, OPTIONS, reading) as BatchNormLayer;
  },
  outputs: (_layer, inputs) => inputs,
  parameters: ({ trainable }, inputs) => [
    ...normSpecs(inputs, trainable),
    unitSpec("runningMean", "buffer", 0, inputs),
    unitSpec("runningVariance", "buffer", 1, inputs),
  ],
  encode: ({ momentum, epsilon }, inputs) => ({
    ...encodeWithoutActivation(inputs, epsilon),
    kind: LayerKindNumber.BatchNorm,
    momentum,
  }),
  summarize: ({ momentum }) => `momentum ${momentum}`,
};
