// The examples with real data, and what they read.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseIdx } from "../build/examples/realData/idx.js";
import { parseTable, readTable, type TableName } from "../build/examples/realData/table.js";

const EXAMPLE = fileURLToPath(new URL("../build/examples/example.js", import.meta.url));

function example(...args: string[]) {
  return spawnSync(process.execPath, [EXAMPLE, ...args], { encoding: "utf8" });
}

/** The rows of the table in docs/realData.md: an example, its score and the figure to beat. */
const DOCUMENTED = [
  ...readFileSync(new URL("../docs/realData.md", import.meta.url), "utf8").matchAll(
    /^\| \[(\w+)\].* \| (\w+) (\S+) \| (\S+) \|$/gm,
  ),
].map(([, name, metric, score, goal]) => [name!, metric!, score!, goal!] as const);

describe("npm run example", () => {
  it("is documented for all examples", () => {
    expect(DOCUMENTED.map(([name]) => name)).toEqual([
      "iris",
      "wine",
      "breastCancer",
      "digits",
      "diabetes",
      "fashionMnist",
    ]);
  });

  it.each(DOCUMENTED.filter(([name]) => name !== "fashionMnist"))(
    "-- %s ends with its documented test score, %s %s, above %s",
    (name, metric, score, goal) => {
      const { status, stdout, stderr } = example(name);
      const [, splits, result, ...rest] = stdout.trimEnd().split("\n");
      expect(splits).toMatch(new RegExp(`^Test ${metric} of 5 splits: (0|1)\\.\\d{4}(, (0|1)\\.\\d{4}){4}$`));
      expect(result).toMatch(/, \d+\.\d s$/);
      expect(result).toContain(`${name}: test ${metric} ${score}, to beat ${goal} (reached), `);
      expect(rest).toEqual([]);
      expect(stderr.match(/^Split \d$/gm)).toHaveLength(5);
      expect(status).toBe(0);
    },
  );

  it("shows the loss and the validation figures of every tenth of 200 epochs, and stops early", () => {
    const lines = example("iris").stderr.split("\n");
    const end = lines.findIndex((line) => /^\d+ epochs, test accuracy 0\.\d{4}$/.test(line));
    const epochs = Number.parseInt(lines[end]!, 10);
    expect(epochs).toBeLessThan(200);
    const figures = "loss 0\\.\\d{4}, validationLoss 0\\.\\d{4}, validationAccuracy 0\\.\\d{4}";
    expect(lines.slice(1, end)).toEqual(
      Array.from({ length: Math.floor(epochs / 10) }, (_, i) =>
        expect.stringMatching(new RegExp(`^epoch ${10 * (i + 1)}: ${figures}$`)),
      ),
    );
  });

  it("rejects an unknown name with a message and exit code 2", () => {
    const { status, stderr } = example("irises");
    expect(stderr).toContain("Allowed choices are iris, wine, breastCancer, digits, diabetes, fashionMnist");
    expect(status).toBe(2);
  });

  it("names the file of Fashion-MNIST that it cannot read", () => {
    const { status, stderr } = example("fashionMnist", "--data", "/missing");
    expect(stderr).toContain("/missing/train-images-idx3-ubyte.gz");
    expect(status).toBe(1);
  });
});

describe("the data sets", () => {
  it.each([
    ["iris", 150, 4, [50, 50, 50]],
    ["wine", 178, 13, [59, 71, 48]],
    ["breastCancer", 569, 30, [212, 357]],
    ["digits", 1797, 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]],
  ] as const)("have the rows, columns and classes of %s", async (name: TableName, rows, columns, classes) => {
    const table = await readTable(name);
    expect(table.columns).toHaveLength(columns);
    expect(table.inputs).toHaveLength(rows);
    expect(table.inputs.every((row) => row.length === columns)).toBe(true);
    expect(classes.map((_, i) => table.targets.filter((target) => target === i).length)).toEqual(classes);
  });

  it("have the first row of diabetes", async () => {
    const { columns, inputs, targets } = await readTable("diabetes");
    expect(columns).toEqual(["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]);
    expect([inputs.length, inputs[0], targets[0]]).toEqual([
      442,
      [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87],
      151,
    ]);
  });

  it.each(["1,2", "1,2,3,4", "1,,3", "1,two,3", "1,Infinity,3"])("refuse a line such as %s", (line) => {
    const text = ["a,b,class", "1,2,3", line].join("\n");
    expect(() => parseTable(text)).toThrow(`Line 3 is "${line}"; expected 3 finite numbers.`);
  });
});

describe("IDX files", () => {
  it("give their shape and bytes", () => {
    const { shape, data } = parseIdx(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255));
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("are refused with another type of numbers, or with too few", () => {
    expect(() => parseIdx(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0))).toThrow(
      "not an IDX file of unsigned bytes",
    );
    expect(() => parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1))).toThrow("has 1 numbers; expected 2");
  });
});
