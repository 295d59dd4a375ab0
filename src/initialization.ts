// Calls initializers, and says what one has done wrong.

import type { Initializer, ParameterTensor } from "./initializers.js";
import { show } from "./show.js";
import { ignoreRejection } from "./work.js";

/** Fills `tensor.values`. Returns what the initializer did wrong, as a part of a message; undefined if nothing. */
export function fillTensor(initializer: Initializer, tensor: ParameterTensor): string | undefined {
  const { length } = tensor.values;
  const returned: unknown = initializer(tensor);
  if (returned !== undefined) {
    ignoreRejection(returned);
    return `returned ${show(returned)}`;
  }
  return tensor.values.length === length ? undefined : "transferred `values`";
}

/** A common mistake is `glorotUniform` without its parentheses: it returns a function and fills nothing. */
export function initializerMessage(layer: number, name: string, did: string): string {
  return (
    `layers[${layer}].${name}Initializer ${did}; expected a function that fills \`values\` with finite numbers, such as ` +
    "glorotUniform() (with its parentheses)."
  );
}
