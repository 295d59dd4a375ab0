// The comparison that `npm run test:tools` makes.

import { describe, expect, it } from "vitest";
import { findDifferences } from "./tools/compare.js";

const base64 = (...values: number[]) => Buffer.from(Float64Array.from(values).buffer).toString("base64");
const document = (changes: object = {}) => ({
  versions: { numpy: "2.4.6" },
  seed: 3,
  bits: "3ff0",
  cases: [{ dtype: "float64", losses: [0.5, 1e-3], parameters: base64(1, -2) }],
  ...changes,
});
const withCase = (changes: object) => document({ cases: [{ ...document().cases[0], ...changes }] });

describe("the comparison of reference figures", () => {
  it("accepts the same document, other versions, and rounding errors", () => {
    expect(findDifferences(document(), document())).toEqual([]);
    expect(findDifferences(document({ versions: { numpy: "3" } }), document())).toEqual([]);
    expect(findDifferences(withCase({ losses: [0.5 + 1e-12, 1e-3] }), document())).toEqual([]);
    expect(findDifferences(withCase({ parameters: base64(1, -2 - 1e-12) }), document())).toEqual([]);
    const float32 = withCase({ dtype: "float32" });
    expect(findDifferences(withCase({ dtype: "float32", losses: [0.500001, 1e-3] }), float32)).toEqual([]);
  });

  it.each([
    ["a number", withCase({ losses: [0.5 + 1e-9, 1e-3] }), "cases.0.losses.0: 0.500000001 instead of 0.5"],
    ["NaN", withCase({ losses: [Number.NaN, 1e-3] }), "cases.0.losses.0"],
    ["another length", withCase({ losses: [0.5] }), "cases.0.losses.1: another type"],
    [
      "a number in base64",
      withCase({ parameters: base64(1, -2 - 1e-9) }),
      "cases.0.parameters: another text",
    ],
    ["fewer numbers in base64", withCase({ parameters: base64(1) }), "cases.0.parameters: another text"],
    ["bits", document({ bits: "3ff1" }), "bits: another text"],
    ["a missing entry", document({ seed: undefined }), "seed: another type"],
    ["a further entry", document({ more: 1 }), "more: another type"],
    ["another type", document({ cases: 1 }), "cases: another type"],
    ["an object instead of an array", document({ cases: { ...document().cases } }), "cases: another type"],
  ])("finds %s that differs, and says where", (_, actual, expected) => {
    const differences = findDifferences(actual, document());
    expect(differences).toHaveLength(1);
    expect(differences[0]).toContain(expected);
  });
});
