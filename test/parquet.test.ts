// Parquet files that pyarrow wrote: test/reference/parquet.py.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ParquetOptions, type ParquetSource, readParquet, trainTable } from "../src/table.js";
import { rejectionOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

const bytesOf = (name: string) =>
  new Uint8Array(readFileSync(new URL(`reference/${name}.parquet`, import.meta.url)));

const BYTES = bytesOf("types");

/** The columns of types.parquet without the list, which a table cannot have. */
const EXPECTED = {
  text: ["0815", "Zürich", "", "", 'b,"c"'],
  int32: [1, -2, Number.NaN, 4, 2 ** 31 - 1],
  int64: [1, -2, 3, 2 ** 53, Number.NaN],
  float: [0.5, Number.NaN, Number.NaN, -0.25, 1e10],
  double: [0.1, 1e-300, Number.NaN, -7, 3.5],
  decimal: [1.25, -2.5, 0, 10.01, Number.NaN],
  boolean: ["true", "false", "", "true", "false"],
  day: ["2026-11-28", "", "1969-12-31", "1970-01-01", "1970-01-01"],
  time: ["2026-11-28T12:30:00.000Z", "", ...Array(3).fill("1970-01-01T00:00:00.000Z")],
  none: Array(5).fill(Number.NaN),
  "2020": [1, 2, 3, 4, 5],
};
const NAMES = [...Object.keys(EXPECTED).slice(1), "2020"];

async function readColumns(source: ParquetSource, options: ParquetOptions = { columns: NAMES }) {
  const { columns } = await readParquet(source, options);
  return columns.map(({ name, values }) => [name, Array.from<unknown>(values)]);
}

describe("readParquet", () => {
  it.each<[string, () => ParquetSource]>([
    ["bytes", () => BYTES],
    [
      "bytes in a larger buffer",
      () => Buffer.concat([Buffer.from("x"), BYTES, Buffer.from("y")]).subarray(1, -1),
    ],
    ["an ArrayBuffer", () => BYTES.slice().buffer],
    ["a Blob", () => new Blob([BYTES])],
    [
      "parts",
      () => ({
        byteLength: BYTES.length,
        slice: async (start: number, end?: number) => BYTES.slice(start, end).buffer,
      }),
    ],
  ])("reads strings, numbers, booleans, dates and missing values from %s", async (_, source) => {
    expect(await readColumns(source())).toEqual(
      NAMES.map((name) => [name, EXPECTED[name as keyof typeof EXPECTED]]),
    );
  });

  it("knows from the file what are texts: 0815 is one", async () => {
    const { columns } = await readParquet(BYTES, { columns: NAMES });
    const texts = columns.filter(({ type }) => type === "category").map(({ name }) => name);
    expect(texts).toEqual(["text", "boolean", "day", "time"]);
  });

  it("reads only the columns that are asked for, in that order, with the types that are given", async () => {
    const columns = ["2020", "text", "int32"];
    const { rows, columns: read } = await readParquet(BYTES, { columns, types: { int32: "category" } });
    expect([rows, ...read.map(({ name }) => name)]).toEqual([5, ...columns]);
    expect(read[2]).toMatchObject({ type: "category", values: ["1", "-2", "", "4", "2147483647"] });
  });

  it("reads a file that is compressed with zstd", async () => {
    expect(await readColumns(bytesOf("zstd"), {})).toEqual([
      ["text", EXPECTED.text],
      ["int32", EXPECTED.int32],
    ]);
  });

  it("makes a table that trainTable takes", async () => {
    const model = await trainTable(await readParquet(BYTES, { columns: ["2020", "boolean"] }), {
      target: "2020",
      task: "regression",
      validation: 0,
      epochs: 1,
    });
    expect(model.preprocessor.inputs).toEqual(["boolean = false", "boolean = true", "boolean is missing"]);
  });
});

describe("readParquet refuses", () => {
  it.each<[string, () => unknown, ParquetOptions, string, RegExp]>([
    ["a list in a cell", () => BYTES, {}, "invalidData", /^source: "list" of row 0 is an array of 1/],
    [
      "an unknown column",
      () => BYTES,
      { columns: ["x"] },
      "unknownName",
      /is "x"; expected a column: "text"/,
    ],
    ["a type of an unknown column", () => BYTES, { types: { x: "number" } }, "unknownName", /is "x"/],
    [
      "a text in a column of numbers",
      () => BYTES,
      { columns: ["text"], types: { text: "number" } },
      "invalidData",
      /^source: "text" of row 1 is " Zürich "/,
    ],
    [
      "another file",
      () => new TextEncoder().encode("a,b\n1,2\n3,4\n"),
      {},
      "invalidData",
      /^source is not a Parquet/,
    ],
    ["an empty file", () => new Uint8Array(), {}, "invalidData", /^source is not a Parquet file/],
    ["a path", () => "types.parquet", {}, "invalidData", /^source is "types.parquet"; expected the bytes/],
  ])("%s", async (_, source, options, code, message) => {
    const error = await rejectionOf(readParquet(source() as ParquetSource, options));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a file that is cut off, or altered", async () => {
    for (let length = 0; length < BYTES.length; length += 97) {
      await rejectionOf(readParquet(BYTES.slice(0, length)));
      const altered = BYTES.slice();
      altered[length]! ^= 0xff;
      await readParquet(altered).catch((error) => expect(error).toMatchObject({ name: "BackpropError" }));
    }
  });

  it("hostile sources and options, with a typed error", async () => {
    for (const create of Object.values(HOSTILE)) {
      await rejectionOf(readParquet(create() as ParquetSource));
      await rejectionOf(readParquet(BYTES, create() as ParquetOptions));
    }
  });
});

describe("without the package", () => {
  afterEach(() => {
    vi.doUnmock("hyparquet");
    vi.doUnmock("hyparquet-compressors");
    vi.resetModules();
  });

  it.each([
    ["hyparquet", "types"],
    ["hyparquet-compressors", "zstd"],
  ])("%s, readParquet says how to install it", async (name, file) => {
    vi.resetModules();
    vi.doMock(name, () => {
      throw Object.assign(new Error(`Cannot find package '${name}'`), { code: "ERR_MODULE_NOT_FOUND" });
    });
    const { readParquet } = await import("../src/table.js");
    await expect(readParquet(bytesOf(file))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(new RegExp(`Install it: npm install ${name}$`)),
    });
  });
});
