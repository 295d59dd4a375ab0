import { describe, expect, it } from "vitest";
import { reasonOf, show } from "../src/show.js";

function boom(): never {
  throw new Error("boom");
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const HOSTILE: [string, unknown][] = [
  ["a throwing toString", { toString: boom }],
  ["a throwing toPrimitive", { [Symbol.toPrimitive]: boom }],
  [
    "a throwing constructor",
    {
      get constructor() {
        return boom();
      },
    },
  ],
  ["a throwing class name", { constructor: { name: { toString: boom } } }],
  [
    "a throwing tag",
    {
      constructor: null,
      get [Symbol.toStringTag]() {
        return boom();
      },
    },
  ],
  ["a proxy that always throws", new Proxy({}, { get: boom, getPrototypeOf: boom })],
  ["an array that always throws", new Proxy([], { get: boom })],
  ["a revoked proxy", revoked()],
  ["a long text", "x".repeat(1e6)],
  ["a long class name", { constructor: { name: "x".repeat(1e6) } }],
  ["a long symbol", Symbol("x".repeat(1e6))],
  ["a huge bigint", 1n << 1_000_000n],
  ["a long list", new Array(2 ** 32 - 1)],
];

describe("a value in a message", () => {
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["-0.5", -0.5],
    ["10n", 10n],
    ['"a\\n"', "a\n"],
    ["Symbol(s)", Symbol("s")],
    ["a function", () => 1],
    ["an array of 2", [1, 2]],
    ["an object (Object)", {}],
    ["an object (no class)", Object.create(null)],
    ["an object (Float32Array)", new Float32Array(2)],
    ["an object (Generator)", (function* () {})()],
  ])("has the text %s", (text, value) => {
    expect(show(value)).toBe(text);
  });

  it.each(HOSTILE)("has a short text, without throwing: %s", (_, value) => {
    expect(show(value).length).toBeGreaterThan(0);
    expect(show(value).length).toBeLessThan(100);
    // Reasons of systems and engines are longer.
    for (const text of [reasonOf(value), reasonOf(Object.assign(new Error(), { message: value }))]) {
      expect(text.length).toBeGreaterThan(0);
      expect(text.length).toBeLessThan(420);
    }
  });

  it("is, as a reason, the message of an error or a text, in full and without full stops at its end", () => {
    const policy = `Refused to compile: ${"'unsafe-eval' is not an allowed source ".repeat(5)}of script`;
    expect([reasonOf(new Error(`${policy}..`)), reasonOf("it ended."), reasonOf(5)]).toEqual([
      policy,
      "it ended",
      "5",
    ]);
  });
});
