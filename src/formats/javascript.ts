// A predictor in JavaScript: the source of one function without imports.

import type { DType, FloatArray, Layer } from "../index.js";
import { type OptionsOf, ofType, readOptions } from "../validation.js";
import { answerOf, CELL_HELPERS, columnsOf, helpersOf, ownCellsOf } from "./javascriptTable.js";
import { commentOf, requireJavaScriptName } from "./names.js";
import type { Exportable, TableSteps } from "./predictor.js";
import { activationOf, type Language, listOf, readProgram, type SourceOptions } from "./source.js";
import { entryOf, type LayerTable, type NumberTensor, type TrainedNetwork } from "./trained.js";

export interface JavaScriptOptions extends SourceOptions {
  /** Whether the function is exported, for a file that is a module; false to paste it into a script. Default true. */
  readonly module?: boolean;
}

const OPTIONS: OptionsOf<JavaScriptOptions> = {
  name: { check: requireJavaScriptName, default: "predict" },
  module: { check: ofType("boolean"), default: true },
};

/** Functions that only some networks need, inside the function. */
const HELPERS: Readonly<Record<string, string>> = {
  dense: `(x, k, b) => {
    const z = new Float64Array(b);
    x.forEach((v, i) => { for (let j = 0; j < z.length; j++) z[j] += v * k[i * z.length + j]; });
    return z;
  }`,
  softmax: `(z) => {
    const max = z.reduce((a, b) => Math.max(a, b));
    const e = z.map((v) => Math.exp(v - max));
    const sum = e.reduce((a, b) => a + b);
    return e.map((v) => v / sum);
  }`,
  // By the series Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!! below 2, above by the continued fraction: Abramowitz and Stegun 7.1.6, 7.1.14.
  erfc: `(x) => {
    if (x < 0) return 2 - erfc(-x);
    const e = Math.exp(-x * x) / Math.sqrt(Math.PI);
    let sum = x, term = x, t = 0;
    for (let n = 1; n < 60; n++) sum += term *= 2 * x * x / (2 * n + 1);
    for (let n = 60; n > 0; n--) t = n / 2 / (x + t);
    return x < 2 ? 1 - 2 * e * sum : e / (x + t);
  }`,
  layerNorm: `(x, g, b, epsilon) => {
    const mean = x.reduce((a, v) => a + v, 0) / x.length;
    const variance = x.reduce((a, v) => a + (v - mean) ** 2, 0) / x.length;
    return x.map((v, j) => g[j] * (v - mean) / Math.sqrt(variance + epsilon) + b[j]);
  }`,
};

/**
 * The source of one JavaScript function that predicts as the network or the model does, without this library and without
 * imports: for any engine of ECMAScript 2021.
 *
 * Of a network, it takes a row of numbers and returns the outputs as an array, or takes an array of rows and returns an
 * array of arrays. It throws a RangeError for a row of another length. Of a model of a table, it takes a row as an object,
 * `{ age: 31, city: "Rome" }`, or an array of such rows, and returns what the `predict` of the model does. It throws a
 * TypeError for a column that no row has, and for a cell that is not of the type of its column.
 *
 * It computes in float64 with the host's Math, so it is not bit for bit what `predict` returns: on networks of a few
 * layers, float32 differs by about 10⁻⁶ and float64 by about 10⁻¹⁴ of the largest output. Without its numbers and the
 * names of columns and categories, the source of ten layers has less than 2 KB. A float32 takes about 12 bytes: its
 * shortest decimal digits, which, unlike base64, need no `atob` and can be read and compared.
 *
 * @throws BackpropError `disposed`; `invalidOption`, also for a name that JavaScript or the function uses; `invalidData`
 *   for parameters that are not finite.
 */
export function toJavaScript<L extends readonly Layer[]>(
  source: Exportable<L>,
  options: JavaScriptOptions = {},
): string {
  const { name, module } = readOptions("toJavaScript", options, OPTIONS);
  const { network, table } = readProgram(source as Exportable<readonly Layer[]>);
  const begin = `${module ? "export " : ""}function ${name}(rows) {`;
  return table ? tableSource(name!, begin, network, table) : networkSource(name!, begin, network);
}

/** The parts of a function that compute the outputs x of the network from its inputs x. */
interface NetworkParts {
  readonly numbers: string;
  readonly helpers: string;
  readonly steps: string;
}

