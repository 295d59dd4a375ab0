import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  createTable,
  readTable,
  readTables,
  type Table,
  type TableOptions,
  type TableRows,
  type TablesOptions,
} from "../src/table.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

/** Types and values of the columns, by name. */
function contentOf({ columns }: Table) {
  return Object.fromEntries(columns.map(({ name, type, values }) => [name, [type, ...values]]));
}

async function read(text: string, options?: TableOptions) {
  return contentOf(await readTable(text, options));
}

describe("readTables", () => {
  const lines = Array.from({ length: 25 }, (_, i) => `${i},${i < 12 ? i : `t${i}`}\n`);
  const read = async (text: string, options: TablesOptions) => {
    const tables: Table[] = [];
    for await (const table of readTables(text, options)) tables.push(table);
    return tables;
  };

  it("gives the rows of readTable in tables of some rows, with the types of the first", async () => {
    const tables = await read(`x,y\n${lines.join("")}`, { tableRows: 10, types: { y: "category" } });
    expect(tables.map(({ rows }) => rows)).toEqual([10, 10, 5]);
    const whole = await readTable(`x,y\n${lines.join("")}`);
    expect(tables.flatMap((table) => [...table.column("x").values])).toEqual([...whole.column("x").values]);
    expect(tables.flatMap((table) => [...table.column("y").values])).toEqual(whole.column("y").values);
    await expect(read(`x,y\n${lines.join("")}`, { tableRows: 10 })).rejects.toMatchObject({
      code: "invalidData",
      message: expect.stringMatching(/^Line 14: "y" is "t12"; expected a finite number/),
    });
  });

  it("refuses no rows, and other options", async () => {
    await expect(read("x,y\n", {})).rejects.toMatchObject({ code: "invalidShape" });
    for (const tableRows of [0, 1.5, "2", null]) {
      expect(() => readTables("x\n1", { tableRows } as TablesOptions)).toThrow("tableRows is ");
    }
  });
});

