// Predictors without the library: functions in JavaScript, and headers in C that a compiler turns into programs.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digitsOf } from "../src/formats/source.js";
import { type Exportable, toC, toJavaScript } from "../src/formats.js";
import {
  ACTIVATIONS,
  constant,
  createNetwork,
  type DType,
  dense,
  type Layer,
  type Network,
} from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { DTYPES } from "./support/floats.js";
import { HOSTILE } from "./support/hostile.js";
import { C, CPP, compileAndRun, hasCompiler } from "./support/runC.js";
import { rowsOfCase, trainCase } from "./support/tableModels.js";
import { createTrained, errorOfOutputs, INPUTS, LAYERS, rowsFor } from "./support/trainedNetworks.js";

type Predictor = (rows: unknown) => number[] | number[][];

/** The largest difference from `predict`, relative to the largest output. */
const TOLERANCE: Readonly<Record<DType, number>> = { float32: 2e-6, float64: 1e-13 };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "predictors-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** The function in a source that is not a module. */
function evaluate(source: string, name = "predict"): Predictor {
  return new Function(`"use strict";\n${source}\nreturn ${name};`)();
}

/** A program that reads rows from standard input, and prints the outputs of a predictor. */
const MAIN = `#include <stdio.h>
#include "network.h"
int main(void) {
  REAL x[PREDICT_INPUTS], y[PREDICT_OUTPUTS];
  double value;
  for (;;) {
    for (int i = 0; i < PREDICT_INPUTS; i++) {
      if (scanf("%lf", &value) != 1) return 0;
      x[i] = (REAL)value;
    }
    predict(x, y);
    for (int j = 0; j < PREDICT_OUTPUTS; j++) printf("%.17g\\n", (double)y[j]);
  }
}
`;

async function outputsInC(
  source: string,
  dtype: DType,
  rows: readonly (readonly number[])[],
  compiler: readonly string[],
): Promise<number[]> {
  const main = MAIN.replaceAll("REAL", dtype === "float32" ? "float" : "double");
  return (await compileAndRun(folder, source, main, compiler, rows.flat().join(" "))).map(Number);
}

describe.each(DTYPES)("a network of %s", (dtype) => {
  it.each(Object.keys(LAYERS))("predicts in JavaScript what it predicts itself: %s", async (name) => {
    const network = await createTrained(name, dtype);
    const rows = rowsFor(name);
    const expected = network.predict(rows);
    const source = toJavaScript(network, { module: false });
    const outputs = evaluate(source)(rows) as number[][];
    expect(outputs.map(({ length }) => length)).toEqual(rows.map(() => expected.shape[1]));
    expect(errorOfOutputs(outputs.flat(), expected.data)).toBeLessThan(TOLERANCE[dtype]);
    const code = source.replace(/^ {4}\[.*\],$/gm, "");
    expect(code.length).toBeLessThan(2048);
    network.dispose();
  });
});

describe("an activation far from 0", () => {
  const rows = Array.from({ length: 161 }, (_, i) => [i / 2 - 40]);
  const elementwise = ACTIVATIONS.filter((name) => name !== "softmax");

  it.each(elementwise)("keeps its relative precision in JavaScript and in C: %s", async (activation) => {
    const layers = [dense(1, activation, { kernelInitializer: constant(1) })];
    const network = await createNetwork({ inputs: 1, layers, loss: "meanSquaredError", dtype: "float64" });
    const { data } = network.predict(rows);
    const outputs = (evaluate(toJavaScript(network, { module: false }))(rows) as number[][]).flat();
    const inC = hasCompiler ? await outputsInC(toC(network), "float64", rows, C) : outputs;
    for (const actual of [outputs, inC]) {
      const errors = actual.map(
        (value, i) => Math.abs(value - data[i]!) / Math.max(Math.abs(data[i]!), 1e-300),
      );
      expect(Math.max(...errors)).toBeLessThan(1e-12);
    }
    network.dispose();
  });
});

