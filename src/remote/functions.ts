// The functions of a fit, which stay on the page. The worker asks for their results.

import type { DataStream } from "../index.js";
import type { StandIn } from "./messages.js";

/** The functions in the arguments of a call. A stand-in has the index of its function. */
export type Functions = ((argument: never) => unknown)[];

/** Keeps a function or an object on the page, and returns its stand-in. Undefined: it is not kept. */
export type Keep = (value: object, path: string, functions: Functions) => StandIn | undefined;

const CALLBACK = /^\[\d\]\.(onEpoch|onBatch|onProgress|checkpoint\.save)$/;
const STREAM = /^\[0\]$|^\[\d\]\.validationData$/;

/** Keeps the callbacks and the streams of a fit. */
export const keepFunctions: Keep = (value, path, functions) => {
  if (typeof value !== "function") return undefined;
  const keep = ($: string, kept: (argument: never) => unknown) => ({ $, of: functions.push(kept) - 1 });
  if (CALLBACK.test(path)) return keep("callback", answerOf(value as Functions[number]));
  if (STREAM.test(path)) return keep("stream", readerOf(value as DataStream));
  return undefined;
};

/** The worker needs to know only whether the result is false. Other results may be values that cannot be sent. */
function answerOf(callback: (info: never) => unknown): (info: never) => Promise<false | undefined> {
  return async (info) => ((await callback(info)) === false ? false : undefined);
}

/**
 * Reads a stream by commands: "open" calls its function, and returns { value } if that did not return an iterable;
 * "next" returns the next result of the iterator; "return" closes it.
 */
function readerOf(stream: DataStream): (command: "open" | "next" | "return") => Promise<unknown> {
  let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  const commands = {
    async open() {
      const value: unknown = await stream();
      const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: openSync } = Object(value);
      const open: unknown = openAsync ?? openSync;
      if (typeof open !== "function") return { value };
      iterator = open.call(value);
      return undefined;
    },
    async next() {
      const result = await iterator!.next();
      if (typeof result !== "object" || result === null || result.done) return result;
      return { done: false, value: await result.value };
    },
    async return() {
      await iterator!.return?.();
      return {};
    },
  };
  return (command) => commands[command]();
}
