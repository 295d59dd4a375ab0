import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Tensor } from "../src/index.js";
import {
  type Cell,
  type ColumnOptions,
  fitPreprocessor,
  type PreprocessorState,
  preprocessorFromJSON,
  readTable,
  type TableRow,
  type TableRows,
} from "../src/table.js";
import { errorOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

interface Case {
  readonly options: ColumnOptions;
  readonly rows: Cell[][];
  readonly transformed: number[][];
  readonly others: Cell[][];
  readonly transformedOthers: number[][];
}

const { versions, cases } = JSON.parse(
  readFileSync(new URL("reference/preprocessing.json", import.meta.url), "utf8"),
) as { versions: Record<string, string>; cases: Case[] };

/** Rows as objects: "column 0", "column 1", … */
function named(rows: readonly (readonly Cell[])[]): TableRow[] {
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [`column ${i}`, cell])));
}

describe(`a preprocessor has the figures of scikit-learn ${versions["scikit-learn"]}`, () => {
  it.each(cases.map((example) => [JSON.stringify(example.options), example] as const))(
    "%s",
    (_, { options, rows, transformed, others, transformedOthers }) => {
      const columns = Object.fromEntries(rows[0]!.map((_, i) => [`column ${i}`, options]));
      const preprocessor = fitPreprocessor(named(rows), { columns });
      for (const [given, expected] of [
        [rows, transformed],
        [others, transformedOthers],
      ] as const) {
        const actual = preprocessor.transform(named(given));
        expect(actual.shape).toEqual([expected.length, expected[0]!.length]);
        for (const [i, value] of expected.flat().entries()) {
          expect(Math.abs(actual.data[i]! - value)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(value)));
        }
      }
    },
  );
});

const ROWS = [
  { age: 20, city: "Rome", code: 7, note: null },
  { age: null, city: "Oslo", code: 8, note: null },
  { age: 40, city: null, code: 7, note: null },
];

