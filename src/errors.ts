import type { History } from "./history.js";

/** What went wrong, for programs. The message explains it for people. */
export type ErrorCode =
  | "invalidOption"
  | "unknownName"
  | "invalidShape"
  | "invalidData"
  | "invalidLabel"
  | "disposed"
  | "busy"
  | "diverged"
  | "aborted"
  | "coreUnavailable"
  | "invalidFile"
  | "fileNotFound"
  | "fileUnavailable"
  | "unsupported"
  | "outOfMemory";

export interface BackpropErrorDetails {
  /** The exception that caused this error, or the reason of an AbortSignal. */
  cause?: unknown;
  /** The epoch, counted from 0, in which training diverged or was aborted. */
  epoch?: number;
  /** The batch of that epoch, counted from 0, in which training diverged. */
  batch?: number;
  /** The layer, counted from 0, in which training diverged, as far as that is known. */
  layer?: number | undefined;
  /** The finished epochs of the training that was stopped. */
  history?: History;
}

/**
 * The only class of errors that the library throws. What was trained before the error stays in the network.
 */
export class BackpropError extends Error {
  override readonly name = "BackpropError";
  readonly code: ErrorCode;
  readonly epoch: number | undefined;
  readonly batch: number | undefined;
  readonly layer: number | undefined;
  readonly history: History | undefined;

  constructor(code: ErrorCode, message: string, details: BackpropErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.epoch = details.epoch;
    this.batch = details.batch;
    this.layer = details.layer;
    this.history = details.history;
  }
}
