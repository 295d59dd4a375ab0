// Bytes that a user gave.

import { isBytes, lengthOf } from "../dtype.js";
import { BackpropError } from "../index.js";
import { show } from "../show.js";
import { attempt } from "../validation.js";

/**
 * The bytes of a Uint8Array (a Node Buffer is one) or an ArrayBuffer, without copying them.
 *
 * @throws BackpropError `invalidOption`.
 */
export function requireBytes(argument: string, value: unknown): Uint8Array {
  if (isBytes(value)) return new Uint8Array(value.buffer, value.byteOffset, lengthOf(value));
  if (attempt("invalidOption", argument, () => value instanceof ArrayBuffer)) {
    return new Uint8Array(value as ArrayBuffer);
  }
  throw new BackpropError(
    "invalidOption",
    `${argument} is ${show(value)}; expected a Uint8Array or an ArrayBuffer with the content of a file.`,
  );
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error for bytes that are not a whole file of the format. */
export function malformed(argument: string, why: string, cause?: unknown): BackpropError {
  return new BackpropError(
    "invalidData",
    `${argument} cannot be read: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}