describe("toJavaScript", () => {
  let network: Network<readonly Layer[]>;

  beforeAll(async () => {
    network = await createTrained("gelu", "float32");
  });

  it("makes a module that exports the function", async () => {
    const file = join(folder, "classify.mjs");
    await writeFile(file, toJavaScript(network, { name: "classify" }));
    const { classify } = await import(pathToFileURL(file).href);
    expect(classify([1, 2, 3])).toEqual(evaluate(toJavaScript(network, { module: false }))([1, 2, 3]));
  });

  it("makes a function of one row, of rows, and of no rows, each an array or a typed array", () => {
    const predict = evaluate(toJavaScript(network, { module: false }));
    const one = predict([1, 0, -1]) as number[];
    expect(one).toHaveLength(4);
    expect(predict(Float32Array.of(1, 0, -1))).toEqual(one);
    expect(predict(Int8Array.of(1, 0, -1))).toEqual(one);
    expect(predict([[1, 0, -1], Float64Array.of(1, 0, -1)])).toEqual([one, one]);
    expect(predict([])).toEqual([]);
    expect(() => predict([[1, 2]])).toThrow(new RangeError("Expected rows of 3 numbers."));
  });

  it("makes a function that computes in float64, whatever array has the row", async () => {
    const norm = await createTrained("batch norm", "float32");
    const predict = evaluate(toJavaScript(norm, { module: false }));
    expect(predict(Int8Array.of(1, 0, -1))).toEqual(predict([1, 0, -1]));
    norm.dispose();
  });

  it("makes a function that converts the numbers once", () => {
    const predict = evaluate(toJavaScript(network, { module: false })) as Predictor & { w?: unknown };
    predict([1, 2, 3]);
    const numbers = predict.w;
    predict([1, 2, 3]);
    expect(numbers).toBeInstanceOf(Array);
    expect(predict.w).toBe(numbers);
  });

  it("uses the parameters that predict uses", async () => {
    const averaged = await createNetwork({
      inputs: 1,
      layers: [dense(1)],
      loss: "meanSquaredError",
      optimizer: { ...network.optimizer, ema: 0.9 },
    });
    averaged.fitSync([[1], [2]], [3, 4], { epochs: 3 });
    const [output] = evaluate(toJavaScript(averaged, { module: false }))([5]) as number[];
    expect(output).toBeCloseTo(averaged.predict([[5]]).data[0]!, 5);
    expect(output).not.toBeCloseTo(averaged.predict([[5]], { averaged: false }).data[0]!, 5);
    averaged.dispose();
  });
});

describe("the decimal digits of a number", () => {
  it("are read as the same float32 or float64, and are few", () => {
    const bits = new Uint32Array(1);
    const floats = new Float32Array(bits.buffer);
    for (let i = 0; i < 20_000; i++) {
      bits[0] = Math.imul(i, 2654435761);
      if (!Number.isFinite(floats[0]!)) continue;
      const digits = digitsOf("float32", floats[0]!);
      expect(Object.is(Math.fround(Number(digits)), floats[0])).toBe(true);
    }
    expect(digitsOf("float32", Math.fround(0.1))).toBe("0.1");
    expect(digitsOf("float32", 16777216)).toBe("16777216");
    expect(digitsOf("float32", -0)).toBe("-0");
    expect(digitsOf("float64", 1 / 3)).toBe("0.3333333333333333");
  });
});

describe.skipIf(!hasCompiler)("toC", () => {
  describe.each(DTYPES)("of %s", (dtype) => {
    it.each(Object.keys(LAYERS))("computes what the network predicts: %s", async (name) => {
      const network = await createTrained(name, dtype);
      const rows = rowsFor(name).map((row) => row.map(dtype === "float32" ? Math.fround : Number));
      const outputs = await outputsInC(toC(network), dtype, rows, C);
      expect(errorOfOutputs(outputs, network.predict(rows).data)).toBeLessThan(TOLERANCE[dtype]);
      network.dispose();
    });
  });

  it("compiles as C++", async () => {
    const network = await createTrained("layers of all kinds", "float32");
    const rows = rowsFor("").map((row) => row.map(Math.fround));
    const outputs = await outputsInC(toC(network), "float32", rows, CPP);
    expect(errorOfOutputs(outputs, network.predict(rows).data)).toBeLessThan(TOLERANCE.float32);
    network.dispose();
  });

  it("makes headers that can be included together, under different names", async () => {
    const network = await createTrained("softmax", "float32");
    const both = toC(network) + toC(network, { name: "other" });
    expect(both).toContain(`#define OTHER_INPUTS ${INPUTS}`);
    const rows = [[1, 2, 3]];
    expect(await outputsInC(both, "float32", rows, C)).toHaveLength(4);
    network.dispose();
  });
});

