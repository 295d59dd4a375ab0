// What is exported: a network, and for a model of a table the steps before and after it. Each format writes these steps in
// its language.

import type { Layer, Network } from "../index.js";
import { BackpropError } from "../index.js";
import { show } from "../show.js";
import type { ColumnType } from "../table/cells.js";
import { type Feature, inputsOf, readFeature } from "../table/features.js";
import type { TableModel } from "../table/model.js";
import { readTarget, type Target } from "../table/target.js";
import { attempt, requireFull, requireObject } from "../validation.js";
import { readTrained, type TrainedNetwork } from "./trained.js";

/** What is exported: a network, or a model of a table with its preprocessing. */
export type Exportable<L extends readonly Layer[]> = Network<L> | TableModel;

/** How inputs of the network are computed from a cell. Missing cells are filled before, except for "isMissing". */
export type Step =
  /** One input, (x − center) / scale. */
  | { readonly kind: "scaled"; readonly center: number; readonly scale: number }
  /** An input for each category: 1 for the category of the row, else 0. */
  | { readonly kind: "oneHot"; readonly categories: readonly string[] }
  /** One input: the number of the category from 1, or 0 if it is unknown. */
  | { readonly kind: "categoryNumber"; readonly categories: readonly string[] }
  /** One input: 1 if the cell is missing, else 0. */
  | { readonly kind: "isMissing" };

/** What a format does for each kind of step. */
export type StepTable<Arguments extends readonly unknown[], Result, S extends Step = Step> = {
  readonly [K in S["kind"]]: (step: Extract<S, { kind: K }>, ...rest: Arguments) => Result;
};

/** Does for a step what the table says. */
export function applyStep<A extends readonly unknown[], R, S extends Step>(
  table: StepTable<A, R, S>,
  step: S,
  ...rest: A
): R {
  return (table[step.kind as S["kind"]] as (step: S, ...rest: A) => R)(step, ...rest);
}

/** A column of the table, and the network's inputs that it gives, in their order. */
export interface ColumnSteps {
  readonly name: string;
  readonly type: ColumnType;
  /** Fills missing cells: a number, or a text; "" is unknown. */
  readonly filler: number | string;
  readonly steps: readonly Step[];
}

/** The number of inputs that a step gives. */
export function widthOf(step: Step): number {
  return step.kind === "oneHot" ? step.categories.length : 1;
}

/** What is computed before the network and after it. */
export interface TableSteps {
  readonly columns: readonly ColumnSteps[];
  readonly target: Target;
}

export interface Predictor {
  readonly network: TrainedNetwork;
  /** Undefined for a network without a table. */
  readonly table: TableSteps | undefined;
}

/**
 * Reads a network or a model of a table. The tensors are views of the network's memory: use them before the network runs
 * again.
 *
 * @throws BackpropError `invalidOption` for another value, or a model whose network does not fit to its table; `disposed`.
 */
export function readPredictor(given: Exportable<readonly Layer[]>): Predictor {
  requireObject("network", given, "a network of createNetwork, or a model of trainTable");
  const model = attempt("invalidOption", "network", () => ("preprocessor" in given ? given : undefined));
  if (!model) return { network: readTrained(given as Network<readonly Layer[]>), table: undefined };
  return attempt("invalidOption", "model", () => {
    const network = readTrained(model.network);
    const features = readFeatures(model.preprocessor.features);
    const target = readTarget(model.target);
    requireFit("inputs", features.flatMap(inputsOf).length, network.inputs);
    requireFit("outputs", target.task === "classification" ? target.classes.length : 1, network.outputs);
    return { network, table: { columns: features.map(stepsOf), target } };
  });
}

function readFeatures(given: readonly Feature[]): Feature[] {
  const path = "model.preprocessor.features";
  const length = requireFull(path, given, 2 ** 24);
  const features = Array.from({ length }, (_, i) => readFeature(`${path}[${i}]`, given[i]));
  requireDifferent(
    `the names in ${path}`,
    features.map(({ name }) => name),
  );
  for (const [i, feature] of features.entries()) {
    if (feature.type === "category") requireDifferent(`${path}[${i}].categories`, feature.categories);
  }
  return features;
}

/** Names of inputs and keys of tables occur once. `fitPreprocessor` makes no others. */
function requireDifferent(what: string, texts: readonly string[]): void {
  if (texts.length > 0 && new Set(texts).size === texts.length) return;
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  throw new BackpropError(
    "invalidOption",
    `${what} ${twice === undefined ? "are none" : `have ${show(twice)} twice`}; expected one or more different texts.`,
  );
}

function requireFit(what: "inputs" | "outputs", expected: number, actual: number): void {
  if (expected === actual) return;
  throw new BackpropError(
    "invalidOption",
    `model.network has ${actual} ${what}; expected ${expected} for the ${what === "inputs" ? "preprocessor" : "target"} of the model.`,
  );
}

function stepsOf(feature: Feature): ColumnSteps {
  const indicator: Step[] = feature.indicator ? [{ kind: "isMissing" }] : [];
  const { name, type, missing } = feature;
  return { name, type, filler: missing, steps: [stepOf(feature), ...indicator] };
}

function stepOf(feature: Feature): Step {
  if (feature.type === "number") return { kind: "scaled", center: feature.center, scale: feature.scale };
  const { categories, encoding } = feature;
  return { kind: encoding === "oneHot" ? "oneHot" : "categoryNumber", categories };
}
