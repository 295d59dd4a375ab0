// Checks of arguments. The message of each error names the argument, its value and what was expected.

import { type DType, dtypeOf, type FloatArray, isTypedArray, roundTo } from "./dtype.js";
import { BackpropError, type BackpropErrorDetails, type ErrorCode } from "./errors.js";
import { reasonOf, show } from "./show.js";
import { ignoreRejection } from "./work.js";

/** The core holds counts and sizes in 32 bits. */
const MAX_COUNT = 2 ** 32 - 1;

/**
 * Throws a BackpropError if `value` is not allowed. `argument`: its name in the message. With `dtype`, a number must be
 * allowed after it is rounded to that dtype, too, because the core rounds it.
 */
export type Check = (argument: string, value: unknown, dtype?: DType) => void;

export const requirePositiveInteger = integerWithin(1, MAX_COUNT, "a positive integer below 2^32");

export function requireInteger(argument: string, value: unknown, low: number, high: number): void {
  integerWithin(low, high)(argument, value);
}

/** Requires an integer from `low` to `high`. */
export function integerWithin(
  low: number,
  high: number,
  expected = `an integer from ${low} to ${high}`,
): Check {
  return (argument, value) => {
    const isAllowed = Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
    if (!isAllowed) throw invalid(argument, value, expected);
  };
}

export const requireFinite = numberThat("a finite number", () => true);
export const requireNotNegative = numberThat("a finite number of 0 or more", (x) => x >= 0, true);
export const requirePositive = numberThat("a finite number above 0", (x) => x > 0, true);
export const requireBelowOne = numberThat("a number from 0 to below 1", (x) => x >= 0 && x < 1);
export const requireShare = numberThat("a number from 0 to 1", (x) => x >= 0 && x <= 1);
export const requireBetween = numberThat("a number above 0 and below 1", (x) => x > 0 && x < 1);

/** Requires a finite number for which `isAllowed` is true. With `isScale`, a number other than 0 must not round to 0. */
function numberThat(expected: string, isAllowed: (x: number) => boolean, isScale = false): Check {
  return (argument, value, dtype) => {
    const x = value as number;
    if (!Number.isFinite(value) || !isAllowed(x)) throw invalid(argument, value, expected);
    if (dtype === undefined) return;
    const rounded = roundTo(dtype, x);
    const vanishes = isScale && rounded === 0 && x !== 0;
    if (Number.isFinite(rounded) && isAllowed(rounded) && !vanishes) return;
    throw invalid(argument, value, expected, misfit(rounded, dtype));
  };
}

function misfit(rounded: number, dtype: DType): string {
  if (rounded === 0) return `, which is too small for ${dtype}`;
  if (Number.isFinite(rounded)) return `, which rounds to ${rounded} in ${dtype}`;
  return `, which is too large for ${dtype}`;
}

/** Requires that both are finite, low ≤ high, and high − low is finite. */
export function requireRange(
  lowName: string,
  low: number,
  highName: string,
  high: number,
  dtype?: DType,
): void {
  requireFinite(lowName, low, dtype);
  requireFinite(highName, high, dtype);
  if (low > high) throw invalid(lowName, low, `a number not above ${highName}, which is ${high}`);
  if (Number.isFinite(dtype ? roundTo(dtype, high - low) : high - low)) return;
  throw invalid(highName, high, `a number at a finite distance from ${lowName}, which is ${low}`);
}

function invalid(argument: string, value: unknown, expected: string, why = ""): BackpropError {
  return new BackpropError("invalidOption", `${argument} is ${show(value)}${why}; expected ${expected}.`);
}

export function requireKnown(argument: string, value: unknown, known: readonly string[]): void {
  oneOf(known)(argument, value);
}

/** Requires one of these names. */
export function oneOf(known: readonly string[]): Check {
  return (argument, value) => {
    if (known.includes(value as string)) return;
    throw new BackpropError(
      "unknownName",
      `${argument} is ${show(value)}; expected one of ${known.map(show).join(", ")}.`,
    );
  };
}

export function ofType(type: "boolean" | "function" | "string", expected = `a ${type}`): Check {
  return (argument, value) => {
    if (typeof value !== type) throw invalid(argument, value, expected);
  };
}

/** Whether the function `of`, a function of the user, returned a promise. */
export function isPromise(of: string, returned: unknown): returned is PromiseLike<unknown> {
  return attempt(
    "invalidOption",
    `what ${of} returned`,
    () => typeof (returned as PromiseLike<unknown> | null | undefined)?.then === "function",
  );
}

/** Throws if the function `of` returned a promise, and ignores its rejection. `advice`: the rest of the message. */
export function refusePromise(
  of: string,
  returned: unknown,
  advice: string,
  details?: () => BackpropErrorDetails,
): void {
  if (!isPromise(of, returned)) return;
  ignoreRejection(returned);
  throw new BackpropError("invalidOption", `${of} returned a promise${advice}`, details?.());
}

/** Requires an object with these methods. `expected` describes it in the message. */
export function withMethods(methods: readonly string[], expected: string): Check {
  return (argument, value) =>
    attempt("invalidOption", argument, () => {
      const has = (method: string) => typeof (value as Record<string, unknown>)[method] === "function";
      if (typeof value !== "object" || value === null || !methods.every(has))
        throw invalid(argument, value, expected);
    });
}

