// Recognizes the layers of a graph, from the output to the input.

import type { FloatArray } from "../../index.js";
import { BackpropError } from "../../index.js";
import { show } from "../../show.js";
import { malformed } from "../bytes.js";
import { type FormName, LAYER_NORM_64 } from "./forms.js";
import {
  attributeOf,
  type Constant,
  describeNode,
  type Graph,
  isFloatCast,
  isStandard,
  numberOf,
  transpose,
} from "./graph.js";
import { findActivation, match } from "./match.js";
import { INT64, type NodeMessage } from "./schema.js";

/** A part of the network that a graph has. Vectors are constants of `units` numbers, or of one for all units. */
export type Part =
  | { readonly kind: "dense"; readonly kernel: Constant; readonly bias?: FloatArray }
  | {
      readonly kind: "activation";
      readonly name: Exclude<FormName, "prelu">;
      readonly alpha: number | undefined;
    }
  | { readonly kind: "prelu"; readonly alpha: Constant }
  | {
      readonly kind: "layerNorm";
      readonly epsilon: number;
      readonly gamma: Constant;
      readonly beta: Constant | undefined;
    }
  | {
      readonly kind: "batchNorm";
      readonly epsilon: number;
      readonly momentum: number;
      readonly gamma: Constant;
      readonly beta: Constant;
      readonly mean: Constant;
      readonly variance: Constant;
    }
  | {
      readonly kind: "embedding";
      readonly inputs: number;
      readonly columns: readonly { readonly column: number; readonly table: Constant }[];
    };

/** What makes a value: a part, or none for a node that only passes its input on, and the value that it is made from. */
export interface Step {
  readonly input: string;
  readonly part?: Part | undefined;
}

/**
 * The parts between the input of the graph and `output`.
 *
 * @throws BackpropError `unsupported` for a node that no layer corresponds to, `invalidData`.
 */
export function readParts(graph: Graph, input: string, output: string): readonly Part[] {
  const parts: Part[] = [];
  let value = output;
  // A graph that is a cycle has no end.
  for (let steps = 0; value !== input; steps++) {
    const step = steps <= graph.nodes ? findStep(graph, value) : undefined;
    if (!step) throw notRecognized(graph, value, steps);
    if (step.part) parts.push(step.part);
    value = step.input;
  }
  return parts.reverse();
}

function findStep(graph: Graph, value: string): Step | undefined {
  const form = findActivation(graph, value);
  if (form) return { input: form.z, part: partOfForm(form.name, form.alpha) };
  const node = graph.producerOf(value);
  const isRead = node && Object.hasOwn(READERS, node.operator ?? "");
  // ZipMap, of scikit-learn's exporter, names the columns.
  if (!isRead || !(isStandard(node) || node.operator === "ZipMap")) return undefined;
  return READERS[node.operator!]!(node, graph);
}

function partOfForm(name: FormName, alpha: Constant | undefined): Part {
  if (name === "prelu") return { kind: "prelu", alpha: alpha! };
  return { kind: "activation", name, alpha: alpha?.data[0] };
}

type Reader = (node: NodeMessage, graph: Graph) => Step | undefined;

/** Of each operator: the step that it is; undefined if it cannot be part of a network. */
const READERS: Readonly<Record<string, Reader>> = {
  Gemm: readGemm,
  MatMul: ({ input: [x, kernel] }, graph) => denseOf(x, graph.constantOf(kernel)),
  Add: (node, graph) => readAdd(node, graph) ?? readLayerNorm64(node, graph),
  BatchNormalization: readBatchNorm,
  LayerNormalization: readLayerNorm,
  Concat: (node, graph) => readEmbedding(node, graph) ?? readBinaryProbabilities(node, graph),
  Identity: passOn,
  ZipMap: passOn,
  Cast: (node) => (isFloatCast(node) ? passOn(node) : undefined),
  Dropout: (node, graph) => (graph.constantOf(node.input[2])?.data[0] ? undefined : passOn(node)),
  Flatten: (node) => (numberOf(node, "axis", 1) === 1 ? passOn(node) : undefined),
  Reshape: (node, graph) => (keepsRows(graph.constantOf(node.input[1])) ? passOn(node) : undefined),
};

