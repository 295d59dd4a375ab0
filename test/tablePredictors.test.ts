// Predictors that take the cells of a row: models of tables as functions in JavaScript and headers in C, and as graphs of
// ONNX. test/formatsInPython.test.ts runs the graphs in onnxruntime.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textLiteral } from "../src/formats/cLiterals.js";
import { decode, type Message } from "../src/formats/onnx/protobuf.js";
import { MODEL, type ModelMessage } from "../src/formats/onnx/schema.js";
import { fromOnnx, toC, toJavaScript, toOnnx } from "../src/formats.js";
import { createNetwork, type DType, dense } from "../src/index.js";
import {
  fitPreprocessor,
  type Prediction,
  type TableModel,
  type TableRow,
  trainTable,
} from "../src/table.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";
import { bitsOf, DTYPES } from "./support/floats.js";
import { C, CPP, compileAndRun, hasCompiler } from "./support/runC.js";
import { classOf, numbersOf, rowsOfCase, TABLES, trainCase } from "./support/tableModels.js";
import { errorOfOutputs } from "./support/trainedNetworks.js";

/** The largest difference from `predict`, relative to the largest number. Numbers are up to e times those of an output. */
const TOLERANCE: Readonly<Record<DType, number>> = { float32: 5e-6, float64: 1e-13 };

const NAMES = Object.keys(TABLES);
const ALL_KINDS = NAMES[0]!;

let folder: string;
const models = new Map<string, TableModel>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tables-"));
  for (const dtype of DTYPES) {
    for (const name of NAMES) models.set(`${dtype} ${name}`, await trainCase(name, dtype));
  }
});

afterAll(async () => {
  for (const model of models.values()) model.network.dispose();
  await rm(folder, { recursive: true });
});

function modelOf(name: string, dtype: DType = "float64"): TableModel {
  return models.get(`${dtype} ${name}`)!;
}

type Predict = (rows: unknown) => unknown;

/** The function in a source that is not a module. */
function evaluate(source: string): Predict {
  return new Function(`"use strict";\n${source}\nreturn predict;`)();
}

function functionOf(model: TableModel): Predict {
  return evaluate(toJavaScript(model, { module: false }));
}

function expectPredictions(actual: readonly Prediction[], expected: readonly Prediction[], dtype: DType) {
  expect(actual.map(classOf)).toEqual(expected.map(classOf));
  expect(errorOfOutputs(actual.flatMap(numbersOf), expected.flatMap(numbersOf))).toBeLessThan(
    TOLERANCE[dtype],
  );
}

describe.each(DTYPES)("a model of %s", (dtype) => {
  it.each(NAMES)("predicts in JavaScript what it predicts itself: %s", (name) => {
    const model = modelOf(name, dtype);
    const rows = rowsOfCase(name);
    const predict = functionOf(model);
    const predictions = predict(rows) as Prediction[];
    expectPredictions(predictions, model.predict(rows), dtype);
    expect(predict(rows[0])).toEqual(predictions[0]);
    const [first] = model.predict(rows);
    if (typeof first !== "object") return;
    expect(Object.keys(predictions[0] as object)).toEqual(Object.keys(first));
    expect(Object.keys((predictions[0] as typeof first).probabilities)).toEqual(
      Object.keys(first.probabilities),
    );
  });

  it.skipIf(!hasCompiler).each(NAMES)("predicts in C what it predicts itself: %s", async (name) => {
    const model = modelOf(name, dtype);
    const rows = rowsOfCase(name);
    expectPredictions(await predictInC(model, rows, C), model.predict(rows), dtype);
  });
});

/** The initializer of a struct with the cells that a model uses. */
function structOf({ preprocessor }: TableModel, row: TableRow): string {
  const cells = preprocessor.features.map(({ name, type }) => {
    const cell = row[name];
    if (cell === null || cell === undefined) return type === "number" ? "NAN" : "NULL";
    return type === "number" ? String(cell) : textLiteral(String(cell));
  });
  return `{${cells.join(", ")}}`;
}

