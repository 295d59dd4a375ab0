// What each kind of layer must define. All other code uses layers through this interface.

import type { FieldValues } from "../abi/struct.js";
import { ActivationNumber, type LayerDescriptionStruct } from "../abi/structs.js";
import type { DType } from "../dtype.js";
import type { Initializer } from "../initializers.js";

/**
 * One tensor of a layer: trainable ones have gradients and are updated, frozen ones keep their values, buffers are
 * written by the layer itself in training.
 */
export interface ParameterSpec {
  /** Its name in `network.parameters[i]`, such as "kernel". */
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: "trainable" | "frozen" | "buffer";
  /** Whether weight decay applies to it. */
  readonly decays: boolean;
  readonly initializer: Initializer;
  /** The layer's fan-in and fan-out, for the initializer. */
  readonly inputs: number;
  readonly units: number;
}

/** The role of a layer's parameters, given its option `trainable`. */
export function roleOf(trainable: boolean): ParameterSpec["role"] {
  return trainable ? "trainable" : "frozen";
}

/** The fields of the core's struct for a layer that has no activation and no bias. */
export function encodeWithoutActivation(units: number, parameter = 0) {
  return { units, activation: ActivationNumber.Linear, useBias: 0, parameter };
}

export interface LayerDefinition<L extends { readonly kind: string }> {
  readonly kind: L["kind"];
  /**
   * A checked copy of a layer that a user gave and whose kind was read. `path`: the name of the layer in messages, such
   * as "layers[0]".
   *
   * @throws BackpropError `invalidOption` or `unknownName`.
   */
  check(layer: unknown, path: string, dtype: DType): L;
  /**
   * Checks the position of the layer (`index`) and the number of columns of its input. Not given: any position is
   * allowed.
   *
   * @throws BackpropError `invalidOption`.
   */
  checkPlace?(layer: L, index: number, inputs: number): void;
  /** Columns of its output for `inputs` columns of input. */
  outputs(layer: L, inputs: number): number;
  /**
   * The property names of `network.parameters[i]`, without buffers. A parameter that this layer lacks, such as a bias,
   * is null there.
   */
  readonly parameterNames: readonly string[];
  /** Its parameters, then its buffers, in the order of the core. */
  parameters(layer: L, inputs: number): readonly ParameterSpec[];
  /** Whether it draws random numbers in training. */
  readonly isRandom: boolean;
  /** Whether training must pass all rows of a batch through the network at once, and at least two. */
  readonly needsWholeBatch: boolean;
  /** The layer as the core's struct, without the address of an embedding's columns. */
  encode(layer: L, inputs: number): FieldValues<typeof LayerDescriptionStruct>;
  /** One or two words for `summary`, such as the activation. */
  summarize(layer: L): string;
}
