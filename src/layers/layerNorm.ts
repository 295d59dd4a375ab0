import { LayerKindNumber } from "../abi/structs.js";
import { type OptionsOf, ofType, readOptions, requirePositive } from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition } from "./definition.js";
import { NORM_PARAMETERS, normSpecs } from "./normalization.js";

export interface LayerNormOptions {
  /** Added to the variance; above 0, default 1e-5. */
  readonly epsilon?: number;
  /**
   * False: training does not change gamma and beta, until `network.setTrainable` makes the layer trainable. Default
   * true.
   */
  readonly trainable?: boolean;
}

/** Layer norm, as `layerNorm` makes it. */
export interface LayerNormLayer {
  readonly kind: "layerNorm";
  readonly epsilon: number;
  readonly trainable: boolean;
}

/**
 * Layer norm: gamma · (x − mean) / √(variance + epsilon) + beta, with the mean and the variance Σ (x − mean)² / units
 * of the units of each row, the same in training and in evaluation. gamma [units] is 1 and beta [units] is 0 at first.
 * J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", 2016; the formula of PyTorch's `nn.LayerNorm`.
 *
 * A row's outputs do not depend on the other rows. The output of a single unit is beta. A row whose variance overflows
 * becomes NaN (in float32, above 3e38: values of about 1e19). Time: five reads and three writes of the layer's outputs
 * in a step. Memory: 2 · units + 5 numbers for each row of a microbatch, besides its inputs.
 *
 * @throws BackpropError `invalidOption` for an epsilon that is not above 0.
 */
export function layerNorm(options: LayerNormOptions = {}): LayerNormLayer {
  return Object.freeze(readOptions("layerNorm", options, OPTIONS, { known: KIND }) as LayerNormLayer);
}

const KIND = { kind: "layerNorm" } as const;

const OPTIONS: OptionsOf<LayerNormOptions> = {
  epsilon: { check: requirePositive, default: 1e-5 },
  trainable: { check: ofType("boolean"), default: true },
};

export const layerNormDefinition: LayerDefinition<LayerNormLayer> = {
  kind: "layerNorm",
  isRandom: false,
  needsWholeBatch: false,
  parameterNames: NORM_PARAMETERS,
  check: (layer, path, dtype) => {
    const reading = { prefix: `${path}.`, dtype, known: KIND, isComplete: true };
    return readOptions(path, layer, OPTIONS, reading) as LayerNormLayer;
  },
  outputs: (_layer, inputs) => inputs,
  parameters: ({ trainable }, inputs) => normSpecs(inputs, trainable),
  encode: ({ epsilon }, inputs) => ({
    ...encodeWithoutActivation(inputs, epsilon),
    kind: LayerKindNumber.LayerNorm,
  }),
  summarize: ({ epsilon }) => `epsilon ${epsilon}`,
};
