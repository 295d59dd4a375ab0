// What a model of a table computes before and after its network, as nodes of ONNX. It computes in float64, as the model
// does, whatever dtype the network has.

import type { ColumnType } from "../../table/cells.js";
import type { ClassName, Target } from "../../table/target.js";
import { applyStep, type ColumnSteps, type StepTable } from "../predictor.js";
import { ELEMENT_TYPES, type GraphWriter } from "./graphWriter.js";
import { DOUBLE, INT64, OUTPUTS, STRING } from "./schema.js";

const CELL_TYPES: Readonly<Record<ColumnType, number>> = { number: DOUBLE, category: STRING };

/** Adds an input for each column, and returns the name of the network's inputs. */
export function writeColumns(graph: GraphWriter, columns: readonly ColumnSteps[]): string {
  const cells = columns.map(({ name, type }) => graph.input(name, CELL_TYPES[type], 1));
  const inputs = columns.flatMap((column, i) => {
    const values = new CellValues(graph, cells[i]!, column);
    return column.steps.map((step) => applyStep(STEPS, step, graph, values));
  });
  const joined = graph.node("Concat", inputs, { axis: 1 });
  return graph.dtype === "float64"
    ? joined
    : graph.node("Cast", [joined], { to: ELEMENT_TYPES[graph.dtype] });
}

/** The names of the values [rows, 1] of a column. Each is computed once, if a step needs it. */
class CellValues {
  readonly #graph: GraphWriter;
  readonly #cell: string;
  readonly #column: ColumnSteps;
  #isMissing: string | undefined;

  constructor(graph: GraphWriter, cell: string, column: ColumnSteps) {
    this.#graph = graph;
    this.#cell = cell;
    this.#column = column;
  }

  /** Whether each cell is missing. */
  get isMissing(): string {
    const graph = this.#graph;
    const isNumber = this.#column.type === "number";
    this.#isMissing ??= isNumber
      ? graph.node("IsNaN", [this.#cell])
      : graph.node("Equal", [this.#cell, graph.texts([""])]);
    return this.#isMissing;
  }

  /** The cells, with the filler for those that are missing. */
  get filled(): string {
    const graph = this.#graph;
    const { filler } = this.#column;
    if (filler === "") return this.#cell;
    const constant = typeof filler === "number" ? graph.number(filler, "float64") : graph.texts([filler]);
    return graph.node("Where", [this.isMissing, constant, this.#cell]);
  }
}

/** Each returns the name of float64 inputs of the network [rows, width]. */
const STEPS: StepTable<[graph: GraphWriter, values: CellValues], string> = {
  scaled: ({ center, scale }, graph, { filled }) => {
    const centred = graph.node("Sub", [filled, graph.number(center, "float64")]);
    return graph.node("Div", [centred, graph.number(scale, "float64")]);
  },
  oneHot: ({ categories }, graph, { filled }) => {
    const equal = graph.node("Equal", [filled, graph.texts(categories)]);
    return graph.node("Cast", [equal], { to: DOUBLE });
  },
  categoryNumber: ({ categories }, graph, { filled }) => {
    const number = graph.node("LabelEncoder", [filled], {
      keys_strings: categories,
      values_int64s: categories.map((_, i) => i + 1),
      default_int64: 0,
    });
    return graph.node("Cast", [number], { to: DOUBLE });
  },
  isMissing: (_, graph, { isMissing }) => graph.node("Cast", [isMissing], { to: DOUBLE }),
};

/** Adds the outputs, given the name of the network's outputs. */
export function writeAnswer(graph: GraphWriter, target: Target, outputs: string): void {
  if (target.task === "classification") writeClass(graph, target.classes, outputs);
  else writeNumber(graph, target, graph.rename(outputs, OUTPUTS));
}

/** ArgMax takes the first of equal probabilities, as the model does. */
function writeClass(graph: GraphWriter, classes: readonly ClassName[], outputs: string): void {
  const type = ELEMENT_TYPES[graph.dtype];
  const probabilities = graph.output(outputs, "probabilities", type, classes.length);
  const best = graph.node("ArgMax", [probabilities], { axis: 1, keepdims: 0 });
  const [names, classType] = classTensor(graph, classes);
  graph.output(graph.node("Gather", [names, best], { axis: 0 }), "class", classType);
}

function classTensor(graph: GraphWriter, classes: readonly ClassName[]): [name: string, type: number] {
  if (typeof classes[0] === "string") return [graph.texts(classes as readonly string[]), STRING];
  const numbers = classes as readonly number[];
  return numbers.every(Number.isSafeInteger)
    ? [graph.integers(numbers), INT64]
    : [graph.doubles(numbers), DOUBLE];
}

function writeNumber(
  graph: GraphWriter,
  { log: isLog, center, scale }: Extract<Target, { task: "regression" }>,
  outputs: string,
): void {
  const output = graph.node("Gather", [outputs, graph.integers(0)], { axis: 1 });
  const double = graph.dtype === "float64" ? output : graph.node("Cast", [output], { to: DOUBLE });
  const scaled = graph.node("Mul", [double, graph.number(scale, "float64")]);
  const number = graph.node("Add", [scaled, graph.number(center, "float64")]);
  graph.output(isLog ? graph.node("Exp", [number]) : number, "value", DOUBLE);
}
