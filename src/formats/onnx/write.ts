// Writes a network or a model of a table as a graph of ONNX, https://onnx.ai/onnx/operators/.

import type { BatchNormLayer, EmbeddingLayer, Layer, LayerNormLayer } from "../../index.js";
import { type Exportable, readPredictor } from "../predictor.js";
import {
  columnsBeside,
  entryOf,
  type LayerTable,
  type TrainedLayer,
  type TrainedNetwork,
} from "../trained.js";
import {
  ACTIVATION_FORMS,
  type ConstantName,
  type Expression,
  type FormName,
  isOperation,
  LAYER_NORM_64,
} from "./forms.js";
import { ELEMENT_TYPES, GraphWriter } from "./graphWriter.js";
import { encode } from "./protobuf.js";
import { INPUTS, INT64, MODEL, OUTPUTS } from "./schema.js";
import { writeAnswer, writeColumns } from "./table.js";

/**
 * A network or a model of a table as an ONNX file (opset 20), for onnxruntime and other tools, for any number of rows.
 * Softmax and sigmoid are applied, averaged parameters are used, batch norm uses its running statistics, and dropout and
 * Gaussian noise are left out. Loss and optimizer are not written.
 *
 * Of a network, the input is "inputs" [rows, inputs] and the output "outputs" [rows, outputs], both of the network's dtype.
 *
 * Of a model, each column that it uses is an input [rows, 1] by its name: float64 for numbers, NaN if missing; strings for
 * categories, "" if missing, without spaces around them. For classes, the outputs are "class" [rows], which is strings,
 * int64 for whole numbers, or float64, and "probabilities" [rows, classes] of the network's dtype. For numbers, the output
 * is "value" [rows], float64, in the units of the table. An output that has the name of a column ends with "_".
 *
 * @throws BackpropError `disposed`, `invalidOption` for a value that is neither.
 */
export function toOnnx<L extends readonly Layer[]>(source: Exportable<L>): Uint8Array {
  const { network, table } = readPredictor(source as Exportable<readonly Layer[]>);
  const graph = new GraphWriter(network.dtype);
  const type = ELEMENT_TYPES[network.dtype];
  if (table) {
    const inputs = writeColumns(graph, table.columns);
    writeAnswer(graph, table.target, writeLayers(graph, network, graph.rename(inputs, INPUTS)));
  } else {
    const outputs = writeLayers(graph, network, graph.input(INPUTS, type, network.inputs));
    graph.output(outputs, OUTPUTS, type, network.outputs);
  }
  return encode(MODEL, graph.finish() as never);
}

/** Returns the name of the last layer's output. */
function writeLayers(graph: GraphWriter, { layers }: TrainedNetwork, inputs: string): string {
  let value = inputs;
  for (const layer of layers) value = entryOf(LAYERS, layer)(layer, graph, value);
  return value;
}

const LAYERS: LayerTable<[graph: GraphWriter, value: string], string> = {
  dense: (trained, graph, x) => {
    const z = graph.node("Gemm", [x, ...graph.tensors(trained, "kernel", "bias")]);
    const { activation, alpha } = trained.layer;
    return activation === "linear" ? z : writeForm(graph, activation, z, alpha);
  },
  prelu: (trained, graph, x) => writeForm(graph, "prelu", x, graph.tensors(trained, "alpha")[0]!),
  batchNorm: writeBatchNorm,
  layerNorm: writeLayerNorm,
  embedding: writeEmbedding,
};

/** An epsilon is a float32 in the file. What float64 loses by that is added to the variance. */
function writeBatchNorm(trained: TrainedLayer<BatchNormLayer>, graph: GraphWriter, x: string): string {
  const { epsilon, momentum } = trained.layer;
  const { gamma, beta, runningMean, runningVariance } = trained.tensors;
  const written = graph.dtype === "float64" ? floatBelow(epsilon) : epsilon;
  const { shape, data } = runningVariance!;
  const variance = { shape, data: data.map((value) => value + (epsilon - written)) };
  const tensors = Object.entries({ gamma, beta, runningMean, runningVariance: variance });
  const names = tensors.map(([name, tensor]) => graph.tensor(trained, name, tensor!));
  return graph.node("BatchNormalization", [x, ...names], {
    epsilon: written,
    // ONNX's momentum is the weight of the old statistics.
    momentum: 1 - momentum,
  });
}

/** The largest float32 that is not above a positive number. */
function floatBelow(value: number): number {
  const float = Float32Array.of(value);
  if (float[0]! > value) new Int32Array(float.buffer)[0]!--;
  return float[0]!;
}

function writeLayerNorm(trained: TrainedLayer<LayerNormLayer>, graph: GraphWriter, x: string): string {
  const { epsilon } = trained.layer;
  const [gamma, beta] = graph.tensors(trained, "gamma", "beta") as [string, string];
  if (graph.dtype === "float64")
    return new FormWriter(graph, x, { gamma, beta, epsilon }).write(LAYER_NORM_64);
  return graph.node("LayerNormalization", [x, gamma, beta], { axis: -1, epsilon });
}

/** The columns that are passed on, then the row of each table that its column names. */
function writeEmbedding(trained: TrainedLayer<EmbeddingLayer>, graph: GraphWriter, x: string): string {
  const { columns } = trained.layer;
  const others = columnsBeside(columns, trained.inputs);
  const vectors = columns.map(({ column }, i) => {
    const categories = graph.node("Gather", [x, graph.integers(column)], { axis: 1 });
    const rows = graph.node("Cast", [categories], { to: INT64 });
    return graph.node("Gather", [...graph.tensors(trained, `embedding${i}`), rows], { axis: 0 });
  });
  const passed = others.length > 0 ? [graph.node("Gather", [x, graph.integers(others)], { axis: 1 })] : [];
  return graph.node("Concat", [...passed, ...vectors], { axis: 1 });
}

/** Writes an activation of z. `alpha`: its number, or the name of its vector. */
function writeForm(graph: GraphWriter, name: FormName, z: string, alpha: number | string): string {
  return new FormWriter(graph, z, { alpha }).write(ACTIVATION_FORMS[name][graph.dtype]);
}

/** Writes an expression of z, each of its operations once. Constants are numbers, or names of tensors. */
class FormWriter {
  readonly #graph: GraphWriter;
  readonly #constants: Readonly<Record<string, number | string>>;
  readonly #values: Map<Expression, string>;

  constructor(
    graph: GraphWriter,
    z: string,
    constants: { readonly [name in ConstantName]?: number | string },
  ) {
    this.#graph = graph;
    this.#constants = constants;
    this.#values = new Map([["z", z]]);
  }

  write(expression: Expression): string {
    const value = this.#values.get(expression) ?? this.#add(expression);
    this.#values.set(expression, value);
    return value;
  }

  #add(expression: Expression): string {
    const constant = typeof expression === "string" ? this.#constants[expression]! : expression;
    if (typeof constant === "string") return constant;
    if (typeof constant === "number") return this.#graph.number(constant);
    if (!isOperation(constant)) return this.#graph.integers(constant);
    const inputs = constant.inputs.map((input) => this.write(input));
    const attributes = Object.entries(constant.attributes).map(([name, value]) => [
      name,
      value === "alpha" ? this.#constants[value]! : value,
    ]);
    return this.#graph.node(constant.operator, inputs, Object.fromEntries(attributes));
  }
}