async function predictInC(
  model: TableModel,
  rows: readonly TableRow[],
  compiler: readonly string[],
): Promise<Prediction[]> {
  const { classes, network } = model;
  const isText = typeof classes[0] === "string";
  const answer = isText ? 'printf("%s\\n", answer);' : 'printf("%.17g\\n", answer);';
  const main = `#include <stdio.h>
#include "network.h"
int main(void) {
  static const predict_row rows[] = {${rows.map((row) => structOf(model, row)).join(",\n")}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ${
      classes.length === 0
        ? `double answer = predict(&rows[i]);`
        : `${network.dtype === "float32" ? "float" : "double"} p[PREDICT_CLASSES];
    ${isText ? "const char *" : "double "}answer = predict(&rows[i], p);
    for (size_t j = 0; j < PREDICT_CLASSES; j++) printf("%.17g\\n", (double)p[j]);`
    }
    ${answer}
  }
}
`;
  const lines = await compileAndRun(folder, toC(model), main, compiler);
  return rows.map((_, i) => {
    const begin = i * (classes.length + 1);
    const numbers = lines.slice(begin, begin + classes.length).map(Number);
    const answer = lines[begin + classes.length]!;
    if (classes.length === 0) return Number(answer);
    const probabilities = Object.fromEntries(classes.map((name, j) => [name, numbers[j]!]));
    return { class: isText ? answer : Number(answer), probability: Math.max(...numbers), probabilities };
  });
}

describe("a model as a function in JavaScript", () => {
  it("has less than 2 KB besides numbers, columns and classes, and 120 bytes for each embedding", () => {
    for (const name of NAMES) {
      const source = toJavaScript(modelOf(name));
      const code = source.replace(/^ {4}\[.*\],$|^ {2}const classes = .*$/gm, "");
      expect(code.length - 120 * modelOf(name).preprocessor.embeddings.length).toBeLessThan(2048);
    }
  });

  it("reads cells as the model does: texts of numbers, bigints, booleans, and spaces around texts", () => {
    const model = modelOf(ALL_KINDS);
    const [row] = rowsOfCase(ALL_KINDS) as [TableRow];
    const changes: TableRow[] = [
      { int: " 1.5e2 " },
      { int: "+.5" },
      { int: "" },
      { int: Number.NaN },
      { int: undefined },
      { int: 12n },
      { int: 1e21 },
      { int: -0 },
      { class: " Oslo " },
      { class: Number.NaN },
      { zip: 8001 },
      { zip: "8001" },
      { isNew: "true" },
      { isNew: true },
    ];
    const predict = functionOf(model);
    for (const change of changes) {
      const changed = { ...row, ...change };
      expectPredictions([predict(changed) as Prediction], [model.predict(changed)], "float64");
    }
  });

  it.each<[string, TableRow]>([
    ["text in a column of numbers", { int: "five" }],
    ["a hexadecimal number", { int: "0x10" }],
    ["a number that is not finite", { int: Infinity }],
    ["a text of a number that is not finite", { int: "1e999" }],
    ["a boolean in a column of numbers", { int: true }],
    ["an object", { class: {} as string }],
    ["a symbol", { class: Symbol("a") as unknown as string }],
    ["an infinite name", { zip: -Infinity }],
  ])("throws a TypeError where the model throws an error: %s", (_, change) => {
    const model = modelOf(ALL_KINDS);
    const row = { ...(rowsOfCase(ALL_KINDS)[0] as TableRow), ...change };
    errorOf(() => model.predict(row));
    expect(() => functionOf(model)(row)).toThrow(TypeError);
  });

  it("throws for a column that no row has, and takes it as missing if some row has it", () => {
    const model = modelOf(ALL_KINDS);
    const predict = functionOf(model);
    const [{ int, ...row }, second] = rowsOfCase(ALL_KINDS) as [TableRow, TableRow];
    expect(int).toBeDefined();
    expect(() => predict(row)).toThrow(new TypeError("No row has int"));
    expectPredictions(predict([row, second]) as Prediction[], model.predict([row, second]), "float64");
  });

  it("reads columns with the names of properties of all objects only where a row has them", async () => {
    const rowOf = (i: number) => ({ constructor: i % 7, ["__proto__"]: "xyz"[i % 3] }) as unknown as TableRow;
    const rows = Array.from({ length: 60 }, (_, i) => ({ ...rowOf(i), target: i % 2 ? "a" : "b" }));
    const model = await trainTable(rows, { target: "target", dtype: "float64", epochs: 1 });
    const predict = functionOf(model);
    expect(() => predict({})).toThrow(new TypeError("No row has constructor"));
    expect(errorOf(() => model.predict({})).message).toContain('row has no "constructor"');
    const some = [rowOf(3), {}, rowOf(5)];
    expectPredictions(predict(some) as Prediction[], model.predict(some), "float64");
    model.network.dispose();
  });
});