function passOn({ input: [x] }: NodeMessage): Step | undefined {
  return x === undefined ? undefined : { input: x };
}

/** Whether a new shape is [rows, columns] whatever the number of rows is: −1 is what remains, 0 keeps a length. */
function keepsRows(shape: Constant | undefined): boolean {
  if (shape?.data.length !== 2) return false;
  const [rows, columns] = shape.data as unknown as [number, number];
  return rows === -1 ? columns > 0 : rows === 0 && (columns === -1 || columns > 0);
}

function denseOf(x: string | undefined, kernel: Constant | undefined, bias?: FloatArray): Step | undefined {
  if (x === undefined || kernel?.shape.length !== 2 || kernel.dtype === undefined) return undefined;
  return { input: x, part: bias ? { kind: "dense", kernel, bias } : { kind: "dense", kernel } };
}

/** alpha · x · kernel + beta · bias. */
function readGemm(node: NodeMessage, graph: Graph): Step | undefined {
  const [x, kernelName, biasName] = node.input;
  if (numberOf(node, "transA", 0) !== 0) return undefined;
  const given = graph.constantOf(kernelName);
  const kernel = numberOf(node, "transB", 0) === 0 ? given : transpose(given);
  const step = denseOf(x, kernel && scaled(kernel, numberOf(node, "alpha", 1)));
  if (!biasName || !step) return step;
  const bias = graph.constantOf(biasName);
  return bias && withBias(step, scaled(bias, numberOf(node, "beta", 1)), describeNode(node));
}

function scaled(constant: Constant, factor: number): Constant {
  return factor === 1 ? constant : { ...constant, data: constant.data.map((x) => x * factor) };
}

/** A product and a constant, in any order. */
function readAdd(node: NodeMessage, graph: Graph): Step | undefined {
  for (const [product, bias] of [node.input, node.input.toReversed()]) {
    const constant = graph.constantOf(bias);
    const inner = product === undefined ? undefined : graph.producerOf(product);
    if (!constant || !inner || !["MatMul", "Gemm"].includes(inner.operator!) || !isStandard(inner)) continue;
    const step = READERS[inner.operator!]!(inner, graph);
    if (step?.part?.kind === "dense" && !step.part.bias) return withBias(step, constant, describeNode(node));
  }
  return undefined;
}

function withBias(step: Step, bias: Constant, what: string): Step | undefined {
  if (step.part?.kind !== "dense") return undefined;
  return { ...step, part: { ...step.part, bias: vectorOf(bias, step.part.kernel.shape[1]!, what) } };
}

/** One number stands for at most as many units, so that a small file does not fill the memory. */
const MAX_REPEATED = 2 ** 16;

/**
 * The constant as a vector of `units` numbers: one number counts for all units.
 *
 * @throws BackpropError `invalidData`.
 */
export function vectorOf({ shape, data }: Constant, units: number, what: string): FloatArray {
  const isVector = (shape.at(-1) ?? 1) === data.length;
  if (isVector && data.length === units) return data;
  if (isVector && data.length === 1 && units <= MAX_REPEATED) return new Float64Array(units).fill(data[0]!);
  throw malformed("bytes", `${what} has a vector of shape [${shape.join(", ")}]; expected [${units}]`);
}

function readLayerNorm(node: NodeMessage, graph: Graph): Step | undefined {
  const [x, gammaName, betaName] = node.input;
  const gamma = graph.constantOf(gammaName);
  const beta = graph.constantOf(betaName);
  const axis = numberOf(node, "axis", -1);
  if (x === undefined || !gamma || (betaName && !beta) || (axis !== -1 && axis !== 1)) return undefined;
  const epsilon = numberOf(node, "epsilon", 1e-5);
  return { input: x, part: { kind: "layerNorm", epsilon, gamma, beta } };
}

function readLayerNorm64({ output: [value] }: NodeMessage, graph: Graph): Step | undefined {
  const { z, epsilon, gamma, beta } = match(graph, LAYER_NORM_64, value!, {}) ?? {};
  if (z === undefined || epsilon?.data.length !== 1 || !gamma || !beta) return undefined;
  return { input: z, part: { kind: "layerNorm", epsilon: epsilon.data[0]!, gamma, beta } };
}

