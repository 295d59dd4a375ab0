// Checks of arguments. The message of each error names the argument, its value and what was expected.

import { BackpropError } from "./errors.js";

/** The core holds counts and sizes in 32 bits. */
const LARGEST_COUNT = 2 ** 32 - 1;

export function requirePositiveInteger(argument: string, value: unknown): void {
  if (isIntegerWithin(value, 1, LARGEST_COUNT)) return;
  throw invalid(argument, value, "a positive integer below 2^32");
}

export function requireInteger(argument: string, value: unknown, low: number, high: number): void {
  if (isIntegerWithin(value, low, high)) return;
  throw invalid(argument, value, `an integer from ${low} to ${high}`);
}

export function requireFinite(argument: string, value: unknown): void {
  if (!Number.isFinite(value)) throw invalid(argument, value, "a finite number");
}

export function requireNotNegative(argument: string, value: unknown): void {
  if (!(Number.isFinite(value) && (value as number) >= 0))
    throw invalid(argument, value, "a finite number of 0 or more");
}

export function requirePositive(argument: string, value: unknown): void {
  if (!(Number.isFinite(value) && (value as number) > 0))
    throw invalid(argument, value, "a finite number above 0");
}

/** Requires a number in [0, 1). */
export function requireBelowOne(argument: string, value: unknown): void {
  if (!(Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1))
    throw invalid(argument, value, "a number from 0 to below 1");
}

/** Requires that both are finite, low ≤ high, and high − low is finite. */
export function requireRange(lowName: string, low: number, highName: string, high: number): void {
  requireFinite(lowName, low);
  requireFinite(highName, high);
  if (low > high) throw invalid(lowName, low, `a number not above ${highName}, which is ${high}`);
  if (Number.isFinite(high - low)) return;
  throw invalid(highName, high, `a number at a finite distance from ${lowName}, which is ${low}`);
}

function isIntegerWithin(value: unknown, low: number, high: number): boolean {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

function invalid(argument: string, value: unknown, expected: string): BackpropError {
  return new BackpropError("invalidOption", `${argument} is ${show(value)}; expected ${expected}.`);
}

export function requireKnown(argument: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new BackpropError(
    "unknownName",
    `${argument} is ${show(value)}; expected one of ${known.map(show).join(", ")}.`,
  );
}

export function requireType(argument: string, value: unknown, type: "boolean" | "function"): void {
  if (typeof value !== type) throw invalid(argument, value, `a ${type}`);
}

/** Requires a value with these methods. `expected` describes it in the message. */
export function requireMethods(
  argument: string,
  value: unknown,
  methods: readonly string[],
  expected: string,
): void {
  const has = (method: string) => typeof (value as Record<string, unknown> | null)?.[method] === "function";
  if (!methods.every(has)) throw invalid(argument, value, expected);
}

/** Requires an object. `expected` describes it in the message. */
export function requireObject(argument: string, value: unknown, expected: string): void {
  if (typeof value !== "object" || value === null) throw invalid(argument, value, expected);
}

/** Requires that options have only known keys. A misspelt option would otherwise be ignored silently. */
export function requireKeys(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    const expected = `an object with ${known.map(show).join(", ")}`;
    throw new BackpropError("invalidOption", `${of} is given ${show(options)}; expected ${expected}.`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new BackpropError(
      "invalidOption",
      `${of} has no option ${show(key)}; expected ${known.map(show).join(", ")}.`,
    );
  }
}

/** A value as text for a message: short, with quotes around strings. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return `an object (${value.constructor?.name ?? "no class"})`;
  return String(value);
}
