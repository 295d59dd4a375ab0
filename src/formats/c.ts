// A predictor in C: one header.

import type { DType, Layer } from "../index.js";
import { type OptionsOf, readOptions } from "../validation.js";
import { literalOf, TYPES } from "./cLiterals.js";
import { tableFunction } from "./cTable.js";
import { commentOf, requireCName } from "./names.js";
import type { Exportable, TableSteps } from "./predictor.js";
import { activationOf, type Language, listOf, readProgram, type SourceOptions } from "./source.js";
import {
  entryOf,
  type LayerTable,
  type NumberTensor,
  type TrainedLayer,
  type TrainedNetwork,
} from "./trained.js";

/** The C names of the functions that have another name in JavaScript. */
const FUNCTIONS: Readonly<Record<string, string>> = { abs: "fabs", max: "fmax", min: "fmin" };

const OPTIONS: OptionsOf<SourceOptions> = { name: { check: requireCName, default: "predict" } };

/**
 * A network or a model of a table as one header for C11 and C++. It computes one row, needs standard headers, and no
 * memory but the stack: one number for each unit of each layer.
 *
 * Of a network: `static inline void predict(const float *inputs, float *outputs)`, with the constants PREDICT_INPUTS and
 * PREDICT_OUTPUTS as the lengths. A float64 network uses double. It does not check inputs; a column of an embedding must
 * be an integer below its categories. `outputs` must not overlap `inputs`.
 *
 * Of a model: `predict(const predict_row *row, float *probabilities)` returns the class, a `const char *` or a double, and
 * fills PREDICT_CLASSES probabilities; `double predict(const predict_row *row)` returns the number of a regression, in the
 * units of the table. predict_row is a struct with a member for each column: a double, NAN if missing, or a `const char *`
 * of UTF-8, "" or NULL if missing, which is compared as it is.
 *
 * It computes in the network's dtype with the mathematical library of the platform, so it is not bit for bit what
 * `predict` returns: on networks of a few layers, float32 differs by about 10⁻⁶ and float64 by about 10⁻¹⁴ of the
 * largest output.
 *
 * @throws BackpropError `disposed`; `invalidOption`, also for a name that C or C++ uses; `invalidData` for parameters that
 *   are not finite; `unsupported` for a category or class with the character U+0000.
 */
export function toC<L extends readonly Layer[]>(source: Exportable<L>, options: SourceOptions = {}): string {
  const name = readOptions("toC", options, OPTIONS).name!;
  const { network, table } = readProgram(source as Exportable<readonly Layer[]>);
  return table ? tableHeader(name, network, table) : networkHeader(name, network);
}

/** A header with a comment, its guard, and the constants that are defined. */
function headerOf(
  name: string,
  comment: string,
  includes: readonly string[],
  constants: Readonly<Record<string, number>>,
  body: string,
): string {
  const prefix = name.toUpperCase();
  const defined = Object.entries(constants).map(([each, value]) => `#define ${prefix}_${each} ${value}\n`);
  return `/* ${comment} */
#ifndef ${prefix}_H
#define ${prefix}_H

${includes.map((each) => `#include <${each}.h>\n`).join("")}
${defined.join("")}
${body}
#endif
`;
}

function networkHeader(name: string, network: TrainedNetwork): string {
  const { inputs, outputs } = network;
  const comment = `A network of ${inputs} inputs and ${outputs} outputs, by backprop-wasm. ${name}() computes one row.`;
  const lengths = { INPUTS: inputs, OUTPUTS: outputs };
  return headerOf(name, comment, ["math", "stddef"], lengths, networkFunction(name, name, network));
}

/** The function of the network, and its constants, whose names begin with `prefix`. */
function networkFunction(name: string, prefix: string, network: TrainedNetwork): string {
  const { dtype, inputs, layers } = network;
  const { type } = TYPES[dtype];
  const constants = layers.flatMap((layer) => constantsOf(layer, prefix, dtype)).join("");
  const steps = layers.map((layer, i) => {
    const isLast = i === layers.length - 1;
    const from = i === 0 ? "inputs" : `x${i}`;
    const to = isLast ? "outputs" : `x${i + 1}`;
    const declaration = isLast ? "" : `  ${type} ${to}[${layer.units}];\n`;
    return (
      declaration + entryOf(LAYERS, layer)(layer, new LayerWriter(layer, { name: prefix, dtype, from, to }))
    );
  });
  const copy = `  for (size_t j = 0; j < ${inputs}; j++) outputs[j] = inputs[j];\n`;
  return `${constants}static inline void ${name}(const ${type} *inputs, ${type} *outputs) {
${steps.join("") || copy}}
`;
}

function tableHeader(name: string, network: TrainedNetwork, table: TableSteps): string {
  const { target } = table;
  const hasTexts = table.columns.some(({ type }) => type === "category");
  const comment = `Predicts "${commentOf(target.name)}" from the other columns of a table, by backprop-wasm. ${name}() computes one row.`;
  const includes = ["math", "stddef", ...(hasTexts ? ["string"] : [])];
  const constants = target.task === "classification" ? { CLASSES: target.classes.length } : {};
  const inner = `${name}_network`;
  const body = `${networkFunction(inner, name, network)}\n${tableFunction(name, inner, network, table)}`;
  return headerOf(name, comment, includes, constants, body);
}

function constantsOf({ index, tensors }: TrainedLayer, name: string, dtype: DType): string[] {
  return (Object.entries(tensors) as [string, NumberTensor][]).map(
    ([tensor, { data }]) =>
      `static const ${TYPES[dtype].type} ${name}_${index}_${tensor}[${data.length}] = {${listOf(dtype, data, literalOf)}};\n`,
  );
}

interface Place {
  readonly name: string;
  readonly dtype: DType;
  /** The arrays of the layer's inputs and outputs. */
  readonly from: string;
  readonly to: string;
}

/** Writes the statements of one layer. */
class LayerWriter {
  readonly place: Place;
  readonly language: Language;
  readonly #trained: TrainedLayer;

  constructor(trained: TrainedLayer, place: Place) {
    const { suffix } = TYPES[place.dtype];
    this.#trained = trained;
    this.place = place;
    this.language = {
      call: (name) => (FUNCTIONS[name] ?? name) + suffix,
      number: (value) => literalOf(place.dtype, place.dtype === "float32" ? Math.fround(value) : value),
    };
  }

  get type(): string {
    return TYPES[this.place.dtype].type;
  }

  /** The name of a tensor. */
  tensor(name: string): string {
    return `${this.place.name}_${this.#trained.index}_${name}`;
  }

  /** A loop over the units, or over the inputs. */
  loop(index: "i" | "j", body: string): string {
    const count = index === "j" ? this.#trained.units : this.#trained.inputs;
    return `  for (size_t ${index} = 0; ${index} < ${count}; ${index}++) ${body}\n`;
  }
}

