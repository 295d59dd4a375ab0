import { LayerKindNumber } from "../abi/structs.js";
import type { DType } from "../dtype.js";
import { constant } from "../initializers.js";
import { type OptionsOf, ofType, readOptions, requireFinite } from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition, roleOf } from "./definition.js";

export interface PreluOptions {
  /** The initial slope below 0 of every unit; a finite number, default 0.25. */
  readonly initial?: number;
  /** False: training does not change the layer, until `network.setTrainable` makes it trainable. Default true. */
  readonly trainable?: boolean;
}

/** A PReLU layer, as `prelu` makes it. */
export interface PreluLayer {
  readonly kind: "prelu";
  readonly initial: number;
  readonly trainable: boolean;
}

/**
 * A rectifier with one learned slope for each unit: x if x is above 0, else alpha · x, with the parameter `alpha`
 * [units]. The same as PyTorch's `nn.PReLU(num_parameters=units)`. K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep
 * into Rectifiers", ICCV 2015. Put it after a dense layer without an activation. Memory: 128 · units numbers, besides
 * its outputs.
 *
 * @throws BackpropError `invalidOption` for an initial slope that is not a finite number.
 */
export function prelu(options: PreluOptions = {}): PreluLayer {
  return Object.freeze({ ...KIND, ...(readOptions("prelu", options, OPTIONS) as Required<PreluOptions>) });
}

const KIND = { kind: "prelu" } as const;

const OPTIONS: OptionsOf<PreluOptions> = {
  initial: { check: requireFinite, default: 0.25 },
  trainable: { check: ofType("boolean"), default: true },
};

function check(layer: unknown, path: string, dtype: DType): PreluLayer {
  const reading = { prefix: `${path}.`, dtype, known: KIND, isComplete: true };
  return readOptions(path, layer, OPTIONS as OptionsOf<Omit<PreluLayer, "kind">>, reading);
}

export const preluDefinition: LayerDefinition<PreluLayer> = {
  kind: "prelu",
  isRandom: false,
  needsWholeBatch: false,
  parameterNames: ["alpha"],
  check,
  outputs: (_layer, inputs) => inputs,
  parameters: ({ initial, trainable }, units) => [
    {
      name: "alpha",
      shape: Object.freeze([units]),
      role: roleOf(trainable),
      decays: false,
      initializer: constant(initial),
      inputs: units,
      units,
    },
  ],
  encode: (_layer, units) => ({
    kind: LayerKindNumber.PRelu,
    ...encodeWithoutActivation(units),
  }),
  summarize: ({ initial }) => `initial ${initial}`,
};