function readBatchNorm(node: NodeMessage, graph: Graph): Step | undefined {
  const [x, ...names] = node.input;
  const [gamma, beta, mean, variance] = names.map((name) => graph.constantOf(name));
  const isTraining = numberOf(node, "training_mode", 0) !== 0;
  if (x === undefined || !gamma || !beta || !mean || !variance || isTraining) return undefined;
  const epsilon = numberOf(node, "epsilon", 1e-5);
  // ONNX's momentum is the weight of the old statistics.
  const momentum = 1 - numberOf(node, "momentum", 0.9);
  return { input: x, part: { kind: "batchNorm", epsilon, momentum, gamma, beta, mean, variance } };
}

/** The columns of x beside those of categories, then a row of a table for each of these. As `toOnnx` writes it. */
function readEmbedding(node: NodeMessage, graph: Graph): Step | undefined {
  if (numberOf(node, "axis", 0) !== 1) return undefined;
  const columns: { readonly column: number; readonly table: Constant }[] = [];
  let passed: readonly number[] = [];
  const sources = new Set<string>();
  for (const [i, name] of node.input.entries()) {
    const lookup = findLookup(graph, name);
    const gathered = i === 0 && !lookup ? findGather(graph, name, 1) : undefined;
    if (lookup) columns.push(lookup);
    else if (gathered) passed = gathered.columns;
    else return undefined;
    sources.add((lookup ?? gathered)!.x);
  }
  const inputs = passed.length + columns.length;
  const listed = new Set(columns.map(({ column }) => column));
  const others = Array.from({ length: inputs }, (_, column) => column).filter((c) => !listed.has(c));
  if (sources.size !== 1 || columns.length === 0 || passed.some((column, i) => column !== others[i]))
    return undefined;
  return { input: [...sources][0]!, part: { kind: "embedding", inputs, columns } };
}

/** Gather(x, columns) along an axis. */
function findGather(graph: Graph, value: string, axis: number) {
  const node = graph.producerOf(value);
  if (node?.operator !== "Gather" || !isStandard(node) || numberOf(node, "axis", 0) !== axis)
    return undefined;
  const [x, indices] = node.input;
  const constant = graph.constantOf(indices);
  return x !== undefined && constant ? { x, columns: Array.from(constant.data) } : undefined;
}

/** Gather(table, Cast(Gather(x, column))): the row of a table that a column names. */
function findLookup(graph: Graph, value: string) {
  const node = graph.producerOf(value);
  if (node?.operator !== "Gather" || !isStandard(node) || numberOf(node, "axis", 0) !== 0) return undefined;
  const [tableName, rows] = node.input;
  const table = graph.constantOf(tableName);
  const cast = rows === undefined ? undefined : graph.producerOf(rows);
  if (table?.shape.length !== 2 || cast?.operator !== "Cast" || numberOf(cast, "to", 0) !== INT64)
    return undefined;
  const gathered = cast.input[0] === undefined ? undefined : findGather(graph, cast.input[0], 1);
  return gathered?.columns.length === 1 ? { x: gathered.x, column: gathered.columns[0]!, table } : undefined;
}

/** [1 − p, p], scikit-learn's probabilities of two classes: the network has the one output p. */
function readBinaryProbabilities({ input }: NodeMessage, graph: Graph): Step | undefined {
  const [first, second] = input;
  if (input.length !== 2 || second === undefined) return undefined;
  const opposite = { operator: "Sub", inputs: [1, "z"], attributes: {} } as const;
  return match(graph, opposite, first!, { z: second }) && { input: second };
}

function notRecognized(graph: Graph, value: string, steps: number): BackpropError {
  const node = graph.producerOf(value);
  if (!node || steps > graph.nodes) {
    return malformed("bytes", `no node makes ${show(value)}, which the output is computed from`);
  }
  const uses = attributeOf(node, "axis") ? ` with axis ${numberOf(node, "axis", 0)}` : "";
  return new BackpropError(
    "unsupported",
    `bytes has ${describeNode(node)}${uses}, which is no layer of this library here. To read the part before it, set ` +
      `the option output to the name of a value such as ${show(node.input[0] ?? "")}.`,
  );
}
