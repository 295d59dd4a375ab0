// The examples with real data, and what they read.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseIdx } from "../build/examples/realData/idx.js";
import { splitRows, standardizer } from "../build/examples/realData/rows.js";
import { accuracy, rSquared } from "../build/examples/realData/scores.js";
import { parseTable, readTable, type TableName } from "../build/examples/realData/table.js";
import { type Matrix, Tensor } from "../src/index.js";

const EXAMPLE = fileURLToPath(new URL("../build/examples/example.js", import.meta.url));

function example(...args: string[]) {
  return spawnSync(process.execPath, [EXAMPLE, ...args], { encoding: "utf8" });
}

describe("npm run example", () => {
  it.each([
    ["iris", "accuracy", 0.95],
    ["wine", "accuracy", 0.97],
    ["breastCancer", "accuracy", 0.965],
    ["digits", "accuracy", 0.965],
    ["diabetes", "R²", 0.38],
  ] as const)("-- %s beats its test %s of 5 splits", (name, score, goal) => {
    const { status, stdout, stderr } = example(name);
    expect(stderr).toMatch(new RegExp(`^Training ${name}: \\d+ epochs`));
    const [, splits, result] = stdout.trimEnd().split("\n");
    expect(splits).toMatch(new RegExp(`^Test ${score} of 5 splits: (0|1)\\.\\d{4}(, (0|1)\\.\\d{4}){4}$`));
    expect(result).toMatch(
      new RegExp(`^${name}: test ${score} [\\d.]+, to beat ${goal} \\(reached\\), [\\d.]+ s$`),
    );
    expect(Number(result!.split(" ")[3]!.slice(0, -1))).toBeGreaterThanOrEqual(goal);
    expect(status).toBe(0);
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

describe("the rows of a table", () => {
  const inputs = Array.from({ length: 11 }, (_, i) => [i, 7, i * i]);
  const targets = inputs.map(([i]) => i!);

  it("are test rows of exactly one split, and train rows of the others", () => {
    const splits = splitRows({ inputs, targets }, 5, 0);
    expect(splits.flatMap(({ test }) => test.targets).toSorted((a, b) => a - b)).toEqual(targets);
    for (const { train, test } of splits) {
      expect([...train.targets, ...test.targets].toSorted((a, b) => a - b)).toEqual(targets);
      for (const samples of [train, test]) expect(samples.inputs.map(([i]) => i)).toEqual(samples.targets);
    }
  });

  it("have mean 0 and deviation 1 when standardized, except a constant column", () => {
    const rows = standardizer(inputs)(inputs);
    const sum = (column: number, power: number) => rows.reduce((sum, row) => sum + row[column]! ** power, 0);
    for (const column of [0, 2]) {
      expect(sum(column, 1)).toBeCloseTo(0, 12);
      expect(sum(column, 2) / rows.length).toBeCloseTo(1, 12);
    }
    expect(sum(1, 2)).toBe(0);
    expect(standardizer([[0], [2]])([[5]])).toEqual([[4]]);
  });
});

describe("scores", () => {
  it("count a row as right if its largest probability is that of the target", () => {
    const predictions: Matrix = new Tensor([3, 2], Float32Array.of(0.9, 0.1, 0.4, 0.6, 0.2, 0.8));
    expect(accuracy(predictions, [0, 1, 0])).toBeCloseTo(2 / 3, 12);
  });

  it("read one output as the probability of class 1", () => {
    expect(accuracy(new Tensor([4, 1], Float32Array.of(0.9, 0.1, 0.6, 0.4)), [1, 0, 0, 0])).toBe(0.75);
  });

  it("are 1 for exact predictions of numbers and 0 for their mean", () => {
    expect(rSquared(new Tensor([3, 1], Float32Array.of(1, 2, 6)), [1, 2, 6])).toBe(1);
    expect(rSquared(new Tensor([3, 1], Float32Array.of(3, 3, 3)), [1, 2, 6])).toBe(0);
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
