// Saving to files that have names, and loading from them: in Node and in a browser.

import { isBytes } from "../dtype.js";
import { BackpropError, type ErrorCode } from "../errors.js";
import { type Layer, type LoadOptions, loadNetwork, type Network } from "../index.js";
import { reasonOf, show } from "../show.js";

/** What can be saved: a network, or the bytes of a file, such as those that `network.saveWeights()` returns. */
export type Savable = { save(): Uint8Array | Promise<Uint8Array> } | Uint8Array;

/** @throws BackpropError (rejects) `invalidOption`, and what `network.save()` throws. */
export async function bytesToSave(of: string, given: Savable): Promise<Uint8Array> {
  const bytes =
    typeof (given as { save?: unknown } | null)?.save === "function"
      ? await (given as Network).save()
      : given;
  if (isBytes(bytes)) return bytes;
  throw new BackpropError(
    "invalidOption",
    `${of} is given ${show(given)}; expected a network, or the bytes of a file, a Uint8Array.`,
  );
}

/** `loadNetwork` for the bytes of a file, which its errors name. */
export async function loadNamed(
  bytes: Uint8Array,
  file: string,
  options: LoadOptions | undefined,
): Promise<Network<readonly Layer[]>> {
  try {
    return await loadNetwork(bytes, options);
  } catch (cause) {
    if (!(cause instanceof BackpropError && cause.code === "invalidFile")) throw cause;
    throw new BackpropError("invalidFile", `${file}: ${cause.message}`, { cause });
  }
}

/** What to do about an exception of a file system, and the code of the error for it if it is not `fileUnavailable`. */
export interface Explanation {
  readonly advice: string;
  readonly code?: ErrorCode;
}

/** The error for an exception of a file system. A BackpropError stays as it is. `did`: "cannot be read". */
export function fileError(
  file: string,
  did: string,
  cause: unknown,
  { advice, code = "fileUnavailable" }: Explanation,
): BackpropError {
  if (cause instanceof BackpropError) return cause;
  return new BackpropError(code, `The file ${file} ${did} (${reasonOf(cause)}). ${advice}`, { cause });
}
