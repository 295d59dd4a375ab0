import { LayerKindNumber } from "../abi/structs.js";
import { type OptionsOf, readOptions, requireNotNegative } from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition } from "./definition.js";

/** Gaussian noise, as `gaussianNoise` makes it. */
export interface GaussianNoiseLayer {
  readonly kind: "gaussianNoise";
  /** The standard deviation of the noise. */
  readonly deviation: number;
}

/**
 * Gaussian noise: in training, adds a normal random number with mean 0 and standard deviation `deviation` to each
 * input, as Keras's GaussianNoise. `predict`, `evaluate` and `gradients` do not change the inputs. K. Matsuoka, "Noise
 * injection into inputs in back-propagation learning", IEEE Trans. Syst. Man Cybern. 22 (1992).
 *
 * The numbers are a function of the network's `seed`, the number of training steps taken, the layer, and the position
 * in the batch. They are the same for any number of threads, and in float32 and float64. They have the precision of
 * float32, and none is larger than 6.8 deviations. An input takes about 6 ns in a training step, and no memory besides
 * its output.
 *
 * @param deviation 0 or more.
 * @throws BackpropError `invalidOption` for a deviation that is not a finite number of 0 or more.
 */
export function gaussianNoise(deviation: number): GaussianNoiseLayer {
  return Object.freeze(readOptions("gaussianNoise", { deviation }, OPTIONS, { known: KIND }));
}

const KIND = { kind: "gaussianNoise" } as const;

const OPTIONS: OptionsOf<Omit<GaussianNoiseLayer, "kind">> = { deviation: { check: requireNotNegative } };

export const gaussianNoiseDefinition: LayerDefinition<GaussianNoiseLayer> = {
  kind: "gaussianNoise",
  isRandom: true,
  needsWholeBatch: false,
  parameterNames: [],
  check: (layer, path, dtype) =>
    readOptions(path, layer, OPTIONS, { prefix: `${path}.`, dtype, known: KIND }),
  outputs: (_layer, inputs) => inputs,
  parameters: () => [],
  encode: ({ deviation }, inputs) => ({
    kind: LayerKindNumber.GaussianNoise,
    ...encodeWithoutActivation(inputs, deviation),
  }),
  summarize: ({ deviation }) => `deviation ${deviation}`,
};
