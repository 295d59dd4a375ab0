// The command export.

import { toC, toJavaScript, toOnnx, writeNpz } from "../formats.js";
import { BackpropError } from "../index.js";
import { saveFile } from "../node.js";
import type { Feature, TableModel, Target } from "../table.js";
import { loadModel } from "./modelFile.js";
import { print, type Status } from "./output.js";

/** A model with its preprocessing, or a network alone. */
type Source = TableModel | TableModel["network"];

type Format = (source: Source) => Uint8Array | string;

/** The formats by their names on the command line. */
export const FORMATS = {
  onnx: (source) => toOnnx(source),
  js: (source) => toJavaScript(source),
  c: (source) => toC(source),
  npz: (source) => weightsOf("network" in source ? source.network : source),
} satisfies Record<string, Format>;

function weightsOf(network: TableModel["network"]): Uint8Array {
  const tensors = network.averagedParameters.flatMap((layer, i) =>
    Object.entries(layer).flatMap(([name, tensor]) =>
      tensor ? [[`layer${i}.${name}`, tensor] as const] : [],
    ),
  );
  return writeNpz(Object.fromEntries(tensors));
}

export interface ExportOptions {
  readonly to: keyof typeof FORMATS;
  readonly out: string;
  readonly withoutPreprocessing?: boolean;
}

export async function exportModel(
  file: string,
  { to, out, withoutPreprocessing = to === "npz" }: ExportOptions,
): Promise<Status> {
  const model = await loadModel(file);
  if (model.network.layers.length === 0) throw new BackpropError("invalidFile", `${file} has no layers.`);
  const content = withoutPreprocessing ? networkAlone(model, to) : FORMATS[to](model);
  await saveFile(typeof content === "string" ? new TextEncoder().encode(content) : content, out);
  print(
    withoutPreprocessing
      ? `${out} has the network without the preprocessing.\n${linesOf(model).join("\n")}`
      : `${out} predicts ${JSON.stringify(model.target.name)} from ${columnsOf(model)}.`,
  );
  return 0;
}

function columnsOf({ preprocessor }: TableModel): string {
  const names = preprocessor.features.map(({ name }) => JSON.stringify(name));
  return `${names.length === 1 ? "the column" : "the columns"} ${names.join(", ")}`;
}

/** Programs say in a comment what the network takes and returns. */
function networkAlone(model: TableModel, to: ExportOptions["to"]): Uint8Array | string {
  const content = FORMATS[to](model.network);
  return typeof content === "string" ? comment(model) + content : content;
}

/**
 * What the network takes and returns, as a comment of JavaScript and C. Line breaks would end it, a backslash (in C also
 * ??/) would continue it, and compilers warn of characters that change the direction of text.
 */
function comment(model: TableModel): string {
  return linesOf(model)
    .map((line) => `// ${line.replaceAll(/[\r\n\u2028\u2029\\?\u202a-\u202e\u2066-\u2069]/g, " ")}\n`)
    .join("");
}

function linesOf({ preprocessor, target }: TableModel): string[] {
  const inputs = preprocessor.features.flatMap(inputsOf);
  return [
    `Its ${inputs.length} inputs are, in this order:`,
    ...inputs.map((input, i) => `  ${i}: ${input}`),
    ...outputsOf(target),
  ];
}

/** How each input is computed from the column. */
function inputsOf(feature: Feature): string[] {
  const name = JSON.stringify(feature.name);
  const indicator = feature.indicator ? [`1 if ${name} is missing, else 0`] : [];
  if (feature.type === "number") {
    return [
      `(${name} - ${feature.center}) / ${feature.scale}, with ${feature.missing} for a missing value`,
      ...indicator,
    ];
  }
  const missing =
    feature.missing === "" ? "" : `, with ${JSON.stringify(feature.missing)} for a missing value`;
  const { categories, encoding } = feature;
  if (encoding === "oneHot") {
    const equal = categories.map(
      (category) => `1 if ${name} is ${JSON.stringify(category)}, else 0${missing}`,
    );
    return [...equal, ...indicator];
  }
  return [
    `the number of ${name}${missing}, 0 if unknown, else from 1 in ${JSON.stringify(categories)}`,
    ...indicator,
  ];
}

function outputsOf(target: Target): string[] {
  const name = JSON.stringify(target.name);
  if (target.task === "classification") {
    return [
      `Its outputs are the probabilities that ${name} is ${target.classes.map((c) => JSON.stringify(c)).join(", ")}.`,
    ];
  }
  const number = `output * ${target.scale} + ${target.center}`;
  return [`${name} is ${target.log ? `exp(${number})` : number}.`];
}