/** The statements of each layer. */
const LAYERS: LayerTable<[writer: LayerWriter], string> = {
  dense: ({ layer, inputs, units, tensors: { bias } }, writer) => {
    const { from, to } = writer.place;
    const z = bias ? `${writer.tensor("bias")}[j]` : "0";
    const product = `${from}[i] * ${writer.tensor("kernel")}[i * ${units} + j]`;
    const dense = writer.loop(
      "j",
      `{
    ${writer.type} z = ${z};
    for (size_t i = 0; i < ${inputs}; i++) z += ${product};
    ${to}[j] = ${activationOf(layer, writer.language)};
  }`,
    );
    return layer.activation === "softmax" ? dense + softmax(writer) : dense;
  },
  prelu: (_, writer) => {
    const { from, to } = writer.place;
    const x = `${from}[j]`;
    return writer.loop("j", `${to}[j] = ${x} > 0 ? ${x} : ${writer.tensor("alpha")}[j] * ${x};`);
  },
  batchNorm: ({ layer }, writer) => {
    const [mean, variance] = ["runningMean", "runningVariance"].map((name) => `${writer.tensor(name)}[j]`);
    return writer.loop("j", normalized(writer, mean!, variance!, layer.epsilon));
  },
  layerNorm: ({ layer, units }, writer) => {
    const x = `${writer.place.from}[j]`;
    return block(
      `${writer.type} mean = 0, variance = 0;`,
      writer.loop("j", `mean += ${x} / ${units};`),
      writer.loop("j", `variance += (${x} - mean) * (${x} - mean) / ${units};`),
      writer.loop("j", normalized(writer, "mean", "variance", layer.epsilon)),
    );
  },
  embedding: ({ layer }, writer) => {
    const { from, to } = writer.place;
    const isOther = layer.columns.map(({ column }) => `i != ${column}`).join(" && ");
    const rows = layer.columns.map(({ column, units }, i) => {
      const row = `${writer.tensor(`embedding${i}`)}[(size_t)${from}[${column}] * ${units} + j]`;
      return `  for (size_t j = 0; j < ${units}; j++) *y++ = ${row};\n`;
    });
    const others = writer.loop("i", `if (${isOther}) *y++ = ${from}[i];`);
    return block(`${writer.type} *y = ${to};`, others, ...rows);
  },
};

/** gamma · (x − mean) / √(variance + epsilon) + beta. */
function normalized(writer: LayerWriter, mean: string, variance: string, epsilon: number): string {
  const { from, to } = writer.place;
  const { call, number } = writer.language;
  const root = `${call("sqrt")}(${variance} + ${number(epsilon)})`;
  const scaled = `${writer.tensor("gamma")}[j] * (${from}[j] - ${mean}) / ${root}`;
  return `${to}[j] = ${scaled} + ${writer.tensor("beta")}[j];`;
}

function softmax(writer: LayerWriter): string {
  const { to } = writer.place;
  const { call } = writer.language;
  return block(
    `${writer.type} max = ${to}[0], sum = 0;`,
    writer.loop("j", `max = ${call("max")}(max, ${to}[j]);`),
    writer.loop("j", `sum += ${to}[j] = ${call("exp")}(${to}[j] - max);`),
    writer.loop("j", `${to}[j] /= sum;`),
  );
}

/** A declaration and the loops that use it, in braces. */
function block(declaration: string, ...loops: readonly string[]): string {
  return `  {\n    ${declaration}\n${loops.map((loop) => `  ${loop}`).join("")}  }\n`;
}
