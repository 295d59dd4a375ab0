import { execFile } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { csvFormatRows } from "d3-dsv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvBatchOptions, readCsv, type TextSource } from "../src/table.js";
import { rejectionOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

/** All rows, after the names of the columns. */
async function readRows(source: TextSource, options?: CsvBatchOptions): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const batch of readCsv(source, options)) {
    if (rows.length === 0) rows.push([...batch.names]);
    rows.push(...batch.rows.map((row) => [...row]));
  }
  return rows;
}

async function readLines(source: TextSource): Promise<number[]> {
  const lines: number[] = [];
  for await (const batch of readCsv(source)) lines.push(...batch.lines);
  return lines;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The bytes in chunks of one byte: every boundary there is. */
function* singleBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

const EXPECTED = [
  ["name", "price"],
  ["Ä 𝄞", "1"],
  ['"b",\n', "2"],
];
const TEXT = 'name,price\r\nÄ 𝄞,1\r\n"""b"",\n",2\r\n';

describe("readCsv", () => {
  it.each<[string, () => TextSource]>([
    ["text", () => TEXT],
    ["a Uint8Array", () => bytesOf(TEXT)],
    ["an ArrayBuffer", () => bytesOf(TEXT).buffer],
    ["a Blob", () => new Blob([TEXT])],
    ["a Response", () => new Response(TEXT)],
    ["a ReadableStream", () => new Blob([TEXT]).stream()],
    ["a stream of Node", () => Readable.from([Buffer.from(TEXT)])],
    ["a stream of Node with an encoding", () => Readable.from([Buffer.from(TEXT)]).setEncoding("utf8")],
    ["an iterable of bytes", () => singleBytes(bytesOf(TEXT))],
    ["an array of texts", () => [...TEXT]],
    ["text with a byte-order mark", () => `\ufeff${TEXT}`],
    ["bytes with a byte-order mark", () => singleBytes(bytesOf(`\ufeff${TEXT}`))],
    ["lines that end with LF", () => TEXT.replaceAll("\r", "")],
    ["lines that end with CR LF and with LF", () => TEXT.replace("\r", "")],
    ["a last line without an end", () => TEXT.slice(0, -2)],
    ["empty lines", () => `\n${TEXT}\r\n\n`],
  ])("reads %s", async (_, source) => {
    expect(await readRows(source())).toEqual(EXPECTED);
  });

  it("reads lines that end with CR", async () => {
    expect(await readRows("a,b\r1,2\r3,4\r")).toEqual([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  it("reads CR LF that is cut in two, in the first lines", async () => {
    const name = "x".repeat(2 ** 16 - 3);
    expect(await readRows(`${name},b\r\n1,2\r\n`)).toEqual([
      [name, "b"],
      ["1", "2"],
    ]);
  });

  it("skips a byte-order mark before a number", async () => {
    expect(await readRows("\ufeff1,2", { names: ["a", "b"] })).toContainEqual(["1", "2"]);
  });

  it.each([",", ";", "\t", "|"])("finds the delimiter %j", async (delimiter) => {
    const text = `a${delimiter}b\n"1,5;|\t"${delimiter}2\n`;
    expect(await readRows(text)).toEqual([
      ["a", "b"],
      ["1,5;|\t", "2"],
    ]);
    const rows = await readRows(text.replaceAll(delimiter, ":"), { delimiter: ":" });
    expect(rows[0]).toEqual(["a", "b"]);
  });

  it("finds semicolons between numbers with decimal commas", async () => {
    expect(await readRows("a;b\n1,5;2,5\n0,1;7,25\n")).toContainEqual(["0,1", "7,25"]);
  });

  it("reads bytes in another encoding", async () => {
    expect(await readRows(Uint8Array.of(97, 10, 0xe4, 10), { encoding: "windows-1252" })).toEqual([
      ["a"],
      ["ä"],
    ]);
  });

  it("takes names from the first row, from an option, or counts columns", async () => {
    expect(await readRows("1,2\n3,4", { names: ["a", "b"] })).toEqual([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
    ]);
    expect(await readRows("x,x\n3,4", { names: ["a", "b"], header: true })).toEqual([
      ["a", "b"],
      ["3", "4"],
    ]);
    expect((await readRows("3,4", { header: false }))[0]).toEqual(["column 1", "column 2"]);
  });

  it("yields batches of equal size, and the rest", async () => {
    const text = `a\n${Array.from({ length: 25_000 }, (_, i) => `${i}\n`).join("")}`;
    const sizes: number[] = [];
    for await (const { rows } of readCsv(text, { batchRows: 10_000 })) sizes.push(rows.length);
    expect(sizes).toEqual([10_000, 10_000, 5_000]);
    const rows = await readRows(text);
    expect(rows.slice(1).every(([cell], i) => cell === String(i))).toBe(true);
  });

  it("names the line of each row, also after quoted line breaks and empty lines", async () => {
    expect(await readLines('a,b\r\n1,2\r\n"x\r\ny\r\n",3\r\n\r\n4,5\r\n')).toEqual([2, 3, 7]);
    expect(await readLines('a,b\r"x\ry",3\r4,5\r')).toEqual([2, 4]);
  });

  it.each(["\n", "\r\n", "\r"])(
    "takes a line of two quotes for a row with an empty cell, but not an empty line (ends %j)",
    async (end) => {
      const text = ["a", '""', "", "1", `"""${end}"""`, '""', "", '""'].join(end);
      const expected = [["a"], [""], ["1"], [`"${end}"`], [""], [""]];
      expect(await readRows(text)).toEqual(expected);
      expect(await readRows(singleBytes(bytesOf(text + end)))).toEqual(expected);
      expect(await readLines(text)).toEqual([2, 4, 5, 7, 9]);
    },
  );

  it("reads one column of what Python's csv module writes, for all cells and chunks", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", " "), maxLength: 3 });
    const property = fc.asyncProperty(fc.array(cell), fc.integer({ min: 1, max: 9 }), async (cells, size) => {
      // Python writes "" for a row of one empty cell, because an empty line would be no row.
      const quote = (text: string) => (/^$|[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const bytes = bytesOf(["name", ...cells].map((each) => `${quote(each)}\r\n`).join(""));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const read = await readRows(chunks, { delimiter: "," });
      expect(read).toEqual(cells.length === 0 ? [] : [["name"], ...cells.map((each) => [each])]);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it("reads what d3-dsv writes, for all cells, delimiters between them and chunks", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "é", "𝄞", '"', ",", ";", "\n", " ", "\t", "0") });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));
    const property = fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const names = (rows[0] ?? ["", ""]).map((_, i) => `name ${i}`);
      const bytes = bytesOf(csvFormatRows([names, ...rows]));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const read = await readRows(chunks, { delimiter: "," });
      expect(read).toEqual(rows.length === 0 ? [] : [names, ...rows]);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it.each(["\n", "\r\n"])(
    "reads quoted cells across the pieces of a long text, with ends %j",
    async (end) => {
      const row = (i: number) => [`"${"x".repeat(i % 97)}""${end}"`, `${i}`, `"é${i}"`].join(";") + end;
      const count = 5_000;
      const text = `a;b;c${end}${Array.from({ length: count }, (_, i) => row(i)).join("")}`;
      expect(text.length).toBeGreaterThan(4 * 2 ** 16);
      const rows = (await readRows(bytesOf(text))).slice(1);
      expect(rows).toHaveLength(count);
      for (const [i, cells] of rows.entries()) {
        expect(cells).toEqual([`${"x".repeat(i % 97)}"${end}`, `${i}`, `é${i}`]);
      }
    },
  );
});

describe("readCsv refuses, with the line,", () => {
  it.each<[string, string, string, RegExp]>([
    [
      "a short row",
      "a,b\n1,2\n\n3\n",
      "invalidShape",
      /^Line 4 has 1 cell; expected 2, one for each column\./,
    ],
    ["a long row", 'a;b\n"1\n2";2\n3;4;5\n', "invalidShape", /^Line 4 has 3 cells; .+ separated by ";"\.$/],
    ["names that are equal", "\na,b, a\n1,2,3", "invalidData", /^Line 2: columns 1 and 3 have the name "a"/],
    ["an empty name", ",b\n1,2", "invalidData", /^Line 1: the name of column 1 is ""; expected text/],
    ["no text", "", "invalidData", /^source has no rows; expected the names of the columns\.$/],
    ["empty lines alone", "\n\r\n\n", "invalidData", /^source has no rows/],
    [
      "a quote without an end",
      'a,b\n1,2\n"3,4\n5,6\n',
      "invalidData",
      /^Line 3 is not CSV: quoted field unterm/,
    ],
    [
      "text after a quoted cell",
      'a,b\n1,2\n"3"x,4\n5,"6"\n',
      "invalidData",
      /^Line 3 is not CSV: trailing quote/,
    ],
  ])("%s", async (_, text, code, message) => {
    const error = await rejectionOf(readRows(text));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a quote without an end, before it takes all memory", async () => {
    function* endless() {
      yield 'a,b\n1,2\n"';
      for (;;) yield "x,y\n".repeat(10_000);
    }
    const error = await rejectionOf(readRows(endless()));
    expect(error).toMatchObject({ code: "invalidData" });
    expect(error.message).toMatch(/^The row that begins in line 3 has more than 16777216 characters/);
  });
});

describe("readCsv refuses", () => {
  it("bytes that are not text in the encoding", async () => {
    const error = await rejectionOf(readRows(Uint8Array.of(97, 10, 0xe4, 10)));
    expect(error).toMatchObject({ code: "invalidData" });
    expect(error.message).toMatch(/^source is not text in utf-8\. Give its encoding/);
    expect((await rejectionOf(readRows(Uint8Array.of(97, 0xc3)))).code).toBe("invalidData");
  });

  it("a response that is not ok", async () => {
    const error = await rejectionOf(readRows(new Response("<html>", { status: 404 })));
    expect(error.message).toBe('source is a response of status 404; expected a status "ok".');
  });

  it("a source that fails, with its exception as the cause", async () => {
    const cause = new Error("boom");
    const failing = new ReadableStream({
      pull: (controller) => controller.error(cause),
    });
    expect(await rejectionOf(readRows(failing))).toMatchObject({
      code: "invalidData",
      message: "source cannot be read: boom.",
      cause,
    });
  });

  it.each<[CsvBatchOptions | object, string]>([
    [
      { delimiter: '"' },
      'delimiter is "\\""; expected one character, such as ";", and no quote and no line break.',
    ],
    [
      { delimiter: ", " },
      'delimiter is ", "; expected one character, such as ";", and no quote and no line break.',
    ],
    [
      { encoding: "klingon" },
      'encoding is "klingon"; expected the name of an encoding, such as "utf-8" or "windows-1252".',
    ],
    [
      { names: ["a", ""] },
      'names: the name of column 2 is ""; expected text. The option names replaces the names of a file.',
    ],
    [{ batchRows: 0 }, "batchRows is 0; expected a positive integer below 2^32."],
    [
      { separator: "," },
      'readCsv has no option "separator"; expected "delimiter", "encoding", "names", "header", "batchRows".',
    ],
  ])("the options %j at once", (options, message) => {
    expect(() => readCsv("a", options)).toThrow(message);
  });

  it.each(Object.entries(HOSTILE))("or reads %s", async (_, create) => {
    for (const options of [undefined, create()]) {
      const work = (async () => readRows(create() as TextSource, options as CsvBatchOptions))();
      await work.catch((error) => expect(error).toMatchObject({ name: "BackpropError" }));
    }
  });
});

describe("a file of 50 MB", () => {
  const PROGRAM = fileURLToPath(new URL("tools/largeCsv.js", import.meta.url));

  it("is read with a heap of 16 MB", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--max-old-space-size=16",
      PROGRAM,
      "50",
    ]);
    const { rows, megabytes, peakMegabytes } = JSON.parse(stdout);
    expect(megabytes).toBeGreaterThanOrEqual(50);
    expect(rows).toBeGreaterThan(500_000);
    // Node alone takes about 50 MB.
    expect(peakMegabytes).toBeLessThan(150);
  });
});

describe("a source", () => {
  it("is closed when the loop is left, and when a row is wrong", async () => {
    let closed = 0;
    function* chunks() {
      try {
        for (;;) yield "a,b\n".repeat(20_000);
      } finally {
        closed++;
      }
    }
    for await (const _ of readCsv(chunks(), { names: ["x", "y"] })) break;
    expect(closed).toBe(1);
    await rejectionOf(readRows(chunks(), { names: ["x"] }));
    expect(closed).toBe(2);
    let cancelled = false;
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue("a,b\n".repeat(20_000)),
      cancel() {
        cancelled = true;
      },
    });
    for await (const _ of readCsv(stream, { names: ["x", "y"] })) break;
    expect(cancelled).toBe(true);
  });
});
