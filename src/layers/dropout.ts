import { LayerKindNumber } from "../abi/structs.js";
import { type OptionsOf, readOptions, requireBelowOne } from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition } from "./definition.js";

/** Dropout, as `dropout` makes it. */
export interface DropoutLayer {
  readonly kind: "dropout";
  /** The probability with which each input is set to 0. */
  readonly rate: number;
}

/**
 * Dropout: in training each input is set to 0 with probability `rate`, and the others are divided by 1 − rate;
 * `predict`, `evaluate` and `gradients` pass inputs on unchanged. N. Srivastava et al., "Dropout: A Simple Way to
 * Prevent Neural Networks from Overfitting", JMLR 15 (2014).
 *
 * Which inputs are dropped is a function of the network's `seed`, the number of steps it was trained for, the layer,
 * and the place in the batch: the same for any number of threads.
 *
 * @param rate from 0 to below 1.
 * @throws BackpropError `invalidOption` for another rate.
 */
export function dropout(rate: number): DropoutLayer {
  return Object.freeze(readOptions("dropout", { rate }, OPTIONS, { known: KIND }));
}

const KIND = { kind: "dropout" } as const;

const OPTIONS: OptionsOf<Omit<DropoutLayer, "kind">> = { rate: { check: requireBelowOne } };

export const dropoutDefinition: LayerDefinition<DropoutLayer> = {
  kind: "dropout",
  isRandom: true,
  needsWholeBatch: false,
  parameterNames: [],
  check: (layer, path, dtype) =>
    readOptions(path, layer, OPTIONS, { prefix: `${path}.`, dtype, known: KIND }),
  outputs: (_layer, inputs) => inputs,
  parameters: () => [],
  encode: ({ rate }, inputs) => ({
    kind: LayerKindNumber.Dropout,
    ...encodeWithoutActivation(inputs, rate),
  }),
  summarize: ({ rate }) => `rate ${rate}`,
};