describe("readTable", () => {
  it("reads numbers and texts into columns", async () => {
    const table = await readTable("name;price;size\nA; 1.5 ;S\nB;-2e3;M\n");
    expect(table.rows).toBe(2);
    expect(table.columns).toEqual([
      { name: "name", type: "category", values: ["A", "B"] },
      { name: "price", type: "number", values: Float64Array.of(1.5, -2000) },
      { name: "size", type: "category", values: ["S", "M"] },
    ]);
    expect(table.column("price")).toBe(table.columns[1]);
  });

  it.each([
    ["1", "+1", "-1.5", ".5", "5.", "1e3", "1.5E-3", "007"],
    ["1", "", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?"],
  ])("reads %j … as numbers, and missing values as NaN", async (...cells) => {
    const table = await readTable(`x,y\n${cells.map((cell) => `${cell},1\n`).join("")}`);
    const values = cells.map((cell) => (/\d/.test(cell) ? Number(cell) : Number.NaN));
    expect(table.column("x")).toEqual({ name: "x", type: "number", values: Float64Array.from(values) });
  });

  it.each(["0x10", "Infinity", "-inf", "1e999", "1_000", "1,5", "12%", "true", "2020-01-01", "1 2", "."])(
    "reads %j as text",
    async (cell) => {
      expect(await read(`x;y\n${cell};1\n7;1\n`)).toMatchObject({ x: ["category", cell, "7"] });
    },
  );

  it("reads missing texts as empty, and ignores spaces around cells", async () => {
    expect(await read("x,y\n a ,1\nNA,1\n,1\n")).toMatchObject({ x: ["category", "a", "", ""] });
  });

  it("reads a column without values as numbers", async () => {
    expect(await read("x,y\n,1\nNA,1\n")).toMatchObject({ x: ["number", Number.NaN, Number.NaN] });
  });

  it("takes types, missing values and decimal commas from options", async () => {
    const options: TableOptions = { types: { zip: "category" }, missing: ["-"], decimal: "," };
    expect(await read("zip;x;y\n0123;1,5;NA\n4567;-;b\n", options)).toEqual({
      zip: ["category", "0123", "4567"],
      x: ["number", 1.5, Number.NaN],
      y: ["category", "NA", "b"],
    });
  });

  it("reads a point between digits as text if the decimal sign is a comma", async () => {
    expect(await read("x;y\n1.500;1\n1,5;2\n", { decimal: "," })).toMatchObject({
      x: ["category", "1.500", "1,5"],
    });
  });

  it("lets the first 10 000 rows decide the types", async () => {
    const rows = (count: number, last: string) => `x,y\n${"1,2\n".repeat(count)}${last},2\n`;
    const early = await readTable(rows(9_999, "one"));
    expect(early.column("x")).toMatchObject({ type: "category" });
    expect(early.column("x").values[9_999]).toBe("one");
    const error = await rejectionOf(readTable(rows(10_000, "one")));
    expect(error).toMatchObject({
      code: "invalidData",
      message:
        'Line 10002: "x" is "one"; expected a finite number, or a missing value. types: { "x": "category" } reads the ' +
        "column as texts.",
    });
    const late = await readTable(rows(10_000, "one"), { types: { x: "category" } });
    expect(late.column("x").values[10_000]).toBe("one");
  });

  it("keeps one copy of each text, and no parts of the file", async () => {
    const program = `
      import { readTable } from ${JSON.stringify(new URL("../dist/table.js", import.meta.url).href)};
      function* chunks() {
        yield "text\\n";
        for (let i = 0; i < 1000; i++) yield \`a text of chunk \${i}\\n\` + \`a text that is common\${" ".repeat(78)}\\n\`.repeat(600);
      }
      const table = await readTable(chunks());
      console.log(table.rows, new Set(table.columns[0].values).size);`;
    const flags = ["--max-old-space-size=32", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    // 60 MB of text.
    expect(stdout).toBe("601000 1001\n");
  });

  it("gives the columns names that are properties of every object", async () => {
    const table = await readTable("__proto__,constructor\n1,a\n2,b\n");
    expect(table.column("__proto__").values).toEqual(Float64Array.of(1, 2));
    expect(table.column("constructor").values).toEqual(["a", "b"]);
  });

  it.each<[string, string, TableOptions | object, string, string]>([
    [
      "a file without rows",
      "a,b\n",
      {},
      "invalidShape",
      "source has no rows after the names of its columns. A text is the CSV itself, not the path of a file.",
    ],
    [
      "a ragged row",
      "a,b\n1,2\n3\n",
      {},
      "invalidShape",
      'Line 3 has 1 cell; expected 2, one for each column. Cells are separated by ",".',
    ],
    [
      "a type of an unknown column",
      "a,b\n1,2",
      { types: { c: "number" } },
      "unknownName",
      'a name in types is "c"; expected a column: "a", "b".',
    ],
    [
      "an unknown type",
      "a\n1",
      { types: { a: "date" } },
      "unknownName",
      'types["a"] is "date"; expected one of "number", "category".',
    ],
    [
      "a text in a column of numbers",
      "a,b\n1,2\nx,3",
      { types: { a: "number" } },
      "invalidData",
      'Line 3: "a" is "x"; expected a finite number, or a missing value. types: { "a": "category" } reads the column as texts.',
    ],
    [
      "missing values that are not texts",
      "a\n1",
      { missing: [0] },
      "invalidOption",
      "missing[0] is 0; expected text.",
    ],
    [
      "another decimal sign",
      "a\n1",
      { decimal: "'" },
      "unknownName",
      `decimal is "'"; expected one of ".", ",".`,
    ],
  ])("refuses %s", async (_, text, options, code, message) => {
    expect(await rejectionOf(readTable(text, options))).toMatchObject({ code, message });
  });

  it.each(Object.entries(HOSTILE))("refuses or reads options that are %s", async (_, create) => {
    for (const options of [create(), { types: create() }, { missing: create() }, { names: create() }]) {
      const work = (async () => readTable("a\n1", options as TableOptions))();
      await work.catch((error) => expect(error).toMatchObject({ name: "BackpropError" }));
    }
  });
});

describe("createTable", () => {
  const expected = {
    age: ["number", 31, Number.NaN, 5],
    city: ["category", "Rome", "", "Oslo"],
    member: ["category", "true", "false", ""],
  };

  it("reads rows as objects", () => {
    const rows = [
      { age: 31, city: "Rome", member: true },
      { age: null, city: undefined, member: false },
      { city: "Oslo", age: 5n },
    ];
    expect(contentOf(createTable(rows))).toEqual(expected);
  });

  it("reads columns", () => {
    const columns = {
      age: ["31", Number.NaN, " 5 "],
      city: ["Rome", "", "Oslo"],
      member: [true, false, null],
    };
    expect(contentOf(createTable(columns))).toEqual(expected);
    expect(contentOf(createTable({ x: Float32Array.of(1, 2) }))).toEqual({ x: ["number", 1, 2] });
  });

  it("reads a table again", async () => {
    const table = await readTable("a,b\n1,x\n2,y\n");
    expect(contentOf(createTable(table))).toEqual(contentOf(table));
  });

  it("keeps texts that stand for missing values only in some files", async () => {
    const table = await readTable("country,x\nNA,1\nDE,2\n", { missing: [""] });
    expect(contentOf(createTable(table))).toMatchObject({ country: ["category", "NA", "DE"] });
    expect(contentOf(createTable([{ country: "NA" }]))).toEqual({ country: ["category", "NA"] });
  });

  it("takes a column with the name of a property of all objects as missing in rows that lack it", () => {
    const rows = [{ constructor: 1, ["__proto__"]: "a" }, {}] as unknown as TableRows;
    expect(contentOf(createTable(rows))).toEqual({
      constructor: ["number", 1, Number.NaN],
      ["__proto__"]: ["category", "a", ""],
    });
  });

  it("reads numbers and texts in one column as texts", () => {
    expect(contentOf(createTable([{ x: 1 }, { x: "b" }]))).toEqual({ x: ["category", "1", "b"] });
  });

  it.each<[string, unknown, string, string]>([
    ["no rows", [], "invalidShape", "rows has no rows; expected at least one."],
    ["columns without rows", { a: [] }, "invalidShape", "rows has no rows; expected at least one."],
    [
      "rows that are arrays",
      [[1, 2]],
      "invalidData",
      'rows[0] is an array of 2; expected an object, such as { age: 31, city: "Rome" }.',
    ],
    [
      "a row that is missing",
      [{ a: 1 }, null],
      "invalidData",
      'rows[1] is null; expected an object, such as { age: 31, city: "Rome" }.',
    ],
    [
      "a cell that is an object",
      [{ a: 1 }, { a: new Date(0) }],
      "invalidData",
      'rows[1]["a"] is an object (Date); expected text, a finite number, a boolean, or a missing value.',
    ],
    [
      "an infinite number among numbers",
      [{ a: Infinity }],
      "invalidData",
      'rows[0]["a"] is Infinity; expected text, a finite number, a boolean, or a missing value.',
    ],
    [
      "columns of different lengths",
      { a: [1, 2], b: [1] },
      "invalidShape",
      'rows["b"] is an array of 1; expected an array of 2 cells, as many as "a" has.',
    ],
    [
      "a column that is no array",
      { a: 1 },
      "invalidShape",
      'rows["a"] is 1; expected an array of 0 cells, as many as "a" has.',
    ],
    [
      "text",
      "a,b",
      "invalidData",
      'rows is "a,b"; expected an array of objects, an object of columns, or a table of readTable.',
    ],
  ])("refuses %s", (_, rows, code, message) => {
    expect(errorOf(() => createTable(rows as TableRows))).toMatchObject({ code, message });
  });

  it.each(Object.entries(HOSTILE))("refuses or reads %s", (_, create) => {
    for (const rows of [create(), [create()], { a: create() }, [{ a: create() }]]) {
      try {
        createTable(rows as TableRows);
      } catch (error) {
        expect(error).toMatchObject({ name: "BackpropError" });
      }
    }
  });
});