function partsOf(name: string, { dtype, layers }: TrainedNetwork): NetworkParts {
  const tensors: FloatArray[] = [];
  const keep: Keep = (tensor) => `w[${tensors.push(tensor!.data) - 1}]`;
  const steps = layers.map((layer) => `    x = ${entryOf(LAYERS, layer)(layer, keep)};\n`).join("");
  const used = Object.keys(HELPERS).filter((helper) => steps.includes(`${helper}(`));
  const numbers = `  const w = (${name}.w ??= [
${tensors.map((data) => `    [${listOf(dtype, data)}],\n`).join("")}  ].map((values) => new ${ARRAYS[dtype]}(values)));
`;
  return { numbers, helpers: helpersOf(HELPERS, used), steps };
}

function networkSource(name: string, begin: string, network: TrainedNetwork): string {
  const { inputs, outputs } = network;
  const { numbers, helpers, steps } = partsOf(name, network);
  return `// A network of ${inputs} inputs and ${outputs} outputs, by backprop-wasm. Takes a row or an array of rows.
${begin}
${numbers}${helpers}  const one = (row) => {
    if (row.length !== ${inputs}) throw new RangeError("Expected rows of ${inputs} numbers.");
    let x = Float64Array.from(row);
${steps}    return Array.from(x);
  };
  return typeof rows[0] === "number" ? one(rows) : Array.from(rows, one);
}
`;
}

function tableSource(name: string, begin: string, network: TrainedNetwork, table: TableSteps): string {
  const { numbers, helpers, steps } = partsOf(name, network);
  const { columns, used } = columnsOf(table);
  const { constants, answer } = answerOf(table.target);
  const own = ownCellsOf(table);
  return `// Predicts "${commentOf(table.target.name)}" from a row { column: cell } or an array of rows. By backprop-wasm.
${begin}
${numbers}${helpers}${helpersOf(CELL_HELPERS, used)}  const columns = (${name}.columns ??= [
${columns}  ]);
${constants}  const one = (row) => {
    let x = Float64Array.from(columns.flatMap(([name, filler, ...steps]) => {
      const v = read(${own}[name], name, typeof filler === "number");
      return steps.flatMap((step) => step(v === "" ? filler : v, v === ""));
    }));
${steps}${answer}  };
  const list = Array.isArray(rows) ? rows : [rows];
  for (const [name] of columns) {
    if (!list.some((row) => name in ${own})) throw new TypeError("No row has " + name);
  }
  return list === rows ? list.map(one) : one(rows);
}
`;
}

const ARRAYS: Readonly<Record<DType, string>> = { float32: "Float32Array", float64: "Float64Array" };

/** Adds a tensor to the numbers of the function, and returns the expression for it. */
type Keep = (tensor: NumberTensor | undefined) => string;

const LANGUAGE: Language = { call: (name) => (name === "erfc" ? name : `Math.${name}`), number: String };

/** The expression of each layer's outputs, given its inputs x. */
const LAYERS: LayerTable<[keep: Keep], string> = {
  dense: ({ layer, units, tensors: { kernel, bias } }, keep) => {
    const z = `dense(x, ${keep(kernel)}, ${bias ? keep(bias) : units})`;
    if (layer.activation === "softmax") return `softmax(${z})`;
    return layer.activation === "linear" ? z : `${z}.map((z) => ${activationOf(layer, LANGUAGE)})`;
  },
  prelu: ({ tensors: { alpha } }, keep) => `x.map((v, j) => (v > 0 ? v : ${keep(alpha)}[j] * v))`,
  layerNorm: ({ layer, tensors: { gamma, beta } }, keep) =>
    `layerNorm(x, ${keep(gamma)}, ${keep(beta)}, ${layer.epsilon})`,
  batchNorm: ({ layer, tensors: { gamma, beta, runningMean, runningVariance } }, keep) => {
    const root = `Math.sqrt(${keep(runningVariance)}[j] + ${layer.epsilon})`;
    return `x.map((v, j) => ${keep(gamma)}[j] * (v - ${keep(runningMean)}[j]) / ${root} + ${keep(beta)}[j])`;
  },
  embedding: ({ layer, tensors }, keep) => {
    const columns = layer.columns.map(({ column }) => column);
    const rows = layer.columns.map(
      ({ column, units }, i) =>
        `...${keep(tensors[`embedding${i}`])}.subarray(x[${column}] * ${units}, (x[${column}] + 1) * ${units})`,
    );
    return `Float64Array.from([...x.filter((_, j) => ![${columns}].includes(j)), ${rows.join(", ")}])`;
  },
};
