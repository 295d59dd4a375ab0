import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  minMaxScaler,
  robustScaler,
  type ScalerFitter,
  scalerFromJSON,
  standardScaler,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly rows: number[][];
  readonly scaled: number[][];
  readonly others: number[][];
  readonly scaledOthers: number[][];
}

const { versions, cases } = JSON.parse(
  readFileSync(new URL("reference/scalers.json", import.meta.url), "utf8"),
) as { versions: Record<string, string>; cases: Case[] };

const FITTERS: Record<string, ScalerFitter> = {
  standard: standardScaler(),
  minMax: minMaxScaler(),
  "minMax from -1 to 1": minMaxScaler({ range: [-1, 1] }),
  "minMax from 2 to 2.5": minMaxScaler({ range: [2, 2.5] }),
  robust: robustScaler(),
};

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-10): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  }
}

describe(`a scaler has the figures of scikit-learn ${versions["scikit-learn"]}`, () => {
  it.each(cases.map((example) => [example.kind, example.name, example] as const))(
    "%s, %s",
    (kind, _, { rows, scaled, others, scaledOthers }) => {
      const scaler = FITTERS[kind]!.fit(rows);
      expectClose(scaler.transform(rows).data, scaled.flat());
      expectClose(scaler.transform(others).data, scaledOthers.flat());
      const largest = rows.flat().reduce((max, x) => Math.max(max, Math.abs(x)), 1);
      expectClose(scaler.inverse(scaler.transform(others)).data, others.flat(), 1e-12 * largest);
    },
  );
});

describe.each(Object.entries(FITTERS))("a scaler, %s,", (_, fitter) => {
  it("names columns without spread, and does not divide by 0", () => {
    const scaler = fitter.fit([
      [0.1, 1, -1e6],
      [0.1, 2, -1e6],
      [0.1, 3, -1e6],
    ]);
    expect(scaler.constantColumns).toEqual([0, 2]);
    expect(scaler.transform([[0.1, 2, -1e6]]).data.every(Number.isFinite)).toBe(true);
  });

  it("gives the same bits after JSON", () => {
    const rows = [
      [0.1, 5],
      [0.7, -3],
      [0.2, 8],
    ];
    const scaler = fitter.fit(rows);
    const loaded = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
    expect(loaded.transform(rows).data).toEqual(scaler.transform(rows).data);
    expect(loaded.toJSON()).toEqual(scaler.toJSON());
    expect(Object.keys(scaler.toJSON()).toSorted()).toEqual(["center", "constantColumns", "kind", "scale"]);
  });

  it("keeps shape and float32, and leaves the rows alone", () => {
    const rows = Float32Array.of(1, 2, 4);
    const scaled = fitter.fit(rows).transform(rows);
    expect(scaled.shape).toEqual([3]);
    expect(scaled.data).toBeInstanceOf(Float32Array);
    expect(rows).toEqual(Float32Array.of(1, 2, 4));
    expect(fitter.fit([[1], [2]]).transform([[1]]).shape).toEqual([1, 1]);
  });

  it("refuses other columns, and numbers that are not finite", () => {
    const scaler = fitter.fit([
      [1, 2],
      [3, 4],
    ]);
    expect(errorOf(() => scaler.transform([[1]])).message).toBe(
      "rows has rows of 1 numbers; expected 2 a row.",
    );
    expect(errorOf(() => scaler.inverse([[1, Number.NaN]])).code).toBe("invalidData");
    expect(errorOf(() => fitter.fit([])).code).toBe("invalidShape");
    expect(errorOf(() => fitter.fit([[-1.7e308], [-1.7e308], [1.7e308], [1.7e308]])).message).toBe(
      "column 0 of rows spreads over more than float64 numbers do; expected smaller numbers.",
    );
  });
});

describe("minMaxScaler", () => {
  it.each([[[1, 1]], [[1, 0]], [[0]], [[0, 1, 2]], [[0, Infinity]], ["01"], [3]])(
    "refuses the range %j",
    (range) => {
      expect(errorOf(() => minMaxScaler({ range: range as never })).code).toBe("invalidOption");
    },
  );
});

describe("scalerFromJSON", () => {
  const THROWING = {
    has() {
      throw new Error("boom");
    },
  };
  const state = standardScaler()
    .fit([
      [1, 2],
      [3, 4],
    ])
    .toJSON();

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /^scalerFromJSON is given undefined; expected an object with "kind"/],
    [
      "another kind",
      { ...state, kind: "max" },
      /^kind is "max"; expected one of "standard", "minMax", "robust"/,
    ],
    ["a missing part", { ...state, scale: undefined }, /^scale is undefined; expected an array/],
    [
      "no columns",
      { ...state, center: [], scale: [], constantColumns: [] },
      /^center has 0 numbers and scale has 0/,
    ],
    [
      "a column that does not exist",
      { ...state, constantColumns: [2] },
      /^constantColumns\[0\] is 2; expected an/,
    ],
    [
      "a list that throws",
      { ...state, scale: new Proxy([1, 1], THROWING) },
      /^scale cannot be read: boom\.$/,
    ],
    ["text", { ...state, center: ["1", 2] }, /^center\[0\] is "1"; expected a finite number/],
    ["a scale of 0", { ...state, scale: [1, 0] }, /^scale\[1\] is 0; expected a finite number above 0/],
    [
      "different lengths",
      { ...state, scale: [1] },
      /^center has 2 numbers and scale has 1; expected one of each/,
    ],
  ])("refuses %s", (_, given, message) => {
    expect(errorOf(() => scalerFromJSON(given as never)).message).toMatch(message);
  });
});