describe("a preprocessor", () => {
  it("names its inputs, what it dropped and what it imputed", () => {
    const { inputs, report, embeddings } = fitPreprocessor(ROWS, { columns: { code: { type: "category" } } });
    expect(inputs).toEqual([
      "age",
      "age is missing",
      "city = Oslo",
      "city = Rome",
      "city is missing",
      "code = 7",
      "code = 8",
    ]);
    expect(report).toEqual({
      dropped: [{ column: "note", reason: "allMissing" }],
      imputed: [
        { column: "age", rows: 1, by: 30 },
        { column: "city", rows: 1, by: "" },
      ],
    });
    expect(embeddings).toEqual([]);
  });

  it.each<[string, Cell[], ColumnOptions | undefined]>([
    ["constant", [5, 5, 5], undefined],
    ["constant", [0.1, 0.1, null], { indicator: false }],
    ["constant", ["a", "a", "a"], undefined],
    ["allMissing", [null, "", Number.NaN], undefined],
    ["allDifferent", Array.from({ length: 21 }, (_, i) => `name ${i}`), undefined],
    ["ignored", [1, 2, 3], { type: "ignore" }],
  ])("drops a column that says nothing: %s, %j, %j", (reason, cells, options) => {
    const rows = { x: cells, y: cells.map((_, i) => i) };
    const { report, inputs } = fitPreprocessor(rows, { columns: options ? { x: options } : {} });
    expect(report.dropped).toEqual([{ column: "x", reason }]);
    expect(inputs).toEqual(["y"]);
  });

  it("keeps the indicator of a column that is constant where it is not missing", () => {
    const { transform } = bound(fitPreprocessor([{ x: 5 }, { x: null }]));
    expect(transform([{ x: 5 }, { x: null }, { x: 6 }])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
  });

  it("takes unknown categories as 0 in all inputs, one-hot and as the number of an embedding", () => {
    const rows = [{ city: "Rome" }, { city: "Oslo" }];
    const oneHot = bound(fitPreprocessor(rows));
    expect(oneHot.transform([{ city: "Rome" }, { city: "Bern" }, { city: null }])).toEqual([
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    const embedded = fitPreprocessor(rows, { encoding: "embedding", columns: { city: { units: 5 } } });
    expect(embedded.embeddings).toEqual([{ column: 0, categories: 3, units: 5 }]);
    expect(bound(embedded).transform([{ city: "Rome" }, { city: "Bern" }, { city: null }])).toEqual([
      [2],
      [0],
      [0],
    ]);
  });

  it("embeds more than 32 categories by default", () => {
    const city = Array.from({ length: 80 }, (_, i) => `city ${i % 40}`);
    const few = city.map((_, i) => `area ${i % 32}`);
    const { inputs, embeddings } = fitPreprocessor({ few, city, x: few.map((_, i) => i) });
    expect(inputs).toHaveLength(34);
    expect(embeddings).toEqual([{ column: 32, categories: 41, units: 7 }]);
  });

  it("keeps the types of a table, unless options give others", async () => {
    const table = await readTable("zip,floor\n0815,1\n4711,2\n", { types: { zip: "category" } });
    const { inputs } = fitPreprocessor(table, { columns: { floor: { type: "category" } } });
    expect(inputs).toEqual(["zip = 0815", "zip = 4711", "floor = 1", "floor = 2"]);
  });

  it("ignores other columns, and rows may leave out columns that it dropped", () => {
    const { transform } = bound(
      fitPreprocessor(ROWS, { scale: "none", indicator: false, columns: { city: { type: "ignore" } } }),
    );
    expect(transform([{ age: "25", code: 7, other: "x" }])).toEqual([[25, 7]]);
    expect(transform({ code: [1, 2], age: [Number.NaN, 3] })).toEqual([
      [30, 1],
      [3, 2],
    ]);
  });

  it("transforms a row to the same bits alone and among others", () => {
    const preprocessor = fitPreprocessor(ROWS);
    const all = preprocessor.transform(ROWS).toArray();
    for (const [i, row] of ROWS.entries()) expect(preprocessor.transform([row]).toArray()).toEqual([all[i]]);
    expect(preprocessor.transform(ROWS)).toBeInstanceOf(Tensor);
  });

  it("gives the same bits after JSON", () => {
    for (const encoding of ["oneHot", "embedding"] as const) {
      const preprocessor = fitPreprocessor(ROWS, { encoding });
      const loaded = preprocessorFromJSON(JSON.parse(JSON.stringify(preprocessor)));
      expect(loaded).toEqual(preprocessor);
      expect(loaded.toJSON()).toEqual(preprocessor.toJSON());
      expect(loaded.transform(ROWS).data).toEqual(preprocessor.transform(ROWS).data);
    }
  });

  it("keeps names that are properties of every object", () => {
    const rows = { ["__proto__"]: [1, 2], constructor: ["toString", "valueOf"] } as unknown as TableRows;
    const loaded = preprocessorFromJSON(JSON.parse(JSON.stringify(fitPreprocessor(rows))));
    expect(loaded.inputs).toEqual(["__proto__", "constructor = toString", "constructor = valueOf"]);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      "a column that no row has",
      () => fitPreprocessor(ROWS).transform([{ agee: 1, city: "Rome", code: 1 }]),
      "invalidData",
      'rows has no "age", only "agee", "city", "code"; expected each column that the model was trained on. A missing value is null.',
    ],
    [
      "text in a column of numbers",
      () => fitPreprocessor(ROWS).transform([{ age: "old", city: "", code: 1 }]),
      "invalidData",
      'rows[0]["age"] is "old"; expected a finite number, or a missing value.',
    ],
    [
      "columns that all say nothing",
      () => fitPreprocessor([{ a: 1 }, { a: 1 }]),
      "invalidData",
      'No column is left to learn from: "a" (constant).',
    ],
    [
      "options of an unknown column",
      () => fitPreprocessor(ROWS, { columns: { agee: {} } }),
      "unknownName",
      'a name in columns is "agee"; expected a column: "age", "city", "code", "note".',
    ],
    [
      "an unknown option of a column",
      () => fitPreprocessor(ROWS, { columns: { age: { scales: 1 } as object } }),
      "invalidOption",
      'columns["age"] has no option "scales"; expected "scale", "impute", "indicator", "encoding", "units", "type".',
    ],
    [
      "the mean of texts",
      () => fitPreprocessor(ROWS, { columns: { city: { impute: "mean" } } }),
      "invalidOption",
      'impute is "mean" for "city", a column of texts; expected "mean", "median" or "mostFrequent" for numbers, "mostFrequent" or "none" for texts.',
    ],
    [
      "numbers whose mean is not finite",
      () =>
        fitPreprocessor({ x: [1.7e308, 1.6e308, 0] }, { scale: "none", columns: { x: { impute: "mean" } } }),
      "invalidData",
      'The column "x" spreads over more than float64 numbers do; expected smaller numbers.',
    ],
    [
      "numbers that spread too far",
      () => fitPreprocessor({ x: [-1.7e308, -1.7e308, 1.7e308, 1.7e308] }),
      "invalidData",
      'The column "x" spreads over more than float64 numbers do; expected smaller numbers.',
    ],
  ])("refuses %s", (_, work, code, message) => {
    expect(errorOf(work)).toMatchObject({ code, message });
  });
});

/** `transform` with its result as arrays. */
function bound(preprocessor: ReturnType<typeof fitPreprocessor>) {
  return { transform: (rows: TableRows) => preprocessor.transform(rows).toArray() };
}

describe("preprocessorFromJSON", () => {
  const state = fitPreprocessor(ROWS).toJSON();
  const [age, city] = state.features as [object, object];

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /^preprocessorFromJSON is given undefined; expected an object with "version"/],
    ["a later version", { ...state, version: 2 }, /^version is 2; expected an integer from 1 to 1/],
    ["no features", { ...state, features: undefined }, /^features is undefined; expected an array/],
    [
      "a feature of another type",
      { ...state, features: [{ ...age, type: "date" }] },
      /^features\[0\]\.type is "date"/,
    ],
    [
      "a scale of 0",
      { ...state, features: [{ ...age, scale: 0 }] },
      /^features\[0\]\.scale is 0; expected a finite number above 0/,
    ],
    [
      "a part that is missing",
      { ...state, features: [age, { ...city, categories: undefined }] },
      /^features\[1\]\.categories is undefined/,
    ],
    [
      "a category that is no text",
      { ...state, features: [{ ...city, categories: [1] }] },
      /^features\[0\]\.categories\[0\] is 1; expected text/,
    ],
  ])("refuses %s", (_, given, message) => {
    expect(errorOf(() => preprocessorFromJSON(given as PreprocessorState)).message).toMatch(message);
  });

  it.each(Object.entries(HOSTILE))("refuses or reads %s", (_, create) => {
    for (const given of [
      create(),
      { ...state, features: create() },
      { ...state, features: [create()] },
      { ...state, dropped: create() },
    ]) {
      try {
        preprocessorFromJSON(given as PreprocessorState);
      } catch (error) {
        expect(error).toMatchObject({ name: "BackpropError" });
      }
    }
  });
});