describe.skipIf(!hasCompiler)("a model as a header in C", () => {
  it("compiles as C++", async () => {
    const model = modelOf(ALL_KINDS, "float32");
    const rows = rowsOfCase(ALL_KINDS);
    expectPredictions(await predictInC(model, rows, CPP), model.predict(rows), "float32");
  });

  it("has a member for each column, whose name is no keyword and occurs once", async () => {
    const names = [
      "int",
      "class",
      "a b",
      "a-b",
      "a_b",
      "a_b_2",
      "2nd",
      "日本",
      "Größe",
      "NULL",
      "_x",
      "errno",
      "*/",
      "\\",
    ];
    const rows = Array.from({ length: 9 }, (_, i) =>
      Object.fromEntries([...names, "y"].map((name, j) => [name, Math.sin(9 * i + j)])),
    );
    const model = await trainTable(rows, { target: "y", task: "regression", epochs: 1, validation: 0 });
    const members = [...toC(model).matchAll(/^ {2}double (\w+); /gm)].map(([, member]) => member);
    expect(members).toEqual([
      ...[
        "int_",
        "class_",
        "a_b",
        "a_b_2",
        "a_b_3",
        "a_b_2_2",
        "column_2nd",
        "column7",
        "Grosse",
        "NULL_",
        "x",
      ],
      ...["errno_", "column12", "column13"],
    ]);
    expectPredictions(await predictInC(model, rows, CPP), model.predict(rows), "float32");
    model.network.dispose();
  });

  it("refuses a category with the character U+0000, which C cannot have", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ x: i % 2 ? "a\0b" : "a", y: i % 2 }));
    const model = await trainTable(rows, { target: "y", epochs: 1 });
    expect(errorOf(() => toC(model))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("U+0000"),
    });
    expect(functionOf(model)(rows[0])).toBeDefined();
    model.network.dispose();
  });
});

/** The graph in a file, and its operators. */
function graphIn(bytes: Uint8Array) {
  const { graph, operatorSet } = decode(MODEL, bytes) as Message & ModelMessage;
  return { ...graph!, operators: graph!.node.map(({ operator }) => operator), domains: operatorSet };
}

describe("a model as a graph of ONNX", () => {
  it("has an input for each column by its name, of numbers or texts, and outputs for class and probabilities", () => {
    const model = modelOf(ALL_KINDS, "float32");
    const { input, output, operators, domains } = graphIn(toOnnx(model));
    expect(input.map(({ name }) => name)).toEqual(model.preprocessor.features.map(({ name }) => name));
    expect(input.map(({ type }) => type!.tensor!.elementType)).toEqual(
      model.preprocessor.features.map(({ type }) => (type === "number" ? 11 : 8)),
    );
    expect(input[0]!.type!.tensor!.shape!.dimension).toEqual([{ parameter: "rows" }, { length: 1 }]);
    // A column is called "class".
    expect(output.map(({ name, type }) => [name, type!.tensor!.elementType])).toEqual([
      ["probabilities", 1],
      ["class_", 8],
    ]);
    for (const operator of ["IsNaN", "Where", "Sub", "Div", "Equal", "LabelEncoder", "ArgMax"]) {
      expect(operators).toContain(operator);
    }
    expect(domains).toEqual([
      { domain: "", version: 20 },
      { domain: "ai.onnx.ml", version: 4 },
    ]);
  });

  it("has the value of a regression as its output, and operators of the standard alone where these suffice", () => {
    const { output, operators, domains } = graphIn(toOnnx(modelOf("a number from one column of numbers")));
    expect(output).toEqual([
      { name: "value", type: { tensor: { elementType: 11, shape: { dimension: [{ parameter: "rows" }] } } } },
    ]);
    expect(operators).not.toContain("Exp");
    expect(domains).toEqual([{ domain: "", version: 20 }]);
    expect(graphIn(toOnnx(modelOf(NAMES[1]!))).operators.at(-1)).toBe("Exp");
  });

  it("has each name once, also if columns have the names of other values", async () => {
    const names = [
      "inputs",
      "value",
      "outputs",
      "IsNaN0",
      "Concat20",
      "layers.0.kernel",
      "constant.1",
      "integers",
    ];
    const rows = Array.from({ length: 9 }, (_, i) =>
      Object.fromEntries([...names, "y"].map((name, j) => [name, i === j ? null : Math.sin(9 * i + j)])),
    );
    const model = await trainTable(rows, { target: "y", task: "regression", epochs: 1, validation: 0 });
    const { input, output, node, initializer } = graphIn(toOnnx(model));
    const values = [...input, ...initializer].map(({ name }) => name);
    const all = [...values, ...node.flatMap((each) => each.output)];
    expect(new Set(all).size).toBe(all.length);
    expect(output.map(({ name }) => name)).toEqual(["value_"]);
    model.network.dispose();
  });

  it.each(DTYPES)("is refused by fromOnnx, which says how to read the network alone: %s", async (dtype) => {
    for (const name of NAMES) {
      const model = modelOf(name, dtype);
      const bytes = toOnnx(model);
      const { code, message } = await rejectionOf(fromOnnx(bytes));
      expect(code).toBe("unsupported");
      const [, input, output] = /set the options input to "(\w+)" and output to "(\w+)"\.$/.exec(message)!;
      const network = await fromOnnx(bytes, { input: input!, output: output! });
      const inputs = model.preprocessor.transform(rowsOfCase(name));
      expect(bitsOf(network.predict(inputs).data)).toBe(bitsOf(model.network.predict(inputs).data));
      network.dispose();
    }
  });
});