/** Requires an object. `expected` describes it in the message. */
export function requireObject(argument: string, value: unknown, expected: string): void {
  if (typeof value !== "object" || value === null) throw invalid(argument, value, expected);
}

/** Requires an object of strings. */
export function requireTexts(argument: string, value: unknown): void {
  requireObject(argument, value, "an object of strings");
  for (const [name, text] of Object.entries(value as object)) {
    if (typeof text === "string") continue;
    throw new BackpropError(
      "invalidOption",
      `${argument}.${name} is ${show(text)}; expected a string. Use JSON.stringify.`,
    );
  }
}

/** Requires a Float32Array or Float64Array, and returns its dtype. */
export function requireFloats(argument: string, value: unknown): DType {
  const dtype = dtypeOf(value);
  if (dtype === undefined || !isTypedArray(value, (value as FloatArray).length))
    throw invalid(argument, value, "a Float32Array or a Float64Array");
  return dtype;
}

/** Requires an array of 1 to `max` elements, and returns its length. `expected` describes it in the message. */
export function requireList(argument: string, value: unknown, max: number, expected: string): number {
  const length: unknown = Array.isArray(value) ? value.length : undefined;
  if (Number.isInteger(length) && (length as number) >= 1 && (length as number) <= max)
    return length as number;
  throw invalid(argument, value, expected);
}

/**
 * Requires an array without holes of at most `max` elements, or an object like one, and returns its length. A hole ends
 * the search: a huge array that is almost empty costs nothing.
 */
export function requireFull(argument: string, value: unknown, max: number): number {
  requireObject(argument, value, "an array");
  const list = value as ArrayLike<unknown>;
  const { length } = list;
  requireInteger(`${argument}.length`, length, 0, max);
  for (let i = 0; i < length; i++) {
    if (i in list) continue;
    throw new BackpropError(
      "invalidData",
      `${argument} has no element ${i}; expected ${length} elements without holes.`,
    );
  }
  return length;
}

/**
 * Requires an object whose keys are all in `known`, so that a misspelt option is not ignored silently. `noun`: what a
 * key names, for the message.
 */
export function requireKeys(
  of: string,
  options: unknown,
  known: Readonly<Record<string, unknown>>,
  noun = "option",
): void {
  if (typeof options !== "object" || options === null) {
    throw new BackpropError(
      "invalidOption",
      `${of} is given ${show(options)}; expected an object with ${namesOf(known)}.`,
    );
  }
  for (const key in options) {
    // This also allows keys of Object.prototype, where other scripts may have added enumerable ones.
    if (key in known) continue;
    throw new BackpropError(
      "invalidOption",
      `${of} has no ${noun} ${show(key)}; expected ${namesOf(known)}.`,
    );
  }
}

function namesOf(known: object): string {
  return Object.keys(known).map(show).join(", ") || "none";
}

/** An option: how it is checked and, if it can be left out, its default. */
export interface Option<T = unknown> {
  readonly check: Check;
  readonly default?: T | undefined;
}

/** All options of something, by name. */
export type OptionsOf<T> = { readonly [K in keyof T]-?: Option<T[K]> };

export interface Reading<K = unknown> {
  /** What precedes the name of an option in messages, such as "layers[0]."; default "". */
  readonly prefix?: string;
  readonly dtype?: DType | undefined;
  /** Properties that were read and checked before. */
  readonly known?: K;
  /** Whether every option must be given, also those that have a default; default false. */
  readonly isComplete?: boolean;
}

/**
 * A plain copy of options that a user gave, checked and with the defaults of those that are not given. Reads every
 * option once, also from a getter or a prototype: what was checked is what is used.
 *
 * @throws BackpropError `invalidOption` if `given` is not an object, has an unknown key or cannot be read, and whatever
 *   the checks throw.
 */
export function readOptions<T extends object, K = unknown>(
  of: string,
  given: unknown,
  options: OptionsOf<T>,
  reading: Reading<K> = {},
): T & K {
  const { prefix = "", dtype, known, isComplete = false } = reading;
  try {
    requireKeys(of, given, known ? { ...known, ...options } : options);
    const values = { ...known } as T & K;
    for (const name in options) {
      const option = options[name];
      const value = (given as T & K)[name];
      const isLeftOut = value === undefined && !isComplete && "default" in option;
      if (!isLeftOut) option.check(prefix + name, value, dtype);
      values[name] = isLeftOut ? (option.default as (T & K)[typeof name]) : value;
    }
    return values;
  } catch (cause) {
    throw asBackpropError("invalidOption", `the options of ${of}`, cause);
  }
}

/**
 * Does work that reads what a user gave, which may run code of the user: getters, proxies. If that throws, throws a
 * BackpropError instead, with the exception as its cause.
 */
export function attempt<T>(code: ErrorCode, argument: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw asBackpropError(code, argument, cause);
  }
}

/** The BackpropError for `cause`, an exception that reading `argument` threw. `cause` itself if it is one. */
export function asBackpropError(code: ErrorCode, argument: string, cause: unknown): BackpropError {
  try {
    if (cause instanceof BackpropError) return cause;
  } catch {
    // `cause` is a revoked proxy, for which instanceof throws.
  }
  return new BackpropError(code, `${argument} cannot be read: ${reasonOf(cause)}.`, { cause });
}
