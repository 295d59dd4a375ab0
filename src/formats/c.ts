// A predictor in C: one header.

import type { DType, Layer, Network } from "../index.js";
import { activationOf, digitsOf, type Language, listOf, readName, type SourceOptions } from "./source.js";
import { entryOf, type LayerTable, type NumberTensor, readTrained, type TrainedLayer } from "./trained.js";

/** The type of the numbers, and the suffix of the functions and literals of that type. */
const TYPES: Readonly<Record<DType, { readonly type: string; readonly suffix: string }>> = {
  float32: { type: "float", suffix: "f" },
  float64: { type: "double", suffix: "" },
};

/** The C names of the functions that have another name in JavaScript. */
const FUNCTIONS: Readonly<Record<string, string>> = { abs: "fabs", max: "fmax", min: "fmin" };

/**
 * The network as one header for C11 and C++: `static inline void predict(const float *inputs, float *outputs)` computes
 * one row, with the constants PREDICT_INPUTS and PREDICT_OUTPUTS as the lengths. A float64 network uses double. Needs
 * the standard headers math.h and stddef.h, and no memory but the stack: one number for each unit of each layer. It
 * does not check inputs; a column of an embedding must be an integer below its categories. `outputs` must not overlap
 * `inputs`.
 *
 * It computes in the network's dtype with the mathematical library of the platform, so it is not bit for bit what
 * `predict` returns: on networks of a few layers, float32 differs by about 10⁻⁶ and float64 by about 10⁻¹⁴ of the
 * largest output.
 *
 * @throws BackpropError `disposed`, `invalidOption`.
 */
export function toC<L extends readonly Layer[]>(network: Network<L>, options: SourceOptions = {}): string {
  const name = readName("toC", options);
  const { dtype, inputs, outputs, layers } = readTrained(network as unknown as Network<readonly Layer[]>);
  const { type } = TYPES[dtype];
  const prefix = name.toUpperCase();
  const constants = layers.flatMap((layer) => constantsOf(layer, name, dtype)).join("");
  const steps = layers.map((layer, i) => {
    const isLast = i === layers.length - 1;
    const from = i === 0 ? "inputs" : `x${i}`;
    const to = isLast ? "outputs" : `x${i + 1}`;
    const declaration = isLast ? "" : `  ${type} ${to}[${layer.units}];\n`;
    return declaration + entryOf(LAYERS, layer)(layer, new LayerWriter(layer, { name, dtype, from, to }));
  });
  const copy = `  for (size_t j = 0; j < ${inputs}; j++) outputs[j] = inputs[j];\n`;
  return `/* A network of ${inputs} inputs and ${outputs} outputs, by backprop-wasm. ${name}() computes one row. */
#ifndef ${prefix}_H
#define ${prefix}_H

#include <math.h>
#include <stddef.h>

#define ${prefix}_INPUTS ${inputs}
#define ${prefix}_OUTPUTS ${outputs}

${constants}static inline void ${name}(const ${type} *inputs, ${type} *outputs) {
${steps.join("") || copy}}

#endif
`;
}

function constantsOf({ index, tensors }: TrainedLayer, name: string, dtype: DType): string[] {
  return (Object.entries(tensors) as [string, NumberTensor][]).map(
    ([tensor, { data }]) =>
      `static const ${TYPES[dtype].type} ${name}_${index}_${tensor}[${data.length}] = {${listOf(dtype, data, literalOf)}};\n`,
  );
}

/** A literal of the dtype. 1 would be an int. */
function literalOf(dtype: DType, value: number): string {
  const digits = digitsOf(dtype, value);
  return (/[.e]/.test(digits) ? digits : `${digits}.0`) + TYPES[dtype].suffix;
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