describe("an export of a model", () => {
  it("of its network alone is that of a network", () => {
    const { network } = modelOf(ALL_KINDS);
    expect(toC(network)).toContain("#define PREDICT_INPUTS");
    expect(toJavaScript(network)).toContain("Takes a row or an array of rows.");
    expect(graphIn(toOnnx(network)).input.map(({ name }) => name)).toEqual(["inputs"]);
  });

  it("is refused if network and table do not fit, if it is no model, and if its network was disposed", async () => {
    const network = await createNetwork({ inputs: 2, layers: [dense(2)], loss: "meanSquaredError" });
    const preprocessor = fitPreprocessor([{ a: 1 }, { a: 2 }]);
    const target = { name: "y", task: "regression", log: false, center: 0, scale: 1 } as const;
    const misfit = { network, preprocessor, target } as unknown as TableModel;
    for (const convert of [toOnnx, toJavaScript, toC]) {
      expect(errorOf(() => convert(misfit))).toMatchObject({
        code: "invalidOption",
        message: "model.network has 2 inputs; expected 1 for the preprocessor of the model.",
      });
      for (const wrong of [
        { preprocessor: null },
        { network, preprocessor: {} },
        { network, preprocessor: { features: [{}] }, target },
        {
          network,
          preprocessor: fitPreprocessor([
            { a: 1, b: 2 },
            { a: 2, b: 1 },
          ]),
          target: {},
        },
      ]) {
        expect(errorOf(() => convert(wrong as unknown as TableModel)).code).toBe("invalidOption");
      }
    }
    const number = { name: "a", type: "number", missing: 0, indicator: true, center: 0, scale: 1 };
    const text = { name: "b", type: "category", missing: "", indicator: false, encoding: "oneHot", units: 1 };
    for (const [features, message] of [
      [[{ ...number, center: "0); alert(" }], /features\[0\]\.center is "0\); alert\("/],
      [[number, number], /the names in model\.preprocessor\.features have "a" twice/],
      [[{ ...text, categories: ["x", "x"] }], /features\[0\]\.categories have "x" twice/],
      [[number, { ...text, categories: [] }], /features\[1\]\.categories are none/],
    ] as const) {
      const wrong = { network, preprocessor: { features }, target } as unknown as TableModel;
      for (const convert of [toOnnx, toJavaScript, toC]) {
        expect(errorOf(() => convert(wrong))).toMatchObject({
          code: "invalidOption",
          message: expect.stringMatching(message),
        });
      }
    }
    network.dispose();
    for (const convert of [toOnnx, toJavaScript, toC]) {
      expect(errorOf(() => convert(misfit))).toMatchObject({ code: "disposed" });
    }
  });
});
