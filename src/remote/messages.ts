// The messages between a page and the worker that trains its network, and the values in them.

import type { BackpropErrorDetails, ErrorCode, ParameterTensor, RandomStream } from "../index.js";

/** Represents, in a message, a value that structured cloning cannot copy. `$`: the kind of value. */
export interface StandIn {
  readonly $: string;
  readonly of: unknown;
}

export type MessageToWorker =
  /** Asks for a method or a property of the network. */
  | { readonly kind: "call"; readonly id: number; readonly member: string; readonly args: readonly unknown[] }
  /** The signal of a call was aborted. */
  | { readonly kind: "abort"; readonly id: number }
  /** The result of a function, or the number of the exception that it threw. */
  | { readonly kind: "answer"; readonly id: number; readonly value?: unknown; readonly thrown?: number };

/** `epoch`: the network's finished epochs. */
export type MessageToPage =
  /** The result of a call, or the error that it threw. */
  | {
      readonly kind: "reply";
      readonly id: number;
      readonly epoch: number;
      readonly value?: unknown;
      readonly error?: ErrorMessage;
    }
  /** Asks for the result of function number `index` in the arguments of the call. */
  | {
      readonly kind: "ask";
      readonly id: number;
      readonly epoch: number;
      readonly call: number;
      readonly index: number;
      readonly argument: unknown;
    };

export type ErrorMessage =
  | { readonly code: ErrorCode; readonly message: string; readonly details: BackpropErrorDetails }
  /** The number of an exception that a function on the page threw. */
  | { readonly thrown: number }
  /** Any other exception, which is a mistake in the library. */
  | { readonly exception: unknown };

type Values = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A call of an initializer, which the page makes. */
export interface InitializerDraw extends Omit<ParameterTensor, "random"> {
  readonly values: Values;
  readonly layer: number;
  /** "kernel" or "bias". */
  readonly name: string;
}

/** A call of the random stream, which the page makes. */
export interface StreamDraw {
  readonly fill: keyof RandomStream;
  readonly values: Values;
  readonly bounds: readonly [number, number];
}

/** What `createNetwork` asks for in the worker, and the page draws. */
export type Draw = InitializerDraw | StreamDraw;

/** What the worker says when it has created a network whose parameters are still to be drawn. */
export interface Created {
  readonly draws: readonly Draw[];
  readonly seed: number | undefined;
}

/** The maximum depth of objects in objects, because objects may be cyclic. */
const MAX_DEPTH = 8;

/**
 * A copy of `value` for a message, in which `replace` has replaced objects and functions: those for which it returns a
 * stand-in. `path`: the name of `value` in messages. Typed arrays and rows of numbers are not copied.
 */
export function encode(
  value: unknown,
  replace: (value: object, path: string) => unknown,
  path = "",
): unknown {
  return convert(value, replace, escapeKey, path);
}

/** The value of a message. `open` gives the value of each stand-in. */
export function decode(value: unknown, open: (standIn: StandIn) => unknown): unknown {
  return convert(value, (each) => ("$" in each ? open(each as StandIn) : undefined), unescapeKey);
}

/** Keys that begin with $ get another one: an object of the user is no stand-in. */
function escapeKey(key: string): string {
  return key.startsWith("$") ? `$${key}` : key;
}

function unescapeKey(key: string): string {
  return key.startsWith("$") ? key.slice(1) : key;
}

function convert(
  value: unknown,
  replace: (value: object, path: string) => unknown,
  nameOf: (key: string) => string,
  path = "",
  depth = 0,
): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  if (depth === MAX_DEPTH) return value;
  const replaced = replace(value, path);
  if (replaced !== undefined) return replaced;
  if (isNumbers(value)) return value;
  const inner = (each: unknown, name: string) => convert(each, replace, nameOf, name, depth + 1);
  if (Array.isArray(value)) return value.map((each, i) => inner(each, `${path}[${i}]`));
  const copy: Record<string, unknown> = {};
  // With the options that are inherited from a prototype.
  for (const key in value) {
    copy[nameOf(key)] = inner(value[key as keyof object], path ? `${path}.${key}` : key);
  }
  return copy;
}

/** Whether a value is an array of numbers, or of rows of numbers. */
function isNumbers(value: object): boolean {
  if (ArrayBuffer.isView(value)) return true;
  if (!Array.isArray(value)) return false;
  const first: unknown = Array.isArray(value[0]) ? value[0][0] : value[0];
  return first === undefined || typeof first === "number" || ArrayBuffer.isView(first);
}