/** The words of a source, outside of texts and comments. */
function wordsOf(source: string): string[] {
  const code = source.replace(/\/\*.*?\*\/|\/\/.*|"[^"]*"/g, "");
  return [...new Set(code.match(/[A-Za-z_]\w*/g))];
}

/** Whether the option `name` is refused, with an error that names it. */
function isRefused(
  convert: typeof toC | typeof toJavaScript,
  source: Exportable<readonly Layer[]>,
  name: string,
) {
  try {
    convert(source, { name });
    return false;
  } catch (error) {
    expect(error).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining(`"${name}", which has`),
    });
    return true;
  }
}

describe("the name of a function", () => {
  const sources: Exportable<readonly Layer[]>[] = [];

  beforeAll(async () => {
    for (const name of ["layers of all kinds", "gelu"]) sources.push(await createTrained(name, "float64"));
    for (const name of ["texts from columns of every kind", "a logarithm from columns of every kind"]) {
      sources.push(await trainCase(name, "float64"));
    }
  });

  const KEYWORDS = [
    "class",
    "int",
    "main",
    "await",
    "arguments",
    "eval",
    "let",
    "new",
    "static",
    "exp",
    "printf",
    "double_t",
    "div_t",
    "NAN",
    "_Bool",
  ];

  it("in JavaScript is refused or works, also if it is a word of the source or a keyword", () => {
    let refused = 0;
    for (const source of sources) {
      const isModel = "preprocessor" in source;
      const rows = Object.freeze(isModel ? rowsOfCase("texts from columns of every kind") : rowsFor(""));
      const expected = evaluate(toJavaScript(source, { module: false }))(rows);
      for (const name of [...wordsOf(toJavaScript(source)), ...KEYWORDS]) {
        if (isRefused(toJavaScript, source, name)) refused++;
        else expect(evaluate(toJavaScript(source, { module: false, name }), name)(rows)).toEqual(expected);
      }
    }
    expect(refused).toBeGreaterThan(60);
    expect(() => toJavaScript(sources[0]!, { name: "class" })).toThrow(
      'name is "class", which has a meaning in JavaScript or inside the function already; expected another name, such as "predict_class".',
    );
  });

  it.skipIf(!hasCompiler)(
    "in C is refused or compiles, also if it is a word of the header or a keyword",
    async () => {
      const headers: string[] = [];
      let refused = 0;
      for (const source of sources) {
        for (const name of [...wordsOf(toC(source)), ...KEYWORDS]) {
          if (isRefused(toC, source, name)) refused++;
          else if (!headers.some((header) => header.includes(`#ifndef ${name.toUpperCase()}_H`))) {
            headers.push(toC(source, { name }));
          }
        }
      }
      expect(refused).toBeGreaterThan(60);
      expect(headers.length).toBeGreaterThan(20);
      const main = '#include "network.h"\nint main(void) { return 0; }\n';
      for (const compiler of [C, CPP]) {
        expect(await compileAndRun(folder, headers.join(""), main, compiler)).toEqual([""]);
      }
    },
  );
});

it.each([Number.NaN, Infinity, -Infinity])(
  "a network with the parameter %f is no predictor",
  async (value) => {
    const network = await createTrained("relu", "float32");
    network.parameters[1]!.kernel!.data[3] = value;
    for (const convert of [toJavaScript, toC]) {
      expect(errorOf(() => convert(network))).toMatchObject({
        code: "invalidData",
        message: expect.stringContaining(
          `kernel of the network's layer 1 has ${value} at 3; expected finite numbers.`,
        ),
      });
    }
    network.dispose();
  },
);

describe.each([
  ["toJavaScript", toJavaScript],
  ["toC", toC],
] as const)("%s", (_, convert) => {
  it("refuses names that are no identifiers, and what is no network", async () => {
    const network = await createTrained("relu", "float32");
    for (const name of ["", "1a", "a-b", "a b", "é", "a;b", "x".repeat(65), 5, null]) {
      const error = errorOf(() => convert(network, { name: name as string }));
      expect(error).toMatchObject({ code: "invalidOption", message: expect.stringContaining("name is") });
    }
    for (const create of Object.values(HOSTILE)) {
      errorOf(() => convert(create() as typeof network));
      expect(() => convert(network, create() as object)).not.toThrow(TypeError);
    }
    network.dispose();
    expect(errorOf(() => convert(network))).toMatchObject({ code: "disposed" });
  });
});
