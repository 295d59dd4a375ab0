// The command export.

import { toC, toJavaScript, toOnnx, writeNpz } from "../formats.js";
import { BackpropError } from "../index.js";
import { saveFile } from "../node.js";
import type { Feature, TableModel, Target } from "../table.js";
import { loadModel } from "./modelFile.js";
import { print, type Status } from "./output.js";

type Format = (model: TableModel) => Uint8Array | string;

/** The formats by their names on the command line. */
export const FORMATS = {
  onnx: ({ network }) => toOnnx(network),
  js: (model) => `${comment(model)}${toJavaScript(model.network)}`,
  c: (model) => `${comment(model)}${toC(model.network)}`,
  npz: ({ network }) => {
    const tensors = network.averagedParameters.flatMap((layer, i) =>
      Object.entries(layer).flatMap(([name, tensor]) =>
        tensor ? [[`layer${i}.${name}`, tensor] as const] : [],
      ),
    );
    return writeNpz(Object.fromEntries(tensors));
  },
} satisfies Record<string, Format>;

export interface ExportOptions {
  readonly to: keyof typeof FORMATS;
  readonly out: string;
}

export async function exportModel(file: string, { to, out }: ExportOptions): Promise<Status> {
  const model = await loadModel(file);
  if (model.network.layers.length === 0) throw new BackpropError("invalidFile", `${file} has no layers.`);
  const content = FORMATS[to](model);
  await saveFile(typeof content === "string" ? new TextEncoder().encode(content) : content, out);
  print(`${out} has the network without the preprocessing.\n${linesOf(model).join("\n")}`);
  return 0;
}

/** What the network takes and returns, as a comment of JavaScript and C. */
function comment(model: TableModel): string {
  return linesOf(model)
    .map((line) => `// ${line.replaceAll(/[\r\n\\]/g, " ")}\n`)
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
