// Turns a status of the core into an error. No other file does. The wrapper checks what users give before the core
// does, so most of these errors mean a mistake in the wrapper, or a core of another version.

import { StatusNumber } from "../abi/structs.js";
import { BackpropError, type ErrorCode } from "../errors.js";

type StatusName = keyof typeof StatusNumber;

const ERRORS: { readonly [N in StatusName]?: readonly [ErrorCode, string] } = {
  WrongVersion: [
    "coreUnavailable",
    "The WebAssembly core that was loaded belongs to another version of this library. Serve the .wasm files of " +
      "this version.",
  ],
  TooLarge: [
    "outOfMemory",
    "The network needs more than the 4 GiB that WebAssembly can address. Use smaller layers, or dtype float32.",
  ],
};

/** @throws BackpropError if the core refused a call with this status. */
export function requireAccepted(status: number): void {
  if (status > StatusNumber.StepNotFinite) throw refused(status);
}

function refused(status: number): BackpropError {
  const names = Object.keys(StatusNumber) as StatusName[];
  const name = names.find((name) => StatusNumber[name] === status);
  const [code, message] = (name && ERRORS[name]) ?? [
    "invalidOption",
    `The WebAssembly core refused a call with status ${name ?? status}. This is a mistake in the library: please report it.`,
  ];
  return new BackpropError(code, message);
}
